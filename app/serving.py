"""Serve one home on 127.0.0.1: pages, API and jobs in one process."""

from __future__ import annotations

import getpass
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING

import typer

from app.access import Role
from app.inbox.events import EVERY_S
from app.jobs import Jobs
from app.server import create_app

if TYPE_CHECKING:
    from fastapi import FastAPI

    from app.wiring import Installation

HOST = "127.0.0.1"
_HOSTS = frozenset({HOST, "localhost"})
# An open event stream would hold the stop for ever.
_GRACE_S = 2


def build_app(installation: Installation, *, events_every_s: float = EVERY_S) -> FastAPI:
    """The application over one home; open pages hear what is new within `events_every_s`."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield

    return create_app(
        installation.backend,
        access=installation.access,
        intake=installation.engine.intake,
        clock=installation.clock,
        hosts=_HOSTS,
        lifespan=lifespan,
        events_every_s=events_every_s,
    )


def serve_inbox(installation: Installation, *, port: int, jobs: bool) -> None:
    """Serve until interrupted, and print a sign-in link."""
    import uvicorn

    with Jobs(installation) if jobs else nullcontext() as running:
        listening = _listen(port)
        if isinstance(running, Jobs):
            running.start()
        address = f"http://{HOST}:{listening.getsockname()[1]}"
        typer.echo(f"\nThe inbox is at {address}")
        typer.echo(
            f"Sign in, once, within 15 minutes:\n\n  {sign_in_link(installation, address)}\n"
        )
        typer.echo("Stop with Ctrl+C.")
        config = uvicorn.Config(
            build_app(installation),
            log_config=None,
            timeout_graceful_shutdown=_GRACE_S,
            server_header=False,
        )
        uvicorn.Server(config).run(sockets=[listening])


def sign_in_link(installation: Installation, address: str) -> str:
    """A link that signs the user of this machine in as admin, once."""
    secret = installation.access.create_link(_user(), Role.ADMIN)
    return f"{address}/sign-in?link={secret}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "admin"


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError as error:
        listening.close()
        raise OSError(
            error.errno, f"Port {port} is in use. Choose another with --port, or 0 for any."
        ) from error
    listening.listen(128)
    return listening
