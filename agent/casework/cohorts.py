"""Compare exposed with not exposed: rates, intervals, ratio, exact test."""

from __future__ import annotations

import math
from typing import NamedTuple

Z = 1.959964
"""97.5 % quantile of the standard normal distribution."""


class Counts(NamedTuple):
    """Units of a group and how many of them are hit."""

    units: int
    hits: int

    @property
    def rate(self) -> float:
        """Share of hits; 0 for an empty group."""
        return self.hits / self.units if self.units else 0.0


def wilson(counts: Counts) -> tuple[float, float]:
    """Wilson score interval, 95 % (Wilson 1927); (0, 1) for an empty group."""
    if counts.units == 0:
        return 0.0, 1.0
    n, p = counts.units, counts.rate
    centre = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def ratio_of(exposed: Counts, other: Counts) -> tuple[float, float, float]:
    """Risk ratio with a 95 % interval on the log scale (Katz 1978).

    Half a hit is added to each side, so that a group without hits has an interval too.
    """
    a, b = exposed.hits + 0.5, other.hits + 0.5
    n, m = exposed.units + 1.0, other.units + 1.0
    ratio = (a / n) / (b / m)
    deviation = math.sqrt(max(1 / a - 1 / n + 1 / b - 1 / m, 1e-12))
    spread = math.exp(Z * deviation)
    return ratio, ratio / spread, ratio * spread


def chance_of(exposed: Counts, other: Counts) -> float:
    """Chance of at least so many hits among the exposed, given all hits (Fisher, one-sided).

    To nine digits; the tail that begins at the count is summed, or the one below it, whichever
    does not hold the middle.
    """
    total, hits = exposed.units + other.units, exposed.hits + other.hits
    if total == 0 or hits == 0 or exposed.units == 0:
        return 1.0
    if exposed.hits * total > hits * exposed.units:
        return _tail(exposed.hits, exposed.units, hits, total)
    # As many misses among the others as there are hits fewer among the exposed.
    return 1.0 - _tail(other.hits + 1, other.units, hits, total)


def _tail(count: int, units: int, hits: int, total: int) -> float:
    """Chance of `count` or more of all hits among `units`, where that is less than even."""
    if count > min(units, hits):
        return 0.0
    rest = total - units
    term = math.exp(
        _log_choices(units, count) + _log_choices(rest, hits - count) - _log_choices(total, hits)
    )
    tail = 0.0
    while term > tail * 1e-17:
        tail += term
        term *= (hits - count) * (units - count) / ((count + 1) * (rest - hits + count + 1))
        count += 1
    return min(tail, 1.0)


def _log_choices(total: int, chosen: int) -> float:
    return math.lgamma(total + 1) - math.lgamma(chosen + 1) - math.lgamma(total - chosen + 1)
