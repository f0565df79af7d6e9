"""Worlds with known truth: built from a stated seed, or given as a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import yaml

from agent.config.load import load_configuration
from connectors.demo.world import build_world
from connectors.files.lines import read_files
from domain.errors import InvalidInput
from domain.facts import Case, Fact
from domain.feedback import Author, FeedbackItem
from domain.people import Configuration
from domain.record import Record
from evals.truth import Truth, load_truth

SOURCE = "files"
_RECORDS = ("feedback", "facts", "cases")


class Part(StrEnum):
    """Which phrasings a world is written in."""

    TUNING = "tuning"
    """Seen while the engine is tuned."""
    GATE = "gate"
    """Kept for figures."""
    GIVEN = "given"
    """A world that somebody else made."""


class Scale(StrEnum):
    """How much is run."""

    SMOKE = "smoke"
    FULL = "full"


class WorldSpec(Record):
    """A world that can be built again: the same specification gives the same bytes."""

    plan: str
    """Short name of what is planted, for example `shop`."""
    overlays: tuple[str, ...]
    size: str
    seed: int
    part: Part

    @property
    def name(self) -> str:
        """Name of its folder, for example `shop-tiny-101-gate`."""
        return f"{self.plan}-{self.size}-{self.seed}-{self.part.value}"


class World(NamedTuple):
    """A world in memory."""

    name: str
    part: Part
    spec: WorldSpec | None
    """None for a world that was given."""
    items: tuple[FeedbackItem, ...]
    """Messages of customers with a time, in the order of time."""
    facts: tuple[Fact, ...]
    cases: tuple[Case, ...]
    configuration: Configuration
    truth: Truth
    hash: str
    """Hash of its words, records and truth."""


def planned(scale: Scale, part: Part) -> list[WorldSpec]:
    """Give the worlds of a scale in one part of the phrasings, by `worlds.yaml`."""
    plan = yaml.safe_load((files("evals") / "worlds.yaml").read_text(encoding="utf-8"))
    return [
        WorldSpec(
            plan=row["name"],
            overlays=tuple(row["overlays"]),
            size=row["size"],
            seed=seed,
            part=part,
        )
        for row in plan[scale.value]
        for seed in row["seeds"]
    ]


def built(spec: WorldSpec, *, folder: Path) -> World:
    """Build a world below a folder, and load it."""
    out = folder / spec.name
    build_world(out, size=spec.size, seed=spec.seed, overlays=spec.overlays, part=spec.part.value)
    return load_world(out, name=spec.name, part=spec.part, spec=spec)


def load_world(
    folder: Path, *, name: str = "", part: Part = Part.GIVEN, spec: WorldSpec | None = None
) -> World:
    """Load a world from plain files.

    Raises:
        InvalidInput: A file is absent, or a line of the records or of the truth is wrong.
    """
    paths = [folder / f"{one}.jsonl" for one in _RECORDS]
    missing = [path.name for path in paths[:2] if not path.is_file()]
    if missing:
        raise InvalidInput(f"{folder} is not a world: it lacks {', '.join(missing)}.")
    items: list[FeedbackItem] = []
    facts: list[Fact] = []
    cases: list[Case] = []
    for line in read_files([path for path in paths if path.is_file()], source=SOURCE):
        match line.record:
            case FeedbackItem() as item:
                items.append(item)
            case Fact() as fact:
                facts.append(fact)
            case Case() as solved:
                cases.append(solved)
            case _:
                raise InvalidInput(f"{folder} has a line that cannot be read: {line.record.reason}")
    return World(
        name or folder.name,
        part,
        spec,
        _ordered(items),
        tuple(facts),
        tuple(cases),
        load_configuration(folder / "config"),
        load_truth(folder / "truth", source=SOURCE),
        _hash(folder),
    )


def _hash(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted([*folder.glob("*.jsonl"), *(folder / "truth").glob("*")]):
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _ordered(items: Sequence[FeedbackItem]) -> tuple[FeedbackItem, ...]:
    said = [one for one in items if one.author is Author.CUSTOMER and one.at is not None]
    return tuple(sorted(said, key=lambda one: (_time(one), one.id)))


def _time(item: FeedbackItem) -> datetime:
    assert item.at is not None
    return item.at
