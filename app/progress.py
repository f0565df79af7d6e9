"""Progress bars on the terminal for work that takes longer than two seconds."""

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
