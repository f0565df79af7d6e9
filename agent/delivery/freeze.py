"""Freeze a draft: one byte string for a ticket, one per recipient for a message."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from agent.delivery.render import body
from domain.delivery import FrozenCopy
from domain.destinations import Destination, MessageAction, TicketAction
from domain.errors import InvalidAddress
from domain.proposals import Draft, LeftOut, ProposalKind, Recipient, Rendering
from domain.record import IssueId, digest

TICKET_PURPOSE = "ticket"


class Target(NamedTuple):
    """Where a draft goes and what names it there."""

    issue_id: IssueId
    destination: str
    audience: str | None
    at: datetime
    """When the words are frozen."""

    @property
    def purpose(self) -> str:
        """`ticket`, `affected` or `at_risk`."""
        return self.audience or TICKET_PURPOSE


class Frozen(NamedTuple):
    """The bytes, and those who cannot be written to."""

    copies: tuple[FrozenCopy, ...]
    unreachable: tuple[LeftOut, ...]

    @property
    def renderings(self) -> tuple[Rendering, ...]:
        """The copies without their bytes."""
        return tuple(
            Rendering(
                customer_id=one.customer_id,
                address=one.address,
                sha256=one.sha256,
                size=len(one.frozen),
            )
            for one in self.copies
        )


def outbox_key(issue_id: IssueId, purpose: str, customer_id: str | None) -> str:
    """Give the key under which something leaves: the same for every version and attempt."""
    return "k_" + digest([issue_id, purpose, customer_id])[:32]


def freeze(
    draft: Draft, recipients: Iterable[Recipient], *, target: Target, destination: Destination
) -> Frozen:
    """Give the bytes of a ticket, or of each recipient's copy in their order.

    A recipient whose address cannot be written to is left out and named.
    """
    if draft.kind is ProposalKind.TICKET:
        return Frozen((_ticket(draft, target, destination),), ())
    copies: list[FrozenCopy] = []
    unreachable: list[LeftOut] = []
    for one in recipients:
        try:
            copies.append(_message(draft, one, target, destination))
        except InvalidAddress:
            unreachable.append(LeftOut(customer_id=one.customer_id, reason="no address"))
    return Frozen(tuple(copies), tuple(unreachable))


def _ticket(draft: Draft, target: Target, destination: Destination) -> FrozenCopy:
    action = TicketAction(
        key=outbox_key(target.issue_id, target.purpose, None),
        title=draft.subject,
        body=body(draft),
        queue=target.destination.partition("/")[2] or None,
        issue_id=target.issue_id,
    )
    return _copy(None, None, destination.freeze(action))


def _message(
    draft: Draft, recipient: Recipient, target: Target, destination: Destination
) -> FrozenCopy:
    action = MessageAction(
        key=outbox_key(target.issue_id, target.purpose, recipient.customer_id),
        subject=draft.subject,
        body=body(draft, recipient.values),
        address=recipient.address,
        name=recipient.name,
        made_at=target.at,
    )
    return _copy(recipient.customer_id, recipient.address, destination.freeze(action))


def _copy(customer_id: str | None, address: str | None, frozen: bytes) -> FrozenCopy:
    return FrozenCopy(customer_id, address, bytes_hash(frozen), frozen)


def bytes_hash(frozen: bytes) -> str:
    """Give the SHA-256 of bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(frozen).hexdigest()


def bound_hash(kind: ProposalKind, hashes: Iterable[tuple[str | None, str]]) -> str:
    """Give what an approval binds, from address and SHA-256 of each copy in order."""
    pairs = list(hashes)
    if kind is ProposalKind.TICKET and len(pairs) == 1:
        return pairs[0][1]
    return digest([list(pair) for pair in pairs])
