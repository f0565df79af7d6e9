"""How the pages of the inbox grow with what is stored, as ratios in one run: `make bench`."""

from __future__ import annotations

import http.client
import re
import shutil
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlencode

import typer
import uvicorn

from app.access import Role
from app.bench_store import Filled, fill
from app.inbox.frame import COOKIE
from app.serving import build_app
from app.settings import Settings
from app.wiring import Installation

_TRIES = 15
_SMALL = 20
"""How many times smaller the store is that the full one is compared with."""


class Timed(NamedTuple):
    """A page with its times in seconds."""

    name: str
    median: float
    p95: float


def main(feedback: int = 100_000, proposals: int = 2_000) -> None:
    """Time each page over a small store and over a full one, and print how they compare."""
    folder = Path(tempfile.mkdtemp(prefix="undertone-bench-"))
    try:
        small = _measure(folder / "small", feedback // _SMALL, max(20, proposals // _SMALL))
        large = _measure(folder / "large", feedback, proposals)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    typer.echo(f"{feedback:,} feedback items and {proposals:,} proposals, against {_SMALL} x fewer")
    typer.echo(f"{'page':26} {'median':>8} {'p95':>8}   median against the small store")
    for one, before in zip(large, small, strict=True):
        typer.echo(
            f"{one.name:26} {one.median * 1000:5.1f} ms {one.p95 * 1000:5.1f} ms"
            f"   {one.median / before.median:5.2f} x"
        )


def _measure(home: Path, feedback: int, proposals: int) -> list[Timed]:
    installation = Installation.open(Settings.load(home, {}))
    began = time.perf_counter()
    filled = fill(installation, feedback=feedback, proposals=proposals)
    typer.echo(f"filled a store of {feedback:,} items in {time.perf_counter() - began:.0f} s")
    with _served(installation) as browser:
        times = [browser.time(name, path) for name, path in _pages(filled)]
        times += [browser.time_approvals(filled.waiting)]
    installation.close()
    return times


def _pages(filled: Filled) -> Iterator[tuple[str, str]]:
    ticket, message = quote(filled.ticket), quote(filled.message)
    yield "list and first card", "/"
    for tab in ("way", "unknown", "done"):
        yield f"list: {tab}", f"/?tab={tab}"
    yield "a later part of the list", "/?" + urlencode({"after": filled.middle})
    yield "card of a ticket", f"/drafts/{ticket}"
    yield "card of a message", f"/drafts/{message}"
    yield "recipients", f"/drafts/{message}/recipients"
    yield "trace", f"/drafts/{ticket}/trace"
    yield "edit", f"/drafts/{ticket}/edit"
    yield "bytes", f"/drafts/{ticket}/bytes"
    yield "record", f"/drafts/{ticket}/record"
    yield "a mark: quote", f"/drafts/{ticket}/marks/1?part=1"
    yield "a mark: rows", f"/drafts/{ticket}/marks/{filled.rows_mark}?part=1"
    yield "issue", f"/issues/{quote(filled.issue)}"
    for name, words in filled.searches:
        yield f"search: {name}", "/?" + urlencode({"q": words})


class Browser:
    """A signed-in client on one connection."""

    def __init__(self, installation: Installation, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        link = installation.access.create_link("bench", Role.ADMIN)
        session = installation.access.open_session(link, address="127.0.0.1")
        self._headers = {"Cookie": f"{COOKIE}={session.secret}", "Accept": "text/html"}

    def get(self, path: str) -> str:
        """The page; refuses anything but a success."""
        self._connection.request("GET", path, headers=self._headers)
        return self._answer(path, 200)

    def _answer(self, path: str, status: int) -> str:
        answer = self._connection.getresponse()
        body = answer.read().decode()
        if answer.status != status:
            raise RuntimeError(f"{path} answered {answer.status}.")
        return body

    def time(self, name: str, path: str) -> Timed:
        """Time a page, the first look left out."""
        self.get(path)
        return _timed(name, [self._seconds(path) for _ in range(_TRIES)])

    def _seconds(self, path: str) -> float:
        began = time.perf_counter()
        self.get(path)
        return time.perf_counter() - began

    def time_approvals(self, ids: Sequence[str]) -> Timed:
        """Time approving tickets, each once."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.get("/"))
        if found is None:
            raise RuntimeError("The inbox has no form.")
        return _timed("approve", [self._approve(id_, found[1]) for id_ in ids[:_TRIES]])

    def _approve(self, id_: str, csrf: str) -> float:
        form = {"csrf": csrf, "decision": "approve", "seen_version": 1}
        headers = {**self._headers, "Content-Type": "application/x-www-form-urlencoded"}
        path = f"/drafts/{quote(id_)}/decide"
        began = time.perf_counter()
        self._connection.request("POST", path, body=urlencode(form), headers=headers)
        self._answer(path, 303)
        return time.perf_counter() - began


def _timed(name: str, seconds: list[float]) -> Timed:
    ordered = sorted(seconds)
    return Timed(name, statistics.median(ordered), ordered[int(0.95 * (len(ordered) - 1) + 0.5)])


@contextmanager
def _served(installation: Installation) -> Iterator[Browser]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(build_app(installation), log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield Browser(installation, listening.getsockname()[1])
    server.should_exit = True
    thread.join(timeout=10)
    listening.close()


if __name__ == "__main__":
    typer.run(main)
