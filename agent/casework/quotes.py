"""Pick a few telling, different quotes from reports."""

from __future__ import annotations

import re
from collections.abc import Sequence

from domain.feedback import ReadItem
from domain.issues import Quote

_LONGEST = 160
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
    text = mention.quote if mention else ""
    if not 12 <= len(text) <= _LONGEST or "\n" in text:
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


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))


def _newness(quote: Quote, chosen: list[tuple[Quote, set[str]]]) -> float:
    """1 when nothing was said before, less when it was; a readable length is preferred."""
    words = _words(quote.text)
    said = set().union(*(known for _, known in chosen)) if chosen else set()
    fresh = len(words - said) / max(len(words), 1)
    readable = 1.0 if 5 <= len(quote.text.split()) <= 22 else 0.6
    return fresh * readable
