"""`doctor`, `read`, `recall`, `replay`, `export`: look without changing anything."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.commands.options import Home, Output, installation, say, settings


class Exported(StrEnum):
    """What can be exported."""

    ISSUES = "issues"
    ALARMS = "alarms"
    AUDIENCES = "audiences"
    PROPOSALS = "proposals"
    SET_ASIDE = "set-aside"


Taxonomy = Annotated[
    Path | None, typer.Option("--taxonomy", help="Taxonomy file; default: that of the home.")
]


def register(application: typer.Typer) -> None:
    """Add the commands."""
    for command in (doctor, read, recall, replay, export):
        application.command()(command)
    application.command("rebuild-index")(rebuild_index)


def doctor(home: Home = None) -> None:
    """Say what is configured, what is missing and what to do about it."""
    import os

    from app.doctor import examine
    from app.settings import Settings

    report = examine(Settings.look(home, os.environ))
    _say_all(report.lines)
    raise typer.Exit(report.exit_code)


def read(
    input_: Annotated[Path, typer.Argument(metavar="INPUT", help="Feedback, JSONL or CSV.")],
    output: Output,
    taxonomy: Taxonomy = None,
    head: Annotated[
        Path | None,
        typer.Option("--head", help="Head made by `undertone fit`; adds its label to each line."),
    ] = None,
    text: Annotated[str, typer.Option("--text", help="Column that holds the text.")] = "text",
    home: Home = None,
) -> None:
    """Read a file: sentiment and drivers with verbatim quotes, one line per item.

    Examples:

      undertone read reviews.jsonl --output readings.jsonl --taxonomy shop.yaml

      undertone read reviews.csv --text review --head topics.head --output readings.jsonl
    """
    from app.offline import ReadWith, read_file
    from app.progress import bar

    chosen = ReadWith(taxonomy, head, text)
    with bar("Reading") as progress:
        done = read_file(settings(home), input_, output, chosen=chosen, progress=progress)
    _say_all(done.lines("readings written to", output))


def recall(
    corpus: Annotated[Path, typer.Argument(help="Texts to search, JSONL or CSV.")],
    queries: Annotated[Path, typer.Argument(help="Texts to search for, JSONL or CSV.")],
    output: Output,
    k: Annotated[int, typer.Option("--k", min=1, help="How many results per query.")] = 20,
    only_earlier: Annotated[
        bool, typer.Option("--only-earlier", help="Only results from before the query.")
    ] = False,
    home: Home = None,
) -> None:
    """Find the most similar texts by words and meaning, best first.

    Example: undertone recall cases.jsonl reports.jsonl --k 5 --output similar.jsonl
    """
    from app.offline import recall_file
    from app.progress import bar

    with bar("Comparing") as progress:
        done = recall_file(
            settings(home),
            corpus,
            queries,
            output,
            k=k,
            only_earlier=only_earlier,
            progress=progress,
        )
    _say_all(done.lines("queries answered in", output))


def replay(
    input_: Annotated[
        Path, typer.Argument(metavar="INPUT", help="Feedback file, or a folder with facts too.")
    ],
    output: Output,
    taxonomy: Taxonomy = None,
    home: Home = None,
) -> None:
    """Run feedback as a stream in event time and write its alarms.

    Example: undertone replay feedback.jsonl --output alarms.jsonl
    """
    from app.offline import replay_input
    from app.progress import bar

    with bar("Replaying") as progress:
        done = replay_input(settings(home), input_, output, taxonomy=taxonomy, progress=progress)
    _say_all(done.lines("alarms written to", output))


def _say_all(lines: list[str]) -> None:
    for line in lines:
        say(line)


def export(
    what: Annotated[Exported, typer.Argument(help="What to export.")],
    output: Output,
    home: Home = None,
) -> None:
    """Write issues, alarms, audiences, proposals or rows set aside, one JSON object a line.

    Example: undertone export audiences --output audiences.jsonl
    """
    from app.export_files import export_file

    with installation(home) as opened:
        count = export_file(opened, what.value, output)
    say(f"{count:,} {what.value} written to {output}.")


def rebuild_index(home: Home = None) -> None:
    """Build the vector index anew from the database and compare it with the exact answer.

    Nothing but the index changes. Questions are answered from the old one meanwhile.

    Example: undertone rebuild-index
    """
    from app.progress import bar
    from app.reindex import rebuild_indexes

    with installation(home) as opened, bar("Building the index") as progress:
        done = rebuild_indexes(opened, progress=progress)
    _say_all(done.lines())
    if not done.is_whole:
        raise typer.Exit(3)
