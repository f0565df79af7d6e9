"""What a person does with a proposal. Exactly one decision on a version wins."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import JsonValue

from agent.delivery.act import Act, record_act
from agent.delivery.asking import ask_another_draft, escalate
from agent.delivery.desk import Desk
from agent.delivery.edit import edit
from agent.delivery.faults import FaultPoint
from agent.delivery.freeze import Target, bound_hash, bytes_hash, freeze, outbox_key
from agent.delivery.propose import copies_hash, reached
from domain.delivery import FrozenCopy
from domain.destinations import Destination
from domain.errors import (
    AlreadyDecided,
    BytesChanged,
    CannotDecide,
    Forbidden,
    InvalidEdit,
    StaleVersion,
)
from domain.lifecycle import DELIVERY_MOVES, PROPOSAL_MOVES, moved
from domain.ports import Unit
from domain.proposals import (
    Approval,
    Check,
    DecisionKind,
    Delivery,
    DeliveryState,
    OutboxRow,
    Proposal,
    ProposalKind,
    ProposalState,
)
from domain.record import DeliveryId, ProposalId, digest


def decide(
    unit: Unit,
    proposal_id: ProposalId,
    decision: DecisionKind,
    *,
    desk: Desk,
    by: str,
    at: datetime,
    seen_version: int,
    reason: str | None = None,
    changes: Mapping[str, JsonValue] | None = None,
    is_lead: bool = False,
) -> Proposal:
    """Do what a person says in this transaction; gives the proposal as it is then.

    Take `at` from the clock after the transaction began: then the order of times is the
    order of commits, and an undo before the deadline always wins.
    An approval writes one delivery per recipient (one for a ticket), held until
    `at` plus the undo seconds. With a four-eyes limit exceeded, the first approval
    leaves the proposal as it is and the second, by another person, releases it.
    What was escalated only a lead decides (`is_lead`); anybody may still undo.

    Raises:
        NotFound: No proposal has this id.
        StaleVersion: The person saw another version.
        AlreadyDecided: Somebody, perhaps the same person, decided on this version.
        CannotDecide: A check is open, a setting is missing, the time for undo is over.
        InvalidEdit: The changes name something that is not there.
        BytesChanged: The stored bytes are not those that were frozen.
        Forbidden: It was escalated, and the person is no lead.
    """
    proposal = unit.proposals.get(proposal_id, for_change=True)
    if seen_version != proposal.version:
        raise _stale(unit, proposal, seen_version)
    act = Act(decision, by, at, reason, changes or {})
    if decision is DecisionKind.UNDO:
        return _undo(unit, proposal, act, desk)
    _require_undecided(unit, proposal, act)
    _require_lead(proposal, act, is_lead=is_lead)
    if decision is DecisionKind.APPROVE:
        return _approve(unit, proposal, act, desk)
    if decision is DecisionKind.EDIT:
        return _edit(unit, proposal, act, desk)
    if decision is DecisionKind.ANOTHER_DRAFT:
        return ask_another_draft(unit, proposal, act)
    if decision is DecisionKind.ESCALATE:
        return escalate(unit, proposal, act)
    return _reject(unit, proposal, act)


def _stale(unit: Unit, proposal: Proposal, seen: int) -> StaleVersion:
    last = unit.proposals.versions(proposal.id)[-1]
    return StaleVersion(proposal.id, seen=seen, current=proposal.version, by=last.by, at=last.at)


def _require_undecided(unit: Unit, proposal: Proposal, act: Act) -> None:
    if proposal.state is ProposalState.PROPOSED:
        if act.at >= proposal.expires_at:
            raise CannotDecide("This draft expired. The next run makes another one if need be.")
        return
    earlier = [
        one
        for one in unit.proposals.decisions(proposal.id)
        if one.seen_version == proposal.version and one.kind is not DecisionKind.UNDO
    ]
    if not earlier:
        raise CannotDecide(f"This draft is {proposal.state.value}; nothing is left to decide.")
    last = earlier[-1]
    raise AlreadyDecided(proposal.id, by=last.by, at=last.at, kind=last.kind.value)


def _require_lead(proposal: Proposal, act: Act, *, is_lead: bool) -> None:
    escalation = proposal.escalation
    if escalation is None:
        return
    if act.kind is DecisionKind.ESCALATE:
        raise AlreadyDecided(
            proposal.id, by=escalation.by, at=escalation.at, kind=DecisionKind.ESCALATE.value
        )
    if not is_lead:
        raise Forbidden(
            f"{escalation.by} escalated this at {escalation.at:%H:%M:%S} UTC: an admin decides "
            "it. Ask one of them; it stands first in their list."
        )


# -- approve ---------------------------------------------------------------------------


def _approve(unit: Unit, proposal: Proposal, act: Act, desk: Desk) -> Proposal:
    _require_ready(proposal, desk)
    copies = _verified(unit, proposal)
    others = unit.outbox.approvals(proposal.id, proposal.version)
    if any(one.approver == act.by for one in others):
        raise AlreadyDecided(proposal.id, by=act.by, at=others[0].granted_at, kind="approve")
    approval = _grant(unit, proposal, act, desk)
    record_act(unit, proposal, act)
    if not others and _needs_second(unit, proposal, desk):
        return proposal
    spent = unit.outbox.spend(approval.token, at=act.at)
    hold_until = act.at + timedelta(seconds=desk.undo_seconds)
    unit.outbox.add([_row(proposal, one, spent, hold_until) for one in copies])
    desk.faults(FaultPoint.AFTER_SPEND)
    unit.proposals.drop_edits(proposal.id)
    return unit.proposals.put_state(proposal.id, ProposalState.APPROVED, at=act.at)


def _require_ready(proposal: Proposal, desk: Desk) -> None:
    destination = _destination(proposal, desk)
    if destination.missing:
        raise CannotDecide(destination.missing)
    if proposal.kind is ProposalKind.TICKET and proposal.owner is None:
        raise CannotDecide("Nobody owns this touchpoint in owners.yaml. Add an owner.")
    if proposal.kind is ProposalKind.MESSAGE and not proposal.recipients:
        raise CannotDecide("No recipient is left.")
    problems = _open_checks(proposal, desk)
    if problems:
        lines = "; ".join(f"{one.label}: {one.detail}".rstrip(": ") for one in problems)
        raise CannotDecide(f"Open checks: {lines}")


def _open_checks(proposal: Proposal, desk: Desk) -> tuple[Check, ...]:
    """Give what stands against it under the policy of now, not of when it was made."""
    if proposal.open_checks or proposal.policy == desk.policy.hash:
        return proposal.open_checks
    checks = desk.run_checks(proposal.draft, owner=proposal.owner, recipients=proposal.recipients)
    return tuple(one for one in checks if not one.ok)


def _verified(unit: Unit, proposal: Proposal) -> list[FrozenCopy]:
    """Read the copies back and hash them: what is approved is what lies in the store."""
    copies = unit.proposals.copies(proposal.id, proposal.version)
    hashes = [(one.address, bytes_hash(one.frozen)) for one in copies]
    if not copies or bound_hash(proposal.kind, hashes) != proposal.sha256:
        raise BytesChanged(
            f"The stored bytes of proposal {proposal.id!r} are not those that were shown. "
            "Nothing was sent. Reject it; the next run makes another one."
        )
    return copies


def _grant(unit: Unit, proposal: Proposal, act: Act, desk: Desk) -> Approval:
    approval = Approval(
        token=desk.new_token(),
        proposal_id=proposal.id,
        version=proposal.version,
        action=proposal.kind,
        destination=proposal.destination,
        sha256=proposal.sha256,
        policy=desk.policy.hash,
        approver=act.by,
        granted_at=act.at,
        expires_at=act.at + timedelta(days=desk.policy.proposal_days),
    )
    unit.outbox.grant(approval)
    return approval


def _needs_second(unit: Unit, proposal: Proposal, desk: Desk) -> bool:
    """Say whether the policy's limits ask for a second person."""
    limit = desk.policy.four_eyes
    if limit is None:
        return False
    if limit.recipients is not None and len(proposal.recipients) > limit.recipients:
        return True
    if limit.amount_minor is None:
        return False
    casefile = unit.issues.find_casefile(proposal.issue_id, version=proposal.casefile_version)
    # What cannot be known counts as above the limit.
    if casefile is None:
        return True
    return any(one.amount_minor > limit.amount_minor for one in casefile.impact.money)


def _row(
    proposal: Proposal, copy: FrozenCopy, approval: Approval, hold_until: datetime
) -> OutboxRow:
    purpose = proposal.audience or proposal.kind.value
    delivery = Delivery(
        id=DeliveryId("d_" + digest([proposal.id, proposal.version, copy.customer_id])[:16]),
        proposal_id=proposal.id,
        version=proposal.version,
        issue_id=proposal.issue_id,
        purpose=purpose,
        destination=proposal.destination,
        customer_id=copy.customer_id,
        address=copy.address,
        key=outbox_key(proposal.issue_id, purpose, copy.customer_id),
        sha256=copy.sha256,
        state=DeliveryState.HELD,
        hold_until=hold_until,
        approved_by=approval.approver,
        approved_at=approval.granted_at,
        changed_at=approval.granted_at,
    )
    return OutboxRow(delivery=delivery, approval=approval.token)


# -- reject, edit, undo ----------------------------------------------------------------


def _reject(unit: Unit, proposal: Proposal, act: Act) -> Proposal:
    unit.outbox.void(proposal.id, at=act.at)
    unit.proposals.drop_edits(proposal.id)
    record_act(unit, proposal, act)
    return unit.proposals.put_state(proposal.id, ProposalState.REJECTED, at=act.at)


def _edit(unit: Unit, proposal: Proposal, act: Act, desk: Desk) -> Proposal:
    edited, copies = edited_version(proposal, act.changes, by=act.by, at=act.at, desk=desk)
    unit.outbox.void(proposal.id, at=act.at)
    unit.proposals.add_version(edited, copies, by=act.by, at=act.at, why=act.reason or "Edited.")
    unit.proposals.drop_edits(proposal.id, act.by)
    record_act(unit, proposal, act, made=edited)
    return edited


def edited_version(
    proposal: Proposal,
    changes: Mapping[str, JsonValue],
    *,
    by: str,
    at: datetime,
    desk: Desk,
) -> tuple[Proposal, tuple[FrozenCopy, ...]]:
    """Give the next version of a proposal as an edit would make it, with its bytes.

    Pure, so that a page can show the checks and the diff before anything is kept.

    Raises:
        InvalidEdit: See `edit`.
    """
    destination = _destination(proposal, desk)
    draft, recipients, left_out = edit(proposal, changes, by=by)
    target = Target(proposal.issue_id, proposal.destination, proposal.audience, at)
    frozen = freeze(draft, recipients, target=target, destination=destination)
    recipients = reached(recipients, frozen)
    if proposal.kind is ProposalKind.MESSAGE and not recipients:
        raise InvalidEdit("No recipient would be left. Reject the draft instead.")
    edited = proposal.model_copy(
        update={
            "version": proposal.version + 1,
            "draft": draft,
            "recipients": recipients,
            "left_out": (*left_out, *frozen.unreachable),
            "checks": desk.run_checks(draft, owner=proposal.owner, recipients=recipients),
            "renderings": frozen.renderings,
            "sha256": copies_hash(proposal.kind, frozen),
            "policy": desk.policy.hash,
            "edited_by": by,
        }
    )
    return edited, frozen.copies


def _destination(proposal: Proposal, desk: Desk) -> Destination:
    destination = desk.find_destination(proposal.destination)
    if destination is None:
        raise CannotDecide(f"There is no destination {proposal.destination!r}.")
    return destination


def _undo(unit: Unit, proposal: Proposal, act: Act, desk: Desk) -> Proposal:
    deliveries = unit.outbox.deliveries(proposal.id, proposal.version)
    if not deliveries:
        raise CannotDecide("Nothing was approved here, so there is nothing to undo.")
    if desk.undo_seconds == 0 and deliveries[0].hold_until <= deliveries[0].approved_at:
        raise CannotDecide("Undo is off (UNDERTONE_UNDO_SECONDS is 0): it left at once.")
    late = act.at >= deliveries[0].hold_until
    if late or proposal.state is not ProposalState.APPROVED:
        raise CannotDecide(
            f"Too late to undo: the hold ended at {deliveries[0].hold_until:%H:%M:%S} UTC."
        )
    for delivery in deliveries:
        _cancel(unit, delivery, act)
    unit.outbox.void(proposal.id, at=act.at)
    record_act(unit, proposal, act)
    again = proposal.model_copy(
        update={
            "state": moved(PROPOSAL_MOVES, proposal.state, ProposalState.PROPOSED),
            "version": proposal.version + 1,
        }
    )
    copies = unit.proposals.copies(proposal.id, proposal.version)
    unit.proposals.add_version(again, copies, by=act.by, at=act.at, why="Approval undone.")
    return again


def _cancel(unit: Unit, delivery: Delivery, act: Act) -> None:
    row = unit.outbox.find_row(delivery.id, for_change=True)
    if row is None or row.delivery.state is not DeliveryState.HELD:
        raise CannotDecide("Too late to undo: it is on its way.")
    cancelled = row.delivery.model_copy(
        update={
            "state": moved(DELIVERY_MOVES, row.delivery.state, DeliveryState.CANCELLED),
            "detail": f"Undone by {act.by}.",
            "changed_at": act.at,
        }
    )
    unit.outbox.put(row.model_copy(update={"delivery": cancelled}))
