"""Reports in event time: each joins an issue or opens one; what emerges raises an alarm."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from agent.casework.detect import EVERYTHING, Cell, CellKind, Watch
from agent.matching.alarms import AlarmRaiser
from agent.matching.context import ContextBook
from agent.matching.join import Joiner
from agent.matching.lexical import joint, unit_rows
from agent.matching.reports import (
    Grouping,
    Report,
    cells_of,
    report_of,
    unmatched_reason,
    words_of,
)
from agent.matching.shelves import KEEP, Shelves
from domain.feedback import ReadItem
from domain.issues import NO_TIME, Alarm, Issue, IssueState, Match, MatchMethod
from domain.people import Taxonomy
from domain.record import FeedbackKey, IssueId

if TYPE_CHECKING:
    from domain.vectors import Vectors


class Outcome(NamedTuple):
    """What a batch changed."""

    matches: list[Match]
    issues: list[Issue]
    alarms: list[Alarm]


class Recent:
    """Reports of the last weeks, and how often each word occurs in them."""

    def __init__(self) -> None:
        self.reports: deque[Report] = deque()
        self.words: Counter[str] = Counter()

    def add(self, report: Report, now: datetime) -> None:
        """Take in a report with a time."""
        self.reports.append(report)
        self.words.update(set(words_of(report)))
        while self.reports and (at := self.reports[0].at) is not None and now - at > KEEP:
            gone = self.reports.popleft()
            self.words.subtract(set(words_of(gone)))


class Stream:
    """The state of matching and detection; feed it items in the order of their time.

    `mean` is the mean vector that embedded texts have in common. Items without a time may
    come at any place: they join issues by their words and raise nothing.
    """

    def __init__(self, *, taxonomy: Taxonomy, mean: Vectors | None = None) -> None:
        self._mean = mean
        self._grouping = Grouping()
        self._watch = Watch()
        self._recent = Recent()
        self._shelves = Shelves()
        self._clock = NO_TIME
        self._joiner = Joiner(taxonomy, self._shelves, self._watch)
        self._raiser = AlarmRaiser(
            taxonomy, self._shelves, self._watch, self._recent, self._grouping
        )
        self.alarms: list[Alarm] = []
        """Alarms that fired, in the order in which they did."""

    @property
    def homes(self) -> dict[FeedbackKey, IssueId]:
        """The issues that the reports of the last weeks hang on."""
        return self._shelves.homes()

    def restore(self, issues: Iterable[Issue]) -> None:
        """Take back issues that were stored, before `feed` replays their reports."""
        for issue in sorted(issues, key=lambda one: (one.opened_at, one.id)):
            if issue.state is not IssueState.CLOSED:
                self._shelves.put(issue)

    def feed(
        self,
        items: Sequence[ReadItem],
        *,
        vectors: Vectors | None,
        book: ContextBook,
        settled: bool = False,
    ) -> Outcome:
        """Match items in the order of their time.

        `vectors` are those of the distilled problems, rows in the order of the items.
        `settled` replays items whose issue is known: nothing new comes of them.
        """
        changed: dict[FeedbackKey, Match] = {}
        touched: dict[IssueId, Issue | None] = {}
        alarms: list[Alarm] = []
        placed = joint([one.reading.problem for one in items], self._centred(vectors))
        for item, vector in zip(items, placed, strict=True):
            self._grouping.learn(item.item)
            report = report_of(item, vector, book, self._grouping)
            self._tick(item)
            if settled:
                self._replay(item, report)
                continue
            match, alarm = self._one(item, report, book, changed, touched)
            changed.setdefault(item.item.key, match)
            if alarm is not None:
                alarms.append(alarm)
        if settled:
            self._raiser.relearn(self._clock, book)
        self.alarms += alarms
        return Outcome(list(changed.values()), self._current(touched), alarms)

    def _one(
        self,
        item: ReadItem,
        report: Report | None,
        book: ContextBook,
        changed: dict[FeedbackKey, Match],
        touched: dict[IssueId, Issue | None],
    ) -> tuple[Match, Alarm | None]:
        if report is None:
            return _unmatched(item), None
        match = self._joiner.match(report, self._clock)
        self._count(report, match.issue_id)
        if match.issue_id is not None:
            self._shelves.take(report, match.issue_id, self._clock)
            touched[match.issue_id] = None
            self._raiser.refresh(match.issue_id, self._clock, book)
        changed[item.item.key] = match
        raised = self._raiser.look(report, self._clock, book)
        if raised is None:
            return match, None
        changed.update((one.key, one) for one in raised.matches)
        touched.update((issue.id, issue) for issue in raised.closed)
        touched.update((id_, None) for id_ in raised.touched)
        return changed[item.item.key], raised.alarm

    def _current(self, touched: dict[IssueId, Issue | None]) -> list[Issue]:
        issues = []
        for id_, closed in touched.items():
            held = self._shelves.get(id_)
            if closed is not None:
                issues.append(closed)
            elif held is not None:
                issues.append(held.issue)
        return issues

    def _centred(self, vectors: Vectors | None) -> Vectors | None:
        if vectors is None:
            return None
        return unit_rows(vectors if self._mean is None else vectors - self._mean)

    def _tick(self, item: ReadItem) -> None:
        at = item.item.at
        if at is None:
            return
        self._watch.add_message(at)
        self._clock = max(self._clock, at)
        self._shelves.put_away(self._clock)

    def _replay(self, item: ReadItem, report: Report | None) -> None:
        if report is None:
            return
        self._count(report, item.issue_id)
        if item.issue_id is not None:
            self._shelves.take(report, item.issue_id, self._clock, counts=False)

    def _count(self, report: Report, issue_id: IssueId | None) -> None:
        if report.at is None:
            return
        self._recent.add(report, self._clock)
        self._watch.add(EVERYTHING, report.at, report.reporter)
        for cell in cells_of(report):
            self._watch.add(cell, report.at, report.reporter)
        if issue_id is not None and not self._shelves.is_alarmed(issue_id):
            self._watch.add(
                Cell(CellKind.LIKE, report.driver, issue_id), report.at, report.reporter
            )


def _unmatched(item: ReadItem) -> Match:
    return Match(
        key=item.item.key,
        issue_id=None,
        method=MatchMethod.UNMATCHED,
        score=0.0,
        reason=unmatched_reason(item),
    )
