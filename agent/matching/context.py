"""What a reporter's own records show at the time of the report."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from agent.casework.attributes import candidate_fields
from agent.casework.detect import Known
from agent.casework.detect_tails import chance_of_more
from agent.casework.outcomes import Outcome, outcomes_of
from domain.feedback import FeedbackItem
from domain.ports import FactTable
from domain.predicates import ALWAYS, Compare, FactQuery, Field, Scalar, all_of
from domain.record import time_of, time_text

# A record older than this no longer explains a report.
REACH = timedelta(days=21)
# Lengths over which records may show a surge, and the history they are held against.
_SURGE_WINDOWS = (timedelta(hours=24), timedelta(hours=72))
_SURGE_MEMORY = timedelta(days=28)
_SURGE_LEAST_HISTORY = timedelta(days=7)
# Pseudo-records in the history (Jeffreys' prior for a rate), and on both sides of the rise.
_SURGE_PRIOR = 0.5
_RISE_PRIOR = 5.0
# Fewer recent units than this do not tell how common a value is; all units are asked then.
_LEAST_UNITS = 30

Pair = tuple[str, Scalar]


class Trouble(NamedTuple):
    """One record of a customer that went wrong."""

    since: float
    """When it showed, in seconds since 1970."""
    outcome: str
    """`kind: what`."""
    pairs: frozenset[Pair]


class Context(NamedTuple):
    """What speaks for the operational side of a report."""

    troubles: tuple[Trouble, ...]
    own: frozenset[Pair]
    """Attributes of the feedback itself."""


NOTHING = Context((), frozenset())


class Sign(NamedTuple):
    """A kind of trouble, and an attribute value among it (both empty: the trouble alone)."""

    outcome: str
    name: str = ""
    value: Scalar = ""


def signs_of(trouble: Trouble) -> list[Sign]:
    """What a trouble counts towards."""
    pairs = sorted(trouble.pairs, key=str)
    return [
        Sign(trouble.outcome),
        *(Sign(trouble.outcome, name, value) for name, value in pairs),
    ]


class ContextBook:
    """Troubles of all customers, looked up once per snapshot of the facts."""

    def __init__(self, facts: FactTable | None, *, at: datetime | None) -> None:
        self._facts = facts
        self._troubles: dict[str, list[Trouble]] = defaultdict(list)
        self._by_outcome: dict[str, list[Trouble]] = defaultdict(list)
        self._since: dict[Sign, list[float]] = defaultdict(list)
        self._units: dict[str, tuple[str, dict[str, Field]]] = {}
        self._begins: dict[str, float] = {}
        self._shares: dict[tuple[str, str, str], tuple[int, dict[Scalar, int]]] = {}
        self._customers = 1
        if facts is None or at is None:
            return
        profiles = facts.kinds()
        begins = {one.kind: one.first_at.timestamp() for one in profiles}
        for outcome in outcomes_of(profiles, at=at):
            self._learn(facts, outcome, candidate_fields(outcome.unit, profiles))
            self._begins[_about(outcome)] = begins[outcome.unit]
        for troubles in (*self._troubles.values(), *self._by_outcome.values()):
            troubles.sort(key=lambda one: one.since)
        for times in self._since.values():
            times.sort()
        known = facts.count(FactQuery(kind="customer"))
        self._customers = max(known, len(self._troubles), 1)

    def troubles_of(self, item: FeedbackItem) -> tuple[Trouble, ...]:
        """The troubles of the customer within reach before the report, oldest first."""
        if item.at is None or item.customer_id is None:
            return ()
        latest = item.at.timestamp()
        earliest = latest - REACH.total_seconds()
        known = self._troubles.get(item.customer_id, ())
        return tuple(one for one in known if earliest <= one.since <= latest)

    def known(self, sign: Sign, at: datetime) -> Known:
        """What the records say about a sign of trouble at a time."""
        times = self._since.get(sign, [])
        latest = at.timestamp()
        troubled = _between(times, latest - REACH.total_seconds(), latest)
        share = min(1.0, troubled / self._customers)
        return Known(share, self._surge(sign, latest))

    def lately(self, outcome: str, start: datetime, end: datetime) -> list[Trouble]:
        """All troubles of an outcome that showed from one time to another."""
        known = self._by_outcome.get(outcome, [])
        first = bisect_left(known, start.timestamp(), key=lambda one: one.since)
        last = bisect_right(known, end.timestamp(), key=lambda one: one.since)
        return known[first:last]

    def usual_share(self, outcome: str, pair: Pair, at: datetime) -> float:
        """Share of the units of the last weeks, troubled or not, that carry a pair."""
        name, value = pair
        day = time_text(at)[:10]
        key = (outcome, name, day)
        if key not in self._shares:
            self._shares[key] = self._tally(outcome, name, at)
        total, counts = self._shares[key]
        return (counts.get(value, 0) + 0.5) / (total + 1)

    def _learn(self, facts: FactTable, outcome: Outcome, fields: Sequence[Field]) -> None:
        about = _about(outcome)
        self._units[about] = (outcome.unit, {field.name: field for field in fields})
        query = FactQuery(kind=outcome.unit, where=outcome.hit)
        for _, customer, values in facts.values(query, [outcome.since, *fields]):
            since, *rest = values
            began = time_of(since)
            if customer is None or began is None:
                continue
            pairs = frozenset(
                (field.name, value)
                for field, value in zip(fields, rest, strict=True)
                if value is not None
            )
            trouble = Trouble(began.timestamp(), about, pairs)
            self._troubles[customer].append(trouble)
            self._by_outcome[about].append(trouble)
            for sign in signs_of(trouble):
                self._since[sign].append(trouble.since)

    def _surge(self, sign: Sign, latest: float) -> float:
        """Chance by luck of so much of a trouble lately, the longer windows included."""
        every = self._since.get(Sign(sign.outcome), [])
        times = self._since.get(sign, [])
        begin = self._begins.get(sign.outcome, latest)
        best = 1.0
        for window in _SURGE_WINDOWS:
            start = latest - window.total_seconds()
            oldest = max(begin, start - _SURGE_MEMORY.total_seconds())
            if start - oldest < _SURGE_LEAST_HISTORY.total_seconds():
                continue
            ratio = (latest - start) / (start - oldest)
            recent, before = _between(times, start, latest), _between(times, oldest, start)
            if sign.name:
                # What lifts this trouble everywhere is no surge of it in one place.
                rest = _between(every, start, latest) - recent
                usual = (_between(every, oldest, start) - before) * ratio
                ratio *= max(1.0, (rest + _RISE_PRIOR) / (usual + _RISE_PRIOR))
            chance = chance_of_more(recent, seen=before + _SURGE_PRIOR, ratio=ratio)
            best = min(best, chance * len(_SURGE_WINDOWS))
        return best

    def _tally(self, outcome: str, name: str, at: datetime) -> tuple[int, dict[Scalar, int]]:
        unit, fields = self._units.get(outcome, ("", {}))
        if self._facts is None or name not in fields:
            return 0, {}
        counts = _counts(self._facts, unit, fields[name], at)
        if sum(counts.values()) < _LEAST_UNITS:
            counts = _counts(self._facts, unit, fields[name], None)
        return sum(counts.values()), counts


def _about(outcome: Outcome) -> str:
    return f"{outcome.unit}: {outcome.words}"


def _counts(facts: FactTable, unit: str, field: Field, at: datetime | None) -> dict[Scalar, int]:
    query = FactQuery(kind=unit)
    if at is not None:
        own = Field(kind=unit, name="at")
        since = Compare(field=own, op="ge", value=time_text(at - REACH))
        until = Compare(field=own, op="le", value=time_text(at))
        query = FactQuery(kind=unit, where=all_of(since, until))
    counts: dict[Scalar, int] = {}
    for tally in facts.tally(query, by=[field], hit=ALWAYS):
        (value,) = tally.values
        # Units without the attribute count as units.
        counts["" if value is None else value] = tally.units
    return counts


def _between(times: Sequence[float], start: float, end: float) -> int:
    """How many times lie after the start and not after the end."""
    return max(0, bisect_right(times, end) - bisect_right(times, start))
