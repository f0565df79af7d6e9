"""Why a decision was refused, with what changed since the page was opened."""

from __future__ import annotations

from collections.abc import Set
from typing import NamedTuple

from agent.delivery.render import LISTED, section_text
from app.inbox import words
from app.inbox.backend import Item
from app.inbox.views_delivery import PAST
from domain.errors import AlreadyDecided, StaleVersion, UndertoneError
from domain.proposals import Proposal, Section

_SHOWN = 5


class Notice(NamedTuple):
    """Why what was asked did not happen, above the card."""

    title: str
    text: str
    changes: tuple[tuple[str, str, str], ...] = ()
    """Part, what it was, what it is now."""


def notice_of(error: UndertoneError, item: Item, seen: Proposal | None, *, by: str) -> Notice:
    """Say what happened, to which thing, what to do next."""
    if isinstance(error, AlreadyDecided):
        past = {kind.value: word for kind, word in PAST.items()}.get(error.kind, "decided")
        who = "You" if error.by == by else error.by
        text = "Yours changed nothing." if error.by != by else "The second time changed nothing."
        return Notice(f"{who} {past} this at {words.clock(error.at)}.", text)
    if isinstance(error, StaleVersion):
        current = item.proposal
        changes = changed_parts(seen, current) if seen else ()
        who = "You" if error.by == by else "A new run" if error.by == "undertone" else error.by
        did = f"made draft {error.current}"
        if current.escalation is not None and current.escalation.at == error.at:
            did = "escalated this"
        title = f"{who} {did} at {words.clock(error.at)}."
        return Notice(title, f"Nothing was done. Read draft {error.current}, then decide.", changes)
    return Notice("Nothing was done.", str(error))


def changed_parts(
    old: Proposal, new: Proposal, *, most: int = _SHOWN
) -> tuple[tuple[str, str, str], ...]:
    """Give the parts that differ, at most so many: name, what it was, what it is now."""
    before = {one.key: one for one in old.draft.sections}
    after = {one.key: one for one in new.draft.sections}
    changes = []
    if old.draft.subject != new.draft.subject:
        changes.append(("Title", old.draft.subject, new.draft.subject))
    for key in dict.fromkeys((*after, *before)):
        was, now = _difference(before.get(key), after.get(key))
        if was != now:
            changes.append((_name(after.get(key) or before[key]), was, now))
    was, now = (_order(one, of=before.keys() & after.keys()) for one in (old, new))
    if was != now:
        changes.append(("Order", was, now))
    if len(old.recipients) != len(new.recipients):
        was, now = (words.counted(len(one.recipients), "recipient") for one in (old, new))
        changes.append(("Recipients", was, now))
    return tuple(changes[:most])


def _order(proposal: Proposal, *, of: Set[str]) -> str:
    return ", ".join(_name(one) for one in proposal.draft.sections if one.key in of)


def _name(section: Section) -> str:
    return (section.heading or section.key.replace("_", " ").capitalize()).split(":")[0]


def _difference(old: Section | None, new: Section | None) -> tuple[str, str]:
    """Give what a part was and is; of a list and of a table the lines that differ."""
    if old is not None and old.role not in LISTED and not old.table:
        return section_text(old), section_text(new) if new is not None else ""
    was, now = _lines(old), _lines(new)
    if was != now and sorted(was) == sorted(now):
        return " ".join(was), " ".join(now)
    return (
        " ".join(one for one in was if one not in now),
        " ".join(one for one in now if one not in was),
    )


def _lines(section: Section | None) -> list[str]:
    if section is None:
        return []
    rows = [", ".join(row) + "." for row in section.table[1:]]
    return [*rows, *(one.text for one in section.sentences)]
