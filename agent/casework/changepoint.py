"""When did it begin: the most likely single change in a series of hits among units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

# Nats under which a rise is no rise: a factor of 20 in likelihood (Kass and Raftery 1995).
LEAST_GAIN = 3.0
# The start is put where it is at least this sure that it has begun: a customer too many is
# asked about, one too few is forgotten, so a little under even.
SURE_ENOUGH = 0.35
# Units that the rate of those who are not exposed weighs as much as.
_BASE_WEIGHT = 40.0
# Nats for a hit whose customer is on the issue: who is hit by chance comes to lie on it five
# times less often (an assumption; between 3 and 8 the lists of the example shops are equal).
_TOLD = math.log(5)

Observation = tuple[datetime, bool]
"""The time of a unit and whether it is hit."""


def change_of(
    observations: Sequence[Observation],
    *,
    base: float | None = None,
    told: Sequence[datetime] = (),
) -> tuple[datetime, float] | None:
    """Find the time from which the share of hits is another, and how sure that is in nats.

    Binomial likelihood scan over prefix sums; every hit is a possible beginning, and the
    change is placed at the first hit by which it has probably begun. `base` is the share
    of hits among units that are not exposed; `told` the times of hits whose customers are
    on the issue. None where there is no rise.
    """
    ordered = sorted(observations)
    total, hits = len(ordered), sum(hit for _, hit in ordered)
    if total < 4 or hits in (0, total):
        return None
    whole = _likelihood(hits, total)
    reported = sorted(told)
    gains: list[tuple[datetime, float, float]] = []
    before = seen = 0
    for place, (at, hit) in enumerate(ordered):
        while seen < len(reported) and reported[seen] < at:
            seen += 1
        if hit:
            after = hits - before
            rises = after * place >= before * (total - place)
            gain = _likelihood(before, place) + _likelihood(after, total - place) - whole
            if rises:
                fit = _smoothed(before, place, base) + _likelihood(after, total - place)
                gains.append((at, gain, fit + _TOLD * (len(reported) - seen)))
        before += hit
    best = max((gain for _, gain, _ in gains), default=0.0)
    if best < LEAST_GAIN:
        return None
    return _begun([(at, fit) for at, _, fit in gains]), best


def _begun(fits: Sequence[tuple[datetime, float]]) -> datetime:
    """The first time by which the change has begun with enough chance."""
    top = max(fit for _, fit in fits)
    weights = [math.exp(fit - top) for _, fit in fits]
    bar, chance = SURE_ENOUGH * sum(weights), 0.0
    for (at, _), weight in zip(fits, weights, strict=True):
        chance += weight
        if chance >= bar:
            return at
    return fits[-1][0]


def _likelihood(hits: int, total: int) -> float:
    if total == 0 or hits in (0, total):
        return 0.0
    rate = hits / total
    return hits * math.log(rate) + (total - hits) * math.log(1 - rate)


def _smoothed(hits: int, total: int, base: float | None) -> float:
    """The likelihood with a rate drawn towards that of the units that are not exposed."""
    if base is None:
        return _likelihood(hits, total)
    base = min(max(base, 1e-4), 0.5)
    rate = (hits + base * _BASE_WEIGHT) / (total + _BASE_WEIGHT)
    return hits * math.log(rate) + (total - hits) * math.log(1 - rate)
