"""The cause of an outcome as a predicate, with what speaks for and against it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from agent.casework import words
from agent.casework.attributes import candidate_fields
from agent.casework.changepoint import change_of
from agent.casework.cohorts import Counts, chance_of, ratio_of, wilson
from agent.casework.outcomes import Outcome
from agent.casework.relevance import LOOK_BACK, recent
from agent.casework.search import Candidate, Search, information, rivals, search, smallest
from domain.issues import Cohort, Comparison, Finding, Hypothesis
from domain.ports import FactTable, KindProfile
from domain.predicates import (
    Compare,
    FactQuery,
    Field,
    Not,
    Predicate,
    Scalar,
    all_of,
)
from domain.record import time_text

# The most telling attributes are combined; more would only try more.
_MOST_FIELDS = 9
# Nats by which a rival may be weaker and still count as an explanation.
_RIVAL_SCALE = 3.0
# Least chance for a cause to be called proved.
PROVED_FROM = 0.5


class Case(NamedTuple):
    """What a diagnosis works on."""

    outcome: Outcome
    fields: tuple[Field, ...]
    opened_at: datetime
    as_of: datetime
    reporters: frozenset[str]


class Cause(NamedTuple):
    """A candidate turned into a cause."""

    cause: dict[str, Scalar]
    match: Predicate
    """Attribute values only, without a time."""
    started_at: datetime
    candidate: Candidate


def make_case(
    outcome: Outcome,
    profiles: Sequence[KindProfile],
    *,
    opened_at: datetime,
    as_of: datetime,
    reporters: frozenset[str],
    facts: FactTable,
) -> Case:
    """Choose the attributes that tell most, one by one."""
    fields = [
        field
        for field in candidate_fields(outcome.unit, profiles)
        if not _is_outcome(field, outcome)
    ]
    case = Case(outcome, tuple(fields), opened_at, as_of, reporters)
    if len(fields) <= _MOST_FIELDS:
        return case
    query = FactQuery(kind=outcome.unit, where=window_of(case, case.opened_at - LOOK_BACK))
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


def window_of(case: Case, since: datetime) -> Predicate:
    """Units whose outcome shows from a time on."""
    return recent(case.outcome, since=since, until=case.as_of)


def find_causes(case: Case, *, facts: FactTable) -> tuple[list[Cause], Search]:
    """Find at most three causes that exclude each other, best first.

    The first search runs over the days before and since; once the time of the change is
    known, a second one over what came after it decides.
    """
    first, _ = _search(case, case.opened_at - LOOK_BACK, facts)
    if first is None:
        return [], Search([], 0)
    started = started_of(case, _match(case, first), facts) or case.opened_at - LOOK_BACK
    best, searched = _search(case, started, facts)
    if best is None:
        best, searched = first, Search([first], 1)
    chosen = [best, *rivals(best, searched.candidates)]
    causes: list[Cause] = []
    for candidate in chosen:
        if any(_same_units(candidate, one.candidate) for one in causes):
            continue
        match = _match(case, candidate)
        cause = {case.fields[place].name: value for place, value in candidate.values}
        causes.append(Cause(cause, match, started_of(case, match, facts) or started, candidate))
        if len(causes) == 3:
            break
    return causes, searched


def _same_units(one: Candidate, two: Candidate) -> bool:
    """A set that shares values with a better one is its shadow, not a rival."""
    return bool(set(one.values) & set(two.values)) and one.score < two.score


def _search(case: Case, since: datetime, facts: FactTable) -> tuple[Candidate | None, Search]:
    query = FactQuery(kind=case.outcome.unit, where=window_of(case, since))
    tallies = facts.tally(query, by=case.fields, hit=case.outcome.hit)
    searched = search(case.fields, tallies)
    return smallest(searched.candidates), searched


def _match(case: Case, candidate: Candidate) -> Predicate:
    return all_of(
        *(
            Compare(field=case.fields[place], op="eq", value=value)
            for place, value in candidate.values
        )
    )


def started_of(case: Case, match: Predicate, facts: FactTable) -> datetime | None:
    """The time from which exposed units are hit."""
    where = all_of(match, window_of(case, case.opened_at - timedelta(days=28)))
    query = FactQuery(kind=case.outcome.unit, where=where)
    hit = FactQuery(kind=case.outcome.unit, where=all_of(where, case.outcome.hit))
    hits = {one.fact_id for one in facts.members(hit)}
    observations = [
        (datetime.fromisoformat(since.replace("Z", "+00:00")), fact_id in hits)
        for fact_id, _, (since,) in facts.values(query, [case.outcome.since])
        if isinstance(since, str)
    ]
    change = change_of(observations)
    if change is not None:
        return change[0]
    times = [at for at, is_hit in observations if is_hit]
    return min(times) if times else None


def exposed_predicate(case: Case, found: Cause) -> Predicate:
    """The exposed units with the time bound, without the outcome."""
    return all_of(
        found.match, Compare(field=case.outcome.since, op="ge", value=time_text(found.started_at))
    )


def compare(case: Case, found: Cause, *, tried: int, facts: FactTable) -> Comparison:
    """Exposed against the groups that share part of the cause, and the rest; all counted."""
    window = window_of(case, found.started_at)
    groups = [(_label(found.cause), True, found.match)]
    groups += _neighbours(case, found)
    cohorts = tuple(
        _cohort(case, label, all_of(window, match), facts, is_exposed=is_exposed)
        for label, is_exposed, match in groups
    )
    exposed = Counts(cohorts[0].exposed, cohorts[0].hits)
    other = Counts(sum(one.exposed for one in cohorts[1:]), sum(one.hits for one in cohorts[1:]))
    ratio, low, high = ratio_of(exposed, other)
    return Comparison(
        unit=case.outcome.unit,
        outcome=case.outcome.words,
        cohorts=tuple(one for one in cohorts if one.exposed),
        ratio=round(ratio, 2),
        ratio_low=round(low, 2),
        ratio_high=round(high, 2),
        p_value=min(1.0, chance_of(exposed, other) * max(tried, 1)),
        combinations_tried=max(tried, 1),
    )


def _neighbours(case: Case, found: Cause) -> list[tuple[str, bool, Predicate]]:
    terms = [
        (name, value, Compare(field=case.fields[place], op="eq", value=value))
        for (place, _), (name, value) in zip(
            found.candidate.values, found.cause.items(), strict=True
        )
    ]
    if len(terms) == 1:
        name, value, term = terms[0]
        return [(f"Other {name} than {value}", False, Not(term=term))]
    if len(terms) == 2:
        (name, value, one), (other_name, other_value, two) = terms
        return [
            (f"{value}, other {other_name}", False, all_of(one, Not(term=two))),
            (f"{other_value}, other {name}", False, all_of(Not(term=one), two)),
            ("All others", False, all_of(Not(term=one), Not(term=two))),
        ]
    return [("All others", False, Not(term=found.match))]


def _label(cause: dict[str, Scalar]) -> str:
    return ", ".join(str(value) for value in cause.values())


def _cohort(
    case: Case, label: str, where: Predicate, facts: FactTable, *, is_exposed: bool
) -> Cohort:
    units = FactQuery(kind=case.outcome.unit, where=where)
    hits = FactQuery(kind=case.outcome.unit, where=all_of(where, case.outcome.hit))
    counts = Counts(facts.count(units), facts.count(hits))
    low, high = wilson(counts)
    return Cohort(
        label=label,
        is_exposed=is_exposed,
        exposed=counts.units,
        hits=counts.hits,
        rate=counts.rate,
        low=low,
        high=high,
        query_id=facts.remember(units),
        hits_query_id=facts.remember(hits),
    )


_PREPOSITIONS = {
    "carrier": "by",
    "method": "by",
    "region": "in",
    "country": "in",
    "version": "in version",
    "batch": "of batch",
    "depot": "from depot",
    "warehouse": "from warehouse",
}


def statement_of(outcome: Outcome, cause: dict[str, Scalar]) -> str:
    """Say the cause: `deliveries by X in Y are not delivered when promised`."""
    named = " ".join(
        f"{_PREPOSITIONS.get(name, f'with {name}').replace('_', ' ')} {value}"
        for name, value in cause.items()
    )
    return f"{plural(outcome.unit)} {named} are {outcome.words}"


def plural(kind: str) -> str:
    """Give the plural of a kind."""
    if kind.endswith("y") and not kind.endswith(("ay", "ey", "oy")):
        return kind[:-1] + "ies"
    return kind if kind == "usage" else kind + "s"


def findings(
    case: Case, found: Cause, comparison: Comparison, *, facts: FactTable
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """What speaks for the cause and against it, each with the rows behind it."""
    exposed = comparison.cohorts[0]
    units = plural(case.outcome.unit)
    speaks_for = [
        Finding(
            text=f"{words.count(exposed.hits)} of {words.count(exposed.exposed)} {units} with "
            f"{exposed.label} are {comparison.outcome}, {words.percent(exposed.rate)}",
            query_id=exposed.hits_query_id,
        )
    ]
    for cohort in comparison.cohorts[1:3]:
        speaks_for.append(
            Finding(
                text=f"{cohort.label}: {words.percent(cohort.rate)}, "
                f"{words.count(cohort.hits)} of {words.count(cohort.exposed)}",
                query_id=cohort.query_id,
            )
        )
    against = [
        one
        for one in (
            _outside(comparison),
            _before(case, found, facts),
            _unharmed(case, found, exposed, facts),
        )
        if one is not None
    ]
    return tuple(speaks_for), tuple(against)


def _outside(comparison: Comparison) -> Finding | None:
    others = [one for one in comparison.cohorts[1:] if one.hits]
    hits = sum(one.hits for one in others)
    if not hits:
        return None
    worst = max(others, key=lambda one: one.rate)
    return Finding(
        text=f"{words.count(hits)} others are hit as well, most of them, "
        f"{words.percent(worst.rate)}, in: {worst.label}",
        query_id=worst.hits_query_id,
    )


def _before(case: Case, found: Cause, facts: FactTable) -> Finding | None:
    where = all_of(
        found.match,
        case.outcome.hit,
        Compare(field=case.outcome.since, op="lt", value=time_text(found.started_at)),
        Compare(
            field=case.outcome.since,
            op="ge",
            value=time_text(found.started_at - timedelta(days=28)),
        ),
    )
    query = FactQuery(kind=case.outcome.unit, where=where)
    count = facts.count(query)
    if not count:
        return None
    return Finding(
        text=f"{words.counted(count, 'hit')} with the same values in the 28 days before it began",
        query_id=facts.remember(query),
    )


def _unharmed(case: Case, found: Cause, exposed: Cohort, facts: FactTable) -> Finding | None:
    unharmed = exposed.exposed - exposed.hits
    if not unharmed:
        return None
    where = all_of(exposed_predicate(case, found), window_of(case, found.started_at))
    query = FactQuery(kind=case.outcome.unit, where=all_of(where, Not(term=case.outcome.hit)))
    return Finding(
        text=f"{words.count(unharmed)} exposed {plural(case.outcome.unit)} are not hit",
        query_id=facts.remember(query),
    )


def chances(causes: Sequence[Cause], explained: float) -> list[float]:
    """Chance of each cause; what is left is "not known".

    Rivals share by how well they separate; the whole is bounded by the part of the
    reporters' own hits that the best cause explains.
    """
    if not causes:
        return []
    top = causes[0].candidate.score
    weights = [math.exp((one.candidate.score - top) / _RIVAL_SCALE) for one in causes]
    whole = min(0.97, 0.35 + 0.62 * explained)
    return [round(whole * weight / sum(weights), 2) for weight in weights]


def explained_share(case: Case, found: Cause, *, facts: FactTable) -> float:
    """Part of the reporters with a hit whose hit lies inside the cause."""
    window = window_of(case, case.opened_at - LOOK_BACK)
    hit = FactQuery(kind=case.outcome.unit, where=all_of(window, case.outcome.hit))
    inside = FactQuery(kind=case.outcome.unit, where=all_of(window, found.match, case.outcome.hit))
    people = {one.customer_id for one in facts.members(hit)} & case.reporters
    within = {one.customer_id for one in facts.members(inside)} & case.reporters
    return len(within) / len(people) if people else 0.0


def to_hypothesis(
    case: Case, found: Cause, *, chance: float, tried: int, facts: FactTable
) -> Hypothesis:
    """Put a cause together with its proof."""
    comparison = compare(case, found, tried=tried, facts=facts)
    speaks_for, against = findings(case, found, comparison, facts=facts)
    return Hypothesis(
        statement=statement_of(case.outcome, found.cause),
        cause=found.cause,
        predicate=exposed_predicate(case, found),
        unit=case.outcome.unit,
        outcome=case.outcome.words,
        confidence=chance,
        findings_for=speaks_for,
        findings_against=against,
        comparison=comparison,
        started_at=found.started_at,
    )
