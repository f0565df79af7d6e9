"""Text on a page: escaped, unbroken where it must be, and nothing in it unseen."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from typing import NamedTuple

from markupsafe import Markup, escape

NO_BREAK = "\u00a0"
_MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December"
    "|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
)
_SPAN = re.compile(r"\b(\d+) ([hd]) (\d+)( h| min)?\b")
_TOGETHER = (
    re.compile(rf"(?<=\d) (?=(?:{_MONTHS})\b)"),
    re.compile(rf"(?<=\d\u00a0)((?:{_MONTHS})) (?=\d{{2}}:\d{{2}})"),
    re.compile(r"(?<=\d) (?=(?:%|h|min|d|s|UTC)(?:\b|\s|$))"),
)
_SPACES = dict.fromkeys(map(ord, "\u00a0\n\t\r"), " ")
_WORDS = re.compile(r"\s+|[^\s]+")


def unbroken(text: str) -> str:
    """Give the text with no line break inside a date, a span or a percentage."""
    text = _SPAN.sub(lambda match: match[0].replace(" ", NO_BREAK), text)
    text = _TOGETHER[0].sub(NO_BREAK, text)
    text = _TOGETHER[1].sub(lambda match: match[1] + NO_BREAK, text)
    return _TOGETHER[2].sub(NO_BREAK, text)


def _is_unseen(char: str) -> bool:
    category = unicodedata.category(char)
    return category in ("Cf", "Cs", "Co", "Zl", "Zp") or (category == "Cc" and char not in "\n\t\r")


def seen(text: str) -> Markup:
    """Escape a text and show each character that cannot be seen as its code point."""
    if text.translate(_SPACES).isprintable():
        return escape(text)
    parts: list[Markup] = []
    plain: list[str] = []
    for char in text:
        if not _is_unseen(char):
            plain.append(char)
            continue
        parts.append(escape("".join(plain)))
        plain = []
        name = unicodedata.name(char, "control character").lower()
        parts.append(
            Markup('<span class="unseen" title="{}">U+{:04X}</span>').format(name, ord(char))
        )
    parts.append(escape("".join(plain)))
    return Markup("").join(parts)


def unseen_count(text: str) -> int:
    """How many characters of a text cannot be seen."""
    return sum(_is_unseen(char) for char in text)


class Piece(NamedTuple):
    """A run of text with one meaning: `same`, `gone`, `added`, `figure`, `slot`, `plain`."""

    text: str
    kind: str = "plain"


def difference(old: str, new: str) -> tuple[list[Piece], list[Piece]]:
    """Give both texts in pieces, with what only one of them has."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    left: list[Piece] = []
    right: list[Piece] = []
    for kind, a1, a2, b1, b2 in SequenceMatcher(None, before, after, False).get_opcodes():
        was, now = "".join(before[a1:a2]), "".join(after[b1:b2])
        same = kind == "equal"
        if was:
            left.append(Piece(was, "same" if same else "gone"))
        if now:
            right.append(Piece(now, "same" if same else "added"))
    return left, right


def change_count(old: str, new: str) -> int:
    """How many places differ between two texts."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    codes = SequenceMatcher(None, before, after, False).get_opcodes()
    return sum(code[0] != "equal" for code in codes)
