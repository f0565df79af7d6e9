"""What a round of work holds in memory, and how that grows with what it holds: `make bench`."""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import typer

from connectors.demo.world import build_world

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
# 30: days that matching holds in memory are 35; all of these lie within.
_DAYS = 30
_TIMES_FEWER = 4
# Words of a made-up message; as many as in a short one of the example shop.
_WORDS = 14


class Used(NamedTuple):
    """What one command used."""

    peak_mb: float
    cpu_s: float


def main(items: int = 8_000) -> None:
    """Bring in messages that all differ, do one round of work, and print its peak."""
    folder = Path(tempfile.mkdtemp(prefix="undertone-bench-"))
    try:
        world = folder / "world"
        build_world(world, size="tiny")
        (folder / "models").mkdir()
        # Converting the weights, once in the life of a home, is no part of a round. All is done
        # in other processes: a child's peak is never told as less than its parent's.
        _measure(folder, world, _TIMES_FEWER)
        few, many = (_measure(folder, world, count) for count in (items // _TIMES_FEWER, items))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    more = items - items // _TIMES_FEWER
    each = (many.peak_mb - few.peak_mb) * 1024 / more
    typer.echo(f"one round of work over   {items // _TIMES_FEWER:,} and {items:,} messages")
    typer.echo(f"peak memory              {few.peak_mb:.0f} MB and {many.peak_mb:.0f} MB")
    typer.echo(f"for each further message {each:.1f} kB")
    growth = many.cpu_s / few.cpu_s
    typer.echo(
        f"CPU time                 {few.cpu_s:.0f} s and {many.cpu_s:.0f} s = {growth:.1f} x"
    )


def _measure(folder: Path, world: Path, count: int) -> Used:
    home = folder / str(count)
    shutil.copytree(world / "config", home / "config")
    (home / "models").symlink_to(folder / "models")
    messages = home / "messages.jsonl"
    with messages.open("w", encoding="utf-8") as file:
        file.writelines(_messages(world, count))
    _run("ingest", str(messages), "--home", str(home))
    return _run("run", "--once", "--home", str(home))


def _messages(world: Path, count: int) -> list[str]:
    """Lines of feedback of the shop's words in any order, by as many customers."""
    with (world / "feedback.jsonl").open(encoding="utf-8") as file:
        words = sorted({word for line in file for word in json.loads(line)["text"].split()})
    draw = random.Random(count)  # noqa: S311  no secret
    return [
        json.dumps(
            {
                "id": f"M-{number}",
                "text": " ".join(draw.choices(words, k=_WORDS)),
                "at": (_BEGIN + timedelta(days=_DAYS) * number / count).isoformat(),
                "customer_id": f"C-{number}",
            }
        )
        + "\n"
        for number in range(count)
    ]


def _run(*arguments: str) -> Used:
    """Run a command in a process of its own.

    Raises:
        RuntimeError: It failed.
    """
    silence = os.open(os.devnull, os.O_WRONLY)
    command = [sys.executable, "-c", "from app.cli import main; main()", *arguments]
    child = os.posix_spawn(
        sys.executable, command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, silence, 1)]
    )
    os.close(silence)
    _, status, used = os.wait4(child, 0)
    if status:
        raise RuntimeError(f"undertone {' '.join(arguments)} ended with {status}.")
    # Linux counts kilobytes, macOS bytes.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Used(used.ru_maxrss / unit, used.ru_utime + used.ru_stime)


if __name__ == "__main__":
    typer.run(main)
