"""Judge whether more customers report a thing than usual, in event time.

A *cell* is something that is watched: a driver, a driver with an attribute of the
feedback, a problem in like words, or a kind of trouble in the reporters' own records.
For each the recent window is held against the cell's own earlier level, over several
lengths of window, so that fast and slow faults are both seen. What lifts everything (a
season, a launch, the hours of the day) lifts the level. Days that differ more than luck
allows make the bar higher. Distinct reporters are counted, never messages.

For trouble the number of customers who have it is known, so the window is also held
against what so many customers usually write; the weaker of the two judgements counts.
Where the records themselves show a surge of that trouble, fewer reports are enough.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from agent.casework.detect_tails import chance_of_more, shape_of
from domain.predicates import Scalar

# Windows watched, with a factor on the usual level for the swing within a day and week.
# A third of a day holds at most twice its share in the example shops and the tweets.
WINDOWS = ((timedelta(hours=8), 1.5), (timedelta(hours=24), 1.15), (timedelta(hours=72), 1.0))
# How far back the usual level reaches: four of each weekday.
MEMORY = timedelta(days=28)
# Events older than this are let go: the memory, the longest window, and a day for late ones.
_KEEP = MEMORY + timedelta(days=4)
# Time to watch before a first alarm, and least history before a window.
_WARM_UP = timedelta(days=2)
_LEAST_HISTORY = timedelta(days=1)
# Pseudo-reports added to the history of a cell, so that the first report of something
# rare is not yet an alarm (Jeffreys' prior for a rate).
_PRIOR = 0.5
# The least of it where the number of troubled customers says that even less is usual.
_LEAST_PRIOR = 0.1
# Pseudo-messages on both sides when the general rise is taken from few messages.
_RISE_PRIOR = 5.0
# An issue found by like words has no history from before it opened; it is taken to hold at
# least so much of its driver. The example shops have 12 phrasings a driver and part.
_LIKE_SHARE = 0.1
# Cells that are swept out when they hold nothing recent, after so many reports.
_SWEEP_EVERY = 2_000


class CellKind(StrEnum):
    """What a cell watches."""

    EVERYTHING = "everything"
    DRIVER = "driver"
    OWN = "own"
    """A driver, among feedback with an attribute value."""
    LIKE = "like"
    """Reports in like words."""
    TROUBLE = "trouble"
    """A kind of trouble in the reporters' records, with a driver or with any."""


class Cell(NamedTuple):
    """Something that is watched."""

    kind: CellKind
    driver: str = ""
    about: str = ""
    """Trouble: the outcome. Like words: the issue."""
    name: str = ""
    value: Scalar = ""


EVERYTHING = Cell(CellKind.EVERYTHING)
NO_DRIVER = Cell(CellKind.DRIVER)


class Bar(NamedTuple):
    """What a cell must pass: a chance by luck, and distinct reporters."""

    chance: float
    reporters: int


# One in 10,000 messages may be a false alarm; half of all messages are reports, and each is
# judged in one driver and three windows, which overlap.
_BAR_DRIVER = Bar(5e-6, 4)
# Several attribute values and many small groups of like words are judged for each report.
_BAR_OWN = Bar(2e-6, 4)
_BAR_LIKE = Bar(1e-6, 5)
# Reports whose customers' own records went wrong are few, and corroborated by the records.
_BAR_TROUBLE = Bar(2e-5, 4)
# The records show a surge of just this trouble: chance and reporters are then only there to
# tell that customers write about it.
_BAR_SURGE = Bar(1e-3, 3)
# Where the reports name different drivers, less of it is about the trouble: with 1e-3, two
# alarms came on 30,559 messages of 22 example shops whose faults nobody wrote about, with 1e-4
# one in 17,808 of 17 others; 2e-5 gave none and no later alarm (2026-11-24).
_BAR_SURGE_ANY = Bar(2e-5, 3)
# Chance by luck under which the records show a surge.
SURGE = 1e-4


class Known(NamedTuple):
    """What the records say about the trouble of a cell at a time."""

    share: float
    """Part of all customers who have it."""
    surge: float
    """Chance by luck of so much trouble lately."""


class Emergence(NamedTuple):
    """A cell that rises above its usual level."""

    cell: Cell
    window: timedelta
    reporters: int
    expected: float
    p_value: float
    surging: bool = False
    """Whether the records show it too."""


def bar_of(cell: Cell, *, surging: bool) -> Bar:
    """What the cell must pass."""
    if cell.kind is CellKind.TROUBLE and surging:
        return _BAR_SURGE if cell.driver else _BAR_SURGE_ANY
    if cell.kind is CellKind.TROUBLE:
        return _BAR_TROUBLE
    return {CellKind.OWN: _BAR_OWN, CellKind.LIKE: _BAR_LIKE}.get(cell.kind, _BAR_DRIVER)


class Watch:
    """Counts of distinct reporters per cell; holds what the longest window can see."""

    def __init__(self) -> None:
        self._events: dict[Cell, list[tuple[datetime, str]]] = defaultdict(list)
        self._all: list[datetime] = []
        self._added = 0

    @property
    def held(self) -> int:
        """How many times it holds, of messages and of reports."""
        return len(self._all) + sum(map(len, self._events.values()))

    def add_message(self, at: datetime) -> None:
        """Count any message, for the general level."""
        insort(self._all, at)
        if len(self._all) % _SWEEP_EVERY == 0:
            del self._all[: bisect_left(self._all, self._all[-1] - _KEEP)]

    def add(self, cells: Sequence[Cell], at: datetime, reporter: str) -> None:
        """Count a report in its cells; late ones find their place."""
        event = (at, reporter)
        for cell in cells:
            insort(self._events[cell], event)
        before, self._added = self._added, self._added + len(cells)
        if before // _SWEEP_EVERY < self._added // _SWEEP_EVERY:
            self._sweep()

    def judge(self, cell: Cell, now: datetime, *, known: Known | None = None) -> Emergence | None:
        """Give the window in which a cell rises most, if any passes the bar.

        `known` is given for trouble only.
        """
        if not self._all or now - self._all[0] < _WARM_UP:
            return None
        surging = known is not None and known.surge <= SURGE
        bar = bar_of(cell, surging=surging)
        best: Emergence | None = None
        for window, swing in WINDOWS:
            found = self._judge_window(cell, now, window, swing, known, bar)
            if found is not None and (best is None or found.p_value < best.p_value):
                best = found._replace(surging=surging)
        return best

    def _judge_window(
        self,
        cell: Cell,
        now: datetime,
        window: timedelta,
        swing: float,
        known: Known | None,
        bar: Bar,
    ) -> Emergence | None:
        start = now - window
        oldest = max(self._all[0], start - MEMORY)
        if start - oldest < _LEAST_HISTORY:
            return None
        reporters = self.reporters(cell, start, now)
        if reporters < bar.reporters:
            return None
        seen = self._count(cell, oldest, start)
        rise = self._general_rise(cell, oldest, start, now)
        ratio = window / (start - oldest) * swing * rise
        prior, level, p_value = _PRIOR, 0.0, 0.0
        share = known.share if known is not None else _share_of_like(cell)
        if share is not None:
            wrote = self._count(_whole(cell), oldest, start) + _PRIOR
            prior = min(_PRIOR, max(wrote * share, _LEAST_PRIOR))
            level = wrote * share * ratio
            p_value = chance_of_more(reporters, seen=wrote, ratio=share * ratio)
        p_value = max(p_value, chance_of_more(reporters, seen=seen + prior, ratio=ratio))
        expected = max((seen + prior) * ratio, level)
        if p_value > bar.chance:
            return None
        shape = shape_of(self._days(cell, oldest, start))
        if shape is not None:
            p_value = max(p_value, chance_of_more(reporters, seen=shape, ratio=expected / shape))
        if p_value > bar.chance:
            return None
        return Emergence(cell, window, reporters, expected, p_value)

    def _count(self, cell: Cell, start: datetime, end: datetime) -> int:
        events = self._events.get(cell, [])
        return bisect_left(events, (end, "")) - bisect_left(events, (start, ""))

    def _days(self, cell: Cell, start: datetime, end: datetime) -> list[int]:
        day = timedelta(days=1)
        whole = (end - start) // day
        return [
            self._count(cell, end - (back + 1) * day, end - back * day) for back in range(whole)
        ]

    def _general_rise(self, cell: Cell, oldest: datetime, start: datetime, now: datetime) -> float:
        """How much more of everything else there is, at least 1."""
        first, split = bisect_left(self._all, oldest), bisect_left(self._all, start)
        end = bisect_right(self._all, now)
        events = self._events.get(cell, [])
        own = bisect_right(events, (now, "\uffff")) - bisect_left(events, (start, ""))
        recent = end - split - own
        before = split - first - self._count(cell, oldest, start)
        usual = before * ((now - start) / (start - oldest))
        return max(1.0, (recent + _RISE_PRIOR) / (usual + _RISE_PRIOR))

    def reporters(self, cell: Cell, start: datetime, end: datetime) -> int:
        """Distinct reporters of a cell from one time to another, both included."""
        events = self._events.get(cell)
        if events is None:
            return 0
        first = bisect_left(events, (start, ""))
        return len({who for at, who in events[first:] if at <= end})

    def daily_level(self, cell: Cell, *, before: datetime) -> float:
        """Reports of a cell a day, over the weeks before a time."""
        if not self._all:
            return 0.0
        oldest = max(self._all[0], before - MEMORY)
        days = (before - oldest) / timedelta(days=1)
        return self._count(cell, oldest, before) / max(days, 1.0)

    def _sweep(self) -> None:
        newest = self._all[-1] if self._all else None
        if newest is None:
            return
        for cell, events in list(self._events.items()):
            stale = bisect_left(events, (newest - _KEEP, ""))
            if stale == len(events):
                del self._events[cell]
            elif stale:
                del events[:stale]


def _whole(cell: Cell) -> Cell:
    """All reports that a cell of trouble or of like words is a part of."""
    if cell.kind is CellKind.TROUBLE and not cell.driver:
        return EVERYTHING
    return Cell(CellKind.DRIVER, cell.driver)


def _share_of_like(cell: Cell) -> float | None:
    return _LIKE_SHARE if cell.kind is CellKind.LIKE else None
