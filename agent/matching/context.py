"""What a reporter's own records show at the time of the report."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from agent.casework.attributes import candidate_fields
from agent.casework.outcomes import outcomes_of
from domain.feedback import FeedbackItem
from domain.ports import FactTable
from domain.predicates import ALWAYS, FactQuery, Field, Scalar
from domain.record import time_text

# A record older than this no longer explains a report.
_REACH = timedelta(days=21)
# An attribute of the feedback itself groups when it has at most so many values.
_MOST_ITEM_VALUES = 40

Pair = tuple[str, Scalar]


class Trouble(NamedTuple):
    """One record of a customer that went wrong."""

    since: str
    outcome: str
    """`kind: what`."""
    pairs: frozenset[Pair]


class Context(NamedTuple):
    """What speaks for the operational side of a report."""

    troubles: tuple[Trouble, ...]
    own: frozenset[Pair]
    """Attributes of the feedback itself."""

    @property
    def pairs(self) -> frozenset[Pair]:
        """All attribute values, of troubles and of the feedback."""
        return self.own.union(*(trouble.pairs for trouble in self.troubles))


NOTHING = Context((), frozenset())

Sign = tuple[str, str, Scalar]
"""A kind of trouble, and an attribute value among it (both empty: the trouble alone)."""


def signs_of(trouble: Trouble) -> list[Sign]:
    """What a trouble counts towards."""
    pairs = [(trouble.outcome, name, value) for name, value in sorted(trouble.pairs, key=str)]
    return [(trouble.outcome, "", ""), *pairs]


class ContextBook:
    """Troubles of all customers, looked up once per snapshot of the facts."""

    def __init__(self, facts: FactTable | None, *, at: datetime | None) -> None:
        self._troubles: dict[str, list[Trouble]] = defaultdict(list)
        self._usual: dict[Pair, float] = {}
        self._since: dict[Sign, list[str]] = defaultdict(list)
        self.customers = 0
        if facts is None or at is None:
            return
        profiles = facts.kinds()
        for outcome in outcomes_of(profiles, at=at):
            fields = candidate_fields(outcome.unit, profiles)
            self._learn_usual(facts, outcome.unit, fields)
            query = FactQuery(kind=outcome.unit, where=outcome.hit)
            for _, customer, values in facts.values(query, [outcome.since, *fields]):
                since, *rest = values
                if customer is None or not isinstance(since, str):
                    continue
                pairs = frozenset(
                    (field.name, value)
                    for field, value in zip(fields, rest, strict=True)
                    if value is not None
                )
                trouble = Trouble(since, f"{outcome.unit}: {outcome.words}", pairs)
                self._troubles[customer].append(trouble)
                for sign in signs_of(trouble):
                    self._since[sign].append(since)
        for times in self._since.values():
            times.sort()
        known = facts.count(FactQuery(kind="customer"))
        self.customers = max(known, len(self._troubles), 1)

    def context_of(self, item: FeedbackItem, grouping: Iterable[str]) -> Context:
        """The troubles of the customer up to the report, and the item's own attributes."""
        own = frozenset(
            (name, value)
            for name in grouping
            if isinstance(value := item.attributes.get(name), str | int | bool)
        )
        if item.at is None or item.customer_id is None:
            return Context((), own)
        earliest, latest = time_text(item.at - _REACH), time_text(item.at)
        recent = tuple(
            trouble
            for trouble in self._troubles.get(item.customer_id, ())
            if earliest <= trouble.since <= latest
        )
        return Context(recent, own)

    def troubled(self, sign: Sign, at: datetime) -> int:
        """How many records show a sign of trouble within reach of a time."""
        times = self._since.get(sign, [])
        return bisect_right(times, time_text(at)) - bisect_right(times, time_text(at - _REACH))

    def usual_share(self, pair: Pair) -> float:
        """Share of all units, troubled or not, that carry a pair; 0.5 where not known."""
        return self._usual.get(pair, 0.5)

    def _learn_usual(self, facts: FactTable, unit: str, fields: Sequence[Field]) -> None:
        for field in fields:
            tallies = facts.tally(FactQuery(kind=unit), by=[field], hit=ALWAYS)
            total = sum(one.units for one in tallies) or 1
            for tally in tallies:
                (value,) = tally.values
                if value is not None:
                    self._usual.setdefault((field.name, value), tally.units / total)


def grouping_attributes(items: Iterable[FeedbackItem]) -> tuple[str, ...]:
    """Attributes of feedback that sort it into groups: few values, each several times."""
    values: dict[str, dict[object, int]] = defaultdict(lambda: defaultdict(int))
    for item in items:
        for name, value in item.attributes.items():
            if isinstance(value, str | int | bool) and len(values[name]) <= _MOST_ITEM_VALUES:
                values[name][value] += 1
    return tuple(
        sorted(
            name
            for name, counts in values.items()
            if 2 <= len(counts) <= _MOST_ITEM_VALUES and sum(counts.values()) >= 5 * len(counts)
        )
    )
