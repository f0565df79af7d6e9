"""The proof of a cause: exposed against not exposed, and what speaks for and against it."""

from __future__ import annotations

from datetime import timedelta

from agent.casework import words
from agent.casework.case import Case, Cause, exposed_predicate, lifetime_of, plural
from agent.casework.cohorts import Counts, chance_of, ratio_of, wilson
from agent.casework.outcomes import Outcome
from domain.issues import Cohort, Comparison, Finding, Hypothesis
from domain.ports import FactTable
from domain.predicates import Compare, FactQuery, Not, Predicate, Scalar, all_of
from domain.record import time_text


def compare(case: Case, found: Cause, *, tried: int, facts: FactTable) -> Comparison:
    """Exposed against the groups that share part of the cause, and the rest; all counted."""
    window = lifetime_of(case, found)
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
        text=f"{words.counted(hits, 'other')} {'is' if hits == 1 else 'are'} hit as well; "
        f"highest share {words.percent(worst.rate)} in: {worst.label}",
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
    where = all_of(exposed_predicate(case, found), lifetime_of(case, found))
    query = FactQuery(kind=case.outcome.unit, where=all_of(where, Not(term=case.outcome.hit)))
    return Finding(
        text=f"{words.count(unharmed)} exposed {plural(case.outcome.unit)} are not hit",
        query_id=facts.remember(query),
    )


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
