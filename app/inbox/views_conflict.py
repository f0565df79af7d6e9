"""Why a decision was refused, with what changed since the page was opened."""

from __future__ import annotations

from typing import NamedTuple

from agent.delivery.render import section_text
from app.inbox import words
from app.inbox.backend import Item
from app.inbox.views_delivery import PAST
from domain.errors import AlreadyDecided, StaleVersion, UndertoneError
from domain.proposals import Proposal

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
        title = f"{who} made draft {error.current} at {words.clock(error.at)}."
        return Notice(title, f"Nothing was done. Read draft {error.current}, then decide.", changes)
    return Notice("Nothing was done.", str(error))


def changed_parts(old: Proposal, new: Proposal) -> tuple[tuple[str, str, str], ...]:
    """Give the parts whose text differs: name, what it was, what it is now."""
    before = {one.key: one for one in old.draft.sections}
    changes = []
    if old.draft.subject != new.draft.subject:
        changes.append(("Title", old.draft.subject, new.draft.subject))
    for section in new.draft.sections:
        earlier = before.get(section.key)
        was = section_text(earlier) if earlier else ""
        now = section_text(section)
        if was != now:
            name = section.heading or section.key.replace("_", " ").capitalize()
            changes.append((name, was, now))
    if len(old.recipients) != len(new.recipients):
        was, now = (words.counted(len(one.recipients), "recipient") for one in (old, new))
        changes.append(("Recipients", was, now))
    return tuple(changes[:_SHOWN])
