"""What cross-validation says of a head: figures with their 95 % bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from agent.reading.taught.choose import confusion, macro_f1
from domain.record import Record

# 400: the ends of a 95 % interval move by less than a tenth of its width between seeds.
_RESAMPLES = 400
_SEED = 20260306
# 15 bins of equal mass, as calibration of classifiers is usually reported (Guo et al. 2017).
_BINS = 15


class Figure(Record):
    """A figure with its 95 % interval and the number of rows behind it."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f}, n {self.n:,})"


def f1_figure(truth: Any, said: Any, count: int) -> Figure:
    """Give the macro-F1 of label numbers below `count`."""
    return _resampled(confusion(truth, said, count).ravel(), lambda one: _f1(one, count))


def share_figure(hits: Any) -> Figure:
    """Give the share of true ones among one or more."""
    counts = np.array([len(hits) - hits.sum(), hits.sum()])
    return _resampled(counts, lambda one: float(one[1] / one.sum()))


def calibration_error(confidence: Any, hits: Any) -> float:
    """Give the mean distance of confidence and share of hits over 15 bins of equal mass."""
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, _BINS) if len(part)]
    off = [abs(confidence[part].mean() - hits[part].mean()) * len(part) for part in parts]
    return float(sum(off) / len(order))


def _f1(cells: Any, count: int) -> float:
    return macro_f1(cells.reshape(count, count))


def _resampled(counts: Any, statistic: Callable[[Any], float]) -> Figure:
    total, value = int(counts.sum()), statistic(counts)
    held = counts.nonzero()[0]
    draws = np.random.default_rng(_SEED).multinomial(total, counts[held] / total, size=_RESAMPLES)
    found = []
    for draw in draws:
        cells = np.zeros_like(counts)
        cells[held] = draw
        found.append(statistic(cells))
    low, high = np.percentile(found, (2.5, 97.5))
    return Figure(value=value, low=min(value, float(low)), high=max(value, float(high)), n=total)
