"""What a person does with a proposal, and how it stands in the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from pydantic import JsonValue

from domain.ports import Unit
from domain.proposals import Decision, DecisionKind, Proposal

PAST: Mapping[DecisionKind, str] = {
    DecisionKind.APPROVE: "approved",
    DecisionKind.EDIT: "edited",
    DecisionKind.REJECT: "rejected",
    DecisionKind.UNDO: "undone",
    DecisionKind.ANOTHER_DRAFT: "another draft asked for",
    DecisionKind.ESCALATE: "escalated",
}
"""What an entry of the audit says of each."""


class Act(NamedTuple):
    """Who does what, when and why."""

    kind: DecisionKind
    by: str
    at: datetime
    reason: str | None
    changes: Mapping[str, JsonValue]


def record_act(unit: Unit, proposal: Proposal, act: Act, *, made: Proposal | None = None) -> None:
    """Keep the decision and its audit entry, in the transaction that carries it out."""
    unit.proposals.add_decision(
        Decision(
            proposal_id=proposal.id,
            kind=act.kind,
            by=act.by,
            at=act.at,
            seen_version=proposal.version,
            sha256=proposal.sha256,
            reason=act.reason,
            changes=dict(act.changes),
        )
    )
    details: dict[str, JsonValue] = {"version": proposal.version, "policy": proposal.policy}
    if made is not None:
        kept: list[JsonValue] = [
            one.claim for one in made.draft.evidence if one not in proposal.draft.evidence
        ]
        details |= {"made_sha256": made.sha256, "changed": [*sorted(act.changes)], "kept": kept}
    unit.audit.add(
        PAST[act.kind],
        proposal.id,
        by=act.by,
        at=act.at,
        sha256=proposal.sha256,
        reason=act.reason,
        details=details,
    )
