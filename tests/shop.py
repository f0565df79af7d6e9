"""A worked example shop for tests, built once an hour for all suites and copied for each test."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from app.settings import Settings
from app.wiring import Installation
from connectors.demo.world import build_world
from connectors.files.lines import read_files
from tests.embedding import MODELS_DIR

SHOPS_DIR = MODELS_DIR.parent / "shops"
_ROOT = Path(__file__).parents[1]
_FRESH = "fresh-"
_PACKAGES = ("domain", "prompts", "agent", "connectors", "vectorstore", "storage", "evals", "app")


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
    """Give the shop that another suite has built from the same files, or build it."""
    kept = SHOPS_DIR / _built_from() / str(seed)
    if kept.exists():
        return kept
    home = base / f"shop-{seed}"
    _work(home, seed)
    for older in SHOPS_DIR.glob("*"):
        if older != kept.parent and not older.name.startswith(_FRESH):
            shutil.rmtree(older, ignore_errors=True)
    fresh = SHOPS_DIR / f"{_FRESH}{os.getpid()}-{seed}"
    shutil.copytree(home, fresh, symlinks=True, ignore=shutil.ignore_patterns("*.lock"))
    kept.parent.mkdir(exist_ok=True)
    try:
        fresh.rename(kept)
    except OSError:
        # Another suite was faster; its shop is the same.
        shutil.rmtree(fresh, ignore_errors=True)
    return home


def _built_from() -> str:
    """Give a name for everything that a shop depends on: all our files, the lock, the hour."""
    found = sha256(f"{datetime.now(UTC):%Y-%m-%d-%H}".encode())
    files = [path for name in _PACKAGES for path in sorted((_ROOT / name).rglob("*"))]
    for path in [_ROOT / "requirements.lock", *files]:
        if path.is_file() and path.suffix != ".pyc":
            found.update(str(path.relative_to(_ROOT)).encode())
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


def _work(home: Path, seed: int) -> None:
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


def worked_home(tmp_path: Path, base: Path, *, seed: int = 7) -> Path:
    """A copy of a shop whose drafts wait for a person."""
    home = tmp_path / "home"
    shutil.copytree(
        _worked(seed, base), home, symlinks=True, ignore=shutil.ignore_patterns("*.lock")
    )
    return home
