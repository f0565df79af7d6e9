"""Which outcome is this issue about: the one that its reporters' own records show.

Where most of those who were hit say nothing, reporters hardly differ from others. That
the outcome itself has become so much more frequent then speaks beside them; the two
chances are put together by Fisher's method (Fisher, "Statistical Methods for Research
Workers", 1932, section 21.1).
"""

from __future__ import annotations

import math
import re
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
# Where a rise of the outcome speaks as well: the chance that reporters must have of their
# own, the usual bar of a single test; and what the rise counts at most, so that another
# fault at the same time proves nothing.
_SHOWN = 0.05
_LEAST_RISE_CHANCE = 1e-4
# Chance by luck, over all customers, under which an outcome of a kind that the words name is
# searched for a cause; the cause then has to pass its own bar. And the part of reporters whose
# records must show it (an assumption).
_NAMED_CHANCE = 0.05
_NAMED_SHARE = 0.6
# Lengths of what is recent and of what it is held against, and how many times as frequent as
# usual an outcome must have become (assumptions).
_RISE = timedelta(days=3)
_USUAL = timedelta(days=28)
_LEAST_RISE = 2.0
# What a kind loses to become a stem (`stay` and `address` lose nothing). Any word that begins
# with a long stem names it; a short one takes these endings only, so that `staff` names no stay.
_ENDING = re.compile(r"(ments?|ies|(?<![aeiou])y|e|(?<!s)s)$")
_FORMS = "|s|es|ed|ers?|ing|ments?|ies|ied"
_SHORTEST_STEM, _LONG_STEM = 3, 5


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
    problem: str = "",
    tried: int | None = None,
) -> list[Relevant]:
    """Outcomes over-represented among reporters, most so first; none is an answer.

    `problem` says in words what they wrote about. `tried` is how many outcomes were looked
    at before these were chosen; absent: these alone.
    """
    people = set(reporters)
    customers = facts.count(FactQuery(kind="customer"))
    named = [one for one in outcomes if speaks_of(problem, one.unit)]
    found = []
    for outcome in outcomes:
        window = recent(outcome, since=began(outcome, opened_at), until=as_of)
        everyone = _customers(facts, FactQuery(kind=outcome.unit, where=window))
        hit = _customers(facts, FactQuery(kind=outcome.unit, where=all_of(window, outcome.hit)))
        everyone |= people
        inside = Counts(len(people), len(people & hit))
        outside = Counts(len(everyone) - len(people), len(hit - people))
        if not people or inside.rate < _LEAST_SHARE or inside.rate <= outside.rate:
            continue
        times = max(tried or len(outcomes), 1)
        p_value = times * _by_people(inside, outside)
        if p_value > _SIGNIFICANT and chance_of(inside, outside) <= _SHOWN:
            rise = _rise(outcome, facts, opened_at=opened_at, as_of=as_of)
            p_value = times * _together(chance_of(inside, outside), rise)
        if p_value > _SIGNIFICANT and outcome in named and inside.rate >= _NAMED_SHARE:
            others = Counts(max(customers - len(people), outside.units), outside.hits)
            p_value = _named_chance(chance_of(inside, others) * len(named))
        if p_value <= _SIGNIFICANT:
            found.append(Relevant(outcome, inside.hits, len(people), p_value))
    return sorted(found, key=lambda one: (one.p_value, one.outcome.unit, one.outcome.name))


def _by_people(inside: Counts, outside: Counts) -> float:
    return chance_of(inside, outside) if inside.rate > 2 * outside.rate else 1.0


def _named_chance(chance: float) -> float:
    """What stands for a chance that is low enough for what the words name."""
    return _SIGNIFICANT if chance <= _NAMED_CHANCE else 1.0


def _rise(outcome: Outcome, facts: FactTable, *, opened_at: datetime, as_of: datetime) -> float:
    """Chance by luck of so many hits since shortly before the issue; 1 where there is no rise."""
    since = opened_at - _RISE
    lately = counts_of(outcome, recent(outcome, since=since, until=as_of), facts)
    before = recent(outcome, since=since - _USUAL, until=since)
    usual = counts_of(outcome, before, facts)
    if lately.rate < _LEAST_RISE * usual.rate or not usual.units:
        return 1.0
    return max(chance_of(lately, usual), _LEAST_RISE_CHANCE)


def counts_of(outcome: Outcome, where: Predicate, facts: FactTable) -> Counts:
    """Units of an outcome's kind that satisfy a condition, and how many of them are hit."""
    units = FactQuery(kind=outcome.unit, where=where)
    hits = units.model_copy(update={"where": all_of(where, outcome.hit)})
    return Counts(facts.count(units), facts.count(hits))


def _together(one: float, two: float) -> float:
    """One chance of two independent ones; 1 where the second says nothing."""
    product = max(one * two, 1e-300)
    return product * (1 - math.log(product)) if two < 1 else 1.0


def _customers(facts: FactTable, query: FactQuery) -> set[str]:
    return {one.customer_id for one in facts.members(query) if one.customer_id is not None}


def speaks_of(problem: str, kind: str) -> bool:
    """Whether words name a kind of record, in any of its forms (`paying` names `payment`)."""
    whole = kind.replace("_", " ").lower()
    stem = _ENDING.sub("", whole)
    if len(stem) < _SHORTEST_STEM:
        stem = whole
    own, last = re.escape(whole[len(stem) :]), re.escape(stem[-1:])
    forms = "" if len(stem) >= _LONG_STEM else rf"({own}|{last}?({_FORMS}))\b"
    return re.search(rf"\b{re.escape(stem)}{forms}", problem.lower()) is not None
