"""What led to a line of a search, and a reason that fits beside its state."""

from __future__ import annotations

import re
from textwrap import shorten

from app.inbox import words
from domain.feedback import ReadItem
from domain.proposals import Decision
from domain.search import Found, FoundBy

# Measured at 1280 and 390 in Liberation Sans: a line holds 53 characters after the pips, 39
# beside a state; without pips 3 more. What is wider is clipped at its end.
_WIDE, _BESIDE, _PIPS = 53, 39, 3


def fitting(reason: str, *, beside: str) -> str:
    """Give a reason without the parts at its end for which a line has no room.

    Parts stand between ` · `; the first one always stays.
    """
    room = _BESIDE if beside else _WIDE
    parts = reason.split(" · ")
    while len(parts) > 1 and len(" · ".join(parts)) > room:
        parts.pop()
    return " · ".join(parts)


def told(decision: Decision, *, beside: str) -> str:
    """Give who asked for what, in a line; cut between words."""
    said = f"{decision.by}: {decision.reason or ''}"
    return shorten(said, _BESIDE if beside else _WIDE, placeholder="…")


def found_words(found: Found, report: ReadItem | None, query: str, *, beside: str = "") -> str:
    """Say in one line where the searched words stand; `beside` is what stands to the right."""
    room = (_BESIDE if beside else _WIDE) + _PIPS
    match found.by:
        case FoundBy.ID:
            return f"Id {found.text}"
        case FoundBy.TICKET:
            return f"Filed as {found.text}"
        case FoundBy.LABEL:
            return _quoting("In its title", report, query, room)
        case FoundBy.RECIPIENT:
            return f"To {found.text}"
        case FoundBy.CUSTOMER if found.proposal_id:
            return f"To customer {found.text}"
        case FoundBy.CUSTOMER:
            return f"{words.counted(found.reports, 'report')} of customer {found.text}"
        case FoundBy.ORDER:
            return f"Order {found.text}"
        case FoundBy.REPORT:
            return _quoting(words.counted(found.reports, "report"), report, query, room)


def _quoting(text: str, report: ReadItem | None, query: str, room: int) -> str:
    if report is None:
        return text
    around = room - len(text) - len(": “……”")
    return f"{text}: “{excerpt(report.redacted.value, query, room=around)}”"


def excerpt(text: str, query: str, *, room: int) -> str:
    """Give at most `room` characters of a text with the first searched word, cut between words."""
    plain = " ".join(text.split())
    folded = plain.casefold()
    starts = [folded.find(word) for word in re.findall(r"\w+", query.casefold())]
    at = min((start for start in starts if start >= 0), default=0)
    first = max(0, min(at - room // 3, len(plain) - room))
    last = min(len(plain), first + room)
    if 0 < first < at:
        first = plain.find(" ", first, at) + 1 or at
    if last < len(plain):
        last = max(plain.rfind(" ", at, last), at) if " " in plain[at:last] else last
    return f"{'…' if first else ''}{plain[first:last]}{'…' if last < len(plain) else ''}"
