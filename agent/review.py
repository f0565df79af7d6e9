"""From an alarmed issue to proposals that wait for a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from agent.casework.build import (
    AROUND,
    Material,
    build_casefile,
    label_of,
    message_label,
    message_reason,
    problem_words,
    reason_line,
)
from agent.casework.draft_message import Addressed, Audience
from agent.casework.drafting import Drafted, answer_due, drafts_of
from agent.casework.letters import around
from agent.delivery.desk import Desk
from agent.delivery.propose import Outcome, Submission, propose
from agent.reading.redact import redact
from domain.issues import Casefile, IssueState
from domain.people import Configuration, Policy
from domain.ports import Store
from domain.proposals import Proposal, ProposalKind, ProposalState, Wish
from domain.provenance import Trace
from domain.record import IssueId
from domain.seats import (
    Guidance,
    Inquiry,
    Investigator,
    Recall,
    Writer,
    WriteRequest,
    Written,
)
from domain.text import CustomerText

# In the list, messages stand right behind the ticket of the same issue.
_BEHIND: dict[Audience | None, float] = {None: 0.0, "affected": 0.01, "at_risk": 0.02}


class Reviewed(NamedTuple):
    """What a review of one issue came to."""

    issue_id: IssueId
    proved: bool
    proposed: int
    kept: int


class Bench(NamedTuple):
    """Who works a case: the seats, the rules, the desk."""

    investigator: Investigator
    writer: Writer
    recall: Recall
    configuration: Configuration
    desk: Desk


def waiting_issues(store: Store) -> list[IssueId]:
    """Alarmed issues that have no casefile, or reports or records since it, oldest first."""
    with store.read() as unit:
        now = unit.facts.world_time()
        known = unit.issues.list_all(states=[IssueState.ALARMED, IssueState.PROPOSED])
        waiting = []
        for issue in known:
            casefile = unit.issues.find_casefile(issue.id)
            if casefile is None or (now is not None and casefile.as_of < now):
                waiting.append(issue)
    return [issue.id for issue in sorted(waiting, key=lambda one: (one.opened_at, one.id))]


def review_issue(
    store: Store, issue_id: IssueId, *, bench: Bench, clock: Callable[[], datetime]
) -> Reviewed | None:
    """Work one issue and propose what comes of it, in one transaction; None if it is gone."""
    with store.read() as unit:
        issue, alarm = unit.issues.find(issue_id), unit.issues.alarm_of(issue_id)
        facts = unit.facts.snapshot()
        as_of = unit.facts.world_time()
        if issue is None or alarm is None or as_of is None:
            return None
        reports = unit.feedback.read_items(unit.issues.report_keys(issue_id))
        written = around(unit.feedback.since(issue.opened_at - AROUND))
        last = unit.issues.find_casefile(issue_id)
        asked = _guidances(unit.proposals.of_issue(issue_id))
    inquiry = Inquiry(
        issue=issue,
        alarm=alarm,
        reports=tuple(reports),
        as_of=as_of,
        problem=problem_words(issue, reports, bench.configuration),
    )
    casefile = build_casefile(
        Material(inquiry, written, (last.version if last else 0) + 1),
        investigator=bench.investigator,
        configuration=bench.configuration,
        facts=facts,
        recall=bench.recall,
    )
    now, policy = clock(), bench.configuration.policy
    submissions = [
        submission_of(casefile, one, bench=bench, now=now, guidance=asked.get(one.audience))[0]
        for one in drafts_of(casefile, facts=facts, policy=policy, now=now)
    ]
    with store.write() as unit:
        for query in facts.remembered().values():
            unit.facts.remember(query)
        unit.issues.save_casefile(casefile)
        current = unit.issues.find(issue_id) or issue
        unit.issues.save(current.model_copy(update={"state": IssueState.PROPOSED}))
        outcomes = [
            propose(unit, submission, desk=bench.desk, at=clock()).outcome
            for submission in submissions
        ]
    proposed = sum(one in (Outcome.PROPOSED, Outcome.CHANGED) for one in outcomes)
    return Reviewed(
        issue_id,
        proved=casefile.diagnosis.proved is not None,
        proposed=proposed,
        kept=len(outcomes) - proposed,
    )


def submission_of(
    casefile: Casefile,
    one: Drafted,
    *,
    bench: Bench,
    now: datetime,
    guidance: Guidance | None = None,
) -> tuple[Submission, Written]:
    """Let the writer word one draft of a casefile; gives it with all that a proposal needs."""
    written = bench.writer.write(
        WriteRequest(casefile=casefile, draft=one.draft, guidance=guidance)
    )
    own = (
        _ticket(casefile, bench.configuration.policy, now)
        if one.audience is None
        else _message(casefile, one.audience, one.addressed)
    )
    submission = Submission(
        issue_id=casefile.issue.id,
        casefile_version=casefile.version,
        owner=casefile.owner,
        severity=casefile.impact.severity,
        risk=casefile.impact.risk,
        snapshot_at=casefile.as_of,
        draft=written.draft,
        priority=casefile.impact.priority - _BEHIND[one.audience],
        trace=_whole_trace(casefile.trace, written.trace),
        made_by=written.made_by if written.made_by.engine != "local" else casefile.made_by,
        **own,
    )
    return submission, written


def guidance_of(words: str, wishes: tuple[Wish, ...]) -> Guidance:
    """Give what a reviewer asked for, as a writer may see it: personal data replaced."""
    return Guidance(words=redact(CustomerText(value=words)), wishes=wishes)


def _guidances(proposals: Iterable[Proposal]) -> dict[Audience | None, Guidance]:
    """What was asked of the drafts that wait: it holds for the drafts that replace them too."""
    return {
        one.audience: guidance_of(
            one.redraft.words if one.redraft.is_made else "", one.redraft.wishes
        )
        for one in proposals
        if one.state is ProposalState.PROPOSED and one.redraft
    }


def _ticket(casefile: Casefile, policy: Policy, now: datetime) -> dict[str, Any]:
    queue = casefile.owner.destination if casefile.owner else None
    return {
        "kind": ProposalKind.TICKET,
        "destination": f"tickets/{queue}" if queue else "tickets",
        "label": label_of(casefile),
        "reason": reason_line(casefile),
        "answer_due_at": answer_due(policy, now=now),
    }


def _message(casefile: Casefile, audience: Audience, addressed: Addressed) -> dict[str, Any]:
    return {
        "kind": ProposalKind.MESSAGE,
        "audience": audience,
        "destination": "mail",
        "label": message_label(casefile, audience),
        "reason": message_reason(casefile, audience, len(addressed.recipients)),
        "recipients": addressed.recipients,
        "left_out": addressed.left_out,
    }


def _whole_trace(before: Trace, after: Trace) -> Trace:
    """Give one trace: the steps of the writer follow those of the investigation."""
    return before.model_copy(
        update={
            "steps": (*before.steps, *after.steps),
            "dropped": (*before.dropped, *after.dropped),
            "claims_made": before.claims_made + after.claims_made,
            "tokens_in": before.tokens_in + after.tokens_in,
            "tokens_out": before.tokens_out + after.tokens_out,
            "cost_usd": before.cost_usd + after.cost_usd,
            "price_known": before.price_known and after.price_known,
        }
    )
