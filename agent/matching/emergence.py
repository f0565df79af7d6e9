"""Judge whether more customers report a thing than usual, in event time.

A *cell* is something that is watched: a driver, a driver with an attribute of the
feedback, or a kind of trouble in the reporters' records. For each the recent window is held
against the cell's own earlier level. With a gamma prior on the level, the count to come
is negative binomial, and its tail a regularised incomplete beta function (Gelman et al.,
Bayesian Data Analysis, 3rd ed., section 2.6; NIST DLMF 8.17.5): a short history makes the
bar higher by itself. For a kind of trouble the number of customers who have it is known,
so the window is also held against what so many customers usually write about anything
(Poisson; its tail is the regularised incomplete gamma function, DLMF 8.4.10), and the
weaker of the two judgements counts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.predicates import Scalar

# Windows watched, with a factor on the usual level for the swing within a day and week.
WINDOWS = ((timedelta(hours=8), 2.0), (timedelta(hours=24), 1.3), (timedelta(hours=72), 1.2))
# How far back the usual level reaches, and how much history an alarm needs.
_MEMORY = timedelta(days=28)
_WARM_UP = timedelta(days=2)
# Pseudo-reports added to the history of a cell, so that the first report of something
# rare is not yet an alarm.
_PRIOR = 0.5
# The least of it where the number of troubled customers says that even less is usual.
_LEAST_PRIOR = 0.1
# One in 10,000 messages may be a false alarm; half of all messages are reports, and three
# windows of a driver are judged for each.
ALPHA = 5e-6
# Reports whose customers' own records went wrong are few, and corroborated by the records.
# On 12 example shops with faults and 8 without this gave no false alarm (2026-11-24).
ALPHA_TROUBLED = 1e-4
LEAST_REPORTERS = 4


Cell = tuple[str, str, str, Scalar]
"""Kind of cell, what it is about, and an attribute with its value (may be empty)."""


class Emergence(NamedTuple):
    """A cell that rises above its usual level."""

    cell: Cell
    window: timedelta
    reporters: int
    expected: float
    p_value: float


class Watch:
    """Counts of distinct reporters per cell. Times must not go back by more than a window."""

    def __init__(self) -> None:
        self._events: dict[Cell, list[tuple[datetime, str]]] = defaultdict(list)
        self._all: list[datetime] = []
        self._reports: list[datetime] = []

    def add_message(self, at: datetime) -> None:
        """Count any message, for the general level."""
        self._all.append(at)

    def add_report(self, at: datetime) -> None:
        """Count a report about anything."""
        self._reports.append(at)

    def add(self, cell: Cell, at: datetime, reporter: str) -> None:
        """Count a report in a cell."""
        self._events[cell].append((at, reporter))

    def judge(self, cell: Cell, now: datetime, *, share: float | None = None) -> Emergence | None:
        """Give the window in which a cell rises most, if any passes the bar.

        `share` is the part of all customers who have the trouble of the cell; None for a
        cell that is not about trouble.
        """
        if not self._all or now - self._all[0] < _WARM_UP:
            return None
        best: Emergence | None = None
        for window, swing in WINDOWS:
            found = self._judge_window(cell, now, window, swing, share)
            if found is not None and (best is None or found.p_value < best.p_value):
                best = found
        return best

    def _judge_window(
        self,
        cell: Cell,
        now: datetime,
        window: timedelta,
        swing: float,
        among: float | None,
    ) -> Emergence | None:
        from scipy.special import betainc, gammainc

        events = self._events[cell]
        start = now - window
        oldest = max(self._all[0], start - _MEMORY)
        history = start - oldest
        if history < timedelta(days=1):
            return None
        split = bisect_left(events, (start, ""))
        reporters = len({who for _, who in events[split:]})
        if reporters < LEAST_REPORTERS:
            return None
        earlier = self._count(cell, oldest, start)
        share = (window / history) * swing * self._general_rise(start, now, oldest)
        usual = self._known_level(cell, oldest, start, among)
        prior = _PRIOR if usual is None else min(_PRIOR, max(usual, _LEAST_PRIOR))
        expected = (earlier + prior) * share
        p_value = float(betainc(reporters, earlier + prior, share / (1 + share)))
        if usual is not None:
            level = max(usual * share, 1e-6)
            expected = max(expected, level)
            p_value = max(p_value, float(gammainc(reporters, level)))
        if p_value > (ALPHA if among is None else ALPHA_TROUBLED):
            return None
        return Emergence(cell, window, reporters, expected, p_value)

    def _known_level(
        self, cell: Cell, start: datetime, end: datetime, among: float | None
    ) -> float | None:
        """Reports that customers with a trouble would have written by their number alone."""
        if among is None:
            return None
        about = cell[0].removeprefix("trouble").strip()
        if not about:
            return self._reports_between(start, end) * among
        return (self._count((f"driver {about}", "", "", ""), start, end) + _PRIOR) * among

    def _count(self, cell: Cell, start: datetime, end: datetime) -> int:
        events = self._events[cell]
        return bisect_left(events, (end, "")) - bisect_left(events, (start, ""))

    def _reports_between(self, start: datetime, end: datetime) -> int:
        return bisect_left(self._reports, end) - bisect_left(self._reports, start)

    def _general_rise(self, start: datetime, now: datetime, oldest: datetime) -> float:
        """How much more of everything there is, at least 1: a season lifts all cells."""
        first, split = bisect_left(self._all, oldest), bisect_left(self._all, start)
        recent, before = len(self._all) - split, split - first
        usual = before * ((now - start) / (start - oldest))
        return max(1.0, recent / usual) if usual >= 1 else 1.0

    def reporters_since(self, cell: Cell, start: datetime) -> int:
        """Distinct reporters of a cell from a time on."""
        events = self._events[cell]
        return len({who for _, who in events[bisect_left(events, (start, "")) :]})
