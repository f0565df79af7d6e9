"""An earlier draft beside the present one: what it said, and what changed since."""

from __future__ import annotations

from typing import NamedTuple

from agent.delivery.render import section_text
from app.inbox import words
from app.inbox.backend import Item
from app.inbox.views_conflict import changed_parts
from domain.proposals import Proposal


class VersionView(NamedTuple):
    """A draft as it was made."""

    number: int
    title: str
    made: str
    parts: tuple[tuple[str, str], ...]
    """Name and text of each part."""
    changes: tuple[tuple[str, str, str], ...]
    """Part, what it was, what it is in the present draft."""


def version_view(old: Proposal, item: Item) -> VersionView:
    """Give an earlier version with what changed since."""
    note = next((one for one in item.versions if one.version == old.version), None)
    made = (
        f"Made {words.short_day(note.at)} {words.clock(note.at)} by {note.by}. {note.why}"
        if note
        else ""
    )
    parts = tuple(
        (one.heading or "", text) for one in old.draft.sections if (text := section_text(one))
    )
    changes = changed_parts(old, item.proposal, most=len(old.draft.sections) + len(parts))
    return VersionView(old.version, old.draft.subject, made, parts, changes)
