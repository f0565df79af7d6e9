"""What comes out: proposals, issues, alarms and audiences as plain objects."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from email import message_from_bytes, policy

from pydantic import JsonValue

from domain.delivery import FrozenCopy
from domain.feedback import FeedbackItem, SetAside
from domain.issues import NO_TIME, Alarm, Casefile, Hypothesis, Issue, ReachState
from domain.proposals import Proposal, ProposalKind
from domain.record import FeedbackKey, Record, time_text

Object = dict[str, JsonValue]
Bodies = Iterable[FrozenCopy]
"""The frozen bytes of a proposal's present version, in the order of its recipients."""


def proposal_object(proposal: Proposal, bodies: Bodies) -> Object:
    """Give a proposal as `export proposals` and the API give it."""
    first = next(iter(bodies), None)
    return {
        "id": proposal.id,
        "kind": proposal.kind.value,
        "issue_id": proposal.issue_id,
        "state": proposal.state.value,
        "version": proposal.version,
        "destination": proposal.destination,
        "subject": proposal.draft.subject,
        "body": frozen_text(proposal.kind, first.frozen) if first else "",
        "recipients": [
            {"customer_id": one.customer_id, "address": one.address} for one in proposal.recipients
        ],
        "left_out": [
            {"customer_id": one.customer_id, "reason": one.reason} for one in proposal.left_out
        ],
        "evidence": [
            {"claim": one.claim, "kind": one.kind.value, "ref": one.ref}
            for one in proposal.draft.evidence
        ],
        "sha256": proposal.sha256,
        "made_by": proposal.made_by.model_dump(mode="json"),
        "escalation": _said(proposal.escalation),
        "redraft": _said(proposal.redraft),
    }


def _said(record: Record | None) -> JsonValue:
    """Give what a person said of a draft, its time as text; None where nobody did."""
    return record.model_dump(mode="json") if record is not None else None


def frozen_text(kind: ProposalKind, frozen: bytes) -> str:
    """Give the words of frozen bytes: the whole ticket, or the text of a mail."""
    if kind is ProposalKind.TICKET:
        return frozen.decode("utf-8", "replace")
    part = message_from_bytes(frozen, policy=policy.default).get_body(("plain",))
    return str(part.get_content()) if part is not None else frozen.decode("utf-8", "replace")


def issue_object(
    issue: Issue,
    casefile: Casefile | None,
    reports: Iterable[FeedbackKey],
    ids: Mapping[FeedbackKey, str] | None = None,
) -> Object:
    """Give an issue with what its latest casefile says."""
    if casefile is not None:
        issue = casefile.named(issue)
    given: Object = {
        "id": issue.id,
        "label": issue.label,
        "driver": issue.driver,
        "state": issue.state.value,
        "opened_at": None if issue.opened_at == NO_TIME else time_text(issue.opened_at),
        "report_ids": [brought_id(key, ids) for key in reports],
    }
    if casefile is None:
        empty: Object = {"affected": 0, "at_risk": 0, "silent": 0, "similar_case_ids": []}
        return {**given, "cause": None, "hypotheses": [], "owner": None, **empty}
    proved = casefile.diagnosis.proved
    reach = casefile.reach
    wrote, silent = reach.having(ReachState.AFFECTED), reach.having(ReachState.SILENT)
    return {
        **given,
        "cause": dict(proved.cause) if proved and proved.cause else None,
        "hypotheses": [_hypothesis_object(one) for one in casefile.diagnosis.hypotheses],
        "owner": casefile.owner.person if casefile.owner else None,
        "affected": len(wrote) + len(silent),
        "at_risk": len(reach.having(ReachState.AT_RISK)),
        "silent": len(silent),
        "similar_case_ids": [one.case.id for one in casefile.similar],
    }


def _hypothesis_object(hypothesis: Hypothesis) -> Object:
    return {
        "cause": dict(hypothesis.cause) if hypothesis.cause else None,
        "statement": hypothesis.statement,
        "confidence": hypothesis.confidence,
        "for": [one.text for one in hypothesis.findings_for],
        "against": [one.text for one in hypothesis.findings_against],
    }


def alarm_object(alarm: Alarm, ids: Mapping[FeedbackKey, str] | None = None) -> Object:
    """Give an alarm as it first fired."""
    return {
        "at": time_text(alarm.at),
        "issue_id": alarm.issue_id,
        "label": alarm.label,
        "terms": list(alarm.terms),
        "member_ids": [brought_id(key, ids) for key in alarm.member_keys],
        "size": alarm.size,
        "slice": dict(alarm.slice),
        "severity": alarm.severity,
    }


def audience_objects(casefile: Casefile) -> list[Object]:
    """Give one object per customer whom an issue reaches."""
    return [
        {
            "issue_id": casefile.issue.id,
            "customer_id": one.customer_id,
            "state": one.state.value,
            "reason": one.reason,
            "hours_to_impact": one.hours_to_impact,
        }
        for one in casefile.reach.customers
    ]


def brought_id(key: FeedbackKey, ids: Mapping[FeedbackKey, str] | None = None) -> str:
    """Give the feedback id as it was brought in."""
    if ids and key in ids:
        return ids[key]
    return key.partition("/")[2] or key


def brought_ids(items: Iterable[FeedbackItem]) -> dict[FeedbackKey, str]:
    """Give the id that each item was brought in with."""
    return {item.key: item.id for item in items}


def set_aside_object(row: SetAside) -> Object:
    """Give a row that was set aside, its bytes as text where they are UTF-8, else as base64."""
    try:
        held = {"raw": row.raw.decode("utf-8")}
    except UnicodeDecodeError:
        held = {"raw_base64": b64encode(row.raw).decode("ascii")}
    return {
        "source": row.source,
        "line": row.line,
        "part": row.part,
        "reason": row.reason,
        **held,
    }
