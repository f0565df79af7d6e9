"""What a file holds before anybody knows what it means: one row and its bytes."""

from __future__ import annotations

from typing import Any, NamedTuple


class Raw(NamedTuple):
    """A row as it stands in a file, or why it cannot be read as one."""

    number: int
    """The line it begins on, from 1."""
    raw: bytes
    row: dict[str, Any] | None
    problem: str = ""
    part: int = 0
    """Counts the pieces of a row whose bytes are kept in several."""
