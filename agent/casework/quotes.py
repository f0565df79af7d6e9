"""Pick a few telling, different quotes from reports, each as a whole sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from domain.feedback import ReadItem
from domain.issues import Quote
from domain.text import RedactedText

# Two lines of a ticket: a sentence that is longer is shown by the words that name the driver.
_LONGEST = 240
_SHORTEST = 12
# An ellipsis inside a sentence ends none; a line break and the full stops of other scripts do.
_BREAK = re.compile(r"(?<=[.!?])[\"”’')\]]*\s+|(?<=[。！？])|\n+")
_JOINTS = ",;:)-–— "
"""What a sentence does not begin with after a placeholder was cut off."""
_WORD = re.compile(r"\w{3,}")


def sample_quotes(reports: Sequence[ReadItem], *, driver: str, k: int) -> tuple[Quote, ...]:
    """Pick at most `k` quotes on a driver, each from another customer, least alike first."""
    chosen: list[tuple[Quote, set[str]]] = []
    candidates = [one for one in (_quote(item, driver) for item in reports) if one]
    people: set[str] = set()
    while candidates and len(chosen) < k:
        best = max(candidates, key=lambda one: (_newness(one, chosen), -_order(one, candidates)))
        candidates.remove(best)
        who = best.customer_id or best.key
        if who in people:
            continue
        people.add(who)
        chosen.append((best, _words(best.text)))
    return tuple(quote for quote, _ in chosen)


def _order(quote: Quote, candidates: list[Quote]) -> int:
    return candidates.index(quote)


def _quote(item: ReadItem, driver: str) -> Quote | None:
    mention = next((one for one in item.reading.drivers if one.driver == driver), None)
    mention = mention or next(iter(item.reading.drivers), None)
    text = whole_sentence(item.redacted, mention.quote) if mention else ""
    if not _SHORTEST <= len(text) <= _LONGEST or "\n" in text:
        return None
    feedback = item.item
    return Quote(
        key=feedback.key,
        feedback_id=feedback.id,
        text=text,
        customer_id=feedback.customer_id,
        channel=feedback.channel.value,
        at=feedback.at,
        thread_id=feedback.thread_id,
    )


def whole_sentence(text: RedactedText, quote: str) -> str:
    """Give the sentence of a redacted text in which a quote stands, verbatim.

    It ends before a placeholder, so that it stands word for word in the original as well.
    The quote itself where the sentence is longer than a ticket has room for.
    """
    start = text.value.find(quote)
    if start < 0 or not quote:
        return quote
    end = start + len(quote)
    edges = [0, *(at for one in _BREAK.finditer(text.value) for at in one.span())]
    edges += [at for span in text.spans for at in (span.start, span.end)]
    edges.append(len(text.value))
    first = max(at for at in edges if at <= start)
    last = min(at for at in edges if at >= end)
    sentence = text.value[first:last].strip().lstrip(_JOINTS)
    return sentence if len(sentence) <= _LONGEST else quote


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))


def _newness(quote: Quote, chosen: list[tuple[Quote, set[str]]]) -> float:
    """1 when nothing was said before, less when it was; a readable length is preferred."""
    words = _words(quote.text)
    said = set().union(*(known for _, known in chosen)) if chosen else set()
    fresh = len(words - said) / max(len(words), 1)
    readable = 1.0 if 5 <= len(quote.text.split()) <= 22 else 0.6
    return fresh * readable
