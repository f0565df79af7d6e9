"""The cause of an outcome as a predicate: search, when it began, and how likely each is."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import combinations

from agent.casework.attributes import candidate_fields
from agent.casework.case import Case, Cause, earliest, match_of, window_of
from agent.casework.cohorts import Counts
from agent.casework.lifespan import Lifespan, lifespan_of
from agent.casework.outcomes import Outcome
from agent.casework.search import Candidate, Search, information, rivals, search, smallest
from domain.ports import FactTable
from domain.predicates import FactQuery, Field, Scalar, all_of
from domain.record import time_of
from domain.seats import Inquiry

# The most telling attributes are combined; more would only try more.
_MOST_FIELDS = 9
# Nats by which a rival may be weaker and still count as an explanation.
_RIVAL_SCALE = 3.0
# What a refuted explanation keeps of a chance, beside 1 for the best: records may be wrong.
_REFUTED = 0.02
# Least chance for a cause to be called proved.
PROVED_FROM = 0.5


def make_case(outcome: Outcome, inquiry: Inquiry, *, facts: FactTable) -> Case:
    """Choose the attributes that tell most, one by one."""
    fields = [
        field
        for field in candidate_fields(outcome.unit, facts.kinds())
        if not _is_outcome(field, outcome)
    ]
    opened_at = inquiry.issue.opened_at
    case = Case(outcome, tuple(fields), opened_at, inquiry.as_of, inquiry.reporters)
    if len(fields) <= _MOST_FIELDS:
        return case
    query = FactQuery(kind=outcome.unit, where=window_of(case, earliest(case)))
    gains = []
    for field in fields:
        tallies = facts.tally(query, by=[field], hit=outcome.hit)
        total = Counts(sum(one.units for one in tallies), sum(one.hits for one in tallies))
        best = max(
            (
                information(
                    Counts(one.units, one.hits),
                    Counts(total.units - one.units, total.hits - one.hits),
                )
                for one in tallies
            ),
            default=0.0,
        )
        gains.append((-best, str(field), field))
    return case._replace(fields=tuple(field for _, _, field in sorted(gains)[:_MOST_FIELDS]))


def _is_outcome(field: Field, outcome: Outcome) -> bool:
    """The outcome is never part of the cause."""
    return f'"name":"{field.name}"' in outcome.hit.model_dump_json() and field.kind == outcome.unit


def find_causes(case: Case, *, facts: FactTable) -> tuple[list[Cause], Search]:
    """Find at most three causes that exclude each other, best first.

    The first search runs over the days before and since; once the time of the change is
    known, a second one over what came after it decides.
    """
    first, tried = _first(case, facts)
    if first is None:
        return [], Search([], tried)
    span = lifespan_of(case, match_of(case, first.values), facts) or Lifespan(earliest(case))
    best, searched = _search(case, span, facts)
    over = _over(case, first, facts)
    if over is not None:
        best, searched, span = over
    if best is None:
        best, searched = first, Search([first], tried)
    chosen = [best, *rivals(best, searched.candidates)]
    causes: list[Cause] = []
    for candidate in chosen:
        if any(_same_units(candidate, one.candidate) for one in causes):
            continue
        match = match_of(case, candidate.values)
        cause = {case.fields[place].name: value for place, value in candidate.values}
        own = lifespan_of(case, match, facts) or span
        causes.append(Cause(cause, match, own.started_at, candidate, own.ended_at))
        if len(causes) == 3:
            break
    return causes, searched


def _over(
    case: Case, first: Candidate, facts: FactTable
) -> tuple[Candidate, Search, Lifespan] | None:
    """A smaller cause that stopped: a value of `first` may only have gone with the fault.

    Where a release ends a fault, all that is hit is of the release before; while it lasted,
    that told nobody apart. A value that came up with the fault may be what began it.
    """
    for part in combinations(first.values, len(first.values) - 1):
        span = lifespan_of(case, match_of(case, part), facts) if part else None
        if span is None or span.ended_at is None:
            continue
        (dropped,) = set(first.values) - set(part)
        if not _was_there(case, dropped, span.started_at, facts):
            continue
        best, searched = _search(case, span, facts)
        if best is not None and set(best.values) <= set(part):
            return best, searched, span
    return None


def _was_there(
    case: Case, value: tuple[int, Scalar], started_at: datetime, facts: FactTable
) -> bool:
    before = window_of(case, started_at - timedelta(days=28), started_at - timedelta(hours=1))
    units = all_of(before, match_of(case, (value,)))
    return facts.count(FactQuery(kind=case.outcome.unit, where=units)) > 0


# Part of the reporters' own hits that may lie before the fault: as many may be strays.
_STRAY_SHARE = 0.2


def _first(case: Case, facts: FactTable) -> tuple[Candidate | None, int]:
    """The best candidate over a long window and two that begin with the reporters' trouble.

    With the most combinations that were tried over one of them.

    A fault that began just before the first report drowns in ten days of what is usual.
    """
    starts = [earliest(case), case.opened_at - timedelta(days=3)]
    times = _reported_at(case, facts)
    if times:
        starts.append(times[int(_STRAY_SHARE * len(times))])
    found = [_search(case, Lifespan(since), facts) for since in dict.fromkeys(starts)]
    passed = [one for one, _ in found if one is not None]
    best = max(passed, key=lambda one: one.score, default=None)
    return best, max(searched.tried for _, searched in found)


def _reported_at(case: Case, facts: FactTable) -> list[datetime]:
    """When the hits of those who wrote showed, in order."""
    where = all_of(window_of(case, earliest(case)), case.outcome.hit)
    rows = facts.values(FactQuery(kind=case.outcome.unit, where=where), [case.outcome.since])
    told = (
        time_of(at) for _, customer, (at,) in rows if customer in case.reporters and at is not None
    )
    return sorted(moment for moment in told if moment is not None)


def _same_units(one: Candidate, two: Candidate) -> bool:
    """A set that shares values with a better one is its shadow, not a rival."""
    return bool(set(one.values) & set(two.values)) and one.score < two.score


def _search(case: Case, span: Lifespan, facts: FactTable) -> tuple[Candidate | None, Search]:
    query = FactQuery(kind=case.outcome.unit, where=window_of(case, *span))
    tallies = facts.tally(query, by=case.fields, hit=case.outcome.hit)
    hits = FactQuery(kind=case.outcome.unit, where=all_of(query.where, case.outcome.hit))
    told: dict[str, set[tuple[Scalar | None, ...]]] = defaultdict(set)
    for _, customer, values in facts.values(hits, case.fields):
        if customer is not None and customer in case.reporters:
            told[customer].add(values)
    searched = search(case.fields, tallies, told=list(told.values()))
    return smallest(searched.candidates), searched


def chances(
    causes: Sequence[Cause], explained: float, *, refuted: Collection[int] = ()
) -> list[float]:
    """Chance of each cause; what is left is "not known".

    Rivals share by how well they separate; the whole is bounded by the part of the
    reporters' own hits that the best cause explains. `refuted` holds the places of those
    that a slice of the records speaks against.
    """
    if not causes:
        return []
    top = causes[0].candidate.score
    weights = [
        _REFUTED
        if place in refuted
        else math.exp(min(0.0, one.candidate.score - top) / _RIVAL_SCALE)
        for place, one in enumerate(causes)
    ]
    whole = min(0.97, 0.1 + 0.9 * explained)
    return [round(whole * weight / sum(weights), 2) for weight in weights]


def explained_share(case: Case, found: Cause, *, facts: FactTable) -> float:
    """Part of the reporters with a hit whose hit lies inside the cause."""
    window = window_of(case, earliest(case))
    hit = FactQuery(kind=case.outcome.unit, where=all_of(window, case.outcome.hit))
    inside = FactQuery(kind=case.outcome.unit, where=all_of(window, found.match, case.outcome.hit))
    people = {one.customer_id for one in facts.members(hit)} & case.reporters
    within = {one.customer_id for one in facts.members(inside)} & case.reporters
    return len(within) / len(people) if people else 0.0
