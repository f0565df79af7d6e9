"""Run suites over worlds and public data; everything found is in one record."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import NamedTuple

from domain.errors import NotRecorded
from domain.ports import Progress
from domain.record import digest
from evals.gaps import GapDefect, defects, gap_of_words
from evals.scores import Score, Unit, Unscored, gap
from evals.seats import Seats
from evals.stages import Chain
from evals.suite import Bench, CaseResult, Manifest, Measured, Needs, Plot, Suite
from evals.worlds import Part, Scale, World, built, load_world, planned

Watch = Callable[[str], AbstractContextManager[Progress]]
"""Opens a progress display with a title."""


class SuiteResult(NamedTuple):
    """What one suite found, or why it was skipped."""

    manifest: Manifest
    scores: Mapping[str, Score]
    """By metric, for suites over worlds followed by `.tuning`, `.gate`, `.gap` or `.given`."""
    cases: Sequence[CaseResult] = ()
    """Metric names carry the part as in `scores`."""
    plots: Sequence[tuple[str, Plot]] = ()
    """Each with its part, empty for suites over data."""
    notes: Sequence[str] = ()
    skipped: str = ""
    asked: str = ""
    """Hash of the worlds that were asked; empty for public data."""
    gaps: Sequence[GapDefect] = ()
    """Metrics whose two parts differ by more than five points."""


class Order(NamedTuple):
    """What is asked for."""

    suites: Sequence[Suite]
    scale: Scale = Scale.FULL
    world: Path | None = None
    """A world that was given; otherwise worlds are built."""
    data: Path | None = None
    folder: Path | None = None
    """Where worlds are built; None: a temporary folder."""


class Workshop:
    """Builds worlds and works them once for all suites of a run."""

    def __init__(self, seats: Seats, order: Order, *, watch: Watch) -> None:
        self._seats = seats
        self._order = order
        self._watch = watch
        self._chains: dict[Part, list[Chain]] | None = None

    @property
    def chains(self) -> dict[Part, list[Chain]]:
        """Worlds by part, each behind a chain that works at first use."""
        if self._chains is None:
            with self._watch("Building worlds") as progress:
                worlds = self._worlds(progress)
            self._chains = {}
            for world in worlds:
                chain = Chain(world, self._seats)
                self._chains.setdefault(world.part, []).append(chain)
        return self._chains

    def _worlds(self, progress: Progress) -> list[World]:
        if self._order.world is not None:
            return [load_world(self._order.world)]
        specs = [spec for part in (Part.TUNING, Part.GATE) for spec in
                 planned(self._order.scale, part)]  # fmt: skip
        worlds = []
        with tempfile.TemporaryDirectory(prefix="undertone-worlds-") as temporary:
            folder = self._order.folder or Path(temporary)
            for place, spec in enumerate(specs, 1):
                worlds.append(built(spec, folder=folder))
                progress(place, len(specs))
        return worlds

    def read_all(self) -> None:
        """Read every world, with one progress display."""
        chains = [chain for part in self.chains.values() for chain in part]
        with self._watch("Reading worlds") as progress:
            for place, chain in enumerate(chains, 1):
                assert len(chain.readings) == len(chain.world.items)
                progress(place, len(chains))


def run(order: Order, seats: Seats, *, watch: Watch) -> list[SuiteResult]:
    """Run the suites of an order, in their order.

    Raises:
        NotRecorded: A replay lacks an answer; the error names the suite and the case.
    """
    workshop = Workshop(seats, order, watch=watch)
    if any(suite.manifest.needs is Needs.WORLDS for suite in order.suites):
        try:
            workshop.read_all()
        except NotRecorded as error:
            raise error.within("while reading the worlds") from error
    results = [run_suite(suite, workshop, seats, order, watch=watch) for suite in order.suites]
    words = cache(lambda: gap_of_words(workshop.chains))
    return [one._replace(gaps=tuple(defects(one.manifest, one.scores, words))) for one in results]


def run_suite(
    suite: Suite, workshop: Workshop, seats: Seats, order: Order, *, watch: Watch
) -> SuiteResult:
    """Run one suite, or say why it is skipped."""
    manifest = suite.manifest
    with watch(manifest.title) as progress:
        try:
            if manifest.needs is Needs.DATA:
                return _over_data(suite, seats, order, progress)
            return over_chains(suite, workshop.chains, seats, progress)
        except NotRecorded as error:
            raise error.within(f"suite {manifest.name!r}") from error


def _over_data(suite: Suite, seats: Seats, order: Order, progress: Progress) -> SuiteResult:
    reason = _skip_reason(suite.manifest, order)
    if reason:
        return SuiteResult(suite.manifest, {}, skipped=reason)
    assert order.data is not None
    found = suite.measure(Bench(seats, (), order.data, progress))
    plots = [("", plot) for plot in found.plots]
    return SuiteResult(
        suite.manifest, complete(found, suite.manifest), found.cases, plots, found.notes
    )


def _skip_reason(manifest: Manifest, order: Order) -> str:
    if order.world is not None:
        return "It runs on public data, and a world was given."
    if order.scale is Scale.SMOKE:
        return "It runs on public data, which a smoke run leaves out."
    if order.data is None:
        return "Give the folder of public data with --data; evals/PUBLIC_DATA.md names the files."
    absent = [name for name in manifest.data if not (order.data / name).is_file()]
    if absent:
        return f"{order.data} lacks {', '.join(absent)}; evals/PUBLIC_DATA.md says what they are."
    return ""


def over_chains(
    suite: Suite, chains: Mapping[Part, Sequence[Chain]], seats: Seats, progress: Progress
) -> SuiteResult:
    """Run a suite over worlds: each part by itself, then the gap between the two."""
    scores: dict[str, Score] = {}
    cases: list[CaseResult] = []
    plots: list[tuple[str, Plot]] = []
    notes: list[str] = []
    for place, (part, some) in enumerate(chains.items(), 1):
        found = suite.measure(Bench(seats, some, Path(), progress))
        known = complete(found, suite.manifest)
        scores |= {f"{name}.{part.value}": score for name, score in known.items()}
        cases += [one._replace(metric=f"{one.metric}.{part.value}") for one in found.cases]
        plots += [(part.value, plot) for plot in found.plots]
        notes += [f"{part.value}: {note}" for note in found.notes]
        progress(place, len(chains))
    if Part.TUNING in chains and Part.GATE in chains:
        for metric in suite.manifest.metrics:
            if metric.unit is Unit.SHARE:
                first, second = scores[f"{metric.name}.tuning"], scores[f"{metric.name}.gate"]
                scores[f"{metric.name}.gap"] = gap(first, second)
    asked = sorted(chain.world.hash for some in chains.values() for chain in some)
    return SuiteResult(suite.manifest, scores, cases, plots, notes, asked=digest(asked)[:16])


def complete(found: Measured, manifest: Manifest) -> dict[str, Score]:
    """Give a score for every metric of the manifest; one that was left out is unscored."""
    return {
        metric.name: found.scores.get(metric.name, Unscored(reason="the suite gave no figure"))
        for metric in manifest.metrics
    }
