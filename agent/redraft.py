"""Another draft of a proposal that a reviewer put aside: made, or the old one put back.

The request is a decision in the store, so a killed process loses nothing: the next round
of work finds what is still put aside. The answer is one transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from agent.casework.drafting import drafts_of
from agent.delivery.asking import Asked, asked_of, put_back
from agent.delivery.propose import Outcome, Submission, propose, propose_again
from agent.delivery.render import clean_draft
from agent.review import Bench, guidance_of, submission_of
from domain.issues import Casefile
from domain.ports import FactTable, Store, Unit
from domain.proposals import Draft, EvidenceKind, Proposal, ProposalState
from domain.record import ProposalId
from domain.seats import Written


class Redrafted(NamedTuple):
    """What a request for another draft came to."""

    proposal_id: ProposalId
    is_made: bool


class _Asking(NamedTuple):
    """All that another draft is made from, read in one transaction."""

    proposal: Proposal
    original: Proposal
    asked: Asked
    casefile: Casefile | None
    facts: FactTable


class _Tried(NamedTuple):
    """What the writer came to, and what is to be said of it."""

    told: tuple[str, ...]
    submission: Submission | None = None
    """None where nothing can be drafted."""
    is_another: bool = False
    """Whether it is what was asked for, and not the old one over again."""


def waiting_redrafts(store: Store, *, limit: int = 200) -> list[ProposalId]:
    """Proposals that were put aside for another draft, in the order of the list."""
    with store.read() as unit:
        rows = unit.proposals.list_rows(states=[ProposalState.REDRAFTING], limit=limit)
    return [row.id for row in rows]


def redraft(
    store: Store, id_: ProposalId, *, bench: Bench, clock: Callable[[], datetime]
) -> Redrafted | None:
    """Make another draft from the latest evidence, or put the old one back with the reason.

    None when there is nothing to do: somebody else answered it, or new evidence came in
    between and the next round tries again.
    """
    with store.read() as unit:
        proposal = unit.proposals.get(id_)
        if proposal.state is not ProposalState.REDRAFTING:
            return None
        asking = _Asking(
            proposal,
            unit.proposals.original(id_),
            asked_of(unit, proposal),
            unit.issues.find_casefile(proposal.issue_id),
            unit.facts.snapshot(),
        )
    tried = _try(asking, bench=bench, now=clock())
    with store.write() as unit:
        if _moved_on(unit, asking):
            return None
        return _answer(unit, asking, tried, bench=bench, at=clock())


def _moved_on(unit: Unit, asking: _Asking) -> bool:
    before, latest = asking.proposal, unit.issues.find_casefile(asking.proposal.issue_id)
    now = unit.proposals.get(before.id, for_change=True)
    if (now.state, now.version) != (before.state, before.version):
        return True
    used = asking.casefile
    return (latest and latest.version) != (used and used.version)


def _try(asking: _Asking, *, bench: Bench, now: datetime) -> _Tried:
    casefile, proposal, asked = asking.casefile, asking.proposal, asking.asked
    if casefile is None:
        return _Tried(("The evidence of this draft is not in the store.",))
    policy = bench.configuration.policy
    drafts = drafts_of(casefile, facts=asking.facts, policy=policy, now=now)
    one = next((one for one in drafts if one.audience == proposal.audience), None)
    if one is None:
        return _Tried(("No recipient is left.",))
    guidance = guidance_of(asked.words, asked.all_wishes)
    submission, written = submission_of(casefile, one, bench=bench, now=now, guidance=guidance)
    if bench.desk.find_destination(submission.destination) is None:
        return _Tried((f"There is no destination {submission.destination!r}.",))
    on_words = (written.on_words,) if written.on_words else ()
    if _is_the_same(asking, written):
        return _Tried(("It would say the same.", *on_words), submission)
    told = (*written.on_wishes, *on_words)
    if casefile.version != proposal.casefile_version:
        told += (f"It rests on newer evidence than draft {proposal.version}.",)
    if proposal.edited_by:
        told += (f"The edit by {proposal.edited_by} is not part of it; the old draft keeps it.",)
    return _Tried(told, submission, is_another=True)


def _is_the_same(asking: _Asking, written: Written) -> bool:
    """Whether nothing of what was asked for came of it, whatever earlier wording goes missing."""
    asked = asking.asked
    if written.made_by.engine == "local" and not set(asked.wishes) - set(asked.held):
        return True
    known = [_said(one.draft) for one in (asking.proposal, asking.original)]
    return _said(clean_draft(written.draft)) in known


def _said(draft: Draft) -> tuple[str, ...]:
    """Everything that a draft says, the company's own dates aside: they move with the clock."""
    dates = {one.number for one in draft.evidence if one.kind is EvidenceKind.POLICY}
    texts = [
        sentence.text
        for section in draft.sections
        for sentence in section.sentences
        if not dates & set(sentence.marks)
    ]
    tables = [cell for section in draft.sections for row in section.table for cell in row]
    return (draft.subject, *(one.key for one in draft.sections), *texts, *tables)


def _answer(unit: Unit, asking: _Asking, tried: _Tried, *, bench: Bench, at: datetime) -> Redrafted:
    proposal, asked, why = asking.proposal, asking.asked, tried.told
    if tried.submission is not None and tried.is_another:
        proposed = propose_again(
            unit,
            proposal,
            tried.submission,
            redraft=asked.answered(tried.told, is_made=True),
            desk=bench.desk,
            at=at,
        )
        if proposed.outcome is Outcome.REDRAFTED:
            return Redrafted(proposal.id, is_made=True)
        why = (proposed.why,)
    put_back(unit, proposal, asked, why=why, at=at)
    again = tried.submission
    if again is not None and again.casefile_version != proposal.casefile_version:
        # A run that brought new evidence left the draft alone while it was put aside.
        propose(unit, again, desk=bench.desk, at=at)
    return Redrafted(proposal.id, is_made=False)
