"""What was asked instead of a decision: another draft, or somebody else's decision."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from agent.casework.reshape import wishes_for
from app.access import Person, Right
from app.inbox import words
from app.inbox.backend import Item, ListRow
from domain.errors import Forbidden
from domain.proposals import Decision, DecisionKind, Proposal, ProposalKind, Wish

_WISHES: dict[ProposalKind, dict[Wish, str]] = {
    ProposalKind.TICKET: {
        Wish.SHORTER: "Shorter: one quote, no table, no past cases",
        Wish.WITHOUT_CASES: "Without similar past cases",
        Wish.FEWER_FIGURES: "Fewer figures: no table, no likelihood",
        Wish.NEXT_FIRST: "What is asked stands first",
    },
    ProposalKind.MESSAGE: {
        Wish.SHORTER: "Shorter: what happened, and when we write again",
        Wish.FEWER_FIGURES: "Without the amount",
    },
}


class ChoiceView(NamedTuple):
    """A change of the next draft that can be ticked."""

    value: str
    words: str


class EscalatedView(NamedTuple):
    """Who handed the decision on, and why."""

    title: str
    reason: str
    then: str


class RedraftView(NamedTuple):
    """What came of the last request for another draft."""

    title: str
    words: str
    answer: str
    old: int
    """The draft that the reviewer saw."""
    is_made: bool


def choices(proposal: Proposal) -> tuple[ChoiceView, ...]:
    """Give the changes that code can make to this draft without a model."""
    named = _WISHES[proposal.kind]
    return tuple(
        ChoiceView(wish.value, named[wish]) for wish in wishes_for(proposal.draft) if wish in named
    )


def escalated(proposal: Proposal, *, now: datetime) -> EscalatedView | None:
    """Give who escalated a draft."""
    one = proposal.escalation
    if one is None:
        return None
    title = f"{one.by} escalated this at {words.when_clock(one.at, now=now)}."
    return EscalatedView(title, one.reason, "An admin decides it; it stands first in the list.")


def redrafted(proposal: Proposal, *, now: datetime) -> RedraftView | None:
    """Give what came of the last request for another draft."""
    one = proposal.redraft
    if one is None:
        return None
    at = words.when_clock(one.at, now=now)
    asked = f"{one.by} asked for another draft at {at}"
    title = f"{asked}; this is it." if one.is_made else f"{asked}. None was made."
    return RedraftView(title, one.words, " ".join(one.answer), one.of_version, one.is_made)


def waits_for_redraft(item: Item, *, now: datetime) -> str:
    """Say who asked for the draft that is being made."""
    asked = _last(item, DecisionKind.ANOTHER_DRAFT)
    if asked is None:
        return "Another draft was asked for."
    return (
        f"{asked.by} asked for it at {words.when_clock(asked.at, now=now)}: "
        f"“{asked.reason}” This draft is put aside until then; nothing of it leaves."
    )


def _last(item: Item, kind: DecisionKind) -> Decision | None:
    return next((one for one in reversed(item.decisions) if one.kind is kind), None)


def may_decide(person: Person, proposal: Proposal) -> bool:
    """Whether a person may decide a draft: what was escalated only a lead."""
    return person.may(Right.DECIDE) and (proposal.escalation is None or person.may(Right.LEAD))


def may_decide_row(person: Person, row: ListRow) -> bool:
    """Whether a person may decide the draft of a line of the list."""
    return person.may(Right.DECIDE) and (row.escalation is None or person.may(Right.LEAD))


def require_decider(person: Person, proposal: Proposal) -> None:
    """Let pass who may decide a draft.

    Raises:
        Forbidden: It was escalated, and the person is no lead.
    """
    if not may_decide(person, proposal) and proposal.escalation is not None:
        raise Forbidden(f"{proposal.escalation.by} escalated this draft: an admin decides it.")
