"""How long the example shop takes, as ratios in one run: `make bench`."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import typer

from app.settings import Settings
from app.wiring import Installation
from connectors.demo.world import build_world
from connectors.files.lines import read_files
from domain.feedback import FeedbackItem
from vectorstore.e5.embedder import E5Embedder


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


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
    typer.echo(f"embedding them           {embedding:.1f} s")
    typer.echo(f"all work on the shop     {whole:.1f} s = {whole / embedding:.2f} x embedding")
    typer.echo(f"all work again           {again:.1f} s")
    typer.echo(f"status of the inbox      {1000 * statistics.median(pages):.1f} ms median")
    installation.close()


if __name__ == "__main__":
    typer.run(main)
