"""`world build`: example shops with known truth, as plain files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.options import say
from app.commands.serve import Size

worlds = typer.Typer(help="Example companies with planted faults.", no_args_is_help=True)


def register(application: typer.Typer) -> None:
    """Add the group."""
    application.add_typer(worlds, name="world")


@worlds.callback()
def _group() -> None:
    """Example companies with planted faults."""


@worlds.command()
def build(
    name: Annotated[str, typer.Argument(help="`base` or overlays joined by +, or `demo`.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    size: Annotated[Size, typer.Option("--size", help="How large.")] = Size.DEMO,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another company.")] = 7,
    part: Annotated[
        str, typer.Option("--part", help="Phrasings: tuning, gate or both.")
    ] = "tuning",
) -> None:
    """Write a world: feedback, facts, cases, config and, apart from them, its truth.

    Example: undertone world build demo --size tiny --seed 3 --out shop
    """
    from app.demo import build_named_world

    for line in build_named_world(name, out=out, size=size.value, seed=seed, part=part):
        say(line)
