"""Rows that hold a text and the label that a person gave it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from connectors.files.lines import rows_of
from connectors.files.rows import Raw
from domain.errors import InvalidInput
from domain.ports import Progress
from domain.text import CustomerText


class LabelledText(NamedTuple):
    """A text with its label."""

    text: CustomerText
    label: str


class LeftOut(NamedTuple):
    """A row that cannot be used, and why."""

    line: int
    reason: str


def read_labelled(
    path: Path, *, text: str, label: str, progress: Progress | None = None
) -> Iterator[LabelledText | LeftOut]:
    """Give the rows of a CSV or JSONL file, `.gz` of either; progress counts bytes.

    Raises:
        InvalidInput: The first row lacks one of the two columns; the message names those it has.
    """
    total = path.stat().st_size
    with path.open("rb") as handle:
        for place, raw in enumerate(rows_of(path, handle)):
            if place == 0 and raw.row is not None:
                _require(raw.row, (text, label), path)
            yield _labelled(raw, text, label)
            if progress is not None and place % 500 == 0:
                progress(handle.tell(), total)


def _require(row: dict[str, Any], names: tuple[str, ...], path: Path) -> None:
    absent = [name for name in names if name not in row]
    if absent:
        raise InvalidInput(
            f"{path} has no column {', '.join(map(repr, absent))}. Columns: {', '.join(row)}."
        )


def _labelled(raw: Raw, text: str, label: str) -> LabelledText | LeftOut:
    if raw.row is None:
        return LeftOut(raw.number, raw.problem)
    words, name = _word(raw.row.get(text)), _word(raw.row.get(label))
    if not words:
        return LeftOut(raw.number, "row has no text")
    if not name:
        return LeftOut(raw.number, "row has no label")
    return LabelledText(CustomerText(value=words), name)


def _word(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).encode("utf-8", "replace").decode("utf-8").strip()
