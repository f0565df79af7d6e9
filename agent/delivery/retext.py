"""Turn a whole edited text back into a draft: untouched sections keep their marks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from agent.delivery.render import Show, blocks, body, line_start, show_for
from domain.proposals import Draft, Section, SectionRole, Sentence


def retext(
    draft: Draft,
    text: str,
    *,
    by: str,
    values: Mapping[str, str] | None = None,
    shared: Mapping[str, str] | None = None,
) -> Draft:
    """Give the draft whose text is `text` (blank lines apart), written by `by` where it differs.

    `values` are those of the recipient whose copy was edited; the `shared` among them
    become slots again, so that the other recipients get their own.
    """
    wanted = tidy(text)
    writer = _Writer(by, show_for(draft, values), shared or {})
    sections = _sections(draft, wanted, writer, values)
    changed = draft.model_copy(update={"sections": sections})
    if tidy(body(changed, values)) == wanted:
        return changed
    # A text that no arrangement of sections gives back exactly stands as one piece.
    whole = Section(
        key="body", heading=None, role=SectionRole.PARAGRAPH, sentences=(writer.sentence(wanted),)
    )
    return draft.model_copy(update={"sections": (whole,)})


def tidy(text: str) -> str:
    """Give a text with one blank line between blocks and no space at the ends of lines."""
    lines = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


class _Writer:
    """Makes sentences of what a person typed."""

    def __init__(self, by: str, show: Show, shared: Mapping[str, str]) -> None:
        self.by = by
        self.show = show
        self._slots = {value: name for name, value in shared.items() if value.strip()}
        longest_first = sorted(self._slots, key=len, reverse=True)
        either = "|".join(re.escape(value) for value in longest_first)
        self._values = re.compile(rf"(?<!\w)(?:{either})(?!\w)") if either else None

    def sentence(self, text: str) -> Sentence:
        """Give a sentence of the person, with slots where the copy's own values stood."""
        if self._values is not None:
            text = self._values.sub(lambda match: f"${{{self._slots[match[0]]}}}", text)
        return Sentence(text=text, written_by=self.by)

    def sentences(self, known: Sequence[Sentence], text: str) -> tuple[Sentence, ...]:
        """Give known sentences where they stand in the text, and the person's between them."""
        pieces: list[Sentence] = []
        position = 0
        for one in known:
            shown = self.show(one)
            start = text.find(shown, position)
            if start < 0 or not shown:
                continue
            if gap := text[position:start].strip():
                pieces.append(self.sentence(gap))
            pieces.append(one)
            position = start + len(shown)
        if gap := text[position:].strip():
            pieces.append(self.sentence(gap))
        if " ".join(self.show(one) for one in pieces) == text:
            return tuple(pieces)
        return (self.sentence(text),)


def _sections(
    draft: Draft, wanted: str, writer: _Writer, values: Mapping[str, str] | None
) -> tuple[Section, ...]:
    """Keep blocks that stand in the text; what lies between them replaces those that do not."""
    sections: list[Section] = []
    missing: list[Section] = []
    position = 0
    for section, block in blocks(draft, values):
        start = _find(wanted, tidy(block), position)
        if start < 0:
            missing.append(section)
            continue
        sections += _between(wanted[position:start], missing, writer, len(sections))
        sections.append(section)
        position = start + len(tidy(block))
        missing = []
    sections += _between(wanted[position:], missing, writer, len(sections))
    return tuple(sections)


def _find(text: str, block: str, position: int) -> int:
    """Find a block that begins and ends at a blank line or an end of the text."""
    start = text.find(block, position) if block else -1
    while start >= 0:
        end = start + len(block)
        begins = start == 0 or text[:start].endswith("\n\n")
        if begins and (end == len(text) or text[end:].startswith("\n\n")):
            return start
        start = text.find(block, start + 1)
    return -1


def _between(
    text: str, missing: Sequence[Section], writer: _Writer, position: int
) -> list[Section]:
    paragraphs = [one for one in text.strip("\n").split("\n\n") if one.strip()]
    sections: list[Section] = []
    left = list(missing)
    for number, paragraph in enumerate(paragraphs):
        old = _origin(paragraph, left)
        if old is None and left and len(left) >= len(paragraphs) - number:
            old = left[0]
        if old is not None:
            left = left[left.index(old) + 1 :]
        sections.append(_section(paragraph, old, writer, f"added_{position}_{number}"))
    return sections


def _origin(paragraph: str, missing: Sequence[Section]) -> Section | None:
    """Find the line whose heading the paragraph still has."""
    return next(
        (
            one
            for one in missing
            if one.role is SectionRole.LINE
            and line_start(one)
            and paragraph.startswith(line_start(one))
        ),
        None,
    )


def _section(paragraph: str, old: Section | None, writer: _Writer, fresh_key: str) -> Section:
    if old is None:
        return Section(
            key=fresh_key,
            heading=None,
            role=SectionRole.PARAGRAPH,
            sentences=(writer.sentence(paragraph),),
        )
    start = line_start(old) if old.role is SectionRole.LINE else ""
    if start and paragraph.startswith(start):
        return old.model_copy(
            update={"sentences": writer.sentences(old.sentences, paragraph[len(start) :])}
        )
    return old.model_copy(
        update={
            "heading": None,
            "role": SectionRole.PARAGRAPH,
            "table": (),
            "sentences": writer.sentences(old.sentences, paragraph),
        }
    )
