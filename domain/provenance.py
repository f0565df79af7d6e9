"""Who made a result, step by step, at what cost."""

from __future__ import annotations

from domain.record import Instant, QueryId, Record


class MadeBy(Record):
    """What made a result: engine, versions and the hashes of what steered it."""

    engine: str
    """`local` or the model's name."""
    version: str
    prompt: str | None = None
    """`name/vN` when a model was asked."""
    taxonomy: str | None = None
    policy: str | None = None
    note: str | None = None
    """Why the local result stands although a model is configured."""


class TraceStep(Record):
    """One row of the trace on the card."""

    step: str
    asked: str
    found: str
    by: str
    """`local`, `records` or the model's name."""
    seconds: float
    cost_usd: float | None = None
    """None: nothing was paid for, or the price is not known."""
    detail: str | None = None
    query_id: QueryId | None = None


class Dropped(Record):
    """A claim of the model that code could not bind, and why it was dropped."""

    claim: str
    reason: str
    replaced_by: str | None = None


class Trace(Record):
    """How a casefile came about."""

    steps: tuple[TraceStep, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    claims_made: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    price_known: bool = True
    started_at: Instant | None = None
