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
