"""The truth of a world; nothing under test may read it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from domain.errors import InvalidInput
from domain.issues import ReachState
from domain.predicates import Scalar
from domain.record import FeedbackKey, Instant, Record

FILES = ("faults.jsonl", "members.csv", "labels.csv")


class FaultKind(StrEnum):
    """Whether the records show a cause."""

    OPERATIONAL = "operational"
    DISTRACTOR = "distractor"
    """Loud, without an operational cause; an alarm on it is not a false one."""


class Fault(Record):
    """A line of `faults.jsonl`."""

    id: str
    kind: FaultKind
    started_at: Instant
    ended_at: Instant | None = None
    cause: dict[str, Scalar] | None
    driver: str
    owner: str | None


class Span(NamedTuple):
    """Where a driver is spoken of, in code points of the text, half open."""

    start: int
    end: int


class Label(NamedTuple):
    """What one message is about."""

    fault_id: str | None
    sentiment: str
    drivers: tuple[str, ...]
    spans: Mapping[str, Span] = {}
    """By driver; empty where the world does not say."""


class Truth(NamedTuple):
    """Everything planted in a world."""

    faults: tuple[Fault, ...]
    members: Mapping[str, Mapping[str, ReachState]]
    """By fault, then by customer."""
    labels: Mapping[FeedbackKey, Label]


def load_truth(folder: Path, *, source: str) -> Truth:
    """Load `truth/` of a world whose feedback has this source.

    Raises:
        InvalidInput: A file is absent or a line cannot be read.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise InvalidInput(f"{folder} lacks {', '.join(missing)}.")
    try:
        return Truth(_faults(folder), _members(folder), _labels(folder, source))
    except (ValidationError, ValueError, KeyError) as error:
        raise InvalidInput(f"The truth in {folder} cannot be read: {error}") from error


def _faults(folder: Path) -> tuple[Fault, ...]:
    lines = (folder / "faults.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(Fault.model_validate_json(line) for line in lines if line.strip())


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _members(folder: Path) -> dict[str, dict[str, ReachState]]:
    found: dict[str, dict[str, ReachState]] = {}
    for row in _rows(folder / "members.csv"):
        found.setdefault(row["fault_id"], {})[row["customer_id"]] = ReachState(row["state"])
    return found


def _labels(folder: Path, source: str) -> dict[FeedbackKey, Label]:
    spans: dict[str, dict[str, Span]] = {}
    if (folder / "spans.csv").is_file():
        for row in _rows(folder / "spans.csv"):
            span = Span(int(row["start"]), int(row["end"]))
            spans.setdefault(row["feedback_id"], {})[row["driver"]] = span
    return {
        FeedbackKey(f"{source}/{row['feedback_id']}"): Label(
            row["fault_id"] or None,
            row["sentiment"],
            tuple(name for name in row["drivers"].split(";") if name),
            spans.get(row["feedback_id"], {}),
        )
        for row in _rows(folder / "labels.csv")
    }
