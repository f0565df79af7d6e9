"""Faults of the reader."""

from __future__ import annotations

import re

from domain.feedback import Reading, Sentiment
from evals.stages import Chain, Fault, Stage

_NEGATION = re.compile(r"\b(?:not|no|never|nothing|nobody|cannot)\b|n't\b", re.I)


def _without_negation(readings: list[Reading], chain: Chain) -> list[Reading]:
    """What a negation says is read as its opposite."""
    return [
        reading.model_copy(update={"sentiment": _turned(reading.sentiment)})
        if _NEGATION.search(item.text.value)
        else reading
        for item, reading in zip(chain.world.items, readings, strict=True)
    ]


def _turned(sentiment: Sentiment) -> Sentiment:
    label = {"negative": "positive", "positive": "negative"}.get(
        sentiment.label or "", sentiment.label
    )
    return sentiment.model_copy(update={"label": label, "score": -sentiment.score})


def _altered_quotes(readings: list[Reading], chain: Chain) -> list[Reading]:
    """The last word of every first quote is another one."""
    del chain
    found = []
    for reading in readings:
        drivers = list(reading.drivers)
        if drivers:
            words = drivers[0].quote.split(" ")
            quote = " ".join([*words[:-1], "really"])
            drivers[0] = drivers[0].model_copy(update={"quote": quote})
        found.append(reading.model_copy(update={"drivers": tuple(drivers)}))
    return found


def _shifted_drivers(readings: list[Reading], chain: Chain) -> list[Reading]:
    """Every message gets the drivers of the one before it, as a batch off by one would give."""
    del chain
    before = [readings[-1], *readings[:-1]] if readings else []
    return [
        reading.model_copy(update={"drivers": other.drivers})
        for reading, other in zip(readings, before, strict=True)
    ]


FAULTS = (
    Fault(Stage.READING, "negation dropped", _without_negation),
    Fault(Stage.READING, "a quote altered by one word", _altered_quotes),
    Fault(Stage.READING, "drivers of the message before", _shifted_drivers),
)
