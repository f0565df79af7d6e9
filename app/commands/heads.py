"""`fit`: teach a head on a team's own labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.options import Home, say, settings


def register(application: typer.Typer) -> None:
    """Add the command."""
    application.command()(fit)


def fit(
    train: Annotated[
        Path, typer.Argument(metavar="TRAIN", help="Labelled texts, JSONL or CSV, .gz of either.")
    ],
    text: Annotated[str, typer.Option("--text", help="Column that holds the text.")],
    label: Annotated[str, typer.Option("--label", help="Column that holds the label.")],
    output: Annotated[Path, typer.Option("--output", help="Head to write.")],
    keep: Annotated[
        float,
        typer.Option(
            "--keep",
            min=0.5,
            max=1.0,
            help="Share of rightly named rows that must be answered; the rest may be abstained on.",
        ),
    ] = 0.95,
    out_of_scope: Annotated[
        str | None,
        typer.Option(
            "--out-of-scope", help="Label of rows that fit no label; they show where to abstain."
        ),
    ] = None,
    home: Home = None,
) -> None:
    """Teach a head on your own labels, any labels, in seconds; `read --head` uses it.

    Every label needs five texts or more. Rows are redacted first, and never leave the machine
    unless an embeddings endpoint is set.

    Examples:

      undertone fit labelled.csv --text message --label topic --output topics.head

      undertone read tickets.jsonl --head topics.head --output readings.jsonl
    """
    from agent.reading.taught.teach import Wish
    from app.heads import Columns, fit_file

    wish = Wish(keep=keep, out_of_scope=out_of_scope)
    done = fit_file(settings(home), train, output, columns=Columns(text, label), wish=wish)
    for line in done.lines(output):
        say(line)
