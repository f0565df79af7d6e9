"""A person's text beside the agent's: the parts, what differs, the checks it passes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pydantic import JsonValue

from agent.delivery.edit import KEEP, SUBJECT
from agent.delivery.render import section_text
from app.inbox import words
from app.inbox.backend import InboxBackend, Item
from app.inbox.text import Piece, change_count, difference
from app.inbox.views_sentence import MarkView, Sheet, mark_views
from domain.errors import InvalidEdit
from domain.proposals import Check, Proposal, ProposalKind, SavedEdit, Section, SectionRole

_NAMES = {
    "hello": "Greeting",
    "see": "What we see",
    "doing": "What we do",
    "next": "Next word",
    "sign": "Signed",
    "why_you": "Why you",
    "check": "Next check",
    "for": "For it",
    "against": "Against it",
}
_CARRY = (SectionRole.LINE, SectionRole.PARAGRAPH)
_WIDTH = 52
"""Characters on a line of the text field, for its first height."""


class FieldEdit(NamedTuple):
    """One part of the draft that can be edited by itself."""

    key: str
    name: str
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]
    text: str
    rows: int
    marks: tuple[MarkView, ...]
    is_changed: bool


class EditView(NamedTuple):
    """The whole edit."""

    main: tuple[FieldEdit, ...]
    """The title and the parts that carry."""
    further: tuple[FieldEdit, ...]
    """The parts that prove it, folded away until one is changed."""
    fixed: tuple[str, ...]
    """Headings of the parts that leave as they are."""
    changes: int
    kept: tuple[str, ...]
    holds: tuple[Check, ...]
    opens: tuple[Check, ...]
    problem: str
    saved: str
    has_slots: bool

    @property
    def fields(self) -> tuple[FieldEdit, ...]:
        """All parts."""
        return (*self.main, *self.further)

    @property
    def further_changed(self) -> bool:
        """Whether a folded part differs from the draft."""
        return any(one.is_changed for one in self.further)


def edit_view(backend: InboxBackend, item: Item, saved: SavedEdit | None, *, by: str) -> EditView:
    """Give the edit as it stands; checks run on what would leave."""
    proposal = item.proposal
    typed = saved.changes if saved else {}
    checks, problem = proposal.checks, ""
    if typed:
        try:
            checks = backend.check_edit(proposal.id, typed, by=by).checks
        except InvalidEdit as error:
            problem = str(error)
    sheet = Sheet(proposal.id, proposal.draft)
    subject = _field(SUBJECT, _subject_name(proposal), proposal.draft.subject, typed, ())
    parts = [one for one in proposal.draft.sections if is_text(one)]
    main, further = (
        tuple(
            _field(one.key, _name(one), section_text(one), typed, _marks(one, sheet))
            for one in parts
            if (one.role in _CARRY) is carries
        )
        for carries in (True, False)
    )
    fields = (subject, *main, *further)
    return EditView(
        main=(subject, *main),
        further=further,
        fixed=tuple(_name(one) for one in proposal.draft.sections if not is_text(one)),
        changes=sum(change_count(_plain(one.before), one.text) for one in fields),
        kept=tuple(str(one) for one in _kept(typed)),
        holds=tuple(one for one in checks if one.ok),
        opens=tuple(one for one in checks if not one.ok),
        problem=problem,
        saved=words.clock(saved.at) if saved else "",
        has_slots=proposal.kind is ProposalKind.MESSAGE,
    )


def is_text(section: Section) -> bool:
    """Whether a person edits a section as text; tables and quotes leave as they are."""
    return bool(section.sentences) and section.role not in (
        SectionRole.TABLE,
        SectionRole.QUOTES,
        SectionRole.CASES,
    )


def _subject_name(proposal: Proposal) -> str:
    return "Title" if proposal.kind is ProposalKind.TICKET else "Subject"


def _name(section: Section) -> str:
    known = _NAMES.get(section.key) or section.heading
    return known or section.key.replace("_", " ").capitalize()


def _marks(section: Section, sheet: Sheet) -> tuple[MarkView, ...]:
    return mark_views((mark for one in section.sentences for mark in one.marks), sheet)


def _field(
    key: str,
    name: str,
    old: str,
    typed: Mapping[str, JsonValue],
    marks: tuple[MarkView, ...],
) -> FieldEdit:
    text = str(typed.get(key, old))
    before, after = difference(old, text)
    lines = sum(max(1, -(-len(line) // _WIDTH)) for line in text.split("\n"))
    return FieldEdit(key, name, tuple(before), tuple(after), text, lines, marks, text != old)


def _plain(pieces: tuple[Piece, ...]) -> str:
    return "".join(one.text for one in pieces)


def _kept(changes: Mapping[str, JsonValue]) -> list[JsonValue]:
    kept = changes.get(KEEP, [])
    return kept if isinstance(kept, list) else []


# -- from what was typed to changes ----------------------------------------------------


def typed_changes(
    proposal: Proposal, texts: Mapping[str, str], kept: list[str]
) -> dict[str, JsonValue]:
    """Give the parts that differ from the draft, and the words that a person answers for."""
    known = {one.key: section_text(one) for one in proposal.draft.sections if is_text(one)}
    known[SUBJECT] = proposal.draft.subject
    changes: dict[str, JsonValue] = {
        key: text
        for key, value in texts.items()
        if key in known and (text := _typed(value)) != known[key].strip()
    }
    whole = " ".join([*known.values(), *(str(one) for one in changes.values())])
    words_kept: list[JsonValue] = [one for one in dict.fromkeys(kept) if one and one in whole]
    if words_kept:
        changes[KEEP] = words_kept
    return changes


def _typed(value: str) -> str:
    return value.replace("\r\n", "\n").strip()


def with_safe_wording(
    proposal: Proposal, check: Check, changes: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    """Give changes in which the words that break a check are the safe ones.

    Where the safe wording stands in the text already, the words are taken out.

    Raises:
        InvalidEdit: The check has no safe wording, or its words are not there.
    """
    if not check.safe_wording or not check.text or not check.section:
        raise InvalidEdit("There is no safe wording for this check. Edit the text.")
    texts = {one.key: section_text(one) for one in proposal.draft.sections} | {
        key: str(value) for key, value in changes.items()
    }
    text = texts.get(check.section, proposal.draft.subject)
    if check.text not in text:
        raise InvalidEdit("The words were changed meanwhile. Edit the text.")
    elsewhere = any(check.safe_wording in one for one in texts.values())
    safe = "" if elsewhere else check.safe_wording
    replaced = " ".join(text.replace(check.text, safe, 1).split(" "))
    return {**changes, check.section: replaced.strip()}
