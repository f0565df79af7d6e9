"""`eval run`: hands the engine to the suites and shows what they find."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path

from agent.casework.checks import check_draft
from agent.casework.investigate import LocalInvestigator
from agent.casework.write import LocalWriter
from agent.llm.factory import make_model_seats
from agent.reading.local import LocalReader
from app.progress import bar
from app.settings import Settings
from app.wiring import Installation, now
from domain.errors import Misuse
from domain.people import ModelPolicy, Policy
from evals.baseline import accept, load_baseline
from evals.drill import drill, drill_lines, find_faults
from evals.gate import Verdict, judge, verdict_lines
from evals.report.markdown import metric_key, parts_of
from evals.report.results import score_text
from evals.run import Order, SuiteResult, run
from evals.scripted import NAME
from evals.seats import EngineName, ModelSeats, Seats
from evals.suite import find_suites


def read_engine(name: str) -> EngineName:
    """Give the engine of a name.

    Raises:
        Misuse: There is none.
    """
    if name not in tuple(EngineName):
        raise Misuse(f"No engine is named {name!r}. Engines: {', '.join(EngineName)}.")
    return EngineName(name)


def take_seats(settings: Settings, name: EngineName) -> Seats:
    """Give the engine under test; the local one never calls a model.

    Raises:
        Misuse: The model is asked for and not configured.
    """
    if name is EngineName.OPENAI and not settings.uses_model:
        raise Misuse(
            "The engine 'openai' needs UNDERTONE_MODEL together with OPENAI_API_KEY or "
            "OPENAI_BASE_URL. Set them, or use --engine local."
        )
    if name is EngineName.OPENAI:
        installation = Installation.open(settings)
    else:
        # Without its environment nothing leaves the machine, whatever is set.
        installation = Installation(settings.model_copy(update={"environment": {}}))
    reader, investigator, writer = installation.seats()
    return Seats(name, installation.embedder, reader, investigator, writer, model_at=scripted_seats)


class _Unpaid:
    """A ledger of a model that costs nothing: each call stands alone."""

    def add_usd(self, amount: float) -> float:
        """Give the amount itself."""
        return amount

    def add_tokens(self, count: int) -> int:
        """Give the count itself."""
        return count


def scripted_seats(address: str) -> ModelSeats:
    """Give the seats of a scripted model at an address, with nothing stored and nothing paid."""
    made = make_model_seats(
        name=NAME,
        base_url=address,
        key=None,
        policy=ModelPolicy(),
        ledger=_Unpaid(),
        check=partial(check_draft, policy=Policy()),
        reader=LocalReader(None),
        investigator=LocalInvestigator(),
        writer=LocalWriter(),
    )
    return ModelSeats(made.reader, made.investigator, made.writer)


def evaluate(
    settings: Settings, names: Sequence[str], *, order: Order, engine: EngineName
) -> list[SuiteResult]:
    """Run suites by name, all where none is named."""
    suites = find_suites(names)
    seats = take_seats(settings, engine)
    return run(order._replace(suites=suites), seats, watch=bar)


def write_starter(folder: Path) -> None:
    """Write a world in miniature, a guide and a workflow for a team's own labelled cases.

    Raises:
        Misuse: The folder is there already and not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Misuse(f"{folder} is not empty. Name a new folder.")
    with as_file(files("evals") / "starter") as starter:
        shutil.copytree(
            starter, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py", "__*")
        )


def run_drill(settings: Settings, stages: Sequence[str]) -> tuple[bool, list[str]]:
    """Plant the faults of stages; gives whether all were noticed, and the table."""
    faults = find_faults(stages)
    drilled = drill(faults, take_seats(settings, EngineName.LOCAL), watch=bar)
    return all(one.noticed_by for one in drilled), drill_lines(drilled)


def gate_lines(
    results: Sequence[SuiteResult], *, order: Order, baseline: Path, command: str
) -> tuple[Verdict, list[str]]:
    """Hold results against a baseline; gives the verdict and what a person reads."""
    figures = load_baseline(baseline).of(order.scale)
    verdict = judge(results, figures, scale=order.scale)
    lines = verdict_lines(verdict, again=command)
    if figures is None:
        lines.insert(0, f"{baseline} has no figures of this scale; only fixed bars count.")
    return verdict, lines


def accept_results(
    results: Sequence[SuiteResult], *, order: Order, baseline: Path, reason: str
) -> None:
    """Make results the baseline, with the reason and today's date."""
    accept(baseline, results, scale=order.scale, reason=reason, on=now().date())


def table(results: Sequence[SuiteResult]) -> Iterator[str]:
    """Give every figure as lines for the terminal."""
    for one in results:
        if one.skipped:
            yield f"{one.manifest.name}: skipped. {one.skipped}"
            continue
        yield f"{one.manifest.name}: {one.manifest.purpose}"
        for metric in one.manifest.metrics:
            for part in parts_of(one):
                score = one.scores.get(metric_key(metric, part))
                if score is not None:
                    yield f"  {metric.title:<52} {part:<7} {score_text(score)}"
        for note in one.notes:
            yield f"  {note}"
