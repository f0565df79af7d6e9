"""When a cause began to do harm, and whether and when it stopped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from agent.casework.case import Case, earliest, window_of
from agent.casework.changepoint import Observation, change_of
from agent.casework.cohorts import Counts
from agent.casework.relevance import counts_of
from domain.ports import FactTable
from domain.predicates import FactQuery, Not, Predicate, all_of
from domain.record import FactId, time_of

# Nats for an end: a factor of 400 in likelihood, more than for a beginning (20), because who
# is still to be hit is not warned any more.
_LEAST_END = 6.0
# An end is none where units still go wrong more than this many times as often as usual.
_MOST_LEFT = 3.0
# The usual share where hardly any unit is hit: half a hit is added to the count.
_PRIOR = 0.5


class Lifespan(NamedTuple):
    """From the first hit to the last one; no end while it goes on."""

    started_at: datetime
    ended_at: datetime | None = None


class _Seen(NamedTuple):
    observations: list[Observation]
    decided: list[Observation]
    """Those of units that cannot be hit any more, or are."""
    told: list[datetime]
    """Hits of those who wrote."""


def lifespan_of(case: Case, match: Predicate, facts: FactTable) -> Lifespan | None:
    """The time in which exposed units are hit; None where none is.

    A unit that ended well counts at the time it did: after that nothing could reach it.
    """
    window = window_of(case, min(case.opened_at - timedelta(days=28), earliest(case)))
    seen = _seen(case, all_of(match, window), facts)
    base = counts_of(case.outcome, all_of(window, Not(term=match)), facts)
    change = change_of(seen.observations, base=base.rate, told=seen.told)
    hits = [at for at, is_hit in seen.observations if is_hit]
    if change is None:
        return Lifespan(min(hits)) if hits else None
    started = change[0]
    return Lifespan(started, _end([one for one in seen.decided if one[0] >= started], base))


def _seen(case: Case, where: Predicate, facts: FactTable) -> _Seen:
    outcome = case.outcome
    hit = FactQuery(kind=outcome.unit, where=all_of(where, outcome.hit))
    hits = {one.fact_id: one.customer_id for one in facts.members(hit)}
    fields = [outcome.since, outcome.done or outcome.since]
    waiting: set[FactId] = set()
    if outcome.undecided is not None:
        open_units = FactQuery(kind=outcome.unit, where=all_of(where, outcome.undecided))
        waiting = {one.fact_id for one in facts.members(open_units)}
    seen = _Seen([], [], [])
    for fact_id, _, (since, done) in facts.values(
        FactQuery(kind=outcome.unit, where=where), fields
    ):
        began, ended = time_of(since), time_of(done)
        if began is None:
            continue
        is_hit = fact_id in hits
        moment = began if is_hit or ended is None else min(began, ended)
        seen.observations.append((moment, is_hit))
        if fact_id not in waiting:
            seen.decided.append((moment, is_hit))
        if is_hit and hits[fact_id] in case.reporters:
            seen.told.append(moment)
    return seen


def _end(observations: Sequence[Observation], base: Counts) -> datetime | None:
    """The last hit before units end well again: a beginning, seen from the other side."""
    if not observations:
        return None
    last = max(at for at, _ in observations)
    change = change_of([(last + (last - at), hit) for at, hit in observations])
    if change is None or change[1] < _LEAST_END:
        return None
    ended = last - (change[0] - last)
    left = [hit for at, hit in observations if at > ended]
    usual = (base.hits + _PRIOR) / (base.units + 2 * _PRIOR)
    return ended if sum(left) <= max(_MOST_LEFT * usual * len(left), _PRIOR) else None
