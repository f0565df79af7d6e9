"""Write a file so that a reader, also after a power cut, sees the old or the whole new one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def write_whole(
    path: Path,
    content: bytes,
    *,
    halfway: Callable[[], None],
    written: Callable[[], None],
) -> None:
    """Replace `path` by `content`: temporary file, fsync, rename, fsync of the folder.

    `halfway` is called with half of it written, `written` before the rename.
    """
    draft = path.with_name(f".{path.name}.part")
    with draft.open("wb") as file:
        file.write(content[: len(content) // 2])
        file.flush()
        halfway()
        file.write(content[len(content) // 2 :])
        file.flush()
        os.fsync(file.fileno())
    written()
    draft.replace(path)


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder durable; a no-op where folders cannot be opened."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
