"""What a reading counts as a complaint about a driver."""

import pytest

from domain.feedback import DriverMention, Reading, Sentiment
from domain.provenance import MadeBy
from domain.record import FeedbackKey


def _reading(label, *mentions):
    return Reading(
        key=FeedbackKey("files/1"),
        language="en",
        sentiment=Sentiment(label=label, score=0.0, confidence=0.9),
        drivers=tuple(
            DriverMention(
                driver=driver, sentiment=side, quote="it", start=0, end=2, confidence=confidence
            )
            for driver, side, confidence in mentions
        ),
        made_by=MadeBy(engine="local", version="1"),
    )


@pytest.mark.parametrize(
    ("label", "side", "confidence", "complains"),
    [
        ("negative", "negative", 0.21, True),
        ("negative", "neutral", 0.21, True),
        ("neutral", "neutral", 0.45, False),
        ("neutral", "neutral", 0.55, True),
        ("positive", "positive", 0.98, False),
    ],
)
def test_a_driver_is_complained_about_when_blamed_or_surely_named(
    label, side, confidence, complains
):
    reading = _reading(label, ("late", side, confidence))

    assert reading.complaints == (("late",) if complains else ())


def test_blamed_drivers_come_before_those_that_are_only_named():
    reading = _reading("mixed", ("bags", "neutral", 0.9), ("late", "negative", 0.4))

    assert reading.complaints == ("late", "bags")
