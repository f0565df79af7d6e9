"""A figure with its interval, or the reason why there is none."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from enum import StrEnum
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from domain.record import Record

Counts = npt.NDArray[np.int64]
_Outcome = TypeVar("_Outcome", bound=Hashable)

# 1.96: standard normal quantile of a two-sided 95 % interval.
_Z = 1.96
# 400: the ends of a 95 % interval move by less than a tenth of its width between seeds.
_RESAMPLES = 400
_SEED = 20260306


class Unit(StrEnum):
    """What a value counts."""

    SHARE = "share"
    """0 to 1."""
    POINTS = "points"
    """Difference of two shares, times 100."""
    REPORTS = "reports"
    MINUTES = "minutes"
    PER_10000 = "per 10,000 messages"
    SECONDS = "seconds"
    TIMES = "times"
    """One time divided by another."""
    TOKENS = "tokens"
    USD = "US dollars"
    COUNT = "count"


class Scored(Record):
    """A value with its 95 % interval and the number of cases behind it."""

    value: float
    low: float
    high: float
    n: int = Field(ge=1)
    unit: Unit

    @model_validator(mode="after")
    def _ordered(self) -> Scored:
        finite = all(map(math.isfinite, (self.value, self.low, self.high)))
        if not finite or not self.low <= self.value <= self.high:
            raise ValueError("an interval holds its value, and all three are finite")
        return self


class Unscored(Record):
    """No figure, and why. Never a zero."""

    reason: str
    n: int = Field(default=0, ge=0)
    """Cases there were all the same; with enough of them a gate does not ask for more."""


Score = Scored | Unscored


def is_of_time(score: Score) -> bool:
    """Whether a figure differs from run to run because a clock made it."""
    return isinstance(score, Scored) and score.unit in (Unit.SECONDS, Unit.TIMES)


def share(hits: int, n: int, *, unit: Unit = Unit.SHARE, none: str = "no case") -> Score:
    """Give hits out of n with the Wilson interval; unscored with reason `none` where n is 0."""
    if n == 0:
        return Unscored(reason=none)
    low, high = wilson(hits, n)
    return Scored(value=hits / n, low=low, high=high, n=n, unit=unit)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Give the 95 % Wilson interval of a share (Wilson 1927); n must be at least 1."""
    p, square = hits / n, _Z * _Z
    centre = (p + square / (2 * n)) / (1 + square / n)
    half = _Z / (1 + square / n) * math.sqrt(p * (1 - p) / n + square / (4 * n * n))
    return max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half))


def rate(events: int, exposure: int, *, per: int, unit: Unit) -> Score:
    """Give events per so many units with the exact Poisson interval (Garwood 1936)."""
    if exposure == 0:
        return Unscored(reason="nothing was watched")
    from scipy.stats import chi2

    low = float(chi2.ppf(0.025, 2 * events)) / 2 if events else 0.0
    high = float(chi2.ppf(0.975, 2 * events + 2)) / 2
    scale = per / exposure
    return Scored(value=events * scale, low=low * scale, high=high * scale, n=exposure, unit=unit)


def bootstrap(
    outcomes: Sequence[_Outcome],
    statistic: Callable[[Sequence[_Outcome], Counts], float],
    *,
    unit: Unit,
    none: str = "no case",
) -> Score:
    """Give a statistic of outcomes with its percentile bootstrap interval.

    `statistic` gets the distinct outcomes and how often each occurs. Resampling draws those
    counts, so ten thousand cases cost as much as ten. Unscored with reason `none` where there
    is no outcome or the statistic is not finite.
    """
    if not outcomes:
        return Unscored(reason=none)
    counted = Counter(outcomes)
    distinct = list(counted)
    counts = np.array([counted[one] for one in distinct], np.int64)
    value = statistic(distinct, counts)
    total = int(counts.sum())
    if not math.isfinite(value):
        return Unscored(reason=none, n=total)
    draws = np.random.default_rng(_SEED).multinomial(total, counts / total, size=_RESAMPLES)
    found = [statistic(distinct, draw) for draw in draws]
    finite = [one for one in found if math.isfinite(one)]
    low, high = np.percentile(finite, (2.5, 97.5)) if finite else (value, value)
    return Scored(
        value=value, low=min(value, float(low)), high=max(value, float(high)), n=total, unit=unit
    )


def gap(first: Score, second: Score) -> Score:
    """Give the first share minus the second in points (interval: Newcombe 1998, method 10)."""
    if isinstance(first, Unscored) or isinstance(second, Unscored):
        return Unscored(reason="one of the two parts has no figure")
    value = first.value - second.value
    below = math.hypot(first.value - first.low, second.high - second.value)
    above = math.hypot(first.high - first.value, second.value - second.low)
    return Scored(
        value=100 * value,
        low=100 * (value - below),
        high=100 * (value + above),
        n=min(first.n, second.n),
        unit=Unit.POINTS,
    )
