"""Propose a submission, or keep what is proposed if nothing material changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple

from agent.delivery.desk import Desk
from agent.delivery.freeze import Frozen, Target, bound_hash, freeze
from agent.delivery.material import material_change
from agent.delivery.render import clean_draft, clean_recipient
from domain.destinations import Destination
from domain.errors import DestinationUnavailable
from domain.issues import Severity
from domain.lifecycle import PROPOSAL_MOVES, moved
from domain.people import Owner
from domain.ports import Unit
from domain.proposals import (
    Draft,
    LeftOut,
    Proposal,
    ProposalKind,
    ProposalState,
    Recipient,
    Redraft,
)
from domain.provenance import MadeBy, Trace
from domain.record import Instant, IssueId, ProposalId, Record, digest

REMOVED: Literal["removed by a reviewer"] = "removed by a reviewer"
AGENT = "undertone"
"""Who acts in the record when no person does."""
_OPEN = frozenset({ProposalState.PROPOSED, ProposalState.REDRAFTING})
_IN_FLIGHT = frozenset({ProposalState.APPROVED, ProposalState.SENDING, ProposalState.UNKNOWN})


class Submission(Record):
    """A draft with all that a proposal needs, not frozen yet."""

    kind: ProposalKind
    issue_id: IssueId
    casefile_version: int
    audience: Literal["affected", "at_risk"] | None = None
    destination: str
    label: str
    reason: str
    draft: Draft
    owner: Owner | None = None
    severity: Severity
    risk: Literal[1, 2, 3]
    priority: float
    answer_due_at: Instant | None = None
    recipients: tuple[Recipient, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    snapshot_at: Instant
    trace: Trace = Trace()
    made_by: MadeBy


class Outcome(StrEnum):
    """What a submission came to."""

    PROPOSED = "proposed"
    CHANGED = "changed"
    """The pending proposal moved to the next version."""
    REDRAFTED = "redrafted"
    """Another draft took the place of one that was put aside."""
    KEPT = "kept"
    """Nothing material changed, or the last one is still on its way."""
    NOBODY = "nobody"
    """No recipient is left, so there is nothing to decide."""


class Proposed(NamedTuple):
    """The proposal that stands after a submission, and why."""

    outcome: Outcome
    proposal: Proposal | None
    why: str = ""


def propose(unit: Unit, submission: Submission, *, desk: Desk, at: datetime) -> Proposed:
    """Freeze a submission into a proposal that waits for a decision.

    There is one open proposal per issue, kind and audience. While it waits, a material
    change moves its version and voids approvals; anything else changes nothing. After it
    was decided, only a material change makes another one.

    Raises:
        DestinationUnavailable: No destination has this name.
    """
    destination = _destination(submission, desk)
    known = [
        one
        for one in unit.proposals.of_issue(submission.issue_id)
        if (one.kind, one.audience) == (submission.kind, submission.audience)
    ]
    last = known[-1] if known else None
    if last is not None and last.state in _IN_FLIGHT:
        return Proposed(Outcome.KEPT, last, "The last one is on its way.")
    if last is not None and last.state is ProposalState.REDRAFTING:
        return Proposed(Outcome.KEPT, last, "Another draft of it is being made.")
    submission = _addressed(unit, submission, last)
    id_ = _id(submission, len(known))
    pending = last is not None and last.state is ProposalState.PROPOSED
    if last is not None and pending:
        id_ = last.id
    new, frozen = _frozen(submission, id_, destination=destination, desk=desk, at=at)
    if new.kind is ProposalKind.MESSAGE and not new.recipients:
        return _nobody(unit, last if pending else None, at)
    if last is None:
        return _store(unit, new, frozen, Outcome.PROPOSED, "First draft.", at)
    why = material_change(_own_last(unit, last), new)
    if why is None:
        return Proposed(Outcome.KEPT, last)
    if not pending:
        return _store(unit, new, frozen, Outcome.PROPOSED, why, at)
    unit.outbox.void(last.id, at=at)
    return _store(unit, _next(last, new), frozen, Outcome.CHANGED, why, at)


def propose_again(
    unit: Unit,
    last: Proposal,
    submission: Submission,
    *,
    redraft: Redraft,
    desk: Desk,
    at: datetime,
) -> Proposed:
    """Freeze another draft of a proposal that was put aside; it waits under the next version.

    Gives `NOBODY`, and stores nothing, when no recipient is left.

    Raises:
        DestinationUnavailable: No destination has this name.
    """
    destination = _destination(submission, desk)
    submission = _addressed(unit, submission, last)
    new, frozen = _frozen(submission, last.id, destination=destination, desk=desk, at=at)
    if new.kind is ProposalKind.MESSAGE and not new.recipients:
        return Proposed(Outcome.NOBODY, last, "No recipient is left.")
    moved(PROPOSAL_MOVES, last.state, new.state)
    again = _next(last, new).model_copy(update={"redraft": redraft})
    why = f"Another draft, asked for by {redraft.by}."
    return _store(unit, again, frozen, Outcome.REDRAFTED, why, at)


def _next(last: Proposal, new: Proposal) -> Proposal:
    """Give a proposal as the next version of the last one: what people said of it stays."""
    return new.model_copy(
        update={
            "version": last.version + 1,
            "created_at": last.created_at,
            "redraft": last.redraft,
            "escalation": last.escalation,
        }
    )


def _destination(submission: Submission, desk: Desk) -> Destination:
    destination = desk.find_destination(submission.destination)
    if destination is None:
        raise DestinationUnavailable(f"There is no destination {submission.destination!r}.")
    return destination


def _id(submission: Submission, number: int) -> ProposalId:
    parts = [submission.issue_id, submission.kind.value, submission.audience, number]
    return ProposalId("p_" + digest(parts)[:12])


def _addressed(unit: Unit, submission: Submission, last: Proposal | None) -> Submission:
    """Leave out whom a reviewer removed and who was written to already."""
    removed = (
        {one.customer_id for one in last.left_out if one.reason == REMOVED}
        if last is not None and last.state in _OPEN
        else set()
    )
    written = (
        unit.outbox.contacted(submission.issue_id, submission.audience)
        if submission.audience
        else frozenset()
    )
    recipients = tuple(
        clean_recipient(one)
        for one in submission.recipients
        if one.customer_id not in removed | written
    )
    gone = [one.customer_id for one in submission.recipients if one.customer_id in removed]
    left_out = (*submission.left_out, *(LeftOut(customer_id=id_, reason=REMOVED) for id_ in gone))
    return submission.model_copy(
        update={
            "draft": clean_draft(submission.draft),
            "recipients": recipients,
            "left_out": left_out,
        }
    )


def _frozen(
    submission: Submission,
    id_: ProposalId,
    *,
    destination: Destination,
    desk: Desk,
    at: datetime,
) -> tuple[Proposal, Frozen]:
    target = Target(submission.issue_id, submission.destination, submission.audience, at)
    frozen = freeze(submission.draft, submission.recipients, target=target, destination=destination)
    recipients = reached(submission.recipients, frozen)
    proposal = Proposal(
        **dict(submission),
        id=id_,
        checks=desk.run_checks(submission.draft, owner=submission.owner, recipients=recipients),
        renderings=frozen.renderings,
        sha256=copies_hash(submission.kind, frozen),
        policy=desk.policy.hash,
        created_at=at,
        expires_at=at + timedelta(days=desk.policy.proposal_days),
    )
    left_out = (*submission.left_out, *frozen.unreachable)
    return proposal.model_copy(update={"recipients": recipients, "left_out": left_out}), frozen


def reached(recipients: Iterable[Recipient], frozen: Frozen) -> tuple[Recipient, ...]:
    """Give those for whom there are bytes."""
    ids = {one.customer_id for one in frozen.copies}
    return tuple(one for one in recipients if one.customer_id in ids)


def copies_hash(kind: ProposalKind, frozen: Frozen) -> str:
    """Give what an approval of these copies binds."""
    return bound_hash(kind, ((one.address, one.sha256) for one in frozen.copies))


def _own_last(unit: Unit, last: Proposal) -> Proposal:
    """Give the agent's own last version, without those whom a reviewer removed since."""
    original = unit.proposals.original(last.id)
    if last.state is not ProposalState.PROPOSED:
        return original
    removed = {one.customer_id for one in last.left_out if one.reason == REMOVED}
    kept = tuple(one for one in original.recipients if one.customer_id not in removed)
    return original.model_copy(update={"recipients": kept})


def _nobody(unit: Unit, pending: Proposal | None, at: datetime) -> Proposed:
    why = "No recipient is left."
    if pending is None:
        return Proposed(Outcome.NOBODY, None, why)
    unit.outbox.void(pending.id, at=at)
    gone = unit.proposals.put_state(pending.id, ProposalState.SUPERSEDED, at=at)
    unit.audit.add("superseded", gone.id, by=AGENT, at=at, sha256=gone.sha256, reason=why)
    return Proposed(Outcome.NOBODY, gone, why)


def _store(
    unit: Unit, proposal: Proposal, frozen: Frozen, outcome: Outcome, why: str, at: datetime
) -> Proposed:
    unit.proposals.add_version(proposal, frozen.copies, by=AGENT, at=at, why=why)
    unit.audit.add(
        outcome.value,
        proposal.id,
        by=AGENT,
        at=at,
        sha256=proposal.sha256,
        reason=why,
        details={"version": proposal.version, "policy": proposal.policy},
    )
    return Proposed(outcome, proposal, why)
