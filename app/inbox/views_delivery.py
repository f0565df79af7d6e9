"""What became of an approved draft: held, sent, unknown; the three records of it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import NamedTuple

from markupsafe import Markup

from agent.delivery.propose import AGENT
from app.inbox import words
from app.inbox.backend import Item, Status
from app.inbox.svg import ring
from app.inbox.views_asking import waits_for_redraft
from domain.proposals import (
    Attempt,
    DecisionKind,
    Delivery,
    DeliveryState,
    ProposalKind,
    ProposalState,
)

PAST = {
    DecisionKind.APPROVE: "approved",
    DecisionKind.EDIT: "edited",
    DecisionKind.REJECT: "rejected",
    DecisionKind.UNDO: "undone",
    DecisionKind.ANOTHER_DRAFT: "asked for another draft of",
    DecisionKind.ESCALATE: "escalated",
}


class DeliveryView(NamedTuple):
    """A delivery with its shape and its word."""

    id: str
    shape: str
    word: str
    to: str
    at: str
    detail: str


class RecordView(NamedTuple):
    """One of the three records: proposed, decided, sent."""

    title: str
    lines: tuple[str, ...]
    hash: str = ""
    remark: str = ""
    is_open: bool = False


class HoldView(NamedTuple):
    """The hold before anything leaves."""

    ring: Markup
    left: str
    until: str
    total: int
    words: str


class DeliveryPart(NamedTuple):
    """What stands on the card of a decided draft."""

    shape: str
    title: str
    text: str
    is_alert: bool
    hold: HoldView | None
    records: tuple[RecordView, ...]
    deliveries: tuple[DeliveryView, ...]
    counts: tuple[tuple[str, str], ...]
    more: int


class UnknownView(NamedTuple):
    """A delivery of which only a person can say what became of it."""

    id: str
    to: str
    age: str
    told: str
    lines: tuple[tuple[str, str], ...]
    two: str
    not_done: str
    placeholder: str


def delivery_part(item: Item, status: Status, *, now: datetime) -> DeliveryPart:
    """Give what became of a draft."""
    proposal = item.proposal
    deliveries = [one for one in item.deliveries if one.version == proposal.version]
    counts = Counter(item.delivery_counts)
    shape, title, text = _state(item, counts)
    if proposal.state is ProposalState.REDRAFTING:
        title, text = "Another draft is being made", waits_for_redraft(item, now=now)
    return DeliveryPart(
        shape=shape,
        title=title,
        text=text,
        is_alert=shape in words.ALERTS,
        hold=_hold(item, deliveries, status, now),
        records=_records(item, deliveries, now),
        deliveries=tuple(_delivery(one, now) for one in deliveries),
        counts=tuple(
            (state.value, f"{words.count(count)} {words.DELIVERY[state].lower()}")
            for state, count in counts.items()
        ),
        more=counts.total() - len(deliveries),
    )


def _state(item: Item, counts: Counter[DeliveryState]) -> tuple[str, str, str]:
    proposal = item.proposal
    what = "ticket" if proposal.kind is ProposalKind.TICKET else "mail"
    shape, word = words.PROPOSAL[proposal.state]
    texts = {
        ProposalState.APPROVED: "The hold is over; the next run hands it over.",
        ProposalState.SENDING: f"The {what} is being handed over. It cannot be undone any more.",
        ProposalState.SENT: _sent_text(counts, what),
        ProposalState.UNKNOWN: "We sent it and got no answer. It may exist there, or not.",
        ProposalState.FAILED: "Nothing was accepted, and it is not tried again by itself.",
        ProposalState.REJECTED: "It was rejected and never left.",
        ProposalState.EXPIRED: "Nobody decided it in time. It never left.",
        ProposalState.SUPERSEDED: "It was out of date, and nobody is left to get it.",
    }
    return shape, word, texts.get(proposal.state, "")


def _sent_text(counts: Counter[DeliveryState], what: str) -> str:
    sent, total = counts[DeliveryState.SENT], sum(counts.values())
    if total == 1:
        return f"The {what} was accepted."
    others = [
        f"{words.count(count)} {words.DELIVERY[state].lower()}"
        for state, count in counts.items()
        if state is not DeliveryState.SENT
    ]
    return f"{words.count(sent)} of {words.count(total)} accepted" + (
        f"; {', '.join(others)}." if others else "."
    )


def _hold(item: Item, deliveries: list[Delivery], status: Status, now: datetime) -> HoldView | None:
    held = [one.hold_until for one in deliveries if one.state is DeliveryState.HELD]
    until = max(held, default=None)
    if until is None or until <= now or item.proposal.state is not ProposalState.APPROVED:
        return None
    left = until - now
    proposal = item.proposal
    total = max(1, round((until - deliveries[0].approved_at).total_seconds()))
    if proposal.kind is ProposalKind.TICKET:
        whom = proposal.owner.person if proposal.owner else "the ticket folder"
        what = f"Files 1 ticket for {whom} at {words.clock(until)}."
        then = "after that it is filed and can only be changed there."
    else:
        what = f"Sends {words.counted(_total(item), 'mail')} at {words.clock(until)}."
        then = "after that nothing calls them back."
    told = f"{what} Until then you can undo; {then}"
    if status.switch.stopped:
        told = (
            "Sending is stopped: it stays here until somebody resumes it. "
            f"You can undo until {words.clock(until)}."
        )
    return HoldView(
        ring=ring(left.total_seconds() / total),
        left=words.countdown(left),
        until=until.isoformat(),
        total=total,
        words=told,
    )


def _records(
    item: Item, deliveries: list[Delivery], now: datetime
) -> tuple[RecordView, RecordView, RecordView]:
    original = item.original
    proposed = RecordView(
        "Proposed",
        (f"{_made_at(item, original.version, now)} by the agent, draft {original.version}",),
        words.hash_words(original.sha256),
    )
    return proposed, _decided(item, now), _sent(item, deliveries, now)


def _made_at(item: Item, version: int, now: datetime) -> str:
    notes = [one for one in item.versions if one.version <= version]
    # A version that a person only handed on holds the agent's words of the one before it.
    own = [one.at for one in notes if one.by == AGENT]
    at = own[-1] if own else item.proposal.created_at
    return words.when_clock(at, now=now)


_TITLES = {
    DecisionKind.APPROVE: "Approved",
    DecisionKind.REJECT: "Rejected",
    DecisionKind.ANOTHER_DRAFT: "Asked for again",
}


def _decided(item: Item, now: datetime) -> RecordView:
    proposal = item.proposal
    last = item.decisions[-1] if item.decisions else None
    if last is None:
        return RecordView("Decided", ("by nobody",), is_open=True)
    same = item.original.sha256 == proposal.sha256
    text = "as drafted" if same else f"as draft {proposal.version}, edited by {proposal.edited_by}"
    title = _TITLES.get(last.kind, "Decided")
    lines = [f"{words.when_clock(last.at, now=now)} by {last.by}"]
    if last.kind is DecisionKind.APPROVE:
        lines[0] += f", {text}"
    if last.reason:
        lines.append(f"“{last.reason}”")
    remark = "same bytes" if same else "other bytes than proposed"
    return RecordView(title, tuple(lines), words.hash_words(proposal.sha256), remark)


def _total(item: Item) -> int:
    return sum(item.delivery_counts.values())


def _sent(item: Item, deliveries: list[Delivery], now: datetime) -> RecordView:
    state = item.proposal.state
    sent = [one for one in deliveries if one.state is DeliveryState.SENT]
    if not sent:
        never = state in (ProposalState.REJECTED, ProposalState.EXPIRED, ProposalState.SUPERSEDED)
        text = "never" if never else "not yet"
        hint = (
            ()
            if never or state is ProposalState.REDRAFTING
            else ("the answer of the other side appears here",)
        )
        return RecordView("Sent", (text, *hint), is_open=True)
    last = max(one.changed_at for one in sent)
    first = sent[0]
    text = f"{words.when_clock(last, now=now)}"
    if _total(item) > 1:
        gone = item.delivery_counts.get(DeliveryState.SENT, 0)
        text += f", {words.count(gone)} of {words.count(_total(item))}"
        return RecordView("Sent", (text,))
    return RecordView("Sent", (text, first.external_id or ""), words.hash_words(first.sha256))


def _delivery(one: Delivery, now: datetime) -> DeliveryView:
    return DeliveryView(
        id=one.id,
        shape=one.state.value,
        word=words.DELIVERY[one.state],
        to=one.address or words.place(one.destination),
        at=words.when_clock(one.changed_at, now=now),
        detail=one.detail or one.external_id or "",
    )


def unknown_view(
    delivery: Delivery, attempts: tuple[Attempt, ...], *, now: datetime
) -> UnknownView:
    """Give what is known of a delivery that got no answer."""
    is_mail = delivery.address is not None
    age, _ = words.time_left(now, now=delivery.changed_at)
    lines = [_attempt_line(one) for one in attempts]
    if delivery.detail:
        lines.append((words.clock(delivery.changed_at), words.sentence(delivery.detail)))
    lines.append(("Now", "Only you can say. Nothing is sent again by itself."))
    what, whom = ("mail", "the customer") if is_mail else ("ticket", "the team")
    return UnknownView(
        id=delivery.id,
        to=delivery.address or words.place(delivery.destination),
        age=age,
        told=f"We sent the {what} and the other side closed the line before it answered. "
        f"It may {'have arrived' if is_mail else 'exist there'}, or not.",
        lines=tuple(lines),
        two=f"If the first one arrived, {whom} has two.",
        not_done="Closes this as not sent." if is_mail else "Closes this as not filed.",
        placeholder="Message id" if is_mail else "Number or address",
    )


def _attempt_line(attempt: Attempt) -> tuple[str, str]:
    parts = [f"Try {attempt.number}:"]
    parts.append("the bytes began to leave" if attempt.body_at else "no byte of the text had left")
    if attempt.ended_at:
        took = (attempt.ended_at - attempt.at).total_seconds()
        parts.append(f"and the line closed after {words.seconds(took)}")
    text = " ".join(parts)
    return words.clock(attempt.at), f"{text}. {words.sentence(attempt.result or 'no answer')}"
