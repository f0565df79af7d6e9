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
    smoke: Annotated[
        bool, typer.Option("--smoke", help="Small worlds only, under a minute.")
    ] = False,
    data: Data = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report", help="Folder for results.json, junit.xml, report.md, report.html."
        ),
    ] = None,
    engine: Annotated[
        str, typer.Option("--engine", help="local, or openai for the configured model.")
    ] = "local",
    home: Home = None,
) -> None:
    """Measure the engine and print every figure with its interval.

    Example: undertone eval run reading detection --smoke --report figures
    """
    from app.evaluation import evaluate, table
    from domain.errors import Misuse
    from evals.report import write_report
    from evals.run import Order
    from evals.seats import EngineName
    from evals.worlds import Scale

    if engine not in tuple(EngineName):
        raise Misuse(f"No engine is named {engine!r}. Engines: {', '.join(EngineName)}.")
    order = Order((), Scale.SMOKE if smoke else Scale.FULL, world=world, data=data)
    results = evaluate(settings(home), suites or (), order=order, engine=EngineName(engine))
    for line in table(results):
        say(line)
    if report is not None:
        write_report(report, results, findings=())
        say(f"Written to {report}: results.json, junit.xml, report.md, report.html.")
