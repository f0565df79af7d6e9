"""One draft as a card: the sheet in white, the reasons in grey, the bar below."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from markupsafe import Markup

from app.exports import frozen_text
from app.inbox import words
from app.inbox.backend import Item, Status
from app.inbox.charts import (
    CauseBar,
    Chart,
    Part,
    cause_bars,
    exposed_chart,
    parts_bar,
    trend_chart,
)
from app.inbox.svg import ring
from app.inbox.text import unseen_count
from app.inbox.views_sentence import MarkView, SectionView, Sheet, mark_views, section_view
from domain.delivery import FrozenCopy
from domain.facts import SimilarCase
from domain.issues import Casefile, ReachState
from domain.proposals import (
    Check,
    Delivery,
    DeliveryState,
    Proposal,
    ProposalKind,
    ProposalState,
    Recipient,
    SectionRole,
)
from domain.provenance import Trace


class FieldView(NamedTuple):
    """A field of a ticket with its tick."""

    name: str
    value: str
    missing: bool = False


class Header(NamedTuple):
    """A header of a mail."""

    name: str
    value: str


class DeliveryView(NamedTuple):
    """A delivery with its shape, its word and what can be done."""

    delivery: Delivery
    shape: str
    word: str
    to: str
    at: str
    detail: str


class Reaching(NamedTuple):
    """Who is reached, as one bar with its legend."""

    chart: Chart
    parts: tuple[Part, ...]


class Card(NamedTuple):
    """Everything on the right side of the inbox."""

    proposal: Proposal
    is_ticket: bool
    icon: str
    kind_words: str
    title: str
    since: str
    time_left: str
    is_over: bool
    waits: bool
    fields: tuple[FieldView, ...]
    headers: tuple[Header, ...]
    lines: tuple[SectionView, ...]
    sections: tuple[SectionView, ...]
    size: str
    hash: str
    unseen: int
    reach: Reaching | None
    trend: Chart | None
    exposed: Chart | None
    exposed_remark: str
    exposed_outcome: str
    causes: tuple[CauseBar, ...]
    cause_unknown: str
    similar: tuple[SimilarCase, ...]
    trace: Trace
    trace_remark: str
    checks: tuple[Check, ...]
    evidence: tuple[tuple[MarkView, str], ...]
    recipients: tuple[Recipient, ...]
    place: int
    differing: tuple[str, ...]
    left_out: tuple[tuple[str, int], ...]
    promise: tuple[str, str]
    blocked: str
    deliveries: tuple[DeliveryView, ...]
    hold: Markup | None
    hold_left: str
    hold_until: str
    can_undo: bool


def card_of(
    item: Item, status: Status, *, copy: FrozenCopy | None, place: int, now: datetime
) -> Card:
    """Give the card of a proposal, as the recipient at `place` gets it."""
    proposal, casefile = item.proposal, item.casefile
    is_ticket = proposal.kind is ProposalKind.TICKET
    recipient = proposal.recipients[place] if proposal.recipients else None
    sheet = Sheet(
        proposal.id, proposal.draft, proposal.checks, recipient.values if recipient else None
    )
    views = tuple(section_view(one, sheet) for one in proposal.draft.sections)
    lines = tuple(one for one in views if one.role is SectionRole.LINE)
    left, over = words.time_left(words.decide_by(proposal), now=now)
    frozen = copy.frozen if copy else b""
    text = frozen_text(proposal.kind, frozen) if frozen else ""
    proved = casefile.diagnosis.proved if casefile else None
    comparison = proved.comparison if proved else None
    held = [one.hold_until for one in item.deliveries if one.state is DeliveryState.HELD]
    until = max(held, default=None)
    undo = bool(until and until > now)
    return Card(
        proposal=proposal,
        is_ticket=is_ticket,
        icon=words.kind_icon(proposal.kind),
        kind_words=_kind_words(proposal),
        title=proposal.draft.subject,
        since=f"{words.counted(item.reports_since, 'report')} since this draft"
        if item.reports_since
        else "",
        time_left=left,
        is_over=over,
        waits=proposal.state is ProposalState.PROPOSED,
        fields=_fields(proposal) if is_ticket else (),
        headers=() if is_ticket else _headers(frozen, recipient),
        lines=lines,
        sections=tuple(one for one in views if one.role is not SectionRole.LINE),
        size=words.count(len(frozen)),
        hash=words.hash_words(copy.sha256 if copy else proposal.sha256),
        unseen=unseen_count(text),
        reach=_reach(casefile),
        trend=_trend(casefile),
        exposed=exposed_chart(comparison) if comparison else None,
        exposed_remark=_exposed_remark(casefile),
        exposed_outcome=comparison.outcome if comparison else "",
        causes=cause_bars(casefile.diagnosis) if casefile else (),
        cause_unknown=(casefile.diagnosis.unknown_reason or "") if casefile else "",
        similar=casefile.similar if casefile else (),
        trace=proposal.trace,
        trace_remark=_trace_remark(proposal.trace),
        checks=proposal.checks,
        evidence=tuple(
            (mark, one.title)
            for one in proposal.draft.evidence
            for mark in mark_views((one.number,), sheet)
        ),
        recipients=proposal.recipients,
        place=place,
        differing=_differing(proposal),
        left_out=_left_out(proposal),
        promise=_promise(proposal, status),
        blocked=_blocked(proposal, status),
        deliveries=tuple(_delivery(one, now) for one in item.deliveries),
        hold=ring((until - now).total_seconds() / max(status.undo_seconds, 1))
        if until and undo
        else None,
        hold_left=words.countdown(until - now) if until and undo else "",
        hold_until=until.isoformat() if until and undo else "",
        can_undo=undo,
    )


def _kind_words(proposal: Proposal) -> str:
    if proposal.kind is ProposalKind.TICKET:
        queue = proposal.destination.partition("/")[2]
        return f"Ticket for {queue}" if queue else "Ticket"
    return f"Message to {words.counted(len(proposal.recipients), 'customer')}"


def _fields(proposal: Proposal) -> tuple[FieldView, ...]:
    owner = proposal.owner
    due = proposal.answer_due_at
    return (
        FieldView(
            f"Owner, by rule “{owner.match}”" if owner else "Owner",
            f"{owner.person}, {owner.department}" if owner else "Nobody. See owners.yaml.",
            missing=owner is None,
        ),
        FieldView("Severity", words.SEVERITY[proposal.severity]),
        FieldView("Answer due", words.moment(due) if due else "none", missing=due is None),
    )


def _headers(frozen: bytes, recipient: Recipient | None) -> tuple[Header, ...]:
    from email import message_from_bytes, policy

    if not frozen or recipient is None:
        return ()
    mail = message_from_bytes(frozen, policy=policy.default)
    wanted = ("From", "To", "Reply-To", "Subject")
    return tuple(Header(name, str(mail[name])) for name in wanted if mail[name])


def _reach(casefile: Casefile | None) -> Reaching | None:
    if casefile is None or not casefile.reach.customers:
        return None
    reach = casefile.reach
    wrote = len(reach.having(ReachState.AFFECTED))
    silent = len(reach.having(ReachState.SILENT))
    risk = len(reach.having(ReachState.AT_RISK))
    parts = (
        Part(wrote, "solid", f"{words.count(wrote)} wrote"),
        Part(silent, "hatched", f"{words.count(silent)} silent"),
        Part(risk, "empty", f"{words.count(risk)} at risk"),
    )
    return Reaching(parts_bar(parts), parts)


def _trend(casefile: Casefile | None) -> Chart | None:
    if casefile is None or casefile.diagnosis.trend is None:
        return None
    label = casefile.issue.label.split(":")[0]
    return trend_chart(casefile.diagnosis.trend, label=f"{label} reports")


def _exposed_remark(casefile: Casefile | None) -> str:
    proved = casefile.diagnosis.proved if casefile else None
    comparison = proved.comparison if proved else None
    if comparison is None:
        return ""
    first, others = comparison.cohorts[0], comparison.cohorts[1:]
    hits, units = sum(one.hits for one in others), sum(one.exposed for one in others)
    return (
        f"{words.count(first.hits)} of {words.count(first.exposed)} against "
        f"{words.count(hits)} of {words.count(units)}. Ratio {comparison.ratio:.1f}, "
        f"95{chr(160)}% interval {comparison.ratio_low:.1f}–{comparison.ratio_high:.1f}."
    )


def _trace_remark(trace: Trace) -> str:
    parts = [
        words.counted(len(trace.steps), "step"),
        words.seconds(sum(step.seconds for step in trace.steps)),
    ]
    if trace.cost_usd:
        parts.append(words.cost(trace.cost_usd))
    elif not trace.price_known:
        parts.append("price not known")
    parts.append(f"{words.count(len(trace.dropped))} dropped" if trace.dropped else "none dropped")
    return ", ".join(parts)


def _differing(proposal: Proposal) -> tuple[str, ...]:
    names = {name for one in proposal.recipients for name in one.values}
    used = " ".join(
        sentence.text for section in proposal.draft.sections for sentence in section.sentences
    )
    return tuple(name for name in ("item", "due", "amount") if name in names and name in used)


def _left_out(proposal: Proposal) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for one in proposal.left_out:
        counts[one.reason] = counts.get(one.reason, 0) + 1
    reasons = {
        "no address": "No usable address",
        "consent is false": "No consent",
        "suppressed": "Asked us to stop",
        "removed by a reviewer": "Removed by a reviewer",
    }
    return tuple((reasons[reason], count) for reason, count in sorted(counts.items()))


def _promise(proposal: Proposal, status: Status) -> tuple[str, str]:
    """What Approve will do, in two short lines."""
    if proposal.kind is ProposalKind.TICKET:
        first = f"Files 1 ticket {words.where(proposal.kind, proposal.destination)}."
    else:
        first = f"Sends {words.counted(len(proposal.recipients), 'mail')}."
    if status.undo_seconds == 0:
        return first, "Leaves at once; there is no undo."
    return first, f"Held {status.undo_seconds} s; you can undo until then."


def _blocked(proposal: Proposal, status: Status) -> str:
    """Why Approve is off; empty when it is on."""
    if proposal.open_checks:
        return proposal.open_checks[0].detail
    return status.missing.get(proposal.destination.partition("/")[0], "")


def _delivery(one: Delivery, now: datetime) -> DeliveryView:
    return DeliveryView(
        delivery=one,
        shape=one.state.value,
        word=words.DELIVERY[one.state],
        to=one.address or words.place(one.destination),
        at=words.when(one.changed_at, now=now),
        detail=one.detail or one.external_id or "",
    )
