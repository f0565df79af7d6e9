"""Which issue a report joins: by its records, else by the likest words, else a new one.

A wrong merge is worse than a missed one: a report joins an alarmed issue only with the
trouble and the values that its members share, and an open one only in like words; records
that point elsewhere raise the bar, and records that agree lower it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from agent.casework.detect import Cell, CellKind, Watch
from agent.matching.nearest import Nearest
from agent.matching.reports import Report
from agent.matching.shelves import Held, Shelves
from agent.matching.slices import BEFORE
from domain.issues import Issue, Match, MatchMethod
from domain.people import Taxonomy
from domain.record import IssueId, digest

# An alarmed issue takes reports for so long after its last one.
ALARMED_FOR = timedelta(days=10)
# Joint cosine from which two problems of one driver are the same problem. 0.55: no two
# tuning phrasings of different drivers meet above it (144 phrasings, 2026-11-24).
SAME_FROM = 0.55
# The same where the records of both show the same trouble: 1 in 1,000 pairs of different
# drivers' phrasings meets above it.
_SAME_WITH_RECORDS = 0.43
# And where the records of one show trouble that the other's do not.
_SAME_AGAINST_RECORDS = 0.75
# Joint cosine to what an issue's members say from which a report fits in words too.
_FITS_FROM = 0.25
# A reading less sure than this does not keep a report from an issue that its records show.
# 0.4: of 9 complaints that customers wrote while they were hit, with another driver read less
# surely, 6 were about it; above it few are (8 tuning worlds, 2026-11-24).
_UNSURE = 0.4
# A driver that is reported so many times as often as before the issue opened still rises.
_STILL_RISES = 1.5


class Joiner:
    """Finds the issue of a report, or opens one."""

    def __init__(self, taxonomy: Taxonomy, shelves: Shelves, watch: Watch) -> None:
        self._taxonomy = taxonomy
        self._shelves = shelves
        self._watch = watch

    def match(self, report: Report, now: datetime) -> Match:
        """Give the match of a report; a new issue is held at once."""
        found = self._by_records(report, now)
        if found is not None:
            return found
        if not report.complains:
            return Match(
                key=report.key,
                issue_id=None,
                method=MatchMethod.UNMATCHED,
                score=0.0,
                reason=report.unmatched,
            )
        nearest = self._shelves.nearest(report, now)
        held = self._shelves.get(nearest.issue_id) if nearest is not None else None
        if nearest is not None and held is not None and nearest.score >= self._bar(report, held):
            return self._joined(report, nearest, held)
        return self._opened(report, nearest, now)

    def _by_records(self, report: Report, now: datetime) -> Match | None:
        """The alarmed issue that a report belongs to, with the next best."""
        scored = []
        for held in self._shelves.alarmed(since=now - ALARMED_FOR):
            score = self._belongs(report, held, now)
            if score > 0:
                scored.append((score, held))
        if not scored:
            return None
        scored.sort(key=lambda one: (-one[0], one[1].issue.id))
        score, held = scored[0]
        second = scored[1] if len(scored) > 1 else None
        known = held.signature.is_known
        return Match(
            key=report.key,
            issue_id=held.issue.id,
            method=MatchMethod.CONTEXT if known else MatchMethod.RULE,
            score=score,
            runner_up=second[1].issue.id if second else None,
            runner_up_score=second[0] if second else None,
            agrees=_agrees(report, held),
            reason=(
                "the customer's records show what its members share"
                if known
                else "same driver while it is reported more than usual"
            ),
        )

    def _belongs(self, report: Report, held: Held, now: datetime) -> float:
        """How well a report fits an alarmed issue; 0 when it does not."""
        same_driver = report.driver == held.issue.driver
        likeness = held.likeness(report.vector)
        if report.at is None or not held.signature.is_known:
            rises = report.at is not None and same_driver and self._still_rises(held.issue, now)
            bar = _FITS_FROM if rises and report.driver else SAME_FROM
            return round(0.5 + 0.4 * likeness, 4) if same_driver and likeness >= bar else 0.0
        since = held.issue.opened_at - BEFORE
        if not held.signature.fits(report.context, since=since):
            return 0.0
        if not held.signature.outcome and not held.issue.driver and likeness < SAME_FROM:
            # A shared attribute of the words alone, and no reason: only like words belong.
            return 0.0
        if same_driver:
            return round(0.8 + 0.19 * max(likeness, 0.0), 4)
        named = held.issue.driver in report.complaints
        # Records vouch for a report whose words do not; an attribute of the words alone does not.
        unsure = held.signature.outcome and (
            not report.named or report.named[0].confidence < _UNSURE
        )
        if named or (unsure and likeness >= _FITS_FROM):
            return round(0.5 + 0.29 * max(likeness, 0.0), 4)
        return 0.0

    def _still_rises(self, issue: Issue, now: datetime) -> bool:
        """Whether the driver is still reported more often than before the issue opened."""
        cell = Cell(CellKind.DRIVER, issue.driver)
        days = 3
        recent = self._watch.reporters(cell, now - timedelta(days=days), now)
        usual = self._watch.daily_level(cell, before=issue.opened_at)
        return recent + 1 > _STILL_RISES * usual * days

    def _bar(self, report: Report, held: Held) -> float:
        """The likeness that a report needs to join an open issue."""
        mine = {one.outcome for one in report.context.troubles}
        members = [one for one in held.reports if one.context.troubles]
        theirs = {trouble.outcome for one in members for trouble in one.context.troubles}
        if not mine and not theirs:
            return SAME_FROM
        if not mine & theirs:
            return _SAME_AGAINST_RECORDS if mine and theirs else SAME_FROM
        ours = {pair for one in report.context.troubles for pair in one.pairs}
        shared = [
            len(ours & trouble.pairs) / max(len(trouble.pairs), 1)
            for one in members
            for trouble in one.context.troubles
            if trouble.outcome in mine
        ]
        return _SAME_WITH_RECORDS if max(shared, default=0.0) >= 0.5 else SAME_FROM

    def _joined(self, report: Report, nearest: Nearest, held: Held) -> Match:
        timeless = "" if report.at is not None else "; it has no time, so it can raise no alarm"
        return Match(
            key=report.key,
            issue_id=nearest.issue_id,
            method=MatchMethod.NEAREST,
            score=_score(nearest.score),
            runner_up=nearest.runner_up,
            runner_up_score=_rounded(nearest.runner_up_score),
            agrees=_agrees(report, held),
            reason="same driver, same problem in like words" + timeless,
        )

    def _opened(self, report: Report, nearest: Nearest | None, now: datetime) -> Match:
        timeless = "" if report.at is not None else "; it has no time, so it can raise no alarm"
        driver = self._taxonomy.find_driver(report.driver)
        id_ = IssueId("I-" + digest([report.key, report.driver])[:10])
        at = report.at or now
        label = driver.label if driver else report.driver or "Other problem"
        self._shelves.put(
            Issue(
                id=id_,
                label=label[:38],
                driver=report.driver,
                opened_at=at,
                last_report_at=at,
                safety=bool(driver and driver.safety),
            )
        )
        return Match(
            key=report.key,
            issue_id=id_,
            method=MatchMethod.OPENED,
            score=1.0,
            runner_up=nearest.issue_id if nearest else None,
            runner_up_score=_rounded(nearest.score) if nearest else None,
            reason="no open issue is near enough" + timeless,
        )


def _agrees(report: Report, held: Held) -> tuple[str, ...]:
    mine = report.context.own.union(*(one.pairs for one in report.context.troubles))
    shared = {pair for pair in held.signature.pairs.items() if pair in mine}
    return tuple(f"{name} = {value}" for name, value in sorted(shared, key=str))


def _score(value: float) -> float:
    return round(min(max(value, 0.0), 1.0), 4)


def _rounded(value: float | None) -> float | None:
    return None if value is None else _score(value)
