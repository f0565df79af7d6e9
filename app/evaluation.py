"""`eval run`: hands the engine to the suites and shows what they find."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import NamedTuple

from agent.llm.recording import Tape
from app.engines import recording_seats, take_seats
from app.progress import step
from app.settings import Settings
from app.wiring import now
from domain.errors import Misuse, NotRecorded, Unavailable
from evals.baseline import accept, load_baseline
from evals.drill import drill, drill_lines, find_faults
from evals.gate import Verdict, judge, verdict_lines
from evals.report.history import About
from evals.report.markdown import metric_key, parts_of
from evals.report.results import score_text
from evals.run import Order, SuiteResult, run
from evals.scores import is_of_time
from evals.seats import EngineName, ModelUse
from evals.suite import find_suites


class Asked(NamedTuple):
    """What an evaluation is about, and the command that records the model's answers to it."""

    names: Sequence[str]
    """Suites; none means all."""
    order: Order
    recordings: Path
    record_command: str


def evaluate(settings: Settings, asked: Asked, *, engine: EngineName) -> list[SuiteResult]:
    """Run suites by name, all where none is named.

    Raises:
        Misuse: The engine or a suite cannot be had, or a replay lacks an answer.
    """
    suites = find_suites(asked.names)
    seats = take_seats(settings, engine, recordings=asked.recordings)
    try:
        return run(asked.order._replace(suites=suites), seats, watch=step)
    except NotRecorded as error:
        raise Misuse(f"{error} Record it with: {asked.record_command}") from error


def record(settings: Settings, asked: Asked) -> Iterator[str]:
    """Run suites with the configured model, keep its answers, and see that a replay agrees.

    Gives lines for the terminal.

    Raises:
        Misuse: No model is configured, or the folder holds the answers of another one.
        Unavailable: Some requests got no answer, so a replay would lack them.
    """
    suites = find_suites(asked.names)
    order = asked.order._replace(suites=suites)
    seats, tape = recording_seats(settings, recordings=asked.recordings)
    recorded = run(order, seats, watch=step)
    if seats.model is not None:
        yield _recorded_line(seats.model, tape, asked.recordings)
    replayer = take_seats(settings, EngineName.REPLAY, recordings=asked.recordings)
    try:
        replayed = run(order, replayer, watch=step)
    except NotRecorded as error:
        raise Unavailable(
            f"{tape.unanswered:,} requests got no answer, so a replay stops: {error} "
            f"The same command again asks only for what is missing: {asked.record_command}"
        ) from error
    moved = _moved(recorded, replayed)
    if moved:
        raise Unavailable(
            f"A replay gives other figures for {', '.join(moved)}: the model was too slow or "
            f"over its limits while it was recorded. Run again: {asked.record_command}"
        )
    yield "A replay gives the same figures: undertone eval run --engine replay"


def _recorded_line(model: ModelUse, tape: Tape, folder: Path) -> str:
    spent = tape.spent
    cost = model.cost_usd(spent.tokens_in, spent.tokens_out)
    paid = "price not known" if cost is None else f"{cost:.2f} US dollars"
    return (
        f"{folder} holds {tape.kept:,} answers of {model.name!r}. This run: "
        f"{spent.calls:,} requests, {spent.tokens_in:,} tokens in, {spent.tokens_out:,} out, "
        f"{paid}, with those that were known before."
    )


def _moved(before: Sequence[SuiteResult], after: Sequence[SuiteResult]) -> list[str]:
    """Figures that differ between two runs, apart from those of time."""
    return [
        f"{old.manifest.name}/{name}"
        for old, new in zip(before, after, strict=True)
        for name, score in old.scores.items()
        if not is_of_time(score) and new.scores.get(name) != score
    ]


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
    drilled = drill(faults, take_seats(settings, EngineName.LOCAL, recordings=Path()), watch=step)
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


def about_run(order: Order, *, engine: str) -> About:
    """Say what is run, now."""
    world = order.world.name if order.world is not None else None
    return About(at=now(), engine=engine, scale=order.scale.value, world=world)


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
    gaps = [gap.text for one in results for gap in one.gaps]
    if gaps:
        yield "Parts that differ by more than five points:"
        yield from (f"  {text}" for text in gaps)
