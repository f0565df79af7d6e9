"""When did it begin: the most likely single change in a series of hits among units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

# Nats under which a rise is no rise: a factor of 20 in likelihood (Kass and Raftery 1995).
LEAST_GAIN = 3.0

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
    best: tuple[float, int] | None = None
    before = 0
    for place, (_, hit) in enumerate(ordered):
        if hit and place:
            after = hits - before
            rises = after * place > before * (total - place)
            gain = _likelihood(before, place) + _likelihood(after, total - place) - whole
            if rises and (best is None or gain > best[0]):
                best = (gain, place)
        before += hit
    if best is None or best[0] < LEAST_GAIN:
        return None
    place = best[1]
    # The likelihood hardly sees one hit more: an unbroken run of hits began with its first.
    while place and ordered[place - 1][1]:
        place -= 1
    return ordered[place][0], best[0]


def _likelihood(hits: int, total: int) -> float:
    if total == 0 or hits in (0, total):
        return 0.0
    rate = hits / total
    return hits * math.log(rate) + (total - hits) * math.log(1 - rate)
