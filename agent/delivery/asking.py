"""The answers that decide nothing yet: another draft, and "not mine to decide"."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from agent.delivery.act import Act, record_act
from agent.delivery.propose import AGENT
from agent.delivery.render import clean
from domain.errors import CannotDecide
from domain.lifecycle import PROPOSAL_MOVES, moved
from domain.ports import Unit
from domain.proposals import (
    DecisionKind,
    Escalation,
    Proposal,
    ProposalState,
    Redraft,
    Wish,
)

WISHES = "wishes"
REASON_LENGTH = 500


class Asked(NamedTuple):
    """A request for another draft that has no answer yet."""

    by: str
    at: datetime
    words: str
    wishes: tuple[Wish, ...]
    held: tuple[Wish, ...]
    """What the drafts before it were asked for: it holds for the drafts after them."""
    of_version: int

    @property
    def all_wishes(self) -> tuple[Wish, ...]:
        """Earlier wishes first, each once."""
        return tuple(dict.fromkeys((*self.held, *self.wishes)))

    def answered(self, answer: tuple[str, ...], *, is_made: bool) -> Redraft:
        """Give the request with what came of it."""
        return Redraft(
            by=self.by,
            at=self.at,
            words=self.words,
            wishes=self.all_wishes if is_made else self.held,
            of_version=self.of_version,
            is_made=is_made,
            answer=answer,
        )


def ask_another_draft(unit: Unit, proposal: Proposal, act: Act) -> Proposal:
    """Put a proposal aside until the next round of work made another draft of it.

    Raises:
        CannotDecide: No reason, a reason that is too long, or a wish that there is not.
    """
    act = act._replace(reason=_reason(act, "Say what should change in the next draft."))
    _wishes(act)
    unit.outbox.void(proposal.id, at=act.at)
    record_act(unit, proposal, act)
    return unit.proposals.put_state(proposal.id, ProposalState.REDRAFTING, at=act.at)


def escalate(unit: Unit, proposal: Proposal, act: Act) -> Proposal:
    """Hand the decision to a lead, under the next version: an open page is out of date then.

    Raises:
        CannotDecide: No reason, or one that is too long.
    """
    reason = _reason(act, "Say why the decision is not yours.")
    act = act._replace(reason=reason)
    escalated = proposal.model_copy(
        update={
            "version": proposal.version + 1,
            "escalation": Escalation(by=act.by, at=act.at, reason=reason),
        }
    )
    unit.outbox.void(proposal.id, at=act.at)
    record_act(unit, proposal, act)
    copies = unit.proposals.copies(proposal.id, proposal.version)
    unit.proposals.add_version(escalated, copies, by=act.by, at=act.at, why=f"Escalated: {reason}")
    return escalated


def asked_of(unit: Unit, proposal: Proposal) -> Asked:
    """Give what was asked of a proposal that was put aside.

    Raises:
        CannotDecide: Nothing was asked of its present version.
    """
    found = [
        one
        for one in unit.proposals.decisions(proposal.id)
        if one.kind is DecisionKind.ANOTHER_DRAFT and one.seen_version == proposal.version
    ]
    if not found:
        raise CannotDecide("Nobody asked for another draft of this version.")
    last = found[-1]
    return Asked(
        by=last.by,
        at=last.at,
        words=last.reason or "",
        wishes=tuple(Wish(str(one)) for one in _listed(last.changes.get(WISHES))),
        held=proposal.redraft.wishes if proposal.redraft else (),
        of_version=last.seen_version,
    )


def put_back(
    unit: Unit, proposal: Proposal, asked: Asked, *, why: tuple[str, ...], at: datetime
) -> Proposal:
    """Return a proposal of which no other draft could be made; it is open again, with why."""
    again = proposal.model_copy(
        update={
            "state": moved(PROPOSAL_MOVES, proposal.state, ProposalState.PROPOSED),
            "version": proposal.version + 1,
            "redraft": asked.answered(why, is_made=False),
        }
    )
    copies = unit.proposals.copies(proposal.id, proposal.version)
    told = f"No other draft was made: {' '.join(why)}"
    unit.proposals.add_version(again, copies, by=AGENT, at=at, why=told)
    unit.audit.add("put back", again.id, by=AGENT, at=at, sha256=again.sha256, reason=told)
    return again


def _reason(act: Act, ask: str) -> str:
    reason = clean(act.reason or "").strip()
    if not reason:
        raise CannotDecide(ask)
    if len(reason) > REASON_LENGTH:
        raise CannotDecide(f"The reason is longer than {REASON_LENGTH} characters.")
    return reason


def _wishes(act: Act) -> None:
    strange = [name for name in act.changes if name != WISHES]
    known = [one.value for one in Wish]
    strange += [str(one) for one in _listed(act.changes.get(WISHES)) if one not in known]
    if strange:
        raise CannotDecide(f"{strange[0]!r} is not among: {', '.join(known)}.")


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]
