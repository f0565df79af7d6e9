"""One process works on a home at a time."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO

from domain.errors import Unavailable


class AlreadyRunning(Unavailable):
    """Another process does the work of this home."""


def hold(path: Path) -> IO[bytes]:
    """Hold a lock file until the handle is closed or the process ends.

    Raises:
        AlreadyRunning: Another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = path.open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise AlreadyRunning(
            f"Another process works on {path.parent}, perhaps `undertone serve`. It does this "
            "work by itself; stop it first, or leave it to that process."
        ) from error
    return handle
