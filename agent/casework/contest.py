"""Let other explanations speak: what began at the same time, and what looks as guilty.

A deploy, a promotion or an attribute that goes along with the cause seems to explain the
hits as well. Whoever is exposed to one and not to the other decides between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from agent.casework import words
from agent.casework.case import Case, Cause, lifetime_of, match_of
from agent.casework.cohorts import Counts, chance_of, ratio_of
from agent.casework.relevance import counts_of
from agent.casework.search import Candidate, information
from domain.facts import Fact
from domain.issues import Finding
from domain.ports import FactTable
from domain.predicates import Compare, FactQuery, Field, Not, Predicate, Scalar, all_of
from domain.record import time_text

# A change this long before the first hit is still held against it.
NEAR = timedelta(days=4)
# One slice is looked at for each rival, so the usual bar of a single test holds.
_SIGNIFICANT = 0.01
_LEAST_RATIO = 2.0
# Units below which a slice says nothing either way.
_LEAST_UNITS = 5
_EVENTS = ("deploy", "incident", "promotion", "campaign", "release", "migration")
_NAMES = ("version", "release", "promotion", "region", "service", "feature", "campaign", "name")


class Contest(NamedTuple):
    """How a rival stands against the best cause."""

    rival: Cause
    is_refuted: bool
    speaks_for_best: Finding | None
    speaks_against_rival: Finding | None


class _Slice(NamedTuple):
    counts: Counts
    query: FactQuery


def contests(case: Case, best: Cause, rivals: Sequence[Cause], facts: FactTable) -> list[Contest]:
    """Hold the best cause against its rivals and against what began near its start."""
    named = [*rivals, *_near(case, best, rivals, facts)]
    return [_contest(case, best, rival, facts) for rival in named[:3]]


def events_near(best: Cause, facts: FactTable) -> list[Fact]:
    """Deploys, incidents and the like shortly before the cause began, latest first."""
    found: list[Fact] = []
    for kind in _EVENTS:
        at = Field(kind=kind, name="at")
        where = all_of(
            Compare(field=at, op="ge", value=time_text(best.started_at - NEAR)),
            Compare(field=at, op="le", value=time_text(best.started_at + timedelta(hours=1))),
        )
        found += facts.rows(FactQuery(kind=kind, where=where), limit=5)
    return sorted(found, key=lambda one: (one.at, one.id), reverse=True)


def _near(case: Case, best: Cause, rivals: Sequence[Cause], facts: FactTable) -> Iterator[Cause]:
    """What a nearby event names, as a cause of its own."""
    fields = {field.name: place for place, field in enumerate(case.fields)}
    taken = {pair for one in (best, *rivals) for pair in one.cause.items()}
    for event in events_near(best, facts):
        for name in _NAMES:
            value = event.attributes.get(name)
            if name not in fields or not isinstance(value, str | int) or (name, value) in taken:
                continue
            taken.add((name, value))
            rival = _cause(case, best, fields[name], value, facts)
            if rival is not None:
                yield rival


def _cause(case: Case, best: Cause, place: int, value: Scalar, facts: FactTable) -> Cause | None:
    match = match_of(case, ((place, value),))
    window = lifetime_of(case, best)
    exposed = _slice(case, all_of(window, match), facts).counts
    other = _slice(case, all_of(window, Not(term=match)), facts).counts
    if exposed.units < _LEAST_UNITS:
        return None
    ratio, _, _ = ratio_of(exposed, other)
    candidate = Candidate(
        ((place, value),),
        exposed,
        other,
        ratio,
        chance_of(exposed, other),
        information(exposed, other) if exposed.rate > other.rate else 0.0,
    )
    return Cause({case.fields[place].name: value}, match, best.started_at, candidate, best.ended_at)


def _contest(case: Case, best: Cause, rival: Cause, facts: FactTable) -> Contest:
    window = lifetime_of(case, best)
    neither = _slice(case, all_of(window, Not(term=best.match), Not(term=rival.match)), facts)
    alone = _slice(case, all_of(window, rival.match, Not(term=best.match)), facts)
    without = _slice(case, all_of(window, best.match, Not(term=rival.match)), facts)
    # Where the rival is never met without the cause it can be neither cleared nor blamed.
    can_tell = alone.counts.units >= _LEAST_UNITS or without.counts.units >= _LEAST_UNITS
    holds = without.counts.units < _LEAST_UNITS or _rises(without.counts, neither.counts)
    is_refuted = can_tell and holds and not _rises(alone.counts, neither.counts)
    this, that = _label(best), _label(rival)
    return Contest(
        rival,
        is_refuted,
        _finding(f"{this} without {that}", without, facts) if is_refuted else None,
        _finding(f"{that} without {this}", alone, facts),
    )


def _rises(exposed: Counts, other: Counts) -> bool:
    ratio, _, _ = ratio_of(exposed, other)
    return ratio >= _LEAST_RATIO and chance_of(exposed, other) <= _SIGNIFICANT


def _slice(case: Case, where: Predicate, facts: FactTable) -> _Slice:
    return _Slice(
        counts_of(case.outcome, where, facts), FactQuery(kind=case.outcome.unit, where=where)
    )


def _finding(label: str, part: _Slice, facts: FactTable) -> Finding | None:
    if part.counts.units < _LEAST_UNITS:
        return None
    return Finding(
        text=f"{label}: {words.percent(part.counts.rate)}, {words.count(part.counts.hits)} of "
        f"{words.count(part.counts.units)}",
        query_id=facts.remember(part.query),
    )


def _label(cause: Cause) -> str:
    return " and ".join(f"{name.replace('_', ' ')} {value}" for name, value in cause.cause.items())
