"""Where ticket files lie."""

from __future__ import annotations

from pathlib import Path

FOLDER_NAME = "UNDERTONE_TICKETS_DIR"


def tickets_folder(value: str | None, *, home: Path) -> Path:
    """Give the folder that the environment names, or the home's own."""
    return Path(value).expanduser() if value and value.strip() else home / "tickets"
