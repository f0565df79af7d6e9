"""Options that several commands share, and how a command opens its home."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.settings import Settings

if TYPE_CHECKING:
    from app.wiring import Installation

Home = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of this installation; default: the user's data folder."),
]
Output = Annotated[Path, typer.Option("--output", help="File to write, one JSON object a line.")]


def settings(home: Path | None) -> Settings:
    """Give the settings for a home."""
    return Settings.load(home, os.environ)


@contextmanager
def installation(home: Path | None) -> Iterator[Installation]:
    """Open the home, creating it when absent, and close it at the end."""
    from app.wiring import Installation

    opened = Installation.open(settings(home))
    try:
        yield opened
    finally:
        opened.close()


def say(text: str, *, error: bool = False) -> None:
    """Print one line for the person."""
    typer.echo(text, err=error)
