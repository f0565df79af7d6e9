"""A suite is one folder: `suite.toml` says what it measures, `measure.py` measures it.

Found by listing `suites/`. A suite over worlds is called once for the tuning part and once
for the gate part; a suite over public data once, with its folder.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from domain.errors import Misuse
from domain.ports import Progress
from domain.record import Record
from evals.scores import Score, Unit
from evals.seats import Seats
from evals.stages import Chain, Stage


class Needs(StrEnum):
    """What a suite runs on."""

    WORLDS = "worlds"
    DATA = "data"


class Better(StrEnum):
    """Which way a metric improves."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"
    """Shown beside others, never gated."""


class Metric(Record):
    """One figure of a suite."""

    name: str
    title: str
    unit: Unit
    better: Better
    bar: float | None = None
    """An invariant: a value on the wrong side of it fails whatever the baseline says."""
    least_cases: int = Field(default=1, ge=1)
    """Fewer cases than this are too few to gate on."""
    least_smoke_cases: int = Field(default=1, ge=1)


class Manifest(Record):
    """`suite.toml`."""

    name: str
    title: str
    purpose: str
    needs: Needs
    stages: tuple[Stage, ...] = ()
    """Stages whose faults the suite notices."""
    data: tuple[str, ...] = ()
    """Files below the folder of public data."""
    metrics: tuple[Metric, ...]


class CaseResult(NamedTuple):
    """One case of a metric: what was expected, what came, and how bad that is."""

    metric: str
    id: str
    expected: str
    got: str
    loss: float
    """0 is right; any unit, comparable within the metric only."""


class Curve(NamedTuple):
    """A line over points."""

    title: str
    across: str
    up: str
    points: tuple[tuple[float, float], ...]
    diagonal: bool = False
    """Whether the ideal is the diagonal, as in a reliability curve."""


class Grid(NamedTuple):
    """Counts by expected (rows) and said (columns)."""

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


class Bars(NamedTuple):
    """Scores side by side, 0 to 1."""

    title: str
    scores: tuple[tuple[str, Score], ...]


Plot = Curve | Grid | Bars


class Measured(NamedTuple):
    """What a suite found: one score per metric of its manifest."""

    scores: Mapping[str, Score]
    cases: Sequence[CaseResult] = ()
    plots: Sequence[Plot] = ()
    notes: Sequence[str] = ()


class Bench(NamedTuple):
    """What a suite is given."""

    seats: Seats
    chains: Sequence[Chain]
    """Worlds of one part, worked as far as somebody asks. Empty for suites over data."""
    data: Path
    """The folder of public data; empty path for suites over worlds."""
    progress: Progress


Measure = Callable[[Bench], Measured]


class Suite(NamedTuple):
    """A suite that can be run."""

    manifest: Manifest
    measure: Measure


def find_suites(names: Sequence[str] = ()) -> list[Suite]:
    """Give the suites of these names in the order of their names; all where none is named.

    Raises:
        Misuse: There is no such suite.
    """
    known = {
        entry.name: entry
        for entry in sorted((files("evals") / "suites").iterdir(), key=lambda one: one.name)
        if entry.is_dir() and (entry / "suite.toml").is_file()
    }
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise Misuse(f"No suite is named {', '.join(unknown)}. Suites: {', '.join(known)}.")
    found = []
    for name, folder in known.items():
        if names and name not in names:
            continue
        manifest = Manifest.model_validate(
            tomllib.loads((folder / "suite.toml").read_text(encoding="utf-8"))
        )
        module = import_module(f"evals.suites.{name}.measure")
        found.append(Suite(manifest, module.measure))
    return found
