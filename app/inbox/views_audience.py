"""Who gets a message, who does not and why, and what differs between the copies."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from agent.delivery.render import SLOT
from app.inbox import words
from app.inbox.charts import Chart, Part, parts_bar
from domain.proposals import Proposal, Recipient

SHOWN = 5
_HEADINGS = {"hello": "Greeting", "item": "Concerns", "due": "Due", "amount": "Amount"}
REASONS = {
    "no address": "No usable address",
    "consent is false": "No consent on record",
    "consent is not understood": "Consent on record not understood",
    "suppressed": "Asked us to stop",
    "removed by a reviewer": "Removed by a reviewer",
}
_LONG_DAY = re.compile(r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]+ (\d{1,2}) ([A-Z][a-z]{2})[a-z]*$")


class DifferingView(NamedTuple):
    """The values that differ, as a table."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class AudienceView(NamedTuple):
    """Recipients and those left out."""

    total: str
    state: str
    get_it: str
    left_out: str
    bar: Chart | None
    reasons: tuple[tuple[str, str], ...]
    differing: DifferingView
    slots: tuple[str, ...]


def audience_view(proposal: Proposal) -> AudienceView:
    """Give who gets it; the sum closes: recipients + left out = the audience."""
    gets, out = len(proposal.recipients), len(proposal.left_out)
    slots = used_slots(proposal)
    parts = (
        Part(gets, "solid", f"{words.count(gets)} get it"),
        Part(out, "empty", f"{words.count(out)} left out"),
    )
    reasons = Counter(one.reason for one in proposal.left_out)
    return AudienceView(
        total=words.count(gets + out),
        state="affected" if proposal.audience == "affected" else "at risk",
        get_it=words.count(gets),
        left_out=words.count(out),
        bar=parts_bar(parts, width=283) if gets + out else None,
        reasons=tuple(
            (REASONS[reason], words.count(count)) for reason, count in reasons.most_common()
        ),
        differing=differing(proposal.recipients[:SHOWN], slots),
        slots=slots,
    )


def used_slots(proposal: Proposal) -> tuple[str, ...]:
    """Give the slots of a message in the order in which they are used."""
    texts = [one.text for section in proposal.draft.sections for one in section.sentences]
    found = [match[1] or match[2] for text in texts for match in SLOT.finditer(text)]
    return tuple(dict.fromkeys(found))


def differing(recipients: tuple[Recipient, ...], slots: tuple[str, ...]) -> DifferingView:
    """Give the values short enough for a narrow table; the greeting repeats the name."""
    columns = [_column(name, recipients) for name in slots if name != "hello"]
    head = ("Customer", *(title for title, _ in columns))
    rows = tuple(
        (one.name or one.customer_id, *(values[index] for _, values in columns))
        for index, one in enumerate(recipients)
    )
    return DifferingView(head, rows)


def full_table(recipients: tuple[Recipient, ...], slots: tuple[str, ...]) -> DifferingView:
    """Give every value as it stands in the copy."""
    head = ("Name", "Address", "State", *(_HEADINGS.get(name, name) for name in slots))
    rows = tuple(
        (
            one.name or "not known",
            one.address,
            one.state.value.replace("_", " "),
            *(one.values.get(name, "") for name in slots),
        )
        for one in recipients
    )
    return DifferingView(head, rows)


def _column(name: str, recipients: tuple[Recipient, ...]) -> tuple[str, list[str]]:
    values = [one.values.get(name, "") for one in recipients]
    shared = _shared_start(values)
    title = _HEADINGS.get(name, name.capitalize())
    if shared.startswith("your "):
        title = shared.removeprefix("your ").strip().capitalize()
        values = [one.removeprefix(shared) for one in values]
    return title, [_short(one) for one in values]


def _shared_start(values: list[str]) -> str:
    """Give the whole words with which all values begin, if something follows them."""
    parts = [one.split(" ") for one in values]
    shared = []
    for column in zip(*parts, strict=False):
        if len(set(column)) > 1:
            break
        shared.append(column[0])
    short = bool(parts) and len(shared) < min(len(one) for one in parts)
    return " ".join(shared) + " " if shared and short else ""


def _short(value: str) -> str:
    match = _LONG_DAY.match(value)
    return f"{match[1]}\u00a0{match[2]}\u00a0{match[3]}" if match else value
