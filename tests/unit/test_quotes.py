"""Quotes on a ticket are whole sentences, verbatim, and never hold what was masked."""

import pytest

from agent.casework.quotes import whole_sentence
from agent.reading.redact import redact
from domain.text import CustomerText


def _redacted(text):
    return redact(CustomerText(value=text))


@pytest.mark.parametrize(
    ("text", "quote", "shown"),
    [
        (
            "I ordered a gift. My parcel has not come, it was promised before the weekend. Why?",
            "it was promised before the weekend.",
            "My parcel has not come, it was promised before the weekend.",
        ),
        ("Where is it?! Nobody answers", "Nobody answers", "Nobody answers"),
        ("Hello\nmy order is late, again\nThanks", "again", "my order is late, again"),
        ("Late by 2.5 days, and no word.", "no word.", "Late by 2.5 days, and no word."),
        ("荷物が届きません。返事もない。", "返事もない。", "返事もない。"),
    ],
)
def test_the_whole_sentence_around_a_quote_is_shown(text, quote, shown):
    redacted = _redacted(text)

    found = whole_sentence(redacted, quote)

    assert found == shown
    assert found in text


def test_a_sentence_ends_before_what_was_masked():
    text = "You wrote to jana@example.com, and the parcel never came."
    redacted = _redacted(text)

    found = whole_sentence(redacted, "the parcel never came.")

    assert found == "and the parcel never came."
    assert "EMAIL" not in found
    assert found in text


def test_a_sentence_that_is_too_long_leaves_the_quote_as_it_is():
    quote = "the parcel never came"
    redacted = _redacted("and then " * 40 + quote)

    assert whole_sentence(redacted, quote) == quote
