"""From scores to mentions: which drivers, each with its clause, sentiment and confidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from agent.reading.clauses import Clause
from agent.reading.drivers import DriverFinder, DriverScore
from agent.reading.lexicon import tone_of
from agent.reading.sentiment import Chances
from domain.feedback import DriverChance, DriverMention, Sentiment, SentimentLabel
from domain.text import RedactedText

if TYPE_CHECKING:
    from domain.vectors import Vectors

# Chance from which the first driver of a text is named, and that of a clause beside it.
# 0.20: of those under it in the five sets of `drivers` one in eight is right; with 0.40 a
# restaurant sentence gets precision 0.71 and recall 0.68 (measured 2026-11-24).
LEAST_CHANCE = 0.20
LEAST_BESIDE = 0.40
# Score under which a positive text is no praise of what it names: a driver is a reason to
# complain, and one in ten complaints ends with a kind word (phrasings of the example shop).
_CONTENT_FROM = 0.3
_MOST = 4
_LONGEST_QUOTE = 240


# Chance from which a driver that is not named is kept as considered, and how many are. 0.02:
# under it a driver would have to be fifty times more likely than usual to be meant.
_LEAST_CONSIDERED = 0.02
_MOST_CONSIDERED = 3


class Part(NamedTuple):
    """A clause with its driver scores and, where it was embedded, its own sentiment."""

    clause: Clause
    scores: Vectors
    by_words: bool
    chances: Chances | None = None


def mentions_of(
    text: RedactedText,
    first: DriverScore | None,
    parts: Sequence[Part],
    sentiment: Sentiment,
    finder: DriverFinder,
) -> tuple[DriverMention, ...]:
    """Name drivers, best first, `first` being that of the text; none when no chance is enough."""
    if first is None:
        return ()
    chosen = {first.driver: first} if first.chance >= LEAST_CHANCE else {}
    for part in parts if len(parts) > 1 else ():
        felt = part.chances.score if part.chances is not None else None
        best = finder.first(part.scores, by_words=part.by_words, sentiment_score=felt)
        if best is not None and best.chance >= LEAST_BESIDE:
            chosen.setdefault(best.driver, best)
    found = []
    for score in list(chosen.values())[:_MOST]:
        part_of = _speaks_of(score.driver, parts, finder)
        quote = _clear_part(text, part_of.clause) if part_of is not None else None
        if part_of is not None and quote is not None:
            side = _side(part_of, sentiment, is_alone=len(parts) == 1)
            found.append(_mention(text, score, side, quote))
    return tuple(found)


def considered(
    ranked: Sequence[DriverScore], mentions: Sequence[DriverMention]
) -> tuple[DriverChance, ...]:
    """The likeliest drivers that no mention names, best first."""
    named = {one.driver for one in mentions}
    beside = [one for one in ranked if one.driver not in named and one.chance >= _LEAST_CONSIDERED]
    return tuple(
        DriverChance(driver=one.driver, chance=round(one.chance, 3))
        for one in beside[:_MOST_CONSIDERED]
    )


def _speaks_of(driver: str, parts: Sequence[Part], finder: DriverFinder) -> Part | None:
    """The part that speaks most of a driver; of two alike the one that complains more."""
    scored = []
    for number, part in enumerate(parts):
        blame = 0.02 * min(tone_of(part.clause.text).bad, 3.0)
        chance = finder.chance(driver, part.scores, by_words=part.by_words)
        scored.append((chance + blame, -number))
    return parts[-max(scored)[1]] if scored else None


def _side(part: Part, sentiment: Sentiment, *, is_alone: bool) -> SentimentLabel | None:
    """Sentiment of a mention: that of its part where it is known, else that of the text."""
    tone = tone_of(part.clause.text)
    if tone.denied and not tone.bad:
        return "positive"
    if part.chances is not None:
        return part.chances.label or _of_text(sentiment)
    if not is_alone and not tone.is_sarcastic:
        if tone.good >= 2 and not tone.bad and sentiment.label != "negative":
            return "positive"
        if tone.bad >= 2 and not tone.good:
            return "negative"
    return _of_text(sentiment)


def _of_text(sentiment: Sentiment) -> SentimentLabel | None:
    if sentiment.label == "mixed":
        return "negative" if sentiment.score < 0 else "mixed"
    if sentiment.label == "positive" and sentiment.score < _CONTENT_FROM:
        return "neutral"
    return sentiment.label


def _clear_part(text: RedactedText, clause: Clause) -> tuple[int, int] | None:
    """The longest part of a clause without a placeholder, at most 240 characters."""
    edges = [clause.start]
    for span in text.spans:
        if clause.start <= span.start < clause.end:
            edges += [span.start, span.end]
    edges.append(max(clause.end, edges[-1]))
    pieces = [(edges[place], edges[place + 1]) for place in range(0, len(edges) - 1, 2)]
    start, end = max(pieces, key=lambda piece: piece[1] - piece[0])
    value = text.value
    while start < end and not (value[start].isalnum() or value[start] in "\"'“‘(¿¡#@"):
        start += 1
    end = _cut(value, start, end)
    return (start, end) if end > start else None


def _cut(value: str, start: int, end: int) -> int:
    """The end of a quote of at most 240 characters, at the end of a word where possible."""
    if end - start > _LONGEST_QUOTE:
        space = value.rfind(" ", start, start + _LONGEST_QUOTE)
        end = space if space > start else start + _LONGEST_QUOTE
    while end > start and value[end - 1].isspace():
        end -= 1
    return end


def _mention(
    text: RedactedText, score: DriverScore, side: SentimentLabel | None, quote: tuple[int, int]
) -> DriverMention:
    start, end = text.to_original(*quote)
    return DriverMention(
        driver=score.driver,
        sentiment=side,
        quote=text.value[quote[0] : quote[1]],
        start=start,
        end=end,
        confidence=round(min(0.99, score.chance), 3),
    )
