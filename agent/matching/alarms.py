"""The moment at which an issue is known to emerge, and what it then consists of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, Protocol

from agent.casework.detect import NO_DRIVER, Cell, CellKind, Emergence, Watch, bar_of
from agent.matching.context import ContextBook, Pair
from agent.matching.describe import (
    alarm_reason,
    label_for,
    outcome_label,
    severity_of,
    telling_terms,
)
from agent.matching.join import ALARMED_FOR
from agent.matching.reports import (
    Grouping,
    Report,
    cells_of,
    counts_towards,
    sign_of,
    voted_driver,
)
from agent.matching.shelves import Held, Shelves
from agent.matching.slices import BEFORE, Signature, signature_of
from domain.issues import Alarm, Issue, IssueState, Match, MatchMethod
from domain.people import Taxonomy
from domain.record import IssueId, digest

# Part of a cell's reporters that no alarm explains yet, for it to rise on its own.
_UNEXPLAINED = 0.6
# Part of new members that fit a known issue, or of a known issue's that fit the new slice,
# from which both are one.
_SAME_ISSUE = 0.5
# Least distinct reporters of an alarm, whatever the bar of its cell.
_LEAST = 3
# Customers with a trouble write so many times as often about another driver: then it is
# that driver's trouble.
_ELSEWHERE = 2
_LOOKED_BACK = timedelta(hours=72)
# Numbers of reports at which what the members share is learnt again.
_RELEARN_AT = frozenset([5, 6, 7, 8, 10, 12, 15, 20, 30, 50, 100, 200, 500])


class RecentReports(Protocol):
    """Reports of the last weeks, and how often each word occurs in them."""

    words: Counter[str]

    def __len__(self) -> int:
        """How many reports."""
        ...

    def about(self, driver: str) -> Sequence[Report]:
        """Reports of a driver in the order in which they came; of all when it is empty."""
        ...


class Raised(NamedTuple):
    """What came of looking at a report."""

    alarm: Alarm | None
    matches: list[Match]
    touched: list[IssueId]
    closed: list[Issue]


class AlarmRaiser:
    """Looks whether a report makes something rise, and gathers what belongs to it."""

    def __init__(
        self,
        taxonomy: Taxonomy,
        shelves: Shelves,
        watch: Watch,
        recent: RecentReports,
        grouping: Grouping,
    ) -> None:
        self._taxonomy = taxonomy
        self._shelves = shelves
        self._watch = watch
        self._recent = recent
        self._grouping = grouping

    def look(self, report: Report, now: datetime, book: ContextBook) -> Raised | None:
        """Judge every cell that a report counts towards; the most unlikely rise is raised."""
        if report.at is None or self._shelves.is_alarmed(self._shelves.home_of(report.key)):
            return None
        rising = []
        for cell in self._cells(report):
            if cell == NO_DRIVER:
                # Complaints that fit no driver have nothing in common but that.
                continue
            known = book.known(sign_of(cell), now) if cell.kind is CellKind.TROUBLE else None
            found = self._watch.judge(cell, now, known=known)
            if found is not None and not self._is_elsewhere(cell, now):
                rising.append(found)
        for emergence in sorted(rising, key=partial(_rank, _most(rising))):
            raised = self._raise(emergence, now, book)
            if raised is not None:
                return raised
        return None

    def refresh(self, id_: IssueId, now: datetime, book: ContextBook) -> None:
        """Learn again what the members of a growing alarmed issue share."""
        held = self._shelves.get(id_)
        if held is None or held.issue.state is IssueState.OPEN or not held.signature.is_known:
            return
        if held.issue.report_count not in _RELEARN_AT:
            return
        outcome = held.signature.outcome
        signature = signature_of(
            list(held.reports),
            at=now,
            book=book,
            own_share=self._grouping.share,
            outcome=outcome,
            settled=True,
        )
        if signature.pairs:
            self._set(held, signature)

    def relearn(self, now: datetime, book: ContextBook) -> None:
        """Learn what stored alarmed issues are about from their replayed reports."""
        for held in self._shelves.alarmed(since=now - ALARMED_FOR):
            learnt = self._signature(list(held.reports), now, book, None, None)
            outcome = learnt.outcome
            if outcome or held.issue.slice:
                held.signature = Signature(outcome, dict(held.issue.slice))

    def _cells(self, report: Report) -> list[Cell]:
        home = self._shelves.home_of(report.key)
        cells = cells_of(report)
        if home is not None and not self._shelves.is_alarmed(home):
            cells.append(Cell(CellKind.LIKE, report.driver, home))
        return cells

    def _is_elsewhere(self, cell: Cell, now: datetime) -> bool:
        """Whether customers with this trouble write far more about another driver."""
        if cell.kind is not CellKind.TROUBLE or not cell.driver:
            return False
        start = now - _LOOKED_BACK
        own = self._watch.reporters(cell, start, now)
        return any(
            self._watch.reporters(cell._replace(driver=driver.name), start, now) >= _ELSEWHERE * own
            for driver in self._taxonomy.drivers
            if driver.name != cell.driver
        )

    def _raise(self, emergence: Emergence, now: datetime, book: ContextBook) -> Raised | None:
        members = self._free_members(emergence, now)
        if not members:
            return None
        cell = emergence.cell
        hint: Pair | None = (cell.name, cell.value) if cell.name else None
        signature = self._signature(members, now, book, hint, cell.about if hint else None)
        known = self._known_issue(members, signature, now)
        if known is not None:
            return self._joined(known, members, signature, now)
        if not signature.pairs and not _stands_alone(emergence):
            return None
        if signature.is_known:
            since = now - emergence.window - BEFORE
            members = [one for one in members if signature.fits(one.context, since=since)]
            if len({one.reporter for one in members}) < _LEAST:
                return None
        alarm, held = self._alarm(emergence, members, signature, now)
        gathered = [*self._earlier(held, members[0]), *members]
        matches, closed, touched = self._gather(held, gathered, now)
        return Raised(alarm, matches, [*touched, held.issue.id], closed)

    def _free_members(self, emergence: Emergence, now: datetime) -> list[Report]:
        """Reports of the cell in its window that no alarmed issue holds yet."""
        start = now - emergence.window
        free = []
        for one in reversed(self._recent.about(emergence.cell.driver)):
            if one.at is None or one.at < start - _LOOKED_BACK:
                break
            home = self._shelves.home_of(one.key)
            if one.at < start or self._shelves.is_alarmed(home):
                continue
            if counts_towards(one, emergence.cell, home):
                free.append(one)
        reporters = len({one.reporter for one in free})
        # What an alarm already explains does not rise a second time.
        enough = reporters >= max(_LEAST, _UNEXPLAINED * emergence.reporters)
        return sorted(free, key=_order) if enough else []

    def _signature(
        self,
        members: Sequence[Report],
        now: datetime,
        book: ContextBook,
        hint: Pair | None,
        outcome: str | None,
    ) -> Signature:
        return signature_of(
            members,
            at=now,
            book=book,
            own_share=self._grouping.share,
            hint=hint,
            outcome=outcome or None,
        )

    def _known_issue(
        self, members: Sequence[Report], signature: Signature, now: datetime
    ) -> Held | None:
        """An alarmed issue that is about the same."""
        for held in self._shelves.alarmed(since=now - ALARMED_FOR):
            if not held.signature.is_known or held.signature.outcome != signature.outcome:
                continue
            since = held.issue.opened_at - BEFORE
            fit = sum(held.signature.fits(one.context, since=since) for one in members)
            back = sum(signature.fits(one.context, since=since) for one in held.reports)
            if fit >= _SAME_ISSUE * len(members):
                return held
            if held.reports and back >= _SAME_ISSUE * len(held.reports) and signature.pairs:
                return held
        return None

    def _joined(
        self, held: Held, members: Sequence[Report], signature: Signature, now: datetime
    ) -> Raised | None:
        """Give the members of a known driver to the issue that is about the same."""
        since = held.issue.opened_at - BEFORE
        fit = sum(held.signature.fits(one.context, since=since) for one in members)
        if signature.pairs and fit < _SAME_ISSUE * len(members):
            self._set(held, signature)
        fitting = [one for one in members if held.signature.fits(one.context, since=since)]
        wanted = [one for one in fitting if one.driver in ("", held.issue.driver)]
        # At least as many give the same trouble another name: the first few were misread.
        misread = held.signature.outcome and len(fitting) - len(wanted) >= len(held.reports)
        if misread:
            wanted = fitting
        if not wanted:
            return None
        matches, closed, touched = self._gather(held, wanted, now)
        if misread:
            self._set(held, held.signature)
        return Raised(None, matches, [*touched, held.issue.id], closed)

    def _alarm(
        self, emergence: Emergence, members: Sequence[Report], signature: Signature, now: datetime
    ) -> tuple[Alarm, Held]:
        name = voted_driver(members)
        driver = self._taxonomy.find_driver(name)
        texts = [one.words for one in members]
        terms = telling_terms(texts, self._recent.words, len(self._recent))
        spoken = driver.label if driver else name or outcome_label(signature.outcome)
        label = label_for(spoken, signature.pairs, terms)
        id_ = IssueId("I-" + digest(["alarm", members[0].key, name, signature.pairs])[:10])
        safety = bool(driver and driver.safety)
        alarm = Alarm(
            issue_id=id_,
            at=now,
            label=label,
            terms=terms,
            member_keys=tuple(one.key for one in members),
            size=len(members),
            slice=signature.pairs,
            severity=severity_of(emergence.reporters, emergence.expected, safety=safety),
            window_hours=emergence.window / timedelta(hours=1),
            expected=round(emergence.expected, 3),
            p_value=emergence.p_value,
            reason=alarm_reason(emergence, signature.pairs),
        )
        held = self._shelves.put(
            Issue(
                id=id_,
                label=label,
                driver=name,
                state=IssueState.ALARMED,
                opened_at=members[0].at or now,
                last_report_at=now,
                slice=signature.pairs,
                terms=terms,
                safety=safety,
            )
        )
        held.signature = signature
        return alarm, held

    def _earlier(self, held: Held, first: Report) -> list[Report]:
        """Reports of the same driver and the same shared values just before the first member."""
        if not held.signature.pairs or first.at is None:
            return []
        since = first.at - BEFORE
        return [
            one
            for one in self._recent.about(held.issue.driver)
            if one.at is not None
            and since <= one.at < first.at
            and one.driver == held.issue.driver
            and not self._shelves.is_alarmed(self._shelves.home_of(one.key))
            and held.signature.fits(one.context, since=since)
        ]

    def _gather(
        self, held: Held, reports: Sequence[Report], now: datetime
    ) -> tuple[list[Match], list[Issue], list[IssueId]]:
        """Move reports to an issue; gives matches, issues that are empty now, and others."""
        matches, left = [], []
        known = held.signature.is_known
        for report in reports:
            before = self._shelves.home_of(report.key)
            self._shelves.take(report, held.issue.id, now)
            if before is not None:
                left.append(before)
            matches.append(
                Match(
                    key=report.key,
                    issue_id=held.issue.id,
                    method=MatchMethod.CONTEXT if known else MatchMethod.RULE,
                    score=0.9 if known else 0.7,
                    runner_up=before,
                    agrees=tuple(f"{name} = {value}" for name, value in held.issue.slice.items()),
                    reason="among the reports that rise above the usual level together",
                )
            )
        closed = [one for id_ in dict.fromkeys(left) if (one := self._shelves.close_if_empty(id_))]
        gone = {one.id for one in closed}
        return matches, closed, [id_ for id_ in dict.fromkeys(left) if id_ not in gone]

    def _set(self, held: Held, signature: Signature) -> None:
        held.signature = signature
        name = voted_driver(held.reports) or held.issue.driver
        driver = self._taxonomy.find_driver(name)
        spoken = driver.label if driver else name or outcome_label(signature.outcome)
        label = label_for(spoken, signature.pairs, held.issue.terms)
        safety = held.issue.safety or bool(driver and driver.safety)
        held.issue = held.issue.model_copy(
            update={"slice": signature.pairs, "label": label, "driver": name, "safety": safety}
        )


def _most(rising: Sequence[Emergence]) -> int:
    """The most reporters of any cell that rises."""
    return max((one.reporters for one in rising), default=0)


def _rank(most: int, one: Emergence) -> tuple[bool, float, str]:
    """First what names a value and still holds most of the reporters, then by chance."""
    return (
        not (one.cell.name and one.reporters >= _UNEXPLAINED * most),
        one.p_value,
        str(one.cell),
    )


def _stands_alone(emergence: Emergence) -> bool:
    """Whether it passes without the records' surge: that tells only of what is shared."""
    bar = bar_of(emergence.cell, surging=False)
    return emergence.reporters >= bar.reporters and emergence.p_value <= bar.chance


def _order(report: Report) -> tuple[datetime | None, str]:
    return report.at, report.key
