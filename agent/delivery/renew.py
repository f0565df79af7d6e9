"""What time and settings do to proposals that wait: they expire, or are frozen again."""

from __future__ import annotations

from datetime import UTC, datetime

from agent.delivery.desk import Desk
from agent.delivery.freeze import Target, bytes_hash, freeze
from agent.delivery.propose import AGENT, copies_hash, reached
from domain.destinations import Destination, MessageAction, TicketAction
from domain.ports import Unit
from domain.proposals import Proposal, ProposalState

_PROBE_AT = datetime(2026, 1, 1, tzinfo=UTC)
_TICKET_PROBE = TicketAction(key="probe", title="probe", body="probe")
_MAIL_PROBE = MessageAction(
    key="probe", subject="probe", body="probe", address="probe@example.com", made_at=_PROBE_AT
)
MAIL = "mail"


def expire_overdue(unit: Unit, *, at: datetime) -> int:
    """Let undecided proposals expire on the record; gives their number."""
    overdue = unit.proposals.overdue(at)
    for id_ in overdue:
        unit.outbox.void(id_, at=at)
        gone = unit.proposals.put_state(id_, ProposalState.EXPIRED, at=at)
        unit.audit.add(
            "expired", id_, by=AGENT, at=at, sha256=gone.sha256, reason="Nobody decided in time."
        )
    return len(overdue)


def refreeze(unit: Unit, *, desk: Desk, at: datetime) -> int:
    """Freeze waiting proposals again whose destination would write other bytes now.

    A changed sender is part of the bytes. Looks at one probe per destination, so
    that it costs nothing while no setting changes. Gives how many moved.
    """
    moved = 0
    for name, destination in desk.destinations.items():
        setting = f"frozen_with:{name}"
        probe = bytes_hash(destination.freeze(_MAIL_PROBE if name == MAIL else _TICKET_PROBE))
        if unit.settings.find(setting) == probe:
            continue
        unit.settings.put(setting, probe)
        waiting = unit.proposals.list_all(states=[ProposalState.PROPOSED], limit=1_000_000)
        for one in waiting:
            if one.destination.partition("/")[0] == name:
                moved += _refreeze_one(unit, one, destination, desk, at)
    return moved


def _refreeze_one(
    unit: Unit, proposal: Proposal, destination: Destination, desk: Desk, at: datetime
) -> int:
    target = Target(proposal.issue_id, proposal.destination, proposal.audience, at)
    before = target._replace(at=unit.proposals.versions(proposal.id)[-1].at)
    again = freeze(proposal.draft, proposal.recipients, target=before, destination=destination)
    if copies_hash(proposal.kind, again) == proposal.sha256:
        return 0
    frozen = freeze(proposal.draft, proposal.recipients, target=target, destination=destination)
    recipients = reached(proposal.recipients, frozen)
    changed = proposal.model_copy(
        update={
            "version": proposal.version + 1,
            "recipients": recipients,
            "left_out": (*proposal.left_out, *frozen.unreachable),
            "renderings": frozen.renderings,
            "sha256": copies_hash(proposal.kind, frozen),
            "checks": desk.run_checks(proposal.draft, owner=proposal.owner, recipients=recipients),
        }
    )
    why = "The destination's settings changed."
    unit.outbox.void(proposal.id, at=at)
    unit.proposals.add_version(changed, frozen.copies, by=AGENT, at=at, why=why)
    unit.audit.add("changed", proposal.id, by=AGENT, at=at, sha256=changed.sha256, reason=why)
    return 1
