"""The issues that can still take reports, with their recent reports and centres."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from agent.matching.lexical import Packed
from agent.matching.nearest import OPEN_FOR, Nearest, Shelf
from agent.matching.reports import Report
from agent.matching.slices import NO_SIGNATURE, Signature
from domain.issues import Issue, IssueState
from domain.record import FeedbackKey, IssueId

if TYPE_CHECKING:
    from domain.vectors import Vectors

# Reports older than this no longer shape an issue: the longest history an alarm looks at.
KEEP = timedelta(days=35)


@dataclass(slots=True)
class Held:
    """An issue with what its recent reports say."""

    issue: Issue
    reports: list[Report] = field(default_factory=list)
    reporters: dict[str, int] = field(default_factory=dict)
    signature: Signature = NO_SIGNATURE
    _total: Vectors | Packed | None = None

    @property
    def total(self) -> Vectors | None:
        """The sum of the vectors of the recent reports; None before the first."""
        return self._total.vector if isinstance(self._total, Packed) else self._total

    def join(self, packed: Packed | None) -> None:
        """Add the vector of a report. Most issues have one report, and share its vector."""
        if packed is not None:
            before = self.total
            self._total = packed if before is None else before + packed.vector

    def leave(self, packed: Packed | None) -> None:
        """Take the vector of a report away."""
        before = self.total
        if before is not None and packed is not None:
            self._total = before - packed.vector

    def count(self, reporter: str, by: int) -> bool:
        """Change the number of reports of a reporter; says whether there is none of them now."""
        left = self.reporters.get(reporter, 0) + by
        if left > 0:
            self.reporters[reporter] = left
        else:
            self.reporters.pop(reporter, None)
        return left <= 0

    def likeness(self, vector: Vectors | None) -> float:
        """Cosine to the middle of the recent reports; 0 when not known."""
        total = self.total
        if total is None or vector is None:
            return 0.0
        size = float((total @ total) ** 0.5)
        return float(total @ vector) / (size + 1e-9)


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
        vector = report.vector
        return None if vector is None else self._shelves[report.driver].find(vector, at)

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
        held.count(report.reporter, 1)
        held.issue = held.issue.model_copy(
            update={
                "last_report_at": max(held.issue.last_report_at, at),
                "report_count": held.issue.report_count + counts,
                "customer_count": held.issue.customer_count + (counts and is_new),
            }
        )
        held.join(report.packed)
        self._forget_old(held, at)
        total = held.total if held.issue.state is IssueState.OPEN else None
        if total is not None:
            self._shelves[held.issue.driver].put(id_, total, at)

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

    def put_away(self, now: datetime) -> list[Issue]:
        """Let go of what can take no report any more, and give it; at most once a day."""
        if self._put_away_at is not None and now - self._put_away_at < timedelta(days=1):
            return []
        self._put_away_at = now
        gone = []
        for id_, held in list(self._held.items()):
            is_open = held.issue.state is IssueState.OPEN
            if now - held.issue.last_report_at > (OPEN_FOR if is_open else KEEP):
                gone.append(self._held.pop(id_).issue)
                self._alarmed.pop(id_, None)
                self._shelves[held.issue.driver].drop(id_)
        while self._seen and now - self._seen[0][0] > KEEP:
            self._home.pop(self._seen.popleft()[1], None)
        return gone

    def _leave(self, report: Report) -> None:
        before = self._held.get(self._home.get(report.key, IssueId("")))
        if before is None or not _removed(before.reports, report.key):
            return
        gone = before.count(report.reporter, -1)
        before.leave(report.packed)
        before.issue = before.issue.model_copy(
            update={
                "report_count": max(0, before.issue.report_count - 1),
                "customer_count": max(0, before.issue.customer_count - gone),
            }
        )

    def _forget_old(self, held: Held, now: datetime) -> None:
        old = 0
        for report in held.reports:
            if report.at is None or now - report.at <= KEEP:
                break
            old += 1
            held.count(report.reporter, -1)
            held.leave(report.packed)
        del held.reports[:old]


def _removed(reports: list[Report], key: FeedbackKey) -> bool:
    for place, one in enumerate(reports):
        if one.key == key:
            del reports[place]
            return True
    return False
