"""How long the example shop takes, as ratios in one run: `make bench`."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import typer

from app.settings import Settings
from app.wiring import Installation
from connectors.demo.world import build_world
from connectors.files.lines import read_files
from domain.feedback import FeedbackItem
from vectorstore.e5.embedder import E5Embedder


class _Spent(NamedTuple):
    """Seconds on the clock, and of all processors together."""

    wall: float
    cpu: float


def _timed(work: Callable[[], object]) -> _Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return _Spent(time.perf_counter() - wall, time.process_time() - cpu)


def main(size: str = "demo") -> None:
    """Time embedding alone, all work on the shop, a second start, the list and a card."""
    folder = Path(tempfile.mkdtemp(prefix="undertone-bench-"))
    try:
        _measure(folder, size)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(folder: Path, size: str) -> None:
    world = folder / "world"
    build_world(world, size=size)
    shutil.copytree(world / "config", folder / "config")
    paths = [world / f"{name}.jsonl" for name in ("feedback", "facts", "cases")]
    texts = [
        line.record.text.value
        for line in read_files(paths[:1], source="files")
        if isinstance(line.record, FeedbackItem)
    ]
    embedder = E5Embedder(folder / "models")
    embedder.embed(["warm"])
    embedding = _timed(lambda: embedder.embed(texts))
    installation = Installation.open(Settings.load(folder, {}))
    engine = installation.engine

    def work() -> None:
        engine.intake(read_files(paths, source="files"))
        engine.read()
        for issue_id in engine.waiting_issues():
            engine.review(issue_id)

    whole = _timed(work)
    again = _timed(work)
    pages = [_timed(lambda: installation.backend.status()) for _ in range(20)]
    typer.echo(f"texts                    {len(texts):,}")
    typer.echo(f"embedding them           {embedding.wall:.1f} s, {embedding.cpu:.1f} s of CPU")
    typer.echo(f"all work on the shop     {whole.wall:.1f} s, {whole.cpu:.1f} s of CPU")
    typer.echo(
        f"work by embedding        {whole.wall / embedding.wall:.2f} x, "
        f"{whole.cpu / embedding.cpu:.2f} x of CPU"
    )
    typer.echo(f"all work again           {again.wall:.1f} s")
    middle = statistics.median(page.wall for page in pages)
    typer.echo(f"status of the inbox      {1000 * middle:.1f} ms median")
    installation.close()


if __name__ == "__main__":
    typer.run(main)
