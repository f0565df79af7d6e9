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
