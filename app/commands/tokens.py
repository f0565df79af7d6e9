"""`token create`: tokens for machines."""

from __future__ import annotations

import getpass
from enum import StrEnum
from typing import Annotated

import typer

from app.commands.options import Home, installation, say

tokens = typer.Typer(help="Tokens for machines and scripts.", no_args_is_help=True)


class Role(StrEnum):
    """What a token may do."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    ADMIN = "admin"
    INGEST = "ingest"


def register(application: typer.Typer) -> None:
    """Add the group."""
    application.add_typer(tokens, name="token")


@tokens.callback()
def _group() -> None:
    """Tokens for machines and scripts."""


@tokens.command()
def create(
    role: Annotated[Role, typer.Option("--role", help="What the token may do.")],
    person: Annotated[
        str | None, typer.Option("--for", help="For whom it acts; default: you.")
    ] = None,
    home: Home = None,
) -> None:
    """Create a token and print it, once. Only the token goes to stdout.

    Example: undertone token create --role ingest --for help-desk
    """
    name = person or getpass.getuser()
    with installation(home) as opened:
        token = opened.create_token(name, role.value)
    say(f"A token for {name!r} as {role.value}. It is shown once; keep it safe.", error=True)
    say(f"Use it as: Authorization: Bearer {'TOKEN'}", error=True)
    say(token)
