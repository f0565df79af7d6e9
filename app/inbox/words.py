"""How times, hashes, sizes and states read on a page."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from agent.casework.words import (
    count,
    counted,
    day,
    lower_first,
    moment,
    money,
    percent,
    sentence,
    span,
)
from domain.delivery import ProposalRow
from domain.issues import Severity
from domain.proposals import Check, DeliveryState, Proposal, ProposalKind, ProposalState

__all__ = [
    "clock",
    "count",
    "counted",
    "day",
    "dollars",
    "hash_words",
    "kind_icon",
    "lower_first",
    "moment",
    "money",
    "percent",
    "place",
    "seconds",
    "sentence",
    "short_day",
    "short_moment",
    "span",
    "time_left",
]

SEVERITY: dict[Severity, str] = {
    "low": "Low",
    "medium": "Medium",
    "high": "High",
    "critical": "Critical",
}
DELIVERY = {
    DeliveryState.HELD: "Held",
    DeliveryState.SENDING: "Sending",
    DeliveryState.SENT: "Sent",
    DeliveryState.BOUNCED: "Bounced",
    DeliveryState.FAILED: "Failed",
    DeliveryState.UNKNOWN: "Unknown",
    DeliveryState.CANCELLED: "Cancelled",
    DeliveryState.EXPIRED: "Expired",
}
"""A word for each state; its shape has the name of the state."""
PROPOSAL = {
    ProposalState.PROPOSED: ("", ""),
    ProposalState.REDRAFTING: ("redrafting", "Redrafting"),
    ProposalState.APPROVED: ("held", "Held"),
    ProposalState.SENDING: ("sending", "Sending"),
    ProposalState.SENT: ("sent", "Sent"),
    ProposalState.UNKNOWN: ("unknown", "Unknown"),
    ProposalState.FAILED: ("failed", "Failed"),
    ProposalState.REJECTED: ("cancelled", "Rejected"),
    ProposalState.EXPIRED: ("expired", "Expired"),
    ProposalState.SUPERSEDED: ("cancelled", "Replaced"),
}
ALERTS = frozenset({"unknown", "failed", "bounced"})
"""Shapes that need a person."""

PROBLEM = {
    "numbers": "A number is on no record.",
    "quotes": "A quote is in no report.",
    "promises": "Promises too much.",
    "links": "A link is not on the allow-list.",
    "addresses": "An address stands in the text.",
    "others": "It holds another customer’s data.",
    "slots": "A value is missing.",
    "owner": "Nobody owns this.",
    "recipients": "Nobody gets it.",
}
"""What is wrong when a check is open, by its key."""


def problem(check: Check) -> str:
    """Give what is wrong, in a few words."""
    return PROBLEM.get(check.key, f"{check.label}: not yet.")


def short_day(at: datetime) -> str:
    """Give `3 Mar`."""
    return f"{at.day}\u00a0{at:%b}"


def short_moment(at: datetime) -> str:
    """Give `3 Mar 18:00`."""
    return f"{short_day(at)}\u00a0{at:%H:%M}"


def clock(at: datetime) -> str:
    """Give `09:14:31`."""
    return f"{at:%H:%M:%S}"


def when(at: datetime, *, now: datetime) -> str:
    """Give the time alone today, otherwise with its day."""
    return f"{at:%H:%M}" if at.date() == now.date() else short_moment(at)


def hash_words(sha256: str) -> str:
    """Give the first eight digits of a hash in two groups."""
    return f"{sha256[:4]} {sha256[4:8]}"


def dollars(amount: float, *, digits: int = 2) -> str:
    """Give `$1.84`."""
    return f"${amount:,.{digits}f}"


def cost(amount: float | None) -> str:
    """Give the cost of a step; a dash when nothing was paid for."""
    if not amount:
        return "–"
    return dollars(amount, digits=3 if amount < 1 else 2)


def seconds(value: float) -> str:
    """Give `2.1 s`, or `3 min 05 s`."""
    if value < 60:
        return f"{value:.1f}\u00a0s"
    return f"{int(value) // 60}\u00a0min\u00a0{int(value) % 60:02d}\u00a0s"


def countdown(left: timedelta) -> str:
    """Give `0:24`."""
    whole = max(0, int(left.total_seconds() + 0.999))
    return f"{whole // 60}:{whole % 60:02d}"


def time_left(until: datetime, *, now: datetime) -> tuple[str, bool]:
    """Give how much time is left, or by how much it is over and True."""
    hours = (until - now).total_seconds() / 3600
    if hours < 0:
        return f"{span(-hours)} over", True
    return span(hours), False


def decide_by(proposal: Proposal | ProposalRow) -> datetime:
    """Give until when a decision is of use: before the answer is due and before it expires."""
    due = proposal.answer_due_at
    return min(due, proposal.expires_at) if due else proposal.expires_at


def kind_icon(kind: ProposalKind) -> str:
    """Give the name of the icon of a kind."""
    return "ticket" if kind is ProposalKind.TICKET else "mail"


def place(destination: str) -> str:
    """Give a destination as words: `tickets/logistics` is `Tickets, logistics`."""
    name, _, queue = destination.partition("/")
    word = name[:1].upper() + name[1:]
    return f"{word}, {queue}" if queue else word


def where(kind: ProposalKind, destination: str) -> str:
    """Give what is done where: `Ticket for logistics`."""
    queue = destination.partition("/")[2]
    if kind is ProposalKind.MESSAGE:
        return "by mail"
    return f"in {queue}" if queue else "in the ticket folder"


def when_clock(at: datetime, *, now: datetime) -> str:
    """Give the time with seconds, with its day unless it is today."""
    return clock(at) if at.date() == now.date() else f"{short_day(at)}\u00a0{clock(at)}"


def short_id(id_: str) -> str:
    """Give the part of a generated id by which people speak of it."""
    tail = id_.rpartition("-")[2] if "-" in id_ else id_.rpartition("_")[2]
    return tail[:6]


def first_setting(text: str) -> str:
    """Give what to set, short, from a message that names a setting."""
    found = re.search(r"UNDERTONE_[A-Z_]+", text)
    return f"It needs {found[0]}." if found else text
