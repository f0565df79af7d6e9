"""What a diagnosis works on, and the words for it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from agent.casework.outcomes import Outcome
from agent.casework.relevance import began, recent
from agent.casework.search import Candidate, Combination
from domain.predicates import Compare, Field, Predicate, Scalar, all_of
from domain.record import time_text


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
    ended_at: datetime | None = None
    """The last hit, where units with the same values end well since; None while it goes on."""


def window_of(case: Case, since: datetime, until: datetime | None = None) -> Predicate:
    """Units whose outcome shows from a time on, up to another or to now."""
    return recent(case.outcome, since=since, until=until or case.as_of)


def lifetime_of(case: Case, found: Cause) -> Predicate:
    """Units whose outcome shows while the cause was at work."""
    return window_of(case, found.started_at, found.ended_at)


def earliest(case: Case) -> datetime:
    """The time from which units may explain the issue."""
    return began(case.outcome, case.opened_at)


def match_of(case: Case, values: Combination) -> Predicate:
    """Say that the fields of a case have these values."""
    return all_of(
        *(Compare(field=case.fields[place], op="eq", value=value) for place, value in values)
    )


def exposed_predicate(case: Case, found: Cause) -> Predicate:
    """The exposed units with the time bounds, without the outcome."""
    since = case.outcome.since
    bounds = [Compare(field=since, op="ge", value=time_text(found.started_at))]
    if found.ended_at is not None:
        bounds.append(Compare(field=since, op="le", value=time_text(found.ended_at)))
    return all_of(found.match, *bounds)


def plural(kind: str) -> str:
    """Give the plural of a kind."""
    if kind.endswith("y") and not kind.endswith(("ay", "ey", "oy")):
        return kind[:-1] + "ies"
    return kind if kind == "usage" else kind + "s"
