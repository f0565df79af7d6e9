"""Count a cause that somebody claims, with the measures of the local search."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from agent.casework import words
from agent.casework.case import Case, Cause, earliest, match_of, plural, window_of
from agent.casework.cohorts import Counts
from agent.casework.lifespan import Lifespan, lifespan_of
from agent.casework.search import Combination, judge
from agent.reading.redact import redact
from domain.ports import FactTable, Tally
from domain.predicates import FactQuery, Scalar
from domain.text import CustomerText

_LONGEST_VALUE = 60
# Values of one attribute that are offered, those with most hits first.
_MOST_SHOWN = 20


class Counted(NamedTuple):
    """A set of values with its counts against all others."""

    exposed: Counts
    other: Counts
    since: datetime


class Failed(NamedTuple):
    """A claim that does not hold when counted, and why."""

    reason: str


def shown(value: Scalar) -> str:
    """Give the text under which a value is named."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def vocabulary_of(case: Case, *, facts: FactTable) -> dict[str, dict[str, Scalar]]:
    """Give every attribute of a case with its values as they are named, most hits first.

    A value that holds personal data is left out.
    """
    query = FactQuery(kind=case.outcome.unit, where=window_of(case, earliest(case)))
    vocabulary: dict[str, dict[str, Scalar]] = {}
    for field in case.fields:
        tallies = facts.tally(query, by=[field], hit=case.outcome.hit)
        ordered = sorted(tallies, key=lambda one: (-one.hits, -one.units, str(one.values)))
        values = [one.values[0] for one in ordered]
        vocabulary[field.name] = {
            shown(value): value for value in values if value is not None and _is_plain(value)
        }
        for name in list(vocabulary[field.name])[_MOST_SHOWN:]:
            del vocabulary[field.name][name]
    return vocabulary


def _is_plain(value: Scalar) -> bool:
    text = str(value)
    return len(text) <= _LONGEST_VALUE and not redact(CustomerText(value=text)).spans


def combination_of(case: Case, values: Mapping[str, Scalar]) -> Combination:
    """Give named values as places among the fields of a case, in their order."""
    places = {field.name: place for place, field in enumerate(case.fields)}
    return tuple(sorted((places[name], value) for name, value in values.items()))


def count_values(
    case: Case, combination: Combination, *, span: Lifespan, facts: FactTable
) -> Counted:
    """Count units and hits with these values, and all others, in a span of time."""
    tallies = _tallies(case, [place for place, _ in combination], span, facts)
    wanted = tuple(value for _, value in combination)
    units: dict[bool, int] = defaultdict(int)
    hits: dict[bool, int] = defaultdict(int)
    for tally in tallies:
        inside = tally.values == wanted
        units[inside] += tally.units
        hits[inside] += tally.hits
    return Counted(
        Counts(units[True], hits[True]), Counts(units[False], hits[False]), span.started_at
    )


def _tallies(case: Case, places: Sequence[int], span: Lifespan, facts: FactTable) -> list[Tally]:
    query = FactQuery(kind=case.outcome.unit, where=window_of(case, *span))
    return facts.tally(query, by=[case.fields[place] for place in places], hit=case.outcome.hit)


def cause_of(
    case: Case, values: Mapping[str, Scalar], *, tried: int, facts: FactTable
) -> Cause | Failed:
    """Turn claimed values into a cause if it holds when counted.

    The change point, the exact test and its correction are those of the local search;
    `tried` is the number of combinations that anybody has looked at.
    """
    combination = combination_of(case, values)
    match = match_of(case, combination)
    span = lifespan_of(case, match, facts) or Lifespan(earliest(case))
    counted = count_values(case, combination, span=span, facts=facts)
    total = Counts(
        counted.exposed.units + counted.other.units, counted.exposed.hits + counted.other.hits
    )
    candidate = judge(combination, counted.exposed, total, max(tried, 1))
    if candidate is None:
        return Failed(_why(case, counted))
    cause = {case.fields[place].name: value for place, value in combination}
    return Cause(cause, match, span.started_at, candidate, span.ended_at)


def _why(case: Case, counted: Counted) -> str:
    exposed, other = counted.exposed, counted.other
    return (
        f"Counted: {words.count(exposed.hits)} of {words.count(exposed.units)} "
        f"{plural(case.outcome.unit)} with it are hit, {words.count(other.hits)} of "
        f"{words.count(other.units)} without. That does not tell them apart."
    )
