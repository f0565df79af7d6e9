"""The issues that can still take reports, with their recent reports and centres."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from agent.matching.nearest import OPEN_FOR, Nearest, Shelf
from agent.matching.reports import Report
from agent.matching.slices import NO_SIGNATURE, Signature
from domain.issues import Issue, IssueState
from domain.record import FeedbackKey, IssueId

if TYPE_CHECKING:
    from domain.vectors import Vectors

# Reports older than this no longer shape an issue: the longest history an alarm looks at.
KEEP = timedelta(days=35)


@dataclass
class Held:
    """An issue with what its recent reports say."""

    issue: Issue
    reports: deque[Report] = field(default_factory=deque)
    reporters: Counter[str] = field(default_factory=Counter)
    total: Vectors | None = None
    signature: Signature = NO_SIGNATURE

    def likeness(self, vector: Vectors | None) -> float:
        """Cosine to the middle of the recent reports; 0 when not known."""
        if self.total is None or vector is None:
            return 0.0
        size = float((self.total @ self.total) ** 0.5)
        return float(self.total @ vector) / (size + 1e-9)


class Shelves:
    """All held issues: open ones by nearness, alarmed ones by what they share."""

    def __init__(self) -> None:
        self._held: dict[IssueId, Held] = {}
        self._alarmed: dict[IssueId, Held] = {}
        self._shelves: dict[str, Shelf] = defaultdict(Shelf)
        self._home: dict[FeedbackKey, IssueId] = {}
        self._seen: deque[tuple[datetime, FeedbackKey]] = deque()
        self._put_away_at: datetime | None = None

    def put(self, issue: Issue) -> Held:
        """Hold an issue."""
        held = self._held[issue.id] = Held(issue)
        if issue.state is not IssueState.OPEN:
            self._alarmed[issue.id] = held
        return held

    def get(self, id_: IssueId) -> Held | None:
        """The held issue; None when it was put away or is not known."""
        return self._held.get(id_)

    def home_of(self, key: FeedbackKey) -> IssueId | None:
        """The issue that a recent report hangs on."""
        return self._home.get(key)

    def homes(self) -> dict[FeedbackKey, IssueId]:
        """The issues that recent reports hang on."""
        return dict(self._home)

    def alarmed(self, *, since: datetime) -> list[Held]:
        """Alarmed issues with a report since a time, oldest first."""
        return [one for one in self._alarmed.values() if one.issue.last_report_at >= since]

    def is_alarmed(self, id_: IssueId | None) -> bool:
        """Whether an issue has raised its alarm."""
        return id_ in self._alarmed

    def nearest(self, report: Report, at: datetime) -> Nearest | None:
        """The open issue of the same driver with the likest words."""
        if report.vector is None:
            return None
        return self._shelves[report.driver].find(report.vector, at)

    def take(self, report: Report, id_: IssueId, at: datetime, *, counts: bool = True) -> None:
        """Hang a report on an issue; `counts` is False for one that is counted already."""
        self._leave(report)
        held = self._held.get(id_)
        if held is None:
            return
        self._home[report.key] = id_
        self._seen.append((at, report.key))
        is_new = report.reporter not in held.reporters
        if report.at is not None:
            held.reports.append(report)
        held.reporters[report.reporter] += 1
        held.issue = held.issue.model_copy(
            update={
                "last_report_at": max(held.issue.last_report_at, at),
                "report_count": held.issue.report_count + counts,
                "customer_count": held.issue.customer_count + (counts and is_new),
            }
        )
        if report.vector is not None:
            held.total = report.vector.copy() if held.total is None else held.total + report.vector
        self._forget_old(held, at)
        if held.total is not None and held.issue.state is IssueState.OPEN:
            self._shelves[held.issue.driver].put(id_, held.total, at)

    def members(self, id_: IssueId) -> Iterable[Report]:
        """Recent reports of an issue."""
        held = self._held.get(id_)
        return held.reports if held is not None else ()

    def close_if_empty(self, id_: IssueId) -> Issue | None:
        """Close an issue whose reports all went to another; gives it when it is closed."""
        held = self._held.get(id_)
        if held is None or held.issue.report_count > 0:
            return None
        self._shelves[held.issue.driver].drop(id_)
        del self._held[id_]
        return held.issue.model_copy(update={"state": IssueState.CLOSED})

    def put_away(self, now: datetime) -> None:
        """Let go of what can take no report any more; at most once a day."""
        if self._put_away_at is not None and now - self._put_away_at < timedelta(days=1):
            return
        self._put_away_at = now
        for id_, held in list(self._held.items()):
            is_open = held.issue.state is IssueState.OPEN
            if now - held.issue.last_report_at > (OPEN_FOR if is_open else KEEP):
                del self._held[id_]
                self._alarmed.pop(id_, None)
                self._shelves[held.issue.driver].drop(id_)
        while self._seen and now - self._seen[0][0] > KEEP:
            self._home.pop(self._seen.popleft()[1], None)

    def _leave(self, report: Report) -> None:
        before = self._held.get(self._home.get(report.key, IssueId("")))
        if before is None or not _removed(before.reports, report.key):
            return
        before.reporters[report.reporter] -= 1
        gone = before.reporters[report.reporter] <= 0
        if gone:
            del before.reporters[report.reporter]
        if before.total is not None and report.vector is not None:
            before.total = before.total - report.vector
        before.issue = before.issue.model_copy(
            update={
                "report_count": max(0, before.issue.report_count - 1),
                "customer_count": max(0, before.issue.customer_count - gone),
            }
        )

    def _forget_old(self, held: Held, now: datetime) -> None:
        while held.reports:
            oldest = held.reports[0]
            if oldest.at is None or now - oldest.at <= KEEP:
                return
            held.reports.popleft()
            held.reporters[oldest.reporter] -= 1
            if held.reporters[oldest.reporter] <= 0:
                del held.reporters[oldest.reporter]
            if held.total is not None and oldest.vector is not None:
                held.total = held.total - oldest.vector


def _removed(reports: deque[Report], key: FeedbackKey) -> bool:
    for place, one in enumerate(reports):
        if one.key == key:
            del reports[place]
            return True
    return False
