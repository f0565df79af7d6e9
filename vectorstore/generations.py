"""The folder of an embedded index: one writer, and generations of which one is trusted.

    chroma/items.lock            held by the one process that works here
    chroma/items/000007-x2k4/    a generation, as Chroma wrote it
    chroma/items/000007-x2k4/unfinished   somebody is writing, or died while writing

A generation is trusted unless it carries the mark; the newest trusted one is live, all
others are removed. So a rebuild becomes live by losing its mark, and what a killed
process or a crash of the library leaves behind is never opened again: a torn index may
end the process that opens it, which no error handling can catch.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from domain.errors import IndexUnavailable

_MARK = "unfinished"


class Generations:
    """Generations in one folder. The folder may be deleted at any moment."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Beside the folder, so that the lock outlives its deletion.
        self._lock_path = folder.with_name(f"{folder.name}.lock")
        self._guard: IO[bytes] | None = None

    def take(self) -> None:
        """Become the one process that works here.

        Raises:
            IndexUnavailable: Another process holds the lock.
        """
        if self._guard is not None:
            return
        self._lock_path.parent.mkdir(parents=True, exist_ok=True)
        guard = self._lock_path.open("ab")
        try:
            _lock_file(guard)
        except OSError as error:
            guard.close()
            raise IndexUnavailable(
                f"Another process works on the vector index in {str(self._folder)!r}. "
                "Stop it first, or leave the work to it."
            ) from error
        self._guard = guard

    def release(self) -> None:
        """Let another process work here."""
        if self._guard is not None:
            self._guard.close()
            self._guard = None

    def live(self) -> Path:
        """Give the newest trusted generation, or an empty one; remove all others."""
        trusted = [path for path in self._all() if not (path / _MARK).exists()]
        chosen = trusted[-1] if trusted else self._create()
        for path in self._all():
            if path != chosen:
                remove(path)
        return chosen

    def begin(self) -> Path:
        """Start a generation that is not trusted yet."""
        path = self._create()
        distrust(path)
        return path

    def discard(self) -> None:
        """Remove every generation.

        Raises:
            IndexUnavailable: Something could not be removed.
        """
        for path in self._all():
            remove(path)
        if self._all():
            raise IndexUnavailable(
                f"The vector index in {str(self._folder)!r} cannot be removed. "
                "Delete the folder by hand."
            )

    def _all(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return sorted(path for path in self._folder.iterdir() if path.name[:6].isdigit())

    def _create(self) -> Path:
        """Make a folder newer than all; no name comes twice, for Chroma remembers paths."""
        self._folder.mkdir(parents=True, exist_ok=True)
        newest = max((int(path.name[:6]) for path in self._all()), default=0)
        return Path(tempfile.mkdtemp(prefix=f"{newest + 1:06}-", dir=self._folder))


def distrust(generation: Path) -> None:
    """Mark a generation, so that nobody opens it again unless the mark goes."""
    (generation / _MARK).touch()


def trust(generation: Path) -> None:
    """Take the mark away."""
    (generation / _MARK).unlink(missing_ok=True)


@contextlib.contextmanager
def marked(generation: Path) -> Iterator[None]:
    """Mark a generation while something happens that may tear it; the mark outlives errors."""
    distrust(generation)
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        # Raised between calls of the library, never inside one.
        trust(generation)
        raise
    trust(generation)


def size_bytes(generation: Path) -> int:
    """How much a generation takes on disk."""
    total = 0
    for path in generation.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def remove(path: Path) -> None:
    """Remove a generation, or at least never open it again."""
    # Marked first: what cannot be removed now must not become live later.
    with contextlib.suppress(OSError):
        distrust(path)
    shutil.rmtree(path, ignore_errors=True)


def _lock_file(handle: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
