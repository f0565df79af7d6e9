"""What led to a line of a search, and a reason that fits beside its state."""

from __future__ import annotations

import re

from app.inbox import words
from domain.feedback import ReadItem
from domain.search import Found, FoundBy

_AROUND = 22
"""Characters shown before and after the words of a report."""
# A line holds 53 characters in the widest of the fonts that pages name, 39 beside a state.
_WIDE, _BESIDE = 53, 39


def fitting(reason: str, *, beside: str) -> str:
    """Give a reason without the parts at its end for which a line has no room.

    Parts stand between ` · `; the first one always stays.
    """
    room = _BESIDE if beside else _WIDE
    parts = reason.split(" · ")
    while len(parts) > 1 and len(" · ".join(parts)) > room:
        parts.pop()
    return " · ".join(parts)


def found_words(found: Found, report: ReadItem | None, query: str) -> str:
    """Say in one line where the searched words stand."""
    match found.by:
        case FoundBy.ID:
            return f"Id {found.text}"
        case FoundBy.TICKET:
            return f"Filed as {found.text}"
        case FoundBy.LABEL:
            return "In its title"
        case FoundBy.RECIPIENT:
            return f"To {found.text}"
        case FoundBy.CUSTOMER if found.proposal_id:
            return f"To customer {found.text}"
        case FoundBy.CUSTOMER:
            return f"{words.counted(found.reports, 'report')} of customer {found.text}"
        case FoundBy.ORDER:
            return f"Order {found.text}"
        case FoundBy.REPORT:
            text = excerpt(report.redacted.value, query) if report else ""
            number = words.counted(found.reports, "report")
            return f"{number}: “{text}”" if text else number


def excerpt(text: str, query: str) -> str:
    """Give the surroundings of the first searched word in a text, cut between words."""
    plain = " ".join(text.split())
    folded = plain.casefold()
    starts = [folded.find(word) for word in re.findall(r"\w+", query.casefold())]
    at = min((start for start in starts if start >= 0), default=0)
    first, last = max(0, at - _AROUND), min(len(plain), at + _AROUND + len(query))
    if first:
        first = plain.find(" ", first) + 1 or first
    if last < len(plain):
        last = max(plain.rfind(" ", at, last), at) or last
    return f"{'…' if first else ''}{plain[first:last]}{'…' if last < len(plain) else ''}"
