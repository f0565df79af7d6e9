"""From a draft to the text that leaves: Markdown for tickets, plain text for messages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import NamedTuple

from domain.proposals import (
    Draft,
    Evidence,
    ProposalKind,
    Recipient,
    Section,
    SectionRole,
    Sentence,
)

SLOT = re.compile(r"\$(?:\{([a-z_]+)\}|([a-z_]+))")
LISTED = frozenset(
    {
        SectionRole.QUOTES,
        SectionRole.FOR,
        SectionRole.AGAINST,
        SectionRole.CASES,
        SectionRole.TABLE,
    }
)
"""Roles whose sentences stand on lines of their own."""

# Bidirectional overrides, zero-width space, word joiner, byte order mark, tags: none of them
# is seen, each can make a reader see something else. Joiners stay: scripts and emoji need them.
_UNSEEN = re.compile(
    "[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]|[\U000e0000-\U000e007f]"
)
_ACTIVE = re.compile(r"`|<(?=[A-Za-z/!?])|\[(?=[^\]]*\](?:\(|\[|:))|(?<=!)\[")
_LINE_START = re.compile(r"^(\s*)(?:([#>+*|-])|(\d+)([.)]))(?=\s|\||-|$)", re.M)
VALUE_LENGTH = 120

Show = Callable[[Sentence], str]
"""How one sentence stands in the text."""


class Block(NamedTuple):
    """A section as it stands in the text."""

    section: Section
    text: str


def body(draft: Draft, values: Mapping[str, str] | None = None) -> str:
    """Give the whole text of a ticket, or of the copy for one recipient."""
    return "\n\n".join(block.text for block in blocks(draft, values) if block.text)


def blocks(draft: Draft, values: Mapping[str, str] | None = None) -> list[Block]:
    """Give each section with its text."""
    if draft.kind is ProposalKind.TICKET:
        return [Block(one, _ticket_section(one)) for one in draft.sections]
    show = show_for(draft, values)
    return [
        Block(one, " ".join(show(sentence) for sentence in one.sentences)) for one in draft.sections
    ]


def show_for(draft: Draft, values: Mapping[str, str] | None = None) -> Show:
    """Give the way in which sentences of a draft stand in the text."""
    if draft.kind is ProposalKind.TICKET:
        return markdown
    return lambda sentence: fill(sentence.text, values or {})


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values into slots, once; a slot without a value stays as it is."""

    def value(match: re.Match[str]) -> str:
        return values.get(match[1] or match[2], match[0])

    return SLOT.sub(value, text)


def markdown(sentence: Sentence) -> str:
    """Give a sentence as Markdown; what no person wrote cannot become markup."""
    if sentence.written_by is not None:
        return sentence.text
    escaped = _ACTIVE.sub(lambda match: "\\" + match[0], sentence.text.replace("\\", "\\\\"))
    return _LINE_START.sub(_escape_start, escaped)


def _escape_start(match: re.Match[str]) -> str:
    indent, sign, number, dot = match.groups()
    return f"{indent}\\{sign}" if sign else f"{indent}{number}\\{dot}"


def line_start(section: Section) -> str:
    """Give what stands before the sentences of one of the five lines."""
    return f"**{section.heading}:** " if section.heading else ""


def _ticket_section(section: Section) -> str:
    if section.role is SectionRole.LINE:
        return line_start(section) + _joined(section)
    parts = [f"## {section.heading}"] if section.heading else []
    if section.role is SectionRole.QUOTES:
        parts += [_quoted(one) for one in section.sentences]
    elif section.role in (SectionRole.FOR, SectionRole.AGAINST, SectionRole.CASES):
        parts.append("\n".join(f"- {_one_line(markdown(one))}" for one in section.sentences))
    elif section.role is SectionRole.TABLE:
        parts += [_table(section), "\n".join(markdown(one) for one in section.sentences)]
    else:
        parts.append(_joined(section))
    return "\n\n".join(part for part in parts if part)


def _joined(section: Section) -> str:
    return " ".join(
        markdown(one) if one.written_by else _one_line(markdown(one)) for one in section.sentences
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _quoted(sentence: Sentence) -> str:
    lines = markdown(sentence).splitlines() or [""]
    if sentence.remark:
        lines += ["", f"— {_one_line(sentence.remark)}"]
    return "\n".join(f"> {line}".rstrip() for line in lines)


def _table(section: Section) -> str:
    if not section.table:
        return ""
    rows = [
        "| "
        + " | ".join(_one_line(markdown(Sentence(text=cell))).replace("|", "\\|") for cell in row)
        + " |"
        for row in section.table
    ]
    return "\n".join([rows[0], "|" + " --- |" * len(section.table[0]), *rows[1:]])


def section_text(section: Section) -> str:
    """Give the sentences of a section as the text that a person edits."""
    joiner = "\n" if section.role in LISTED else " "
    return joiner.join(one.text for one in section.sentences)


# -- what must never be in a text ------------------------------------------------------


def clean(text: str) -> str:
    """Take out what cannot be seen: controls, direction marks, lone surrogates."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    text = _UNSEEN.sub("", text.replace("\u2029", "\n\n").replace("\t", " "))
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(one for one in text if one == "\n" or unicodedata.category(one) != "Cc")


def clean_line(text: str) -> str:
    """Give cleaned text on one line."""
    return " ".join(clean(text).split())


def clean_value(text: str) -> str:
    """Give a slot's value: one line, of bounded length, and no link.

    A name is whatever a customer typed; a mail program makes links out of
    anything that looks like one.
    """
    text = clean_line(text).replace("://", ": //")
    return re.sub(r"(?<=\w)\.(?=[^\W\d_]{2,})", ". ", text)[:VALUE_LENGTH].rstrip()


def clean_draft(draft: Draft) -> Draft:
    """Give a draft whose texts hold nothing unseen, so that it reads as it leaves."""
    return draft.model_copy(
        update={
            "subject": clean_line(draft.subject),
            "sections": tuple(_clean_section(one) for one in draft.sections),
            "evidence": tuple(_clean_evidence(one) for one in draft.evidence),
        }
    )


def _clean_section(section: Section) -> Section:
    return section.model_copy(
        update={
            "heading": clean_line(section.heading) if section.heading else None,
            "sentences": tuple(
                one.model_copy(update={"text": clean(one.text)}) for one in section.sentences
            ),
            "table": tuple(tuple(clean_line(cell) for cell in row) for row in section.table),
        }
    )


def _clean_evidence(evidence: Evidence) -> Evidence:
    return evidence.model_copy(update={"claim": clean(evidence.claim)})


def clean_recipient(recipient: Recipient) -> Recipient:
    """Give a recipient whose values can stand in a mail."""
    return recipient.model_copy(
        update={
            "name": clean_value(recipient.name) if recipient.name else None,
            "values": {name: clean_value(value) for name, value in recipient.values.items()},
        }
    )
