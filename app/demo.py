"""`demo` and `world build`: the example shop, on the same path as anybody's data."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from app.jobs import Jobs
from app.progress import bar
from app.wiring import Installation
from connectors.demo.world import DEFAULT_OVERLAYS, build_world
from connectors.files.lines import read_files
from domain.errors import Misuse

_BUILT = "demo_world"


def prepare_demo(installation: Installation, *, size: str, seed: int) -> Iterator[str]:
    """Build the shop, bring it in and do all work; a second time nothing is left to do."""
    home = installation.settings.home
    wanted = f"{size}/{seed}"
    with installation.store.read() as unit:
        built = unit.settings.find(_BUILT)
    if built is not None and built != wanted:
        raise Misuse(
            f"{home} holds the example shop {built!r}, not {wanted!r}. Give another --home, "
            f"or delete {home} first."
        )
    if built is None:
        yield from _bring_in(installation, home / "world", size=size, seed=seed)
        with installation.store.write() as unit:
            unit.settings.put(_BUILT, wanted)
    with Jobs(installation) as jobs, bar("Reading and matching") as progress:
        report = jobs.work_once(progress)
    yield from report.lines()


def _bring_in(installation: Installation, folder: Path, *, size: str, seed: int) -> Iterator[str]:
    with bar("Building the shop") as progress:
        world = build_world(folder, size=size, seed=seed, progress=progress)
    yield (
        f"An example shop: {world.messages:,} messages, {world.facts:,} facts, "
        f"{world.cases:,} solved cases."
    )
    shutil.copytree(folder / "config", installation.settings.config_dir, dirs_exist_ok=True)
    # What is judged later lies apart from what the product may read.
    paths = [folder / f"{name}.jsonl" for name in ("feedback", "facts", "cases")]
    with bar("Bringing it in") as progress:
        report = installation.engine.intake(read_files(paths, source="files", progress=progress))
    yield from report.lines()


def build_named_world(name: str, *, out: Path, size: str, seed: int, part: str) -> Iterator[str]:
    """Write a world by name: `demo` has the three overlays, `base` none, others joined by +."""
    overlays = {"demo": DEFAULT_OVERLAYS, "base": ()}.get(name, tuple(name.split("+")))
    with bar("Building the world") as progress:
        report = build_world(
            out, size=size, seed=seed, overlays=overlays, part=part, progress=progress
        )
    yield (
        f"{report.messages:,} messages, {report.facts:,} facts, {report.cases:,} cases and "
        f"{report.faults:,} faults written to {report.folder}. The truth lies in "
        f"{report.folder / 'truth'}."
    )
