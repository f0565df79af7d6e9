"""Statistics over distinct outcomes and their counts, for `scores.bootstrap`."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evals.scores import Counts

# 15 bins of equal mass, as calibration of classifiers is usually reported (Guo et al. 2017).
_BINS = 15


class Labelled(NamedTuple):
    """What is right and what was said; None is an abstention."""

    expected: str
    got: str | None


class Sure(NamedTuple):
    """How sure an answer was, 0 to 1, and whether it was right."""

    confidence: float
    is_right: bool


class Pairs(NamedTuple):
    """Pairs of reports: together rightly, together wrongly, apart wrongly; halves occur."""

    right: float
    merged: float
    split: float


class SetHits(NamedTuple):
    """One case of several labels: rightly named, wrongly named, missed."""

    right: int
    wrong: int
    missed: int


class Bin(NamedTuple):
    """Cases of like confidence."""

    confidence: float
    right: float
    n: int


def accuracy(outcomes: Sequence[Labelled], counts: Counts) -> float:
    """Give the share that is right."""
    right = sum(int(n) for one, n in zip(outcomes, counts, strict=True) if one.expected == one.got)
    return right / max(1, int(counts.sum()))


def macro_f1(outcomes: Sequence[Labelled], counts: Counts) -> float:
    """Give the mean F1 over the labels that occur as expected ones; an abstention is a miss."""
    right: dict[str, int] = defaultdict(int)
    said: dict[str | None, int] = defaultdict(int)
    asked: dict[str, int] = defaultdict(int)
    for one, count in zip(outcomes, counts, strict=True):
        asked[one.expected] += int(count)
        said[one.got] += int(count)
        right[one.expected] += int(count) * (one.expected == one.got)
    labels = [label for label, count in asked.items() if count]
    if not labels:
        return math.nan
    return sum(2 * right[label] / (asked[label] + said[label]) for label in labels) / len(labels)


def pair_f1(outcomes: Sequence[Pairs], counts: Counts) -> float:
    """Give the F1 of pairs of reports; nan where no two reports belong together."""
    right = sum(one.right * int(n) for one, n in zip(outcomes, counts, strict=True))
    wrong = sum((one.merged + one.split) * int(n) for one, n in zip(outcomes, counts, strict=True))
    return 2 * right / (2 * right + wrong) if right + wrong else math.nan


def set_f1(outcomes: Sequence[SetHits], counts: Counts) -> float:
    """Give the micro F1 of labels; nan where nothing was asked and nothing named."""
    right = sum(one.right * int(n) for one, n in zip(outcomes, counts, strict=True))
    wrong = sum((one.wrong + one.missed) * int(n) for one, n in zip(outcomes, counts, strict=True))
    return 2 * right / (2 * right + wrong) if right + wrong else math.nan


def upper_tenth(outcomes: Sequence[float], counts: Counts) -> float:
    """Give the value that nine in ten do not exceed; infinite ones count."""
    values = np.repeat(np.array(outcomes, float), counts)
    return float(np.sort(values)[math.ceil(0.9 * len(values)) - 1]) if len(values) else math.nan


def median(outcomes: Sequence[float], counts: Counts) -> float:
    """Give the lower median; infinite ones count."""
    values = np.repeat(np.array(outcomes, float), counts)
    return float(np.sort(values)[(len(values) - 1) // 2]) if len(values) else math.nan


def calibration_error(outcomes: Sequence[Sure], counts: Counts) -> float:
    """Give the mean distance of confidence and share right over 15 bins of equal mass."""
    bins = calibration_bins(outcomes, counts)
    total = sum(one.n for one in bins)
    if not total:
        return math.nan
    return sum(one.n * abs(one.confidence - one.right) for one in bins) / total


def calibration_bins(outcomes: Sequence[Sure], counts: Counts) -> list[Bin]:
    """Give the bins of equal mass, least sure first; fewer than 15 where cases are few."""
    order = sorted(range(len(outcomes)), key=lambda place: outcomes[place].confidence)
    confidence = np.repeat([outcomes[place].confidence for place in order], counts[order])
    right = np.repeat([float(outcomes[place].is_right) for place in order], counts[order])
    parts = zip(np.array_split(confidence, _BINS), np.array_split(right, _BINS), strict=True)
    return [Bin(float(c.mean()), float(r.mean()), len(c)) for c, r in parts if len(c)]


def risk_coverage_area(outcomes: Sequence[Sure], counts: Counts) -> float:
    """Give the area under the risk-coverage curve (Geifman and El-Yaniv 2017); nan of nothing.

    The mean share wrong among the surest answers, over every number of them; answers that
    are equally sure come together. 0 is never wrong; the share wrong is as good as luck.
    """
    steps = _surest_first(outcomes, counts)
    total = sum(one.n for one in steps)
    if not total:
        return math.nan
    seen = wrong = area = 0.0
    for one in steps:
        seen += one.n
        wrong += one.n * (1.0 - one.right)
        area += one.n * wrong / seen
    return area / total


def right_of_surest(outcomes: Sequence[Sure], counts: Counts) -> float:
    """Give the share right among the four surest fifths of the answers; nan of nothing."""
    steps = _surest_first(outcomes, counts)
    wanted = 0.8 * sum(one.n for one in steps)
    if not wanted:
        return math.nan
    seen = right = 0.0
    for one in steps:
        taken = min(float(one.n), wanted - seen)
        seen += taken
        right += taken * one.right
    return right / wanted


def coverage_curve(outcomes: Sequence[Sure], *, asked: int) -> list[tuple[float, float]]:
    """Give share answered and share right of these, for every threshold, the surest first.

    At most fifty points; the last is everything that was answered.
    """
    steps = _surest_first(outcomes, np.ones(len(outcomes), np.int64))
    points, seen, right = [], 0, 0.0
    for one in steps:
        seen += one.n
        right += one.n * one.right
        points.append((seen / asked, right / seen))
    chosen = sorted({round(place) for place in np.linspace(0, len(points) - 1, 50)})
    return [points[place] for place in chosen] if points else []


def _surest_first(outcomes: Sequence[Sure], counts: Counts) -> list[Bin]:
    """Group answers that are equally sure, the surest first."""
    confidence = np.array([one.confidence for one in outcomes], float)
    is_right = np.array([one.is_right for one in outcomes], float)
    values, group = np.unique(-confidence, return_inverse=True)
    n = np.bincount(group, counts, len(values))
    right = np.bincount(group, counts * is_right, len(values))
    return [
        Bin(-float(value), hits / many, int(many))
        for value, hits, many in zip(values, right.tolist(), n.tolist(), strict=True)
        if many
    ]
