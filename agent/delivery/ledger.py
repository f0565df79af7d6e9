"""Move one delivery by one step, and its proposal with it, inside a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from agent.delivery.propose import AGENT
from domain.lifecycle import DELIVERY_MOVES, moved
from domain.ports import Unit
from domain.proposals import Attempt, DeliveryState, OutboxRow, ProposalState
from domain.record import DeliveryId

_TOLD = frozenset(
    {DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.EXPIRED}
)
"""States that are worth an entry in the audit."""


class Step(NamedTuple):
    """Where a delivery goes, and what is said about it."""

    state: DeliveryState
    detail: str
    next_at: datetime | None = None
    external_id: str | None = None


def take(unit: Unit, id_: DeliveryId) -> OutboxRow | None:
    """Give a row with all other writers kept out: of its proposal first, as a decision does.

    Two transactions that lock the same two rows in different order would wait for
    each other for ever.
    """
    row = unit.outbox.find_row(id_)
    if row is None:
        return None
    unit.proposals.standing(row.delivery.proposal_id)
    return unit.outbox.find_row(id_, for_change=True)


def move(unit: Unit, row: OutboxRow, step: Step, *, at: datetime, by: str = AGENT) -> OutboxRow:
    """Write a delivery's next state, give back its lease, and let its proposal follow."""
    delivery = row.delivery
    changed = delivery.model_copy(
        update={
            "state": moved(DELIVERY_MOVES, delivery.state, step.state),
            "detail": step.detail,
            "next_at": step.next_at,
            "external_id": step.external_id or delivery.external_id,
            "changed_at": at,
        }
    )
    row = row.model_copy(update={"delivery": changed, "lease_by": None, "lease_until": None})
    unit.outbox.put(row)
    if step.state in _TOLD:
        unit.audit.add(
            step.state.value,
            delivery.id,
            by=by,
            at=at,
            sha256=delivery.sha256,
            reason=step.detail,
            details={"proposal": delivery.proposal_id, "external_id": changed.external_id},
        )
    follow(unit, row, at=at)
    return row


def lease(unit: Unit, row: OutboxRow, *, holder: str, until: datetime, at: datetime) -> OutboxRow:
    """Take a held delivery for the time of one attempt."""
    changed = row.delivery.model_copy(
        update={
            "state": moved(DELIVERY_MOVES, row.delivery.state, DeliveryState.SENDING),
            "detail": "On its way.",
            "next_at": None,
            "changed_at": at,
        }
    )
    row = row.model_copy(update={"delivery": changed, "lease_by": holder, "lease_until": until})
    unit.outbox.put(row)
    follow(unit, row, at=at)
    return row


def begin_attempt(unit: Unit, row: OutboxRow, *, at: datetime) -> tuple[OutboxRow, Attempt]:
    """Write the next attempt before it is made."""
    delivery = row.delivery.model_copy(update={"attempts": row.delivery.attempts + 1})
    row = row.model_copy(update={"delivery": delivery})
    attempt = Attempt(delivery_id=delivery.id, number=delivery.attempts, at=at)
    unit.outbox.put(row)
    unit.outbox.add_attempt(attempt)
    return row, attempt


def end_attempt(unit: Unit, row: OutboxRow, result: str, *, at: datetime) -> None:
    """Say how the last attempt ended, unless it was said."""
    attempts = unit.outbox.attempts(row.delivery.id)
    if attempts and attempts[-1].ended_at is None:
        unit.outbox.put_attempt(attempts[-1].model_copy(update={"ended_at": at, "result": result}))


def update_row(unit: Unit, row: OutboxRow, **changes: Any) -> OutboxRow:
    """Write fields of a row that are not its state."""
    row = row.model_copy(update=changes)
    unit.outbox.put(row)
    return row


def follow(unit: Unit, row: OutboxRow, *, at: datetime) -> None:
    """Let a proposal's state follow its deliveries."""
    delivery = row.delivery
    version, present = unit.proposals.standing(delivery.proposal_id)
    if version != delivery.version:
        return
    counts = unit.outbox.state_counts(delivery.proposal_id, delivery.version)
    if present is ProposalState.APPROVED:
        if counts.get(DeliveryState.HELD, 0) == sum(counts.values()):
            return
        present = ProposalState.SENDING
        unit.proposals.put_state(delivery.proposal_id, present, at=at)
    state = _proposal_state(counts)
    if state is not present:
        unit.proposals.put_state(delivery.proposal_id, state, at=at)


def _proposal_state(counts: Mapping[DeliveryState, int]) -> ProposalState:
    if counts.get(DeliveryState.HELD) or counts.get(DeliveryState.SENDING):
        return ProposalState.SENDING
    if counts.get(DeliveryState.UNKNOWN):
        return ProposalState.UNKNOWN
    if counts.get(DeliveryState.SENT) or counts.get(DeliveryState.BOUNCED):
        return ProposalState.SENT
    return ProposalState.FAILED


def after(pauses: tuple[timedelta, ...], count: int) -> timedelta | None:
    """Give the pause after the `count`-th failure (from 1); None when all are used up."""
    return pauses[count - 1] if count <= len(pauses) else None
