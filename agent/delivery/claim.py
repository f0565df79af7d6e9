"""Claim a delivery: the last moment at which the answer may still be no.

Everything is asked in one transaction, after the hold: the switch, the approval and its
expiry, the bytes, suppression, consent, cap and quiet hours, the contact ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from agent.delivery.contact import NotNow, may_not_contact
from agent.delivery.freeze import TICKET_PURPOSE, bound_hash, bytes_hash
from agent.delivery.ledger import Step, begin_attempt, lease, move, take, update_row
from domain.destinations import Destination
from domain.errors import BytesChanged, UndertoneError
from domain.people import Policy
from domain.ports import Unit
from domain.proposals import (
    Approval,
    Delivery,
    DeliveryState,
    OutboxRow,
    ProposalKind,
)
from domain.record import DeliveryId

# Longer than any time-out of a destination, so that a lease never ends under a live attempt.
LEASE = timedelta(minutes=3)
# Asked again after so long when a check could not run or a setting is missing.
ASK_AGAIN = timedelta(minutes=5)


class Result(StrEnum):
    """What became of one delivery in one round."""

    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    WAITING = "waiting"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    SKIPPED = "skipped"
    """Somebody else has it, or it is not due."""
    STOPPED = "stopped"
    """The switch is off."""


class Claim(NamedTuple):
    """A delivery that is ours until its lease ends, with its bytes."""

    row: OutboxRow
    frozen: bytes
    destination: Destination

    @property
    def is_ticket(self) -> bool:
        """Whether the tracker's protocol applies."""
        return is_ticket(self.row.delivery)


class Rules(NamedTuple):
    """What a claim is held against."""

    destinations: Mapping[str, Destination]
    policy: Policy
    new_token: Callable[[], str]


def is_ticket(delivery: Delivery) -> bool:
    """Whether a delivery goes to a tracker, which can be asked what it has."""
    return delivery.purpose == TICKET_PURPOSE


def claim(unit: Unit, id_: DeliveryId, *, rules: Rules, at: datetime) -> Claim | Result:
    """Take a due delivery, or say why not. A mail's attempt is written along."""
    if unit.outbox.switch().stopped:
        return Result.STOPPED
    row = take(unit, id_)
    if row is None or not _is_due(row.delivery, at):
        return Result.SKIPPED
    try:
        approval, frozen = _approved_bytes(unit, row)
    except BytesChanged as error:
        move(unit, row, Step(DeliveryState.FAILED, str(error)), at=at)
        return Result.FAILED
    if row.delivery.attempts == 0 and at >= approval.expires_at:
        unit.outbox.drop_contact(id_)
        move(unit, row, Step(DeliveryState.EXPIRED, "The approval expired before it left."), at=at)
        return Result.EXPIRED
    destination = rules.destinations.get(row.delivery.destination.partition("/")[0])
    if destination is None or destination.missing:
        detail = destination.missing if destination else "Its destination is gone."
        return _wait(unit, row, NotNow(detail or "", at + ASK_AGAIN), at)
    forbidden = _forbidden(unit, row.delivery, rules.policy, at)
    if forbidden is not None:
        return (
            _wait(unit, row, forbidden, at)
            if forbidden.until
            else _cancel(unit, row, forbidden.reason, at)
        )
    row = lease(unit, row, holder=rules.new_token(), until=at + LEASE, at=at)
    if not is_ticket(row.delivery):
        row, _ = begin_attempt(unit, row, at=at)
    return Claim(row, frozen, destination)


def _is_due(delivery: Delivery, at: datetime) -> bool:
    due = max(delivery.hold_until, delivery.next_at or delivery.hold_until)
    return delivery.state is DeliveryState.HELD and due <= at


def _approved_bytes(unit: Unit, row: OutboxRow) -> tuple[Approval, bytes]:
    """Give the approval and the bytes it binds.

    Raises:
        BytesChanged: Approval, row and stored bytes do not belong together.
    """
    delivery = row.delivery
    approval = unit.outbox.find_approval(row.approval)
    if approval is None or approval.spent_at is None or approval.void_at is not None:
        raise BytesChanged("Not sent: no valid approval was spent for it.")
    bound = (approval.proposal_id, approval.version, approval.destination)
    if bound != (delivery.proposal_id, delivery.version, delivery.destination):
        raise BytesChanged("Not sent: the approval is for something else.")
    hashes = unit.proposals.hashes(delivery.proposal_id, delivery.version)
    kind = ProposalKind.TICKET if is_ticket(delivery) else ProposalKind.MESSAGE
    copy = unit.proposals.find_copy(delivery.proposal_id, delivery.version, delivery.customer_id)
    if (
        copy is None
        or bound_hash(kind, hashes) != approval.sha256
        or (delivery.address, delivery.sha256) not in hashes
        or copy.address != delivery.address
        or bytes_hash(copy.frozen) != delivery.sha256
    ):
        raise BytesChanged("Not sent: the stored bytes are not those that were approved.")
    return approval, copy.frozen


def _forbidden(unit: Unit, delivery: Delivery, policy: Policy, at: datetime) -> NotNow | None:
    if is_ticket(delivery):
        return None
    try:
        forbidden = may_not_contact(unit, delivery, policy=policy, now=at)
    except UndertoneError as error:
        return NotNow(f"Waits: it cannot be checked now ({error})", at + ASK_AGAIN)
    if forbidden is not None:
        return forbidden
    holder = unit.outbox.add_contact(delivery, at=at)
    if holder != delivery.id:
        return NotNow("Not sent: this customer was written to about this before.")
    return None


def _wait(unit: Unit, row: OutboxRow, why: NotNow, at: datetime) -> Result:
    waiting = row.delivery.model_copy(
        update={"detail": why.reason, "next_at": why.until, "changed_at": at}
    )
    update_row(unit, row, delivery=waiting)
    return Result.WAITING


def _cancel(unit: Unit, row: OutboxRow, reason: str, at: datetime) -> Result:
    if nothing_accepted(unit, row.delivery.id):
        unit.outbox.drop_contact(row.delivery.id)
    move(unit, row, Step(DeliveryState.CANCELLED, reason), at=at)
    return Result.CANCELLED


NO_ANSWER = "no answer"
"""The result of an attempt of which nobody knows the end."""


def nothing_accepted(unit: Unit, id_: DeliveryId) -> bool:
    """Whether every attempt so far ended for certain without being accepted."""
    return not any(
        one.body_at is not None and (one.ended_at is None or one.result == NO_ANSWER)
        for one in unit.outbox.attempts(id_)
    )
