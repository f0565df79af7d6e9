"""The drafts of a casefile: one ticket, and a message for every audience that somebody is in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from agent.casework.draft_message import Addressed, Audience, address, draft_message, next_word
from agent.casework.draft_ticket import draft_ticket
from domain.issues import Casefile
from domain.people import Policy
from domain.ports import FactTable
from domain.proposals import Draft

_AUDIENCES: tuple[Audience, ...] = ("affected", "at_risk")


class Drafted(NamedTuple):
    """A draft with whom it is for."""

    audience: Audience | None
    """None for the ticket."""
    draft: Draft
    addressed: Addressed = Addressed((), ())


def answer_due(policy: Policy, *, now: datetime) -> datetime:
    """Give the time by which the owner should answer, on a full hour."""
    due = now + timedelta(hours=policy.answer_hours)
    return due.replace(minute=0, second=0, microsecond=0)


def drafts_of(
    casefile: Casefile, *, facts: FactTable, policy: Policy, now: datetime
) -> list[Drafted]:
    """Draft the ticket first, then the messages; an audience with no recipient gets none."""
    due = answer_due(policy, now=now)
    found = [Drafted(None, draft_ticket(casefile, answer_due_at=due))]
    for audience in _AUDIENCES:
        addressed = address(casefile, audience, facts=facts, policy=policy)
        if addressed.recipients:
            draft = draft_message(
                casefile,
                audience,
                recipients=addressed.recipients,
                policy=policy,
                next_word_at=next_word(policy, now=now),
            )
            found.append(Drafted(audience, draft, addressed))
    return found
