"""`ingest`, `run`: words and rows in, drafts out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.commands.options import Home, installation, say


class Kind(StrEnum):
    """What the lines of a file are."""

    FEEDBACK = "feedback"
    FACTS = "facts"
    CASES = "cases"


def register(application: typer.Typer) -> None:
    """Add the commands."""
    application.command()(ingest)
    application.command()(run)


def ingest(
    files: Annotated[list[Path], typer.Argument(help="JSONL or CSV files, .gz of either.")],
    as_: Annotated[
        Kind | None,
        typer.Option("--as", help="What the lines are; default: seen from each line's fields."),
    ] = None,
    map_: Annotated[
        Path | None,
        typer.Option("--map", help="YAML file that renames foreign columns and parses times."),
    ] = None,
    source: Annotated[
        str, typer.Option("--source", help="Name under which ids are unique.")
    ] = "files",
    home: Home = None,
) -> None:
    """Bring in feedback, facts and cases. Running it again changes nothing.

    Examples:

      undertone ingest tickets.jsonl orders.csv.gz

      undertone ingest tweets.csv --as feedback --map tweets.map.yaml --source twitter
    """
    from app.progress import bar
    from connectors.files.lines import read_files

    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        say(f"undertone: no such file: {', '.join(missing)}", error=True)
        raise typer.Exit(2)
    with installation(home) as opened, bar("Reading lines") as progress:
        records = read_files(files, kind=as_.value if as_ else None, map_path=map_, source=source)
        report = opened.engine.intake(records, progress=progress)
    for line in report.lines():
        say(line)


def run(
    once: Annotated[
        bool, typer.Option("--once", help="Do all work that waits, then stop.")
    ] = False,
    home: Home = None,
) -> None:
    """Read what is new, look for problems, draft, and deliver what is approved.

    Without --once it goes on until it is interrupted.

    Example: undertone run --once
    """
    from app.jobs import Jobs
    from app.limits import limits_of
    from app.progress import bar

    with installation(home) as opened, Jobs(opened) as jobs:
        if not once:
            say("Working. Stop with Ctrl+C.", error=True)
            jobs.work_until_stopped()
            return
        with bar("Reading") as progress:
            report = jobs.work_once(progress)
        limits = limits_of(opened.store)
    for line in (*report.lines(), *limits):
        say(line)
