"""What may follow what, once, for issue, proposal and delivery."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from domain.errors import ForbiddenMove
from domain.issues import IssueState
from domain.proposals import DeliveryState, ProposalState

S = TypeVar("S", bound=StrEnum)

ISSUE_MOVES: dict[IssueState, frozenset[IssueState]] = {
    IssueState.OPEN: frozenset({IssueState.ALARMED, IssueState.CLOSED}),
    IssueState.ALARMED: frozenset({IssueState.PROPOSED, IssueState.CLOSED}),
    IssueState.PROPOSED: frozenset({IssueState.CLOSED}),
    IssueState.CLOSED: frozenset(),
}

PROPOSAL_MOVES: dict[ProposalState, frozenset[ProposalState]] = {
    ProposalState.PROPOSED: frozenset(
        {
            ProposalState.APPROVED,
            ProposalState.REDRAFTING,
            ProposalState.REJECTED,
            ProposalState.EXPIRED,
            ProposalState.SUPERSEDED,
        }
    ),
    # With another draft, or with the old one when none can be made: under the next version.
    ProposalState.REDRAFTING: frozenset({ProposalState.PROPOSED}),
    # Undo takes an approved proposal back to proposed, under the next version.
    ProposalState.APPROVED: frozenset({ProposalState.PROPOSED, ProposalState.SENDING}),
    ProposalState.SENDING: frozenset(
        {ProposalState.SENT, ProposalState.FAILED, ProposalState.UNKNOWN}
    ),
    ProposalState.UNKNOWN: frozenset(
        {ProposalState.SENDING, ProposalState.SENT, ProposalState.FAILED}
    ),
    ProposalState.SENT: frozenset(),
    ProposalState.FAILED: frozenset(),
    ProposalState.REJECTED: frozenset(),
    ProposalState.EXPIRED: frozenset(),
    ProposalState.SUPERSEDED: frozenset(),
}

DELIVERY_MOVES: dict[DeliveryState, frozenset[DeliveryState]] = {
    # Straight to failed: what lies in the store is not what was approved.
    DeliveryState.HELD: frozenset(
        {
            DeliveryState.SENDING,
            DeliveryState.CANCELLED,
            DeliveryState.EXPIRED,
            DeliveryState.FAILED,
        }
    ),
    # Back to held: refused for now, to be tried again under the same key.
    DeliveryState.SENDING: frozenset(
        {
            DeliveryState.SENT,
            DeliveryState.FAILED,
            DeliveryState.UNKNOWN,
            DeliveryState.HELD,
            DeliveryState.CANCELLED,
        }
    ),
    DeliveryState.UNKNOWN: frozenset(
        {DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.HELD}
    ),
    DeliveryState.SENT: frozenset({DeliveryState.BOUNCED}),
    DeliveryState.BOUNCED: frozenset(),
    DeliveryState.FAILED: frozenset(),
    DeliveryState.CANCELLED: frozenset(),
    DeliveryState.EXPIRED: frozenset(),
}


def moved(table: dict[S, frozenset[S]], state: S, to: S) -> S:
    """Give `to` if it may follow `state`.

    Raises:
        ForbiddenMove: It may not.
    """
    if to not in table[state]:
        raise ForbiddenMove(type(state).__name__, state.value, to.value)
    return to
