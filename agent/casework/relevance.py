"""Which outcome is this issue about: the one that its reporters' own records show."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from agent.casework.cohorts import Counts, chance_of
from agent.casework.outcomes import Outcome
from domain.ports import FactTable
from domain.predicates import Compare, FactQuery, Predicate, all_of
from domain.record import time_text

# How long before the first report a record may have gone wrong to explain it.
LOOK_BACK = timedelta(days=10)
# Part of the reporters whose records must show the outcome, and the chance by luck.
_LEAST_SHARE = 0.3
_SIGNIFICANT = 1e-3


class Relevant(NamedTuple):
    """An outcome with the reporters whose records show it."""

    outcome: Outcome
    reporters_hit: int
    reporters: int
    p_value: float


def began(outcome: Outcome, opened_at: datetime) -> datetime:
    """The time from which a unit may explain an issue that opened then."""
    return opened_at - max(LOOK_BACK, timedelta(days=outcome.look_back_days))


def recent(outcome: Outcome, *, since: datetime, until: datetime) -> Predicate:
    """Units whose outcome shows between two times."""
    return all_of(
        Compare(field=outcome.since, op="ge", value=time_text(since)),
        Compare(field=outcome.since, op="le", value=time_text(until)),
    )


def relevant_outcomes(
    outcomes: Sequence[Outcome],
    reporters: Collection[str],
    *,
    facts: FactTable,
    opened_at: datetime,
    as_of: datetime,
    tried: int | None = None,
) -> list[Relevant]:
    """Outcomes over-represented among reporters, most so first; none is an answer.

    `tried` is how many were looked at before these were chosen; absent: these alone.
    """
    people = set(reporters)
    found = []
    for outcome in outcomes:
        window = recent(outcome, since=began(outcome, opened_at), until=as_of)
        everyone = _customers(facts, FactQuery(kind=outcome.unit, where=window))
        hit = _customers(facts, FactQuery(kind=outcome.unit, where=all_of(window, outcome.hit)))
        everyone |= people
        inside = Counts(len(people), len(people & hit))
        outside = Counts(len(everyone) - len(people), len(hit - people))
        if not people or inside.rate < _LEAST_SHARE or inside.rate <= 2 * outside.rate:
            continue
        p_value = chance_of(inside, outside) * max(tried or len(outcomes), 1)
        if p_value <= _SIGNIFICANT:
            found.append(Relevant(outcome, inside.hits, len(people), p_value))
    return sorted(found, key=lambda one: (one.p_value, one.outcome.unit, one.outcome.name))


def _customers(facts: FactTable, query: FactQuery) -> set[str]:
    return {one.customer_id for one in facts.members(query) if one.customer_id is not None}
