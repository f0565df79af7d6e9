"""`serve` and `demo`: the inbox in a browser."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.commands.options import Home, installation, say

DEMO_HOME = Path(".demo")
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1.")]


class Size(StrEnum):
    """Size of the example shop."""

    TINY = "tiny"
    DEMO = "demo"
    BASE = "base"
    LARGE = "large"


def register(application: typer.Typer) -> None:
    """Add the commands."""
    application.command()(serve)
    application.command()(demo)


def serve(
    port: Port = 8017,
    no_jobs: Annotated[
        bool, typer.Option("--no-jobs", help="Serve the pages only; another process works.")
    ] = False,
    home: Home = None,
) -> None:
    """Serve the inbox on 127.0.0.1 and print a sign-in link.

    Example: undertone serve --port 8017
    """
    from app.serving import serve_inbox

    with installation(home) as opened:
        serve_inbox(opened, port=port, jobs=not no_jobs)


def demo(
    size: Annotated[Size, typer.Option("--size", help="Size of the example shop.")] = Size.DEMO,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another shop.")] = 7,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="Build and work, but do not serve.")
    ] = False,
    port: Port = 8017,
    home: Home = None,
) -> None:
    """Build an example shop with known faults, work on it, and serve the inbox.

    Example: undertone demo --size tiny
    """
    from app.demo import prepare_demo
    from app.serving import serve_inbox

    with installation(home or DEMO_HOME) as opened:
        for line in prepare_demo(opened, size=size.value, seed=seed):
            say(line)
        if not no_serve:
            serve_inbox(opened, port=port, jobs=True)
