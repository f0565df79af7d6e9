"""Readings against the labels of worlds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from domain.feedback import FeedbackItem, Reading
from evals.labels import confusion
from evals.measures import (
    Labelled,
    SetHits,
    Sure,
    accuracy,
    calibration_bins,
    calibration_error,
    macro_f1,
    set_f1,
)
from evals.scores import Score, Unit, Unscored, bootstrap, share
from evals.suite import Bench, CaseResult, Curve, Measured
from evals.truth import Label

_SENTIMENTS = ("positive", "neutral", "negative", "mixed")


class _Read(NamedTuple):
    case_id: str
    item: FeedbackItem
    reading: Reading
    label: Label


def measure(bench: Bench) -> Measured:
    """Score sentiment, drivers and quotes of one part."""
    read = list(_labelled(bench))
    said = [Labelled(one.label.sentiment, one.reading.sentiment.label) for one in read]
    sure = [
        Sure(one.reading.sentiment.confidence, pair.expected == pair.got)
        for one, pair in zip(read, said, strict=True)
        if pair.got is not None
    ]
    named = [_set_hits(one, _blamed(one)) for one in read]
    spoken = [_set_hits(one, _drivers(one)) for one in read]
    complaints = [one for one in read if one.label.drivers]
    quiet = [one for one in read if not one.label.drivers]
    quotes = [hit for one in read for hit in _quotes(one)]
    return Measured(
        scores={
            "sentiment_macro_f1": bootstrap(said, macro_f1, unit=Unit.SHARE),
            "sentiment_accuracy": bootstrap(said, accuracy, unit=Unit.SHARE),
            "sentiment_abstained": share(sum(pair.got is None for pair in said), len(said)),
            "sentiment_calibration_error": bootstrap(sure, calibration_error, unit=Unit.SHARE),
            "driver_f1": bootstrap(named, set_f1, unit=Unit.SHARE),
            "first_driver": share(sum(map(_first_is_right, complaints)), len(complaints)),
            "driver_f1_any": bootstrap(spoken, set_f1, unit=Unit.SHARE),
            "driver_on_noise": share(sum(bool(_blamed(one)) for one in quiet), len(quiet)),
            "driver_on_noise_any": share(sum(bool(_drivers(one)) for one in quiet), len(quiet)),
            "quote_verbatim": share(sum(quotes), len(quotes), none="no quote was given"),
            "quote_overlap": _overlap_score(read),
        },
        cases=[case for one in read for case in _cases(one)],
        plots=(
            _reliability(sure),
            confusion("Sentiment: planted (rows) and read (columns)", _SENTIMENTS, said),
        ),
    )


def _labelled(bench: Bench) -> Iterator[_Read]:
    for chain in bench.chains:
        labels = chain.world.truth.labels
        for item, reading in zip(chain.world.items, chain.readings, strict=True):
            if item.key in labels:
                yield _Read(f"{chain.world.name}/{item.id}", item, reading, labels[item.key])


def _drivers(one: _Read) -> list[str]:
    return [mention.driver for mention in one.reading.drivers]


def _blamed(one: _Read) -> list[str]:
    """Drivers that are spoken of with dissatisfaction, or without a judged tone."""
    return [
        mention.driver
        for mention in one.reading.drivers
        if mention.sentiment not in ("positive", "neutral")
    ]


def _set_hits(one: _Read, named: list[str]) -> SetHits:
    got, expected = set(named), set(one.label.drivers)
    return SetHits(len(got & expected), len(got - expected), len(expected - got))


def _first_is_right(one: _Read) -> bool:
    return bool(one.reading.drivers) and one.reading.drivers[0].driver in one.label.drivers


def _quotes(one: _Read) -> list[bool]:
    text = one.item.text.value
    return [text[mention.start : mention.end] == mention.quote for mention in one.reading.drivers]


def _overlaps(one: _Read) -> list[bool]:
    return [
        mention.start < span.end and span.start < mention.end
        for mention in one.reading.drivers
        if (span := one.label.spans.get(mention.driver)) is not None
    ]


def _overlap_score(read: Sequence[_Read]) -> Score:
    """Score quotes against planted words; a world need not say them, so no gate asks for more."""
    if not any(one.label.spans for one in read):
        reason = "the world does not say where drivers are spoken of"
        return Unscored(reason=reason, n=len(read))
    hits = [hit for one in read for hit in _overlaps(one)]
    return share(sum(hits), len(hits), none="no driver was named where it is spoken of")


def _cases(one: _Read) -> Iterator[CaseResult]:
    said = str(one.reading.sentiment.label)
    expected = one.label.sentiment
    yield CaseResult("sentiment_macro_f1", one.case_id, expected, said, float(said != expected))
    hits = _set_hits(one, _blamed(one))
    wanted, got = " ".join(sorted(one.label.drivers)), " ".join(sorted(_blamed(one)))
    yield CaseResult("driver_f1", one.case_id, wanted, got, float(hits.wrong + hits.missed))
    if not one.label.drivers:
        yield CaseResult("driver_on_noise", one.case_id, "", got, float(bool(got)))
        return
    first = one.reading.drivers[0].driver if one.reading.drivers else ""
    yield CaseResult("first_driver", one.case_id, wanted, first, float(not _first_is_right(one)))
    overlaps = _overlaps(one)
    if overlaps:
        quote = " | ".join(mention.quote for mention in one.reading.drivers)
        missed = overlaps.count(False)
        yield CaseResult("quote_overlap", one.case_id, "the planted words", quote, float(missed))


def _reliability(sure: list[Sure]) -> Curve:
    bins = calibration_bins(sure, np.ones(len(sure), np.int64))
    points = tuple((one.confidence, one.right) for one in bins)
    return Curve("Sentiment: is it as sure as it is right?", "confidence", "right", points, True)
