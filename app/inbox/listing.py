"""Lines of the list with what became of each draft, in a few questions however many there are."""

from __future__ import annotations

from collections.abc import Sequence

from app.inbox.backend import ListRow
from domain.delivery import ProposalRow
from domain.proposals import ProposalState
from storage.store import SqlUnit


def list_rows(unit: SqlUnit, rows: Sequence[ProposalRow]) -> list[ListRow]:
    """Give lines in the order of the rows."""
    decisions = unit.proposals.last_decisions([row.id for row in rows])
    escalations = unit.proposals.escalations([row.id for row in rows])
    decided = [row for row in rows if row.state is not ProposalState.PROPOSED]
    counts = unit.outbox.state_counts_of([(row.id, row.version) for row in decided])
    approved = [row.id for row in rows if row.state is ProposalState.APPROVED]
    held = unit.outbox.held_until(approved)
    return [
        ListRow(
            row,
            deliveries=counts.get((row.id, row.version), {}),
            hold_until=held.get(row.id),
            decision=decisions.get(row.id),
            escalation=escalations.get(row.id),
        )
        for row in rows
    ]
