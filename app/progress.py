"""Progress on stderr: bars on a terminal, one line for each finished step elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from domain.ports import Progress

SHOW_AFTER_S = 2.0


@contextmanager
def bar(title: str) -> Iterator[Progress]:
    """Give a progress function; a bar appears on stderr once two seconds have passed."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as RichProgress

    view = RichProgress(
        TextColumn("{task.description:<24}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )
    began = time.monotonic()
    task = view.add_task(title, total=None)
    started = False

    def advance(done: int, total: int) -> None:
        nonlocal started
        if not started and time.monotonic() - began >= SHOW_AFTER_S:
            view.start()
            started = True
        view.update(task, completed=done, total=max(total, done))

    try:
        yield advance
    finally:
        if started:
            view.stop()


@contextmanager
def step(title: str) -> Iterator[Progress]:
    """Give a progress function; a bar on a terminal, elsewhere a line when the step is done."""
    began = time.monotonic()
    with bar(title) as advance:
        yield advance
    if not sys.stderr.isatty():
        print(f"{title}: {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)  # noqa: T201
