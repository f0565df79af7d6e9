"""Which read items report a problem, and what each of them counts towards."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from sys import intern
from typing import TYPE_CHECKING, NamedTuple

from agent.casework.detect import Cell, CellKind
from agent.matching.context import Context, ContextBook, Pair, Sign, signs_of
from agent.matching.lexical import Packed
from domain.feedback import Author, FeedbackItem, ReadItem
from domain.record import FeedbackKey, IssueId, digest

if TYPE_CHECKING:
    from domain.vectors import Vectors

# An attribute of feedback with more values than this names things, it does not group them.
_MOST_VALUES = 40
# It groups when each value was seen so many times on average.
_SEEN_EACH = 5
# Sets of attributes that are kept to be shared.
_MOST_SHARED = 4096
_WORD = re.compile(r"[^\W\d_]{4,}")


class Named(NamedTuple):
    """A driver that the words of a report name."""

    driver: str
    confidence: float
    is_praised: bool


class Report(NamedTuple):
    """What matching keeps of a read item that reports a problem; no text.

    About 2.5 kB, most of it the vector: every report of the last weeks is held.
    """

    key: FeedbackKey
    driver: str
    """Empty when no driver fits."""
    at: datetime | None
    reporter: str
    context: Context
    packed: Packed | None
    """The vector of its words, None where it has none."""
    named: tuple[Named, ...]
    """Drivers, best first."""
    complaints: tuple[str, ...]
    """Drivers that the words complain about, best first."""
    complains: bool
    """Whether the words alone tell of a problem."""
    words: tuple[str, ...]
    """Distinct words of the distilled problem, for telling terms."""
    unmatched: str
    """Why it hangs on no issue, if it hangs on none."""

    @property
    def vector(self) -> Vectors | None:
        """The vector of its words, unpacked anew at each call."""
        return None if self.packed is None else self.packed.vector


class Grouping:
    """Attributes of feedback that sort it into groups, learnt from what was seen so far."""

    def __init__(self) -> None:
        self._values: dict[str, dict[object, int]] = defaultdict(dict)
        self._shared: dict[frozenset[Pair], frozenset[Pair]] = {}

    def learn(self, item: FeedbackItem) -> None:
        """Take in the attributes of one more item."""
        for name, value in item.attributes.items():
            values = self._values[name]
            if isinstance(value, str | int) and (value in values or len(values) <= _MOST_VALUES):
                values[value] = values.get(value, 0) + 1

    def pairs(self, item: FeedbackItem) -> frozenset[Pair]:
        """The attributes of an item that group; the same set for items with the same ones."""
        found = frozenset(
            (name, value)
            for name, value in item.attributes.items()
            if isinstance(value, str | int) and self._groups(name)
        )
        if len(self._shared) > _MOST_SHARED:
            self._shared.clear()
        return self._shared.setdefault(found, found)

    def share(self, pair: Pair) -> float:
        """Share of items with a value of this attribute that have this one."""
        values = self._values.get(pair[0], {})
        return (values.get(pair[1], 0) + 0.5) / (sum(values.values()) + 1)

    def _groups(self, name: str) -> bool:
        values = self._values.get(name, {})
        enough = sum(values.values()) >= _SEEN_EACH * len(values)
        return 2 <= len(values) <= _MOST_VALUES and enough


def driver_of(item: ReadItem) -> str:
    """The driver that an item complains about; empty when there is none."""
    return next(iter(item.reading.complaints), "")


def voted_driver(members: Iterable[Report]) -> str:
    """The driver that members name most, each mention weighed by how sure it is."""
    votes: dict[str, float] = defaultdict(float)
    for member in members:
        for one in member.named:
            if not one.is_praised:
                votes[one.driver] += one.confidence
    return min(votes, key=lambda name: (-votes[name], name)) if votes else ""


def report_of(
    item: ReadItem, vector: Vectors | None, book: ContextBook, grouping: Grouping
) -> Report | None:
    """Give the report that an item makes; None when it reports no problem."""
    reading = item.reading
    content = reading.sentiment.label == "positive" and not driver_of(item)
    if reading.noise is not None or content or item.item.author is not Author.CUSTOMER:
        return None
    driver = driver_of(item)
    return Report(
        key=item.item.key,
        driver=intern(driver),
        at=item.item.at,
        reporter=_reporter(item),
        context=Context(book.troubles_of(item.item), grouping.pairs(item.item)),
        packed=None if vector is None else Packed.of(vector),
        named=tuple(
            Named(intern(one.driver), one.confidence, one.sentiment == "positive")
            for one in reading.drivers
        ),
        complaints=tuple(map(intern, reading.complaints)),
        complains=bool(driver) or reading.sentiment.label in ("negative", "mixed"),
        words=tuple(map(intern, dict.fromkeys(_WORD.findall(reading.problem.lower())))),
        unmatched=intern(unmatched_reason(item)),
    )


def _reporter(item: ReadItem) -> str:
    """Who wrote; the same words from nobody known are one reporter."""
    known = item.item.customer_id or item.item.thread_id
    return known or "text " + digest(" ".join(item.redacted.value.lower().split()))[:16]


def cells_of(report: Report) -> list[Cell]:
    """What a report counts towards: its driver, its attributes, its kinds of trouble."""
    found: dict[Cell, None] = {}
    if report.complains:
        found[Cell(CellKind.DRIVER, report.driver)] = None
    if report.driver:
        for name, value in sorted(report.context.own, key=str):
            found[Cell(CellKind.OWN, report.driver, "", name, value)] = None
    for trouble in report.context.troubles:
        for sign in signs_of(trouble):
            found[Cell(CellKind.TROUBLE, "", *sign)] = None
            if report.driver:
                found[Cell(CellKind.TROUBLE, report.driver, *sign)] = None
    return list(found)


def counts_towards(report: Report, cell: Cell, home: IssueId | None) -> bool:
    """Whether a report that hangs on `home` counts towards a cell."""
    if cell.driver not in ("", report.driver):
        return False
    if cell.kind is CellKind.LIKE:
        return home == cell.about and cell.driver == report.driver
    if cell.kind is CellKind.OWN:
        return (cell.name, cell.value) in report.context.own
    if cell.kind is CellKind.TROUBLE:
        return any(
            one.outcome == cell.about and (not cell.name or (cell.name, cell.value) in one.pairs)
            for one in report.context.troubles
        )
    return report.complains and report.driver == cell.driver


def sign_of(cell: Cell) -> Sign:
    """The sign of trouble that a cell watches."""
    return Sign(cell.about, cell.name, cell.value)


def unmatched_reason(item: ReadItem) -> str:
    """Say why an item hangs on no issue."""
    if item.reading.noise is not None:
        return item.reading.reason or f"reports no problem: {item.reading.noise.value}"
    if item.item.author is not Author.CUSTOMER:
        return "not written by a customer"
    return item.reading.reason or "reports no problem"
