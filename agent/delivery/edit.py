"""Apply what a person typed to a draft, so that every word has one author."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import JsonValue

from agent.delivery.propose import REMOVED
from agent.delivery.render import LISTED, clean, clean_line, section_text
from agent.delivery.retext import retext
from domain.errors import InvalidEdit
from domain.proposals import (
    Draft,
    Evidence,
    EvidenceKind,
    LeftOut,
    Proposal,
    ProposalKind,
    Recipient,
    Section,
    SectionRole,
    Sentence,
)

SUBJECT, BODY, REMOVE, KEEP = "subject", "body", "remove_recipients", "keep"
SUBJECT_LENGTH = 200
BODY_LENGTH = 100_000


class Edited(NamedTuple):
    """A draft after an edit, and who gets it."""

    draft: Draft
    recipients: tuple[Recipient, ...]
    left_out: tuple[LeftOut, ...]


def edit(proposal: Proposal, changes: Mapping[str, JsonValue], *, by: str) -> Edited:
    """Apply `changes` to a proposal's draft; what is not touched keeps its marks.

    Keys: `subject`; `body` (the whole text of a ticket, or of the first recipient's
    copy); the key of any section (its sentences as text); `remove_recipients` (ids);
    `keep` (words that the person answers for).

    Raises:
        InvalidEdit: A key names nothing, a value has the wrong form, a part that must
            not be empty is, or nothing changes.
    """
    draft = proposal.draft
    recipients, left_out = _removed(proposal, _texts(changes, REMOVE))
    for key, value in changes.items():
        if key == SUBJECT:
            draft = draft.model_copy(update={"subject": _subject(_text(key, value))})
        elif key not in (BODY, REMOVE, KEEP):
            draft = _with_section(draft, key, clean(_text(key, value)).strip(), by)
    if BODY in changes:
        draft = _with_body(proposal, draft, _text(BODY, changes[BODY]), recipients, by)
    for words in _texts(changes, KEEP):
        draft = _kept(draft, clean_line(words), by)
    if not any(section.sentences or section.table for section in draft.sections):
        raise InvalidEdit("The text is empty. Reject the draft instead.")
    if (draft, recipients) == (proposal.draft, proposal.recipients):
        raise InvalidEdit("Nothing was changed.")
    return Edited(draft, recipients, left_out)


def _text(key: str, value: JsonValue) -> str:
    if not isinstance(value, str):
        raise InvalidEdit(f"{key!r} must be a text.")
    if len(value) > BODY_LENGTH:
        raise InvalidEdit(f"{key!r} is longer than {BODY_LENGTH:,} characters.")
    return value


def _texts(changes: Mapping[str, JsonValue], key: str) -> list[str]:
    value = changes.get(key, [])
    if not isinstance(value, list):
        raise InvalidEdit(f"{key!r} must be a list of texts.")
    return [_text(key, one) for one in value]


def _subject(text: str) -> str:
    subject = clean_line(text)
    if not subject:
        raise InvalidEdit("The subject is empty.")
    if len(subject) > SUBJECT_LENGTH:
        raise InvalidEdit(f"The subject is longer than {SUBJECT_LENGTH} characters.")
    return subject


def _removed(
    proposal: Proposal, ids: Sequence[str]
) -> tuple[tuple[Recipient, ...], tuple[LeftOut, ...]]:
    known = {one.customer_id for one in proposal.recipients}
    for id_ in ids:
        if id_ not in known:
            raise InvalidEdit(f"{id_!r} is not among the recipients.")
    kept = tuple(one for one in proposal.recipients if one.customer_id not in ids)
    if ids and not kept:
        raise InvalidEdit("No recipient would be left. Reject the draft instead.")
    gone = tuple(LeftOut(customer_id=id_, reason=REMOVED) for id_ in dict.fromkeys(ids))
    return kept, (*proposal.left_out, *gone)


def _with_section(draft: Draft, key: str, text: str, by: str) -> Draft:
    found = next((one for one in draft.sections if one.key == key), None)
    if found is None:
        keys = ", ".join(one.key for one in draft.sections)
        raise InvalidEdit(f"There is no part {key!r}. Parts: {SUBJECT}, {BODY}, {keys}.")
    if not text and found.role is SectionRole.LINE:
        raise InvalidEdit(f"{found.heading or key!r} must not be empty.")
    changed = found.model_copy(update={"sentences": _sentences(found, text, by)})
    sections = tuple(
        changed if one is found else one
        for one in draft.sections
        if one is not found or text or changed.table
    )
    return draft.model_copy(update={"sections": sections})


def _sentences(section: Section, text: str, by: str) -> tuple[Sentence, ...]:
    if text == section_text(section):
        return section.sentences
    if section.role in LISTED:
        known = {one.text: one for one in section.sentences}
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        return tuple(known.get(line) or Sentence(text=line, written_by=by) for line in lines)
    return reworded(section.sentences, text, by)


def reworded(known: Sequence[Sentence], text: str, by: str) -> tuple[Sentence, ...]:
    """Find known sentences in a text, in their order; the rest is the person's."""
    pieces: list[Sentence] = []
    position = 0
    for sentence in known:
        start = text.find(sentence.text, position)
        if start < 0 or not sentence.text:
            continue
        pieces += _written(text[position:start], by)
        pieces.append(sentence)
        position = start + len(sentence.text)
    return (*pieces, *_written(text[position:], by))


def _written(text: str, by: str) -> list[Sentence]:
    return [Sentence(text=text.strip(), written_by=by)] if text.strip() else []


def _with_body(
    proposal: Proposal, draft: Draft, text: str, recipients: Sequence[Recipient], by: str
) -> Draft:
    text = clean(text)
    if not text.strip():
        raise InvalidEdit("The text is empty. Reject the draft instead.")
    if draft.kind is ProposalKind.TICKET:
        return retext(draft, text, by=by)
    first = proposal.recipients[0]
    shared = set.intersection(*(set(one.values) for one in recipients))
    values = {name: value for name, value in first.values.items() if name in shared}
    return retext(draft, text, by=by, values=first.values, shared=values)


def _kept(draft: Draft, words: str, by: str) -> Draft:
    """Tie words to the person who answers for them; sentences that use them get the mark."""
    if not words:
        raise InvalidEdit("Nothing to keep was named.")
    number = max((one.number for one in draft.evidence), default=0) + 1
    found = words in draft.subject
    sections: list[Section] = []
    for section in draft.sections:
        sentences = tuple(
            one.model_copy(update={"marks": (*one.marks, number)}) if words in one.text else one
            for one in section.sentences
        )
        found = found or sentences != section.sentences
        sections.append(section.model_copy(update={"sentences": sentences}))
    if not found:
        raise InvalidEdit(f"{words!r} does not stand in the text.")
    evidence = Evidence(
        number=number,
        claim=words,
        kind=EvidenceKind.PERSON,
        ref=by,
        title=f"Kept by {by}",
        explanation="No record carries it; the person named answers for it.",
    )
    return draft.model_copy(
        update={"sections": tuple(sections), "evidence": (*draft.evidence, evidence)}
    )
