"""A sentence on a page: its pieces, its marks, and where a line may not break."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from agent.delivery.render import SLOT
from app.inbox.text import Piece, unbroken
from domain.proposals import Check, Draft, Evidence, EvidenceKind, Section, SectionRole, Sentence

# A number with its currency that counts something: not a time, a date, a share or a version.
_FIGURE = re.compile(
    r"(?<![\w.:\u00a0])(?:[€$£¥]|[A-Z]{3}\u00a0)?\d[\d,]*(?:\.\d\d)?"
    r"(?=\s+(?!(?:h|min|d|s|UTC|January|February|March|April|May|June|July|August|September"
    r"|October|November|December)\b|%)[a-z]|\s*$|,)"
)
_LAST_WORD = re.compile(r"(\s)(\S+)$")
_QUOTE = EvidenceKind.QUOTE
FIGURES_IN = frozenset({"who", "money"})
"""Sections whose figures stand out."""


class MarkView(NamedTuple):
    """A numbered mark that leads to its evidence."""

    number: int
    href: str
    name: str


class SourceView(NamedTuple):
    """Where a quote stands, as a link."""

    words: str
    href: str


class SentenceView(NamedTuple):
    """A sentence with its marks; the last word and the marks stay on one line."""

    head: tuple[Piece, ...]
    tail: tuple[Piece, ...]
    marks: tuple[MarkView, ...]
    remark: str | None = None
    source: SourceView | None = None
    """The report that a quote stands in, when the remark ends with it."""
    written_by: str | None = None
    problem: Check | None = None


class SectionView(NamedTuple):
    """A section of a draft as it stands on the sheet."""

    key: str
    heading: str | None
    role: SectionRole
    sentences: tuple[SentenceView, ...]
    table: tuple[tuple[str, ...], ...] = ()


class Sheet(NamedTuple):
    """What is needed to show the sentences of one draft."""

    proposal_id: str
    draft: Draft
    checks: Sequence[Check] = ()
    values: Mapping[str, str] | None = None

    @property
    def evidence(self) -> dict[int, Evidence]:
        """Evidence by number."""
        return {one.number: one for one in self.draft.evidence}


def mark_href(proposal_id: str, number: int) -> str:
    """Give the address of a mark."""
    return f"/drafts/{quote(proposal_id)}/marks/{number}"


def section_view(section: Section, sheet: Sheet) -> SectionView:
    """Give a section with its sentences."""
    broken = [one for one in sheet.checks if not one.ok and one.section == section.key and one.text]
    return SectionView(
        section.key,
        section.heading,
        section.role,
        tuple(sentence_view(one, section, sheet, broken) for one in section.sentences),
        section.table,
    )


def sentence_view(
    sentence: Sentence, section: Section, sheet: Sheet, broken: Iterable[Check] = ()
) -> SentenceView:
    """Give a sentence in pieces with its marks."""
    pieces = _pieces(sentence.text, section.key in FIGURES_IN, sheet.values)
    marks = mark_views(sentence.marks, sheet)
    head, tail = _split(pieces) if marks else (pieces, ())
    problem = next((one for one in broken if one.text and one.text in sentence.text), None)
    remark, source = _source(sentence, sheet)
    return SentenceView(head, tail, marks, remark, source, sentence.written_by, problem)


def _source(sentence: Sentence, sheet: Sheet) -> tuple[str | None, SourceView | None]:
    """Part the remark of a quote from the report it names."""
    found = [sheet.evidence[one] for one in sentence.marks if one in sheet.evidence]
    key = next((one.row_ids[0] for one in found if one.kind is _QUOTE and one.row_ids), None)
    said, _, report = (sentence.remark or "").rpartition(" · ")
    if key is None or not said:
        return sentence.remark, None
    return said, SourceView(report, f"/reports/{quote(key)}")


def mark_views(numbers: Iterable[int], sheet: Sheet) -> tuple[MarkView, ...]:
    """Give the marks of a sentence; one that names nothing is left out."""
    evidence = sheet.evidence
    return tuple(
        MarkView(
            number,
            mark_href(sheet.proposal_id, number),
            f"Evidence {number}: {evidence[number].title}",
        )
        for number in sorted(set(numbers))
        if number in evidence
    )


def _pieces(text: str, with_figures: bool, values: Mapping[str, str] | None) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    position = 0
    for match in SLOT.finditer(text):
        pieces += _plain(text[position : match.start()], with_figures)
        name = match[1] or match[2]
        pieces.append(Piece((values or {}).get(name, match[0]), "slot"))
        position = match.end()
    return (*pieces, *_plain(text[position:], with_figures))


def _plain(text: str, with_figures: bool) -> list[Piece]:
    text = unbroken(text)
    if not with_figures:
        return [Piece(text)] if text else []
    pieces: list[Piece] = []
    position = 0
    for match in _FIGURE.finditer(text):
        if match.start() > position:
            pieces.append(Piece(text[position : match.start()]))
        pieces.append(Piece(match[0], "figure"))
        position = match.end()
    if position < len(text):
        pieces.append(Piece(text[position:]))
    return pieces


def _split(pieces: tuple[Piece, ...]) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Cut before the last word, so that no mark can start a line."""
    if not pieces:
        return (), ()
    *before, last = pieces
    found = _LAST_WORD.search(last.text)
    if found is None:
        return tuple(before), (last,)
    cut = found.start(2)
    head = Piece(last.text[:cut], last.kind)
    return (*before, head), (Piece(last.text[cut:], last.kind),)
