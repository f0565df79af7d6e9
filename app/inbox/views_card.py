"""One draft as a card: the sheet in white, the reasons in grey, the bar below."""

from __future__ import annotations

from datetime import datetime
from email import message_from_bytes, policy
from typing import NamedTuple

from agent.delivery.render import section_text
from app.exports import frozen_text
from app.inbox import words
from app.inbox.backend import Item, Status
from app.inbox.text import unseen_count
from app.inbox.views_asking import (
    ChoiceView,
    EscalatedView,
    RedraftView,
    choices,
    escalated,
    redrafted,
)
from app.inbox.views_audience import AudienceView, audience_view
from app.inbox.views_delivery import DeliveryPart, delivery_part
from app.inbox.views_sentence import (
    MarkView,
    SectionView,
    SentenceView,
    Sheet,
    mark_views,
    section_view,
)
from app.inbox.views_why import Reaching, Reasons, reaching, reasons_of
from domain.delivery import FrozenCopy
from domain.proposals import (
    Check,
    Proposal,
    ProposalKind,
    ProposalState,
    Recipient,
    SectionRole,
)

_SIGNS = {SectionRole.FOR: "+", SectionRole.AGAINST: "–", SectionRole.CHECK: "?"}
NOT_SET = ".invalid"
"""The end of an address that stands where none is set yet."""


class FieldView(NamedTuple):
    """A field of a ticket."""

    name: str
    value: str
    missing: bool = False


class Header(NamedTuple):
    """A header of a mail, as it stands in the frozen bytes."""

    name: str
    value: str
    missing: bool = False


class Finding(NamedTuple):
    """One line for, against, or still to be checked."""

    sign: str
    sentence: SentenceView


class Promise(NamedTuple):
    """What Approve will do, in two short lines; or why it is off."""

    verb: str
    what: str
    rest: str
    then: str
    is_off: bool = False


class Bytes(NamedTuple):
    """The frozen bytes that are shown."""

    size: str
    hash: str
    unseen: int


class Card(NamedTuple):
    """Everything on the right side of the inbox."""

    proposal: Proposal
    is_ticket: bool
    icon: str
    kind: str
    whom: str
    """Whom or what it is for: the queue, or how many customers."""
    issue: str
    since: str
    time_left: str
    is_over: bool
    snapshot: str
    waits: bool
    fields: tuple[FieldView, ...]
    headers: tuple[Header, ...]
    lines: tuple[SectionView, ...]
    quotes: SectionView | None
    reports: str
    findings: tuple[Finding, ...]
    paragraphs: tuple[SectionView, ...]
    bytes: Bytes
    reach: Reaching | None
    why: Reasons
    audience: AudienceView
    recipient: Recipient | None
    place: int
    evidence: tuple[tuple[MarkView, str], ...]
    checks: tuple[Check, ...]
    safe_stands: bool
    """Whether the safe wording of an open check stands in the text already."""
    promise: Promise
    delivery: DeliveryPart
    choices: tuple[ChoiceView, ...]
    """Changes of another draft that can be ticked."""
    escalated: EscalatedView | None
    redrafted: RedraftView | None


def card_of(
    item: Item, status: Status, *, copy: FrozenCopy | None, place: int, now: datetime
) -> Card:
    """Give the card of a proposal, as the recipient at `place` gets it."""
    proposal, casefile = item.proposal, item.casefile
    is_ticket = proposal.kind is ProposalKind.TICKET
    recipient = proposal.recipients[place] if proposal.recipients else None
    values = recipient.values if recipient else None
    sheet = Sheet(proposal.id, proposal.draft, proposal.checks, values)
    views = tuple(section_view(one, sheet) for one in proposal.draft.sections)
    left, over = words.time_left(words.decide_by(proposal), now=now)
    since = f"{words.counted(item.reports_since, 'report')} since this draft"
    return Card(
        proposal=proposal,
        is_ticket=is_ticket,
        icon=words.kind_icon(proposal.kind),
        kind="Ticket for" if is_ticket else "Message to",
        whom=_whom(proposal),
        issue=words.short_id(proposal.issue_id),
        since=since if item.reports_since else "",
        time_left=left,
        is_over=over,
        snapshot=words.moment(proposal.snapshot_at),
        waits=proposal.state is ProposalState.PROPOSED,
        fields=_fields(proposal) if is_ticket else (),
        headers=() if is_ticket else _headers(copy),
        lines=tuple(one for one in views if one.role is SectionRole.LINE),
        quotes=next((one for one in views if one.role is SectionRole.QUOTES), None),
        reports=words.counted(len(casefile.report_keys), "report") if casefile else "the reports",
        findings=tuple(
            Finding(_SIGNS[one.role], sentence)
            for one in views
            if one.role in _SIGNS
            for sentence in one.sentences
        ),
        paragraphs=tuple(one for one in views if _is_paragraph(one)),
        bytes=_bytes(proposal, copy),
        reach=reaching(casefile),
        why=reasons_of(proposal, casefile, sheet),
        audience=audience_view(proposal),
        recipient=recipient,
        place=place,
        evidence=tuple(
            (mark, one.title)
            for one in proposal.draft.evidence
            for mark in mark_views((one.number,), sheet)
        ),
        checks=proposal.checks,
        safe_stands=_safe_stands(proposal),
        promise=promise_of(proposal, status),
        delivery=delivery_part(item, status, now=now),
        choices=choices(proposal),
        escalated=escalated(proposal, now=now),
        redrafted=redrafted(proposal, now=now),
    )


def _is_paragraph(section: SectionView) -> bool:
    known = (SectionRole.LINE, SectionRole.QUOTES, *_SIGNS)
    return section.role not in known and bool(section.sentences or section.table)


def _safe_stands(proposal: Proposal) -> bool:
    texts = [section_text(one) for one in proposal.draft.sections]
    safe = [one.safe_wording for one in proposal.open_checks if one.safe_wording]
    return any(wording in text for wording in safe for text in texts)


def _whom(proposal: Proposal) -> str:
    if proposal.kind is ProposalKind.TICKET:
        return proposal.destination.partition("/")[2] or "the ticket folder"
    return words.counted(len(proposal.recipients), "customer")


def _fields(proposal: Proposal) -> tuple[FieldView, ...]:
    owner, due = proposal.owner, proposal.answer_due_at
    return (
        FieldView(
            f"Owner, by rule “{owner.match}”" if owner else "Owner",
            f"{owner.person}, {owner.department}" if owner else "Nobody. See owners.yaml.",
            missing=owner is None,
        ),
        FieldView("Severity", words.SEVERITY[proposal.severity]),
        FieldView("Answer due", words.moment(due) if due else "none", missing=due is None),
    )


def _headers(copy: FrozenCopy | None) -> tuple[Header, ...]:
    if copy is None:
        return ()
    mail = message_from_bytes(copy.frozen, policy=policy.default)
    found = [(name, str(mail[name])) for name in ("From", "To", "Reply-To", "Subject")]
    return tuple(
        Header(name.replace("-To", " to"), value, missing=value.strip(" >").endswith(NOT_SET))
        for name, value in found
        if value != "None"
    )


def _bytes(proposal: Proposal, copy: FrozenCopy | None) -> Bytes:
    if copy is None:
        return Bytes("0", words.hash_words(proposal.sha256), 0)
    hidden = unseen_count(frozen_text(proposal.kind, copy.frozen))
    return Bytes(words.count(len(copy.frozen)), words.hash_words(copy.sha256), hidden)


def promise_of(proposal: Proposal, status: Status) -> Promise:
    """Say what Approve will do, or why it is off."""
    off = _off(proposal, status)
    if off is not None:
        return off
    if proposal.kind is ProposalKind.TICKET:
        where = words.where(proposal.kind, proposal.destination)
        verb, what, rest = "Files", "1 ticket", f"{where}."
    else:
        verb, what, rest = "Sends", words.counted(len(proposal.recipients), "mail"), "."
    if status.undo_seconds == 0:
        return Promise(verb, what, rest, "Leaves at once; there is no undo.")
    held = f"Held {status.undo_seconds}\u00a0s; you can undo until then."
    if status.switch.stopped:
        held = "Sending is stopped: it waits until somebody resumes it."
    return Promise(verb, what, rest, held)


def _off(proposal: Proposal, status: Status) -> Promise | None:
    problems = proposal.open_checks
    if problems:
        first = problems[0]
        title = words.problem(first)
        if len(problems) > 1:
            title = f"{words.count(len(problems))} checks are open."
        then = (
            "Use the safe wording, or edit it." if first.safe_wording else "Edit it, or reject it."
        )
        if first.key == "owner":
            then = "Add an owner to owners.yaml."
        return Promise(title, "", "", then, is_off=True)
    name = proposal.destination.partition("/")[0]
    missing = status.missing.get(name)
    if missing is None:
        return None
    title = "Mail is not set up." if name == "mail" else f"{name.capitalize()} is not set up."
    return Promise(title, "", "", words.first_setting(missing), is_off=True)
