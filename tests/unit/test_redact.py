"""Personal data becomes placeholders, order numbers survive, offsets lead back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.reading.redact import redact
from domain.text import CustomerText


def _redacted(text: str) -> str:
    return redact(CustomerText(value=text)).value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to jo.doe+x@mail.example.org now", "write to [EMAIL] now"),
        ("card 4111 1111 1111 1111 please", "card [CARD] please"),
        ("card 4111-1111-1111-1111", "card [CARD]"),
        ("４１１１１１１１１１１１１１１１ wide", "[CARD] wide"),
        ("4111\u200b1111\u200b1111\u200b1111", "[CARD]"),
        ("pay to DE89 3704 0044 0532 0130 00, thanks", "pay to [IBAN], thanks"),
        ("call +49 30 901820", "call [PHONE]"),
        ("Tel. 030 901820 45", "Tel. [PHONE]"),
        ("my password: hunter2!x ok", "my password: [TOKEN] ok"),
        ("key sk-live-abcdefghij0123456789", "key [TOKEN]"),
    ],
)
def test_personal_data_becomes_a_typed_placeholder(text, expected):
    assert _redacted(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "order FF-48210 is late",
        "order #4929123456781234 never came",
        "HP-1006001 and 2026-03-03 and version 4.18.2",
        "it cost 1,299.00 EUR on 03/03/2026",
        "card 4111 1111 1111 1112 fails the checksum",
        "GB82 WEST 1234 5698 7654 33 fails as well",
        "reset it within 30 minutes, ticket 20814",
    ],
)
def test_what_is_no_personal_data_survives(text):
    assert _redacted(text) == text


def test_offsets_lead_back_to_the_original():
    original = "I am a@b.example.org and the parcel HP-1 is late, call +49 30 901820 today"
    redacted = redact(CustomerText(value=original))
    start = redacted.value.index("the parcel")

    found = redacted.to_original(start, start + len("the parcel HP-1 is late"))

    assert original[slice(*found)] == "the parcel HP-1 is late"


@given(st.text(max_size=300))
def test_text_outside_placeholders_is_unchanged_and_spans_fit(text):
    redacted = redact(CustomerText(value=text))
    rebuilt, at = "", 0
    for span in redacted.spans:
        rebuilt += redacted.value[at : span.start] + text[span.original_start : span.original_end]
        assert redacted.value[span.start : span.end] == f"[{span.kind.value}]"
        at = span.end
    assert rebuilt + redacted.value[at:] == text


def test_the_text_of_a_customer_is_not_in_its_repr():
    assert "secret" not in repr(CustomerText(value="my secret"))
