"""`eval run`: figures with intervals over worlds with known truth and over public data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.options import Home, say, settings

evals = typer.Typer(help="Figures over worlds and public data.", no_args_is_help=True)
Data = Annotated[
    Path | None, typer.Option("--data", help="Folder of public data; see evals/PUBLIC_DATA.md.")
]

Smoke = Annotated[bool, typer.Option("--smoke", help="Small worlds only, under a minute.")]
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
    suites: Annotated[
        list[str] | None, typer.Argument(metavar="[SUITE]...", help="Suites; default: all.")
    ] = None,
    world: Annotated[
        Path | None, typer.Option("--world", help="A world that somebody made; see docs/evals.md.")
    ] = None,
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
    engine: Annotated[
        str, typer.Option("--engine", help="local, or openai for the configured model.")
    ] = "local",
    home: Home = None,
) -> None:
    """Measure the engine and print every figure with its interval.

    Examples:

      undertone eval run reading detection --smoke --report figures

      undertone eval run --smoke --gate
    """
    from app.evaluation import accept_results, evaluate, gate_lines, read_engine, table
    from evals.baseline import SHIPPED
    from evals.report import write_report
    from evals.run import Order
    from evals.worlds import Scale

    order = Order((), Scale.SMOKE if smoke else Scale.FULL, world=world, data=data)
    results = evaluate(settings(home), suites or (), order=order, engine=read_engine(engine))
    for line in table(results):
        say(line)
    findings: list[str] = []
    code = 0
    if gate:
        command = _again(smoke=smoke, world=world, data=data, baseline=baseline, home=home)
        verdict, lines = gate_lines(
            results, order=order, baseline=baseline or SHIPPED, command=command
        )
        for line in lines:
            say(line)
        code, findings = verdict.exit_code, lines if verdict.findings else []
    if accept is not None:
        accept_results(results, order=order, baseline=baseline or SHIPPED, reason=accept)
        say(f"{baseline or SHIPPED} holds these figures now.")
    if report is not None:
        write_report(report, results, findings=findings)
        say(f"Written to {report}: results.json, junit.xml, report.md, report.html.")
    raise typer.Exit(code)


def _again(
    *,
    smoke: bool,
    world: Path | None,
    data: Path | None,
    baseline: Path | None,
    home: Path | None,
) -> str:
    """Give the command that runs suites again, with `{suites}` to fill in."""
    named = {"--world": world, "--data": data, "--baseline": baseline, "--home": home}
    options = [f"{name} {path}" for name, path in named.items() if path is not None]
    return " ".join(
        ["undertone eval run {suites}", *(["--smoke"] if smoke else []), *options, "--gate"]
    )


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
