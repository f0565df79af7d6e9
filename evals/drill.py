"""Plant each fault behind its stage and see which metric of the gate notices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.resources import files
from typing import NamedTuple

from domain.errors import Misuse
from domain.ports import Progress
from evals.baseline import Figures, figures_of
from evals.gate import judge
from evals.run import Order, SuiteResult, Watch, Workshop, over_chains
from evals.seats import Seats
from evals.stages import Chain, Fault, Stage
from evals.suite import Suite, find_suites
from evals.worlds import Part, Scale


class Drilled(NamedTuple):
    """A fault and the metrics that noticed it; none means that it slipped through."""

    fault: Fault
    noticed_by: tuple[str, ...]


def find_faults(stages: Sequence[str] = ()) -> list[Fault]:
    """Give the faults of these stages in the order of stages; all where none is named.

    Raises:
        Misuse: A stage has no faults.
    """
    names = sorted(
        entry.name.removesuffix(".py")
        for entry in (files("evals") / "drills").iterdir()
        if entry.name.endswith(".py") and entry.name != "__init__.py"
    )
    unknown = sorted(set(stages) - set(names))
    if unknown:
        raise Misuse(f"No drill for {', '.join(unknown)}. Stages: {', '.join(names)}.")
    chosen = [name for name in names if not stages or name in stages]
    found: list[Fault] = []
    for name in chosen:
        found += import_module(f"evals.drills.{name}").FAULTS
    order = list(Stage)
    return sorted(found, key=lambda one: order.index(one.stage))


def drill(faults: Sequence[Fault], seats: Seats, *, watch: Watch) -> list[Drilled]:
    """Run the smoke worlds clean, then once per fault as far as its stage's suites look."""
    suites = [one for one in find_suites() if one.manifest.stages]
    workshop = Workshop(seats, Order(suites, Scale.SMOKE), watch=watch)
    workshop.read_all()
    wanted = {fault.stage for fault in faults}
    clean = _clean(suites, wanted, workshop.chains, seats, watch)
    drilled = []
    with watch("Drilling") as progress:
        for place, fault in enumerate(faults, 1):
            mine = [one for one in suites if fault.stage in one.manifest.stages]
            noticed = _noticed(fault, mine, workshop.chains, clean, seats, progress)
            drilled.append(Drilled(fault, noticed))
            progress(place, len(faults))
    return drilled


def _clean(
    suites: Sequence[Suite],
    wanted: set[Stage],
    chains: Mapping[Part, Sequence[Chain]],
    seats: Seats,
    watch: Watch,
) -> Figures:
    asked = [one for one in suites if wanted & set(one.manifest.stages)]
    results = []
    with watch("Without a fault") as progress:
        for place, suite in enumerate(asked, 1):
            results.append(over_chains(suite, chains, seats, _silent))
            progress(place, len(asked))
    return figures_of(results, keep_cases=True)


def _noticed(
    fault: Fault,
    suites: Sequence[Suite],
    chains: Mapping[Part, Sequence[Chain]],
    clean: Figures,
    seats: Seats,
    progress: Progress,
) -> tuple[str, ...]:
    broken = {part: [one.broken(fault) for one in some] for part, some in chains.items()}
    results: list[SuiteResult] = [over_chains(one, broken, seats, progress) for one in suites]
    verdict = judge(results, clean, scale=Scale.SMOKE)
    return tuple(dict.fromkeys(f"{one.suite}/{one.metric}" for one in verdict.findings))


def _silent(done: int, total: int) -> None:
    """Show nothing: the display around it counts suites."""


def drill_lines(drilled: Sequence[Drilled]) -> list[str]:
    """Give the table: stage, fault, noticed by which metric."""
    lines = [f"{'stage':<10} {'fault':<34} noticed by"]
    for one in drilled:
        noticed = ", ".join(one.noticed_by[:3]) or "NOTHING"
        lines.append(f"{one.fault.stage.value:<10} {one.fault.name:<34} {noticed}")
    slipped = sum(not one.noticed_by for one in drilled)
    lines.append(f"{len(drilled)} faults, {slipped} slipped through.")
    return lines
