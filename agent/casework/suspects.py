"""Outcomes that no list foresees: what stands in the reporters' own records, and seldom elsewhere.

A value that says how something ended (a reason, an error code, a flag), or a measure far
outside its usual range, is offered as an outcome if enough reporters share it. Whether it
means anything is for `relevance` and the search to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from agent.casework.attributes import MOST_VALUES
from agent.casework.outcomes import Outcome, entity_of, event_outcome
from agent.casework.relevance import LOOK_BACK
from agent.casework.statuses import is_bad, is_undecided
from domain.facts import Fact
from domain.ports import AttributeProfile, FactTable, KindProfile
from domain.predicates import Compare, FactQuery, Field, Scalar, all_of, equals
from domain.record import time_text

# Part of the reporters with such a record who must share a value; half of what an issue
# holds may be about something else, and not all of it is in the records.
_LEAST_SHARE = 0.4
_LEAST_REPORTERS = 3
# Reporters looked at: the share of a value among 80 is known to within 11 points (95 %).
_MOST_REPORTERS = 80
# Rows from which the usual range is read: its 99th percentile then rests on some 40 rows.
_SAMPLE = 4000
_LEAST_SAMPLE = 40
# Profiles, not events: what they say was so before.
_STANDING = frozenset({"customer", "account", "contact", "product", "promise", "deploy"})
_SAYS_HOW = (
    "reason", "error", "error_code", "code", "fault", "failure", "defect", "resolution",
    "condition", "outcome", "result", "status", "state", "verdict", "symptom", "problem",
    "fields_passed", "missing", "cause_code", "cancel_reason", "failure_reason",
)  # fmt: skip


class Suspects(NamedTuple):
    """Outcomes worth a look, and how many values were looked at."""

    outcomes: list[Outcome]
    tried: int


class _Held(NamedTuple):
    """Records of reporters, by kind, and who has some."""

    facts: dict[str, list[Fact]]
    people: dict[str, set[str]]


def suspected_outcomes(
    profiles: Sequence[KindProfile],
    reporters: Collection[str],
    *,
    facts: FactTable,
    opened_at: datetime,
    as_of: datetime,
) -> Suspects:
    """What many reporters' records share that says how something ended."""
    held = _records(sorted(reporters)[:_MOST_REPORTERS], facts, opened_at - LOOK_BACK, as_of)
    found: list[Outcome] = []
    tried = 0
    for profile in profiles:
        if profile.kind in _STANDING or len(held.people[profile.kind]) < _LEAST_REPORTERS:
            continue
        for attribute in profile.attributes:
            if _says_how(attribute):
                tried += min(attribute.distinct, MOST_VALUES)
                found += _values(profile, attribute, held, profiles)
        for name in _measures(profile):
            tried += 2
            found += _extremes(profile.kind, name, held, facts, opened_at)
    return Suspects(found, max(tried, 1))


def _records(people: Sequence[str], facts: FactTable, since: datetime, until: datetime) -> _Held:
    held = _Held(defaultdict(list), defaultdict(set))
    for who in people:
        for fact in facts.facts_of(who):
            if since <= fact.at <= until:
                held.facts[fact.kind].append(fact.model_copy(update={"customer_id": who}))
                held.people[fact.kind].add(who)
    return held


def _says_how(attribute: AttributeProfile) -> bool:
    if not 1 <= attribute.distinct <= MOST_VALUES:
        return False
    named = attribute.name in _SAYS_HOW or attribute.name.endswith(("_reason", "_error", "_code"))
    return attribute.type == "flag" or (attribute.type == "text" and named)


def _values(
    profile: KindProfile, attribute: AttributeProfile, held: _Held, profiles: Sequence[KindProfile]
) -> Iterator[Outcome]:
    kind, name = profile.kind, attribute.name
    who: dict[Scalar, set[str]] = defaultdict(set)
    for fact in held.facts[kind]:
        value = fact.attributes.get(name)
        if isinstance(value, str | bool) and fact.customer_id is not None:
            who[value].add(fact.customer_id)
    least = max(_LEAST_REPORTERS, _LEAST_SHARE * len(held.people[kind]))
    for value in sorted(who, key=str):
        if len(who[value]) < least or is_undecided(value) or is_bad(name, value):
            continue
        is_value = equals(kind, name, value)
        yield Outcome(
            unit=kind,
            name=f"{name} {value}",
            words=_worded(name, value),
            hit=is_value,
            since=Field(kind=kind, name="at"),
            money=f"in {kind}s that went wrong",
        )
        entity = entity_of(profile, profiles) if kind == "return" else None
        if entity is not None:
            yield event_outcome(kind, entity, words=f"given back as {value}", where=is_value)


def _worded(name: str, value: Scalar) -> str:
    plain = name.replace("_", " ")
    if isinstance(value, bool):
        return plain if value else f"not {plain}"
    return f"with {plain} “{value}”"


def _measures(profile: KindProfile) -> Iterator[str]:
    for attribute in profile.attributes:
        if attribute.type == "number" and attribute.distinct > 12:
            yield attribute.name
    if profile.kind in ("invoice", "payment", "charge"):
        yield "amount_minor"


def _extremes(
    kind: str, name: str, held: _Held, facts: FactTable, opened_at: datetime
) -> Iterator[Outcome]:
    theirs: dict[str, list[float]] = defaultdict(list)
    for fact in held.facts[kind]:
        value = fact.amount_minor if name == "amount_minor" else fact.attributes.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            theirs[str(fact.customer_id)].append(float(value))
    if len(theirs) < _LEAST_REPORTERS:
        return
    field = Field(kind=kind, name=name)
    usual = _usual(field, facts, opened_at)
    if len(usual) < _LEAST_SAMPLE:
        return
    least = max(_LEAST_REPORTERS, _LEAST_SHARE * len(theirs))
    low, high = usual[len(usual) // 100], usual[-1 - len(usual) // 100]
    above = [max(values) for values in theirs.values() if max(values) > high]
    below = [min(values) for values in theirs.values() if min(values) < low]
    # A quarter of the way from what is usual to the mildest that was reported: what is usual
    # has a sharp edge, what is wrong is seen in few reports and reaches further down.
    if len(above) >= least:
        yield _beyond(field, "gt", _tidy((3 * high + min(above)) / 4))
    if len(below) >= least:
        yield _beyond(field, "lt", _tidy((3 * low + max(below)) / 4))


def _usual(field: Field, facts: FactTable, opened_at: datetime) -> list[float]:
    """Values from the time before, in order; a part of the time where there are many."""
    until = opened_at - timedelta(days=1)
    since = until - timedelta(days=28)
    for _ in range(6):
        query = FactQuery(kind=field.kind, where=_between(field.kind, since, until))
        if facts.count(query) <= _SAMPLE:
            break
        since += (until - since) / 2
    return sorted(
        float(value)
        for _, _, (value,) in facts.values(query, [field])
        if isinstance(value, int | float) and not isinstance(value, bool)
    )


def _between(kind: str, since: datetime, until: datetime) -> Compare:
    at = Field(kind=kind, name="at")
    return all_of(  # type: ignore[return-value]
        Compare(field=at, op="ge", value=time_text(since)),
        Compare(field=at, op="lt", value=time_text(until)),
    )


def _tidy(value: float) -> float:
    """Three leading digits: a bound that can be said."""
    tidy = float(f"{value:.3g}")
    return int(tidy) if tidy.is_integer() else tidy


def _beyond(field: Field, op: str, bound: float) -> Outcome:
    word = "above" if op == "gt" else "below"
    plain = field.name.removesuffix("_minor").removesuffix("_s").replace("_", " ")
    return Outcome(
        unit=field.kind,
        name=f"{field.name} {word}",
        words=f"with {plain} {word} {bound:,}",
        hit=Compare.model_validate({"field": field, "op": op, "value": bound}),
        since=Field(kind=field.kind, name="at"),
        money=f"in {field.kind}s that went wrong",
    )
