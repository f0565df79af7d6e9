"""Operational facts and solved cases."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from domain.record import CaseId, FactId, Instant, Record


class Fact(Record):
    """One revision of an operational row."""

    id: FactId
    kind: str
    at: Instant
    recorded_at: Instant | None = None
    subject: str | None = None
    customer_id: str | None = None
    account_id: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    attributes: dict[str, JsonValue] = Field(default_factory=dict)


FLAGS = {"customer": ("consent", "suppressed")}
"""Attributes that are yes or no, by the kind of fact."""

# True and false as people and the spreadsheets of several languages write them.
_YES = frozenset("true yes y t 1 1.0 on ja wahr oui vrai si sí verdadero sim vero".split())
_NO = frozenset("false no n f 0 0.0 off nein falsch non faux falso não nao".split())


def as_flag(value: object) -> bool | None:
    """Give what a flag says; None where it is neither yes nor no, which is never a yes."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _YES:
        return True
    return False if word in _NO else None


CaseOutcome = Literal["held", "returned", "unknown"]


class Case(Record):
    """A solved problem of the past."""

    id: CaseId
    title: str
    symptom: str
    cause: str | None = None
    fix: str | None = None
    outcome: CaseOutcome = "unknown"
    told: str | None = None
    owner: str | None = None
    opened_at: Instant | None = None
    closed_at: Instant | None = None
    attributes: dict[str, JsonValue] = Field(default_factory=dict)


class SimilarCase(Record):
    """A case that resembles an item or an issue, with what agrees."""

    case: Case
    score: float = Field(ge=0, le=1)
    words: tuple[str, ...] = ()
    """Words that both texts share, rarest first."""
    facts: tuple[str, ...] = ()
    """Attribute values that both name, as `attribute = value`."""
