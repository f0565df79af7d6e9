"""Reports in event time: each joins an issue or opens one; what emerges raises an alarm."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
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
        self._all: deque[Report] = deque()
        self._of_driver: dict[str, deque[Report]] = defaultdict(deque)
        self.words: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many reports."""
        return len(self._all)

    def about(self, driver: str) -> Sequence[Report]:
        """Reports of a driver in the order in which they came; of all when it is empty."""
        return self._of_driver[driver] if driver else self._all

    def add(self, report: Report, now: datetime) -> None:
        """Take in a report with a time."""
        self._all.append(report)
        self._of_driver[report.driver].append(report)
        self.words.update(report.words)
        while self._all and (at := self._all[0].at) is not None and now - at > KEEP:
            gone = self._all.popleft()
            self._of_driver[gone.driver].popleft()
            self._forget(gone.words)

    def _forget(self, words: Sequence[str]) -> None:
        self.words.subtract(words)
        for word in words:
            if not self.words[word]:
                del self.words[word]


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
        # Issues let go since the last outcome, for those that were also touched since then.
        self._put_away: dict[IssueId, Issue] = {}
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
    ) -> Outcome:
        """Match items in the order of their time.

        `vectors` are those of the distilled problems, rows in the order of the items.
        """
        changed: dict[FeedbackKey, Match] = {}
        touched: dict[IssueId, Issue | None] = {}
        alarms: list[Alarm] = []
        for item, report in self._reports(items, vectors, book):
            match, alarm = self._one(item, report, book, changed, touched)
            changed.setdefault(item.item.key, match)
            if alarm is not None:
                alarms.append(alarm)
        self.alarms += alarms
        return Outcome(list(changed.values()), self._current(touched), alarms)

    def replay(
        self, items: Sequence[ReadItem], *, vectors: Vectors | None, book: ContextBook
    ) -> None:
        """Take in items whose issue is known, in the order of their time; then `relearn`."""
        for item, report in self._reports(items, vectors, book):
            if report is None:
                continue
            self._count(report, item.issue_id)
            if item.issue_id is not None:
                self._shelves.take(report, item.issue_id, self._clock, counts=False)

    def relearn(self, book: ContextBook) -> None:
        """Learn what the restored issues are about from all replayed reports."""
        self._raiser.relearn(self._clock, book)

    def _reports(
        self, items: Sequence[ReadItem], vectors: Vectors | None, book: ContextBook
    ) -> Iterator[tuple[ReadItem, Report | None]]:
        """Each item at its time, with the report that it makes."""
        placed = joint([one.reading.problem for one in items], self._centred(vectors))
        for item, vector in zip(items, placed, strict=True):
            self._grouping.learn(item.item)
            report = report_of(item, vector, book, self._grouping)
            self._tick(item)
            yield item, report

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
            issue = held.issue if held is not None else self._put_away.get(id_)
            if closed is not None:
                issues.append(closed)
            elif issue is not None:
                issues.append(issue)
        self._put_away.clear()
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
        self._put_away.update((issue.id, issue) for issue in self._shelves.put_away(self._clock))

    def _count(self, report: Report, issue_id: IssueId | None) -> None:
        if report.at is None:
            return
        self._recent.add(report, self._clock)
        cells = [EVERYTHING, *cells_of(report)]
        if issue_id is not None and not self._shelves.is_alarmed(issue_id):
            cells.append(Cell(CellKind.LIKE, report.driver, issue_id))
        self._watch.add(cells, report.at, report.reporter)


def _unmatched(item: ReadItem) -> Match:
    return Match(
        key=item.item.key,
        issue_id=None,
        method=MatchMethod.UNMATCHED,
        score=0.0,
        reason=unmatched_reason(item),
    )
