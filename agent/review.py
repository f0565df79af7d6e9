"""From an alarmed issue to proposals that wait for a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from agent.casework.build import (
    AROUND,
    Material,
    build_casefile,
    is_on_topic,
    label_of,
    message_label,
    message_reason,
    problem_words,
    reason_line,
)
from agent.casework.draft_message import Addressed, Audience
from agent.casework.drafting import answer_due, drafts_of
from agent.delivery.desk import Desk
from agent.delivery.propose import Outcome, Submission, propose
from domain.issues import Casefile, IssueState
from domain.people import Configuration, Policy
from domain.ports import FactTable, Store
from domain.proposals import Draft, ProposalKind
from domain.provenance import MadeBy, Trace
from domain.record import IssueId
from domain.seats import Inquiry, Investigator, Recall, Writer, WriteRequest

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
        around = [
            one for one in unit.feedback.since(issue.opened_at - AROUND) if is_on_topic(one, issue)
        ]
        last = unit.issues.find_casefile(issue_id)
    inquiry = Inquiry(
        issue=issue,
        alarm=alarm,
        reports=tuple(reports),
        as_of=as_of,
        problem=problem_words(issue, reports, bench.configuration),
    )
    casefile = build_casefile(
        Material(inquiry, around, (last.version if last else 0) + 1),
        investigator=bench.investigator,
        configuration=bench.configuration,
        facts=facts,
        recall=bench.recall,
    )
    submissions = _submissions(casefile, bench, facts, clock())
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


def _submissions(
    casefile: Casefile, bench: Bench, facts: FactTable, now: datetime
) -> list[Submission]:
    policy = bench.configuration.policy
    common: dict[str, Any] = {
        "issue_id": casefile.issue.id,
        "casefile_version": casefile.version,
        "owner": casefile.owner,
        "severity": casefile.impact.severity,
        "risk": casefile.impact.risk,
        "snapshot_at": casefile.as_of,
    }
    submissions = []
    for one in drafts_of(casefile, facts=facts, policy=policy, now=now):
        draft, trace, made_by = _worded(casefile, one.draft, bench)
        own = (
            _ticket(casefile, policy, now)
            if one.audience is None
            else _message(casefile, one.audience, one.addressed)
        )
        submissions.append(
            Submission(
                **common,
                **own,
                draft=draft,
                priority=casefile.impact.priority - _BEHIND[one.audience],
                trace=trace,
                made_by=made_by,
            )
        )
    return submissions


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


def _worded(casefile: Casefile, draft: Draft, bench: Bench) -> tuple[Draft, Trace, MadeBy]:
    """Let the writer word a draft; its steps follow those of the investigation."""
    written = bench.writer.write(WriteRequest(casefile=casefile, draft=draft))
    before, after = casefile.trace, written.trace
    trace = before.model_copy(
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
    made_by = written.made_by if written.made_by.engine != "local" else casefile.made_by
    return written.draft, trace, made_by
