"""Reports in event time: each joins an issue or opens one; what emerges raises an alarm."""

from __future__ import annotations

import math
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from agent.matching.context import NOTHING, Context, ContextBook, Pair, signs_of
from agent.matching.describe import alarm_reason, label_for, severity_of, telling_terms
from agent.matching.emergence import Cell, Emergence, Watch
from agent.matching.nearest import SAME_FROM, NearestIssues
from domain.feedback import ReadItem
from domain.issues import Alarm, Issue, IssueState, Match, MatchMethod
from domain.people import Taxonomy
from domain.predicates import Scalar
from domain.record import FeedbackKey, IssueId, digest

if TYPE_CHECKING:
    from domain.ports import Vectors

# Reports older than this no longer become members of a new alarm.
_KEEP = timedelta(days=35)
# An alarmed issue takes reports of its driver for so long after its last one.
_ALARMED_FOR = timedelta(days=10)
# Share of an alarm's troubled members that must carry a pair for it to be in the slice.
_SLICE_SHARE = 0.8
# Chance by luck under which a shared pair belongs to the slice.
_SLICE_CHANCE = 0.02
# Weight of an issue's slice (rare pairs weigh more) that a report must share to join it.
_SHARED_WEIGHT = 0.6
# A reading less sure than this does not keep a report from an issue that its records show.
_UNSURE = 0.3
# Centred cosine to what an issue's members say from which such a report fits in words too.
_FITS_FROM = 0.3


class Report(NamedTuple):
    """A read item that reports a problem, with what was looked up for it."""

    item: ReadItem
    driver: str
    at: datetime
    reporter: str
    context: Context
    vector: Vectors | None


class Outcome(NamedTuple):
    """What a batch changed."""

    matches: list[Match]
    issues: list[Issue]
    alarms: list[Alarm]


class Stream:
    """The state of matching and detection; feed it items in `at` order."""

    def __init__(self, *, taxonomy: Taxonomy, nearest: NearestIssues) -> None:
        self._taxonomy = taxonomy
        self._nearest = nearest
        self._watch = Watch()
        self._recent: deque[Report] = deque()
        self._issues: dict[IssueId, Issue] = {}
        self._members: dict[IssueId, dict[FeedbackKey, str]] = defaultdict(dict)
        self._totals: dict[IssueId, Vectors] = {}
        self._alarmed: dict[str, list[IssueId]] = defaultdict(list)
        self._home: dict[FeedbackKey, IssueId] = {}
        self._words: Counter[str] = Counter()
        self._texts = 0
        self._book = ContextBook(None, at=None)
        self.alarms: list[Alarm] = []
        """Alarms that fired, in the order in which they did."""

    def restore(self, issues: Iterable[Issue]) -> None:
        """Take back issues that were stored, before `feed` replays their reports."""
        for issue in sorted(issues, key=lambda one: (one.opened_at, one.id)):
            self._issues[issue.id] = issue
            if issue.state is not IssueState.OPEN:
                self._alarmed[issue.driver].append(issue.id)

    def feed(
        self,
        items: Sequence[ReadItem],
        *,
        vectors: Vectors | None,
        book: ContextBook,
        grouping: Sequence[str],
        settled: bool = False,
    ) -> Outcome:
        """Match items in `at` order; `settled` replays items whose issue is known."""
        changed: dict[FeedbackKey, Match] = {}
        touched: dict[IssueId, None] = {}
        alarms: list[Alarm] = []
        self._book = book
        centred = self._nearest.centred(vectors) if vectors is not None else None
        for place, item in enumerate(items):
            report = self._report(
                item, centred[place] if centred is not None else None, book, grouping
            )
            if item.item.at is not None:
                self._watch.add_message(item.item.at)
            if report is None:
                if not settled:
                    changed[item.item.key] = _unmatched(item)
                continue
            if settled:
                self._count(report)
                if item.issue_id is not None:
                    self._take(report, item.issue_id)
                continue
            match = self._match(report)
            self._count(report)
            changed[report.item.item.key] = match
            if match.issue_id is not None:
                self._take(report, match.issue_id)
                touched[match.issue_id] = None
            alarm = self._look(report)
            if alarm is not None:
                alarms.append(alarm)
                self.alarms.append(alarm)
                for moved in self._gather(alarm):
                    changed[moved.key] = moved
                touched[alarm.issue_id] = None
        issues = [self._current(id_) for id_ in touched if self._members[id_]]
        return Outcome(list(changed.values()), issues, alarms)

    def _report(
        self, item: ReadItem, vector: Vectors | None, book: ContextBook, grouping: Sequence[str]
    ) -> Report | None:
        reading = item.reading
        bad = [one for one in reading.drivers if one.sentiment in ("negative", "mixed", None)]
        neutral = [one for one in reading.drivers if one.sentiment == "neutral"]
        chosen = bad or [one for one in neutral if one.confidence >= 0.5]
        content = reading.sentiment.label == "positive" and not bad
        if reading.noise is not None or content or item.item.author != "customer":
            return None
        driver = chosen[0].driver if chosen else ""
        at = item.item.at
        who = item.item.customer_id or item.item.thread_id or item.item.key
        context = book.context_of(item.item, grouping) if at is not None else NOTHING
        if at is None:
            return Report(item, driver, _NEVER, who, context, vector)
        return Report(item, driver, at, who, context, vector)

    def _count(self, report: Report) -> None:
        if report.at is _NEVER:
            return
        self._recent.append(report)
        while self._recent and report.at - self._recent[0].at > _KEEP:
            self._recent.popleft()
        self._watch.add_report(report.at)
        for cell in cells_of(report):
            self._watch.add(cell, report.at, report.reporter)
        self._texts += 1
        self._words.update(set(_words(report)))

    # -- matching ----------------------------------------------------------------------

    def _match(self, report: Report) -> Match:
        key = report.item.item.key
        alarmed = self._alarmed_issue(report)
        if alarmed is None and not report.driver:
            return _unmatched(report.item)
        if alarmed is not None:
            issue, score, agrees = alarmed
            method = MatchMethod.CONTEXT if issue.slice else MatchMethod.NEAREST
            return Match(key=key, issue_id=issue.id, method=method, score=score, agrees=agrees)
        found = None
        if report.vector is not None and report.at is not _NEVER:
            found = self._nearest.find(report.driver, report.vector, report.at)
        if found is not None and found.score >= SAME_FROM and found.issue_id in self._issues:
            return Match(
                key=key,
                issue_id=found.issue_id,
                method=MatchMethod.NEAREST,
                score=round(found.score, 4),
                runner_up=found.runner_up,
                runner_up_score=_rounded(found.runner_up_score),
                reason="same driver, same problem in other words",
            )
        return Match(
            key=key,
            issue_id=self._open(report),
            method=MatchMethod.OPENED,
            score=1.0,
            runner_up=found.issue_id if found else None,
            runner_up_score=_rounded(found.score) if found else None,
            reason="no open issue is near enough",
        )

    def _alarmed_issue(self, report: Report) -> tuple[Issue, float, tuple[str, ...]] | None:
        """The alarmed issue that a report belongs to: by its records, else by its driver."""
        if report.at is _NEVER:
            return None
        best: tuple[float, Issue, tuple[str, ...]] | None = None
        for driver, ids in self._alarmed.items():
            for id_ in ids:
                issue = self._issues[id_]
                if report.at - issue.last_report_at > _ALARMED_FOR:
                    continue
                score = self._belongs(report, issue, same_driver=driver == report.driver)
                if score > 0 and (best is None or score > best[0]):
                    shared = set(issue.slice.items()) & report.context.pairs
                    agrees = tuple(f"{name} = {value}" for name, value in sorted(shared, key=str))
                    best = (score, issue, agrees)
        return (best[1], best[0], best[2]) if best else None

    def _belongs(self, report: Report, issue: Issue, *, same_driver: bool) -> float:
        """How well a report fits an alarmed issue; 0 when it does not."""
        if not issue.slice:
            return 0.7 if same_driver and self._still_rises(issue, report) else 0.0
        shared = self._shared_weight(issue.slice, report.context.pairs)
        if shared < _SHARED_WEIGHT:
            return 0.0
        if same_driver:
            return round(0.6 + 0.35 * shared, 4)
        mentions = report.item.reading.drivers
        named = any(one.driver == issue.driver for one in mentions)
        unsure = not mentions or mentions[0].confidence < _UNSURE
        if not named and self._likeness(report, issue) < _FITS_FROM:
            return 0.0
        return round(0.4 + 0.3 * shared, 4) if named or unsure else 0.0

    def _likeness(self, report: Report, issue: Issue) -> float:
        """Centred cosine of a report to the middle of an issue's members; 0 when not known."""
        total = self._totals.get(issue.id)
        if total is None or report.vector is None:
            return 0.0
        return float(total @ report.vector / ((total @ total) ** 0.5 + 1e-9))

    def _shared_weight(self, slice_: Mapping[str, Scalar], pairs: frozenset[Pair]) -> float:
        """Share of a slice that pairs cover, each weighed by how rare it usually is."""
        weights = {
            pair: -math.log(min(max(self._book.usual_share(pair), 1e-3), 0.99))
            for pair in slice_.items()
        }
        total = sum(weights.values())
        return sum(weight for pair, weight in weights.items() if pair in pairs) / total

    def _still_rises(self, issue: Issue, report: Report) -> bool:
        """Whether the driver is still reported more often than before the issue opened."""
        day = timedelta(hours=24)
        cell = (f"driver {issue.driver}", "", "", "")
        recent = self._watch.reporters_since(cell, report.at - 3 * day)
        earlier = [
            one for one in self._recent if one.driver == issue.driver and one.at < issue.opened_at
        ]
        span = (issue.opened_at - earlier[0].at) / day if earlier else 1.0
        usual = 3 * len(earlier) / max(span, 1.0)
        return recent + 1 > 1.5 * usual

    def _open(self, report: Report) -> IssueId:
        item = report.item.item
        id_ = IssueId("I-" + digest([item.key, report.driver])[:10])
        driver = self._taxonomy.find_driver(report.driver)
        at = report.at
        self._issues[id_] = Issue(
            id=id_,
            label=(driver.label if driver else report.driver)[:38],
            driver=report.driver,
            opened_at=at,
            last_report_at=at,
            safety=bool(driver and driver.safety),
        )
        return id_

    def _take(self, report: Report, id_: IssueId) -> None:
        key = report.item.item.key
        before = self._home.get(key)
        if before is not None and before != id_:
            self._members[before].pop(key, None)
        self._home[key] = id_
        self._members[id_][key] = report.reporter
        issue = self._issues.get(id_)
        if issue is not None and report.at > issue.last_report_at:
            issue = self._issues[id_] = issue.model_copy(update={"last_report_at": report.at})
        if issue is not None and issue.slice:
            self._refresh(issue)
        if report.vector is not None and before != id_:
            self._totals[id_] = self._totals.get(id_, 0.0 * report.vector) + report.vector
        if report.vector is not None and issue is not None and issue.state is IssueState.OPEN:
            self._nearest.add(report.driver, id_, report.vector, report.at)

    def _refresh(self, issue: Issue) -> None:
        """Learn the slice of an alarmed issue again from all its recent members."""
        keys = self._members[issue.id]
        members = [one for one in self._recent if one.item.item.key in keys]
        slice_ = self._slice([one for one in members if one.context.pairs], members, self._book)
        if slice_ and slice_ != issue.slice:
            driver = self._taxonomy.find_driver(issue.driver)
            label = label_for(driver.label if driver else issue.driver, slice_)
            self._issues[issue.id] = issue.model_copy(update={"slice": slice_, "label": label})

    def _current(self, id_: IssueId) -> Issue:
        members = self._members[id_]
        issue = self._issues[id_].model_copy(
            update={"report_count": len(members), "customer_count": len(set(members.values()))}
        )
        self._issues[id_] = issue
        return issue

    # -- alarms ------------------------------------------------------------------------

    def _look(self, report: Report) -> Alarm | None:
        if report.at is _NEVER:
            return None
        found = [
            self._watch.judge(cell, report.at, share=self._share(cell, report.at))
            for cell in cells_of(report)
            if not self._belongs_elsewhere(cell, report)
        ]
        rising = [one for one in found if one is not None]
        for emergence in sorted(rising, key=lambda one: (one.p_value, str(one.cell))):
            members = self._rising_members(emergence, report)
            if members and not self._explained(members):
                return self._raise(emergence, members, report)
        return None

    def _belongs_elsewhere(self, cell: Cell, report: Report) -> bool:
        """Whether customers with this trouble write twice as often about another driver."""
        kind, outcome, name, value = cell
        if kind != f"trouble {report.driver}":
            return False
        start = report.at - timedelta(hours=72)
        own = self._watch.reporters_since(cell, start)
        return any(
            self._watch.reporters_since((f"trouble {driver.name}", outcome, name, value), start)
            >= 2 * own
            for driver in self._taxonomy.drivers
            if driver.name != report.driver
        )

    def _share(self, cell: Cell, at: datetime) -> float | None:
        """Part of all customers who have the trouble of a cell; None if it is about none."""
        kind, outcome, name, value = cell
        if not kind.startswith("trouble"):
            return None
        troubled = self._book.troubled((str(outcome), str(name), value), at)
        return min(1.0, troubled / max(self._book.customers, 1))

    def _rising_members(self, emergence: Emergence, report: Report) -> list[Report]:
        """Reports of the cell in its window that no alarmed issue holds yet."""
        start = report.at - emergence.window
        inside = [
            one for one in self._recent if one.at >= start and emergence.cell in cells_of(one)
        ]
        held = {id_ for ids in self._alarmed.values() for id_ in ids}
        free = [one for one in inside if self._home.get(one.item.item.key) not in held]
        # What an alarm already explains does not rise a second time.
        enough = len({one.reporter for one in free}) >= max(4, 0.6 * emergence.reporters)
        return free if enough else []

    def _explained(self, members: list[Report]) -> bool:
        """Whether most members share the slice of an issue that is alarmed already."""
        for ids in self._alarmed.values():
            for id_ in ids:
                issue = self._issues[id_]
                if not issue.slice or members[-1].at - issue.last_report_at > _ALARMED_FOR:
                    continue
                sharing = sum(
                    self._shared_weight(issue.slice, one.context.pairs) >= _SHARED_WEIGHT
                    for one in members
                )
                if sharing >= 0.5 * len(members):
                    return True
        return False

    def _raise(self, emergence: Emergence, members: list[Report], report: Report) -> Alarm:
        name = _spoken_of(members)
        driver = self._taxonomy.find_driver(name)
        troubled = [one for one in members if one.context.troubles or one.context.own]
        slice_ = self._slice(troubled, members, self._book)
        label = label_for(driver.label if driver else name, slice_)
        first = members[0].item.item
        id_ = IssueId("I-" + digest(["alarm", first.key, name, slice_])[:10])
        texts = [_words(one) for one in members]
        terms = telling_terms(texts, self._words, self._texts)
        safety = bool(driver and driver.safety)
        alarm = Alarm(
            issue_id=id_,
            at=report.at,
            label=label,
            terms=terms,
            member_keys=tuple(one.item.item.key for one in members),
            size=len(members),
            slice=slice_,
            severity=severity_of(emergence.reporters, emergence.expected, safety=safety),
            window_hours=emergence.window / timedelta(hours=1),
            expected=round(emergence.expected, 3),
            p_value=emergence.p_value,
            reason=alarm_reason(emergence, slice_),
        )
        self._issues[id_] = Issue(
            id=id_,
            label=label,
            driver=name,
            state=IssueState.ALARMED,
            opened_at=members[0].at,
            last_report_at=report.at,
            slice=slice_,
            terms=terms,
            safety=safety,
        )
        self._alarmed[name].append(id_)
        return alarm

    def _slice(
        self, troubled: list[Report], members: list[Report], book: ContextBook
    ) -> dict[str, Scalar]:
        """Pairs that most troubled members share, more often than units usually carry them."""
        if len(troubled) < 0.5 * len(members):
            return {}
        counts: Counter[Pair] = Counter(pair for one in troubled for pair in one.context.pairs)
        chosen: dict[str, Scalar] = {}
        for (name, value), count in sorted(counts.items(), key=lambda one: (-one[1], str(one[0]))):
            if count < _SLICE_SHARE * len(troubled) or name in chosen:
                continue
            usual = book.usual_share((name, value))
            if _chance_of(count, len(troubled), usual) < _SLICE_CHANCE:
                chosen[name] = value
        return chosen

    def _gather(self, alarm: Alarm) -> list[Match]:
        """Move the members of an alarm to its issue."""
        issue = self._issues[alarm.issue_id]
        wanted = set(alarm.member_keys)
        moved = []
        for report in self._recent:
            key = report.item.item.key
            if key not in wanted:
                continue
            before = self._home.get(key)
            self._take(report, issue.id)
            if before is not None and not self._members[before]:
                self._nearest.drop(issue.driver, before)
            moved.append(
                Match(
                    key=key,
                    issue_id=issue.id,
                    method=MatchMethod.CONTEXT if issue.slice else MatchMethod.RULE,
                    score=0.9 if issue.slice else 0.7,
                    runner_up=before,
                    agrees=tuple(f"{name} = {value}" for name, value in issue.slice.items()),
                    reason="among the reports with which the alarm fired",
                )
            )
        return moved


# Stands for the time of items without one; compared by identity.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def cells_of(report: Report) -> list[Cell]:
    """What a report counts towards: its driver, its kinds of trouble, its pairs."""
    found: dict[Cell, None] = (
        {(f"driver {report.driver}", "", "", ""): None} if report.driver else {}
    )
    for name, value in sorted(report.context.own, key=str):
        if report.driver:
            found[f"own {report.driver}", "", name, value] = None
    for trouble in report.context.troubles:
        for sign in signs_of(trouble):
            found["trouble", *sign] = None
            if report.driver:
                found[f"trouble {report.driver}", *sign] = None
    return list(found)


def _spoken_of(members: Sequence[Report]) -> str:
    """The driver that members speak of most, each mention weighed by its confidence."""
    weights: Counter[str] = Counter()
    for one in members:
        for mention in one.item.reading.drivers:
            if mention.sentiment != "positive":
                weights[mention.driver] += int(1000 * mention.confidence)
    return min(weights, key=lambda name: (-weights[name], name), default="")


def _chance_of(count: int, total: int, share: float) -> float:
    """Chance that at least `count` of `total` carry what a share of all carry."""
    return sum(
        math.comb(total, hits) * share**hits * (1 - share) ** (total - hits)
        for hits in range(count, total + 1)
    )


def _unmatched(item: ReadItem) -> Match:
    reason = item.reading.reason or "reports no problem"
    return Match(
        key=item.item.key, issue_id=None, method=MatchMethod.UNMATCHED, score=0.0, reason=reason
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _words(report: Report) -> list[str]:
    return [
        word.strip(".,!?;:()\"'“”").lower()
        for word in report.item.reading.problem.split()
        if len(word) > 3
    ]
