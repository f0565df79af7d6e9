"""A worked example shop for tests, copied from one that is built once per run."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

from app.settings import Settings
from app.wiring import Installation
from connectors.demo.world import build_world
from connectors.files.lines import read_files
from tests.embedding import MODELS_DIR

CACHE = MODELS_DIR.parent


def open_home(home: Path, **environment: str) -> Installation:
    """Open a home that uses the shared model."""
    home.mkdir(parents=True, exist_ok=True)
    models = home / "models"
    if not models.exists():
        MODELS_DIR.mkdir(parents=True, exist_ok=True)
        models.symlink_to(MODELS_DIR)
    return Installation.open(Settings.load(home, environment))


@cache
def _worked(seed: int, base: Path) -> Path:
    home = base / f"shop-{seed}"
    world = home / "world"
    build_world(world, size="tiny", seed=seed)
    shutil.copytree(world / "config", home / "config")
    installation = open_home(home)
    paths = [world / f"{name}.jsonl" for name in ("feedback", "facts", "cases")]
    installation.engine.intake(read_files(paths, source="files"))
    installation.engine.read()
    for issue_id in installation.engine.waiting_issues():
        installation.engine.review(issue_id)
    installation.close()
    return home


def worked_home(tmp_path: Path, base: Path, *, seed: int = 7) -> Path:
    """A copy of a shop whose drafts wait for a person."""
    home = tmp_path / "home"
    shutil.copytree(
        _worked(seed, base), home, symlinks=True, ignore=shutil.ignore_patterns("*.lock")
    )
    return home
