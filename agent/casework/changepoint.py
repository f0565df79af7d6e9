"""When did it begin: the most likely single change in a series of hits among units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

# Nats under which a rise is no rise: a factor of 20 in likelihood (Kass and Raftery 1995).
LEAST_GAIN = 3.0
# Nats: the usual 95 % likelihood interval of one parameter (half of 3.84, chi-squared).
ABOUT_AS_LIKELY = 1.92

Observation = tuple[datetime, bool]
"""The time of a unit and whether it is hit."""


def change_of(observations: Sequence[Observation]) -> tuple[datetime, float] | None:
    """Find the time from which the share of hits is another, and how sure that is in nats.

    Binomial likelihood scan over prefix sums; the change is placed at the first hit from
    it on. None where there is no rise.
    """
    ordered = sorted(observations)
    total, hits = len(ordered), sum(hit for _, hit in ordered)
    if total < 4 or hits in (0, total):
        return None
    whole = _likelihood(hits, total)
    gains: list[tuple[int, float]] = []
    before = 0
    for place, (_, hit) in enumerate(ordered):
        if hit and place:
            after = hits - before
            rises = after * place > before * (total - place)
            gain = _likelihood(before, place) + _likelihood(after, total - place) - whole
            if rises:
                gains.append((place, gain))
        before += hit
    best = max((gain for _, gain in gains), default=0.0)
    if best < LEAST_GAIN:
        return None
    # The earliest of the times that are about as likely: a customer too many is asked
    # about, one too few is forgotten.
    place = next(place for place, gain in gains if gain >= best - ABOUT_AS_LIKELY)
    while place and ordered[place - 1][1]:
        place -= 1
    return ordered[place][0], best


def _likelihood(hits: int, total: int) -> float:
    if total == 0 or hits in (0, total):
        return 0.0
    rate = hits / total
    return hits * math.log(rate) + (total - hits) * math.log(1 - rate)
