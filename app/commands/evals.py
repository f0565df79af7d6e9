"""`eval run`: figures with intervals over worlds with known truth and over public data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.options import Home, say, settings

if TYPE_CHECKING:
    from evals.run import Order

evals = typer.Typer(help="Figures over worlds and public data.", no_args_is_help=True)
Data = Annotated[
    Path | None, typer.Option("--data", help="Folder of public data; see evals/PUBLIC_DATA.md.")
]

Smoke = Annotated[bool, typer.Option("--smoke", help="Small worlds only, under a minute.")]
World = Annotated[
    Path | None, typer.Option("--world", help="A world that somebody made; see docs/evals.md.")
]
Suites = Annotated[
    list[str] | None, typer.Argument(metavar="[SUITE]...", help="Suites; default: all.")
]
Recordings = Annotated[
    Path, typer.Option("--recordings", help="Folder of a model's recorded answers.")
]
_RECORDINGS = Path("recordings")
Baseline = Annotated[
    Path | None, typer.Option("--baseline", help="Baseline file; default: the shipped one.")
]


def register(application: typer.Typer) -> None:
    """Add the group."""
    application.add_typer(evals, name="eval")


@evals.callback()
def _group() -> None:
    """Figures over worlds and public data."""


@evals.command()
def run(
    suites: Suites = None,
    world: World = None,
    smoke: Smoke = False,
    gate: Annotated[
        bool, typer.Option("--gate", help="Compare with the baseline; red ends with 1 or 2.")
    ] = False,
    accept: Annotated[
        str | None, typer.Option("--accept", help="Make this run the baseline, for this reason.")
    ] = None,
    baseline: Baseline = None,
    data: Data = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Folder for results.json, junit.xml, report.md and .html."),
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option(
            "--history",
            help="File to which each run adds a line; default: history.jsonl beside the report.",
        ),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            "--engine",
            help="local, openai for the configured model, or replay for its recorded answers.",
        ),
    ] = "local",
    recordings: Recordings = _RECORDINGS,
    home: Home = None,
) -> None:
    """Measure the engine and print every figure with its interval.

    Examples:

      undertone eval run reading detection --smoke --report figures

      undertone eval run --smoke --gate

      undertone eval run --smoke --engine replay --recordings recordings
    """
    from app.engines import read_engine
    from app.evaluation import Asked, about_run, accept_results, evaluate, gate_lines, table
    from evals.baseline import SHIPPED
    from evals.report import write_report
    from evals.report.history import append_run, past_run, read_history
    from evals.run import Order
    from evals.worlds import Scale

    order = Order((), Scale.SMOKE if smoke else Scale.FULL, world=world, data=data)
    about = about_run(order, engine=engine)
    kept = history or (report / "history.jsonl" if report is not None else None)
    earlier = read_history(kept) if kept is not None else []
    asked = Asked(suites or (), order, recordings, _recording(suites, order, recordings, home))
    results = evaluate(settings(home), asked, engine=read_engine(engine))
    for line in table(results):
        say(line)
    findings: list[str] | None = None
    code = 0
    if gate:
        command = _again(order, engine=engine, recordings=recordings, baseline=baseline, home=home)
        verdict, lines = gate_lines(
            results, order=order, baseline=baseline or SHIPPED, command=command
        )
        for line in lines:
            say(line)
        code, findings = verdict.exit_code, lines if verdict.findings else []
    if accept is not None:
        accept_results(results, order=order, baseline=baseline or SHIPPED, reason=accept)
        say(f"{baseline or SHIPPED} holds these figures now.")
    runs = append_run(kept, past_run(about, results), earlier=earlier) if kept is not None else []
    if report is not None:
        write_report(report, results, about=about, findings=findings, history=runs)
        say(f"Written to {report}: results.json, junit.xml, report.md, report.html.")
    raise typer.Exit(code)


@evals.command()
def record(
    suites: Suites = None,
    world: World = None,
    smoke: Smoke = False,
    data: Data = None,
    recordings: Recordings = _RECORDINGS,
    home: Home = None,
) -> None:
    """Keep the configured model's answers, so that `eval run --engine replay` needs none.

    Asks only for what the folder does not hold yet. The folder holds redacted texts only.

    Example: undertone eval record reading --smoke --recordings recordings
    """
    from app.evaluation import Asked
    from app.evaluation import record as record_answers
    from evals.run import Order
    from evals.worlds import Scale

    order = Order((), Scale.SMOKE if smoke else Scale.FULL, world=world, data=data)
    command = _recording(suites, order, recordings, home)
    for line in record_answers(settings(home), Asked(suites or (), order, recordings, command)):
        say(line)


def _options(order: Order, **paths: Path | None) -> list[str]:
    """Give the options of a run as they are typed, those with a path in their order."""
    from evals.worlds import Scale

    named = {"world": order.world, "data": order.data, **paths}
    given = [f"--{name} {path}" for name, path in named.items() if path is not None]
    return [*(["--smoke"] if order.scale is Scale.SMOKE else []), *given]


def _recording(suites: list[str] | None, order: Order, recordings: Path, home: Path | None) -> str:
    """Give the command that records what a run asks."""
    options = _options(order, recordings=recordings, home=home)
    return " ".join(["undertone eval record", *(suites or ()), *options])


def _again(
    order: Order, *, engine: str, recordings: Path, baseline: Path | None, home: Path | None
) -> str:
    """Give the command that runs suites again, with `{suites}` to fill in."""
    kept = recordings if engine == "replay" else None
    options = _options(order, baseline=baseline, recordings=kept, home=home)
    asked = [] if engine == "local" else [f"--engine {engine}"]
    return " ".join(["undertone eval run {suites}", *options, *asked, "--gate"])


@evals.command()
def drill(
    stages: Annotated[
        list[str] | None, typer.Argument(metavar="[STAGE]...", help="Stages; default: all.")
    ] = None,
    home: Home = None,
) -> None:
    """Plant faults behind stages and see whether the gate notices each; 1 if one slips through.

    Example: undertone eval drill reading delivery
    """
    from app.evaluation import run_drill

    all_noticed, lines = run_drill(settings(home), stages or ())
    for line in lines:
        say(line)
    raise typer.Exit(0 if all_noticed else 1)


@evals.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Folder to write; new or empty.")],
) -> None:
    """Write a folder for your own labelled messages, with a guide and a workflow.

    Example: undertone eval init evaluation
    """
    from app.evaluation import write_starter

    write_starter(folder)
    say(f"Written to {folder}. README.md there says what to put in and how to gate on it.")
