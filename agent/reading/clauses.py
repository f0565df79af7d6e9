"""Cut a message into clauses and leave out what is not the customer's report."""

from __future__ import annotations

import re
from typing import NamedTuple

_GREETING = re.compile(
    r"^(?:hi|hello|hey|dear|good (?:day|morning|evening|afternoon)|to whom it may concern|hallo|"
    r"guten (?:tag|morgen)|bonjour|hola|ciao|olá|ola|buenos días)(?:\s+[\w'’.-]+){0,3}\s*[,!.]*$",
    re.I,
)
_CLOSING = re.compile(
    r"^(?:(?:kind|best|warm|many)?\s*(?:regards|wishes)|best|cheers|thanks(?: in advance)?|"
    r"thank you(?: in advance)?|sincerely|yours\b.*|greetings|mit freundlichen grüßen|lg|mfg|"
    r"cordialement|saludos|please answer soon|sent from my .*)[\s,.!]*"
    r"(?:[\w'’-]+(?: [\w'’-]+){0,2})?$",
    re.I,
)
_QUOTED = re.compile(r"^\s*(?:>|\|)|^(?:on|am) .{4,80}(?:wrote|schrieb):\s*$", re.I)
_SIGNATURE = re.compile(r"^\s*--\s*$")
_ORIGINAL = re.compile(r"^-{3,}\s*(?:original message|forwarded message|ursprüngliche)", re.I)
_END = re.compile(
    r"(?<=[.!?…])[\"”')\]]*\s+|(?<=[。！？])|\n+|;\s+|"
    r"\s+(?=(?:but|although|though|however|whereas|aber|jedoch|mais|pero|però|porém|mas) )",
    re.I,
)
# Where a long clause may be cut further, to tell apart what it says of several things.
_JOINT = re.compile(
    r"(?<=,)\s+|\s+(?=(?:and|while|except|plus|und|et|y|e|&) )|\s+[-–—]{1,2}\s+", re.I
)
_LEAST_PART_WORDS = 2
_ADDRESSED = re.compile(r"^(?:@\w+[\s,:]*)+")
_WORD = re.compile(r"[^\W_]+")


class Clause(NamedTuple):
    """A part of the redacted text, by offsets, that says something."""

    start: int
    end: int
    text: str


def clauses_of(text: str) -> list[Clause]:
    """Give the clauses of a report in order; greetings, quotes and signatures are left out."""
    found: list[Clause] = []
    for start, line in _lines(text):
        if _SIGNATURE.match(line) or _ORIGINAL.match(line):
            break
        if _QUOTED.match(line):
            continue
        found += _clauses_in(line, start)
    return _without_closing(found)


def _lines(text: str) -> list[tuple[int, str]]:
    lines, at = [], 0
    for line in text.split("\n"):
        lines.append((at, line))
        at += len(line) + 1
    return lines


def _clauses_in(line: str, start: int) -> list[Clause]:
    found, at = [], 0
    for match in [*_END.finditer(line), None]:
        end = match.start() if match else len(line)
        clause = _trimmed(line, at, end, start)
        if clause is not None and not _GREETING.match(clause.text):
            found.append(clause)
        at = match.end() if match else end
    return found


def _trimmed(line: str, at: int, end: int, offset: int) -> Clause | None:
    addressed = _ADDRESSED.match(line[at:end])
    at += addressed.end() if addressed else 0
    while at < end and line[at].isspace():
        at += 1
    while end > at and line[end - 1].isspace():
        end -= 1
    text = line[at:end]
    return Clause(offset + at, offset + end, text) if text else None


def _without_closing(found: list[Clause]) -> list[Clause]:
    while len(found) > 1 and (
        _CLOSING.match(found[-1].text) or _is_name(found[-1].text, len(found))
    ):
        found.pop()
    return found


def _is_name(text: str, count: int) -> bool:
    words = text.split()
    return (
        count > 1
        and 0 < len(words) <= 3
        and all(word[:1].isupper() and word.isalpha() for word in words)
        and not text.endswith((".", "!", "?"))
    )


def problem_of(found: list[Clause], *, limit: int = 600) -> str:
    """Join clauses to the distilled problem, at most `limit` characters."""
    return " ".join(clause.text for clause in found)[:limit].strip()


def parts_of(found: list[Clause], *, most: int = 6) -> list[Clause]:
    """Cut clauses at commas and joining words; parts of a single word stay with the one before."""
    parts: list[Clause] = []
    for clause in found:
        cuts = [0]
        for match in _JOINT.finditer(clause.text):
            if _words(clause.text[cuts[-1] : match.start()]) < _LEAST_PART_WORDS:
                continue
            if _words(clause.text[match.end() :]) >= _LEAST_PART_WORDS:
                cuts.append(match.end())
        for start, end in zip(cuts, [*cuts[1:], len(clause.text)], strict=True):
            text = clause.text[start:end].rstrip()
            begin = clause.start + start
            parts.append(Clause(begin, begin + len(text), text))
    return parts[:most]


def _words(text: str) -> int:
    return len(_WORD.findall(text))
