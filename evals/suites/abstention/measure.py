"""What the reader leaves open, and what it would be worth to leave open more.

A driver counts as named when a message is read as blaming it. Whoever sets a threshold
trades coverage (the share answered) for accuracy (the share right of these); the curve
shows every trade, and its area (AURC) says how well confidence orders the answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from domain.feedback import DriverMention, Reading
from evals.measures import (
    Sure,
    calibration_bins,
    calibration_error,
    coverage_curve,
    right_of_surest,
    risk_coverage_area,
)
from evals.scores import Unit, bootstrap, share
from evals.suite import Bench, CaseResult, Curve, Measured
from evals.truth import Label

_NONE = "nothing was answered"


class _Read(NamedTuple):
    case_id: str
    reading: Reading
    label: Label

    @property
    def blamed(self) -> DriverMention | None:
        """The first driver that the message is read as blaming."""
        named = self.reading.drivers
        return next((one for one in named if one.sentiment not in ("positive", "neutral")), None)


def measure(bench: Bench) -> Measured:
    """Score what was answered and what was left open in one part."""
    read = list(_labelled(bench))
    quiet = [one for one in read if not one.label.drivers]
    loud = [one for one in read if one.label.drivers]
    drivers = [one for pair in read if (one := _driver(pair)) is not None]
    sentiments = [one for pair in read if (one := _sentiment(pair)) is not None]
    return Measured(
        scores={
            "silent_without_driver": share(sum(map(_is_silent, quiet)), len(quiet)),
            "answers_with_driver": share(sum(one.blamed is not None for one in loud), len(loud)),
            "right_of_answered": share(_right(drivers), len(drivers), none=_NONE),
            "right_of_surest": bootstrap(drivers, right_of_surest, unit=Unit.SHARE, none=_NONE),
            "driver_area": bootstrap(drivers, risk_coverage_area, unit=Unit.SHARE, none=_NONE),
            "driver_calibration_error": bootstrap(
                drivers, calibration_error, unit=Unit.SHARE, none=_NONE
            ),
            "sentiment_answered": share(len(sentiments), len(read)),
            "sentiment_right_of_answered": share(_right(sentiments), len(sentiments), none=_NONE),
            "sentiment_right_of_surest": bootstrap(
                sentiments, right_of_surest, unit=Unit.SHARE, none=_NONE
            ),
            "sentiment_area": bootstrap(
                sentiments, risk_coverage_area, unit=Unit.SHARE, none=_NONE
            ),
        },
        cases=[case for one in read for case in _cases(one)],
        plots=(
            _coverage("Drivers: accuracy at each coverage", drivers, len(read)),
            _coverage("Sentiment: accuracy at each coverage", sentiments, len(read)),
            _reliability(drivers),
        ),
    )


def _labelled(bench: Bench) -> Iterator[_Read]:
    for chain in bench.chains:
        labels = chain.world.truth.labels
        for item, reading in zip(chain.world.items, chain.readings, strict=True):
            if item.key in labels:
                yield _Read(f"{chain.world.name}/{item.id}", reading, labels[item.key])


def _driver(one: _Read) -> Sure | None:
    if one.blamed is None:
        return None
    return Sure(one.blamed.confidence, one.blamed.driver in one.label.drivers)


def _sentiment(one: _Read) -> Sure | None:
    said = one.reading.sentiment
    if said.label is None:
        return None
    return Sure(said.confidence, said.label == one.label.sentiment)


def _right(answers: Sequence[Sure]) -> int:
    return sum(one.is_right for one in answers)


def _is_silent(one: _Read) -> bool:
    """Nothing is blamed, and where nothing is named at all the reading says why."""
    return one.blamed is None and bool(one.reading.drivers or one.reading.reason)


def _cases(one: _Read) -> Iterator[CaseResult]:
    wanted, got = " ".join(sorted(one.label.drivers)), one.blamed.driver if one.blamed else ""
    if not one.label.drivers:
        loss = float(not _is_silent(one))
        yield CaseResult("silent_without_driver", one.case_id, "", got, loss)
    else:
        loss = float(one.blamed is None)
        yield CaseResult("answers_with_driver", one.case_id, wanted, got, loss)
    if one.blamed is not None:
        loss = float(one.blamed.driver not in one.label.drivers)
        yield CaseResult("right_of_answered", one.case_id, wanted, got, loss)


def _coverage(title: str, answers: Sequence[Sure], asked: int) -> Curve:
    points = coverage_curve(answers, asked=asked) if answers else []
    return Curve(title, "share answered", "right", tuple(points))


def _reliability(answers: Sequence[Sure]) -> Curve:
    bins = calibration_bins(answers, np.ones(len(answers), np.int64))
    points = tuple((one.confidence, one.right) for one in bins)
    return Curve("Drivers: is it as sure as it is right?", "confidence", "right", points, True)
