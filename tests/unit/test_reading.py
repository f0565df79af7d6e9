"""Readings by words alone: no embedder is needed for these."""

import pytest

from agent.config.load import load_configuration
from agent.reading.clauses import clauses_of, problem_of
from agent.reading.lexicon import tone_of
from agent.reading.local import LocalReader
from agent.reading.redact import redact
from domain.feedback import Noise
from domain.people import Driver, Taxonomy
from domain.record import FeedbackKey
from domain.seats import ReadRequest
from domain.text import CustomerText
from tests.word_vectors import WordVectors

TAXONOMY = load_configuration(None).taxonomy


def _read(text, taxonomy=TAXONOMY, rating=None):
    request = ReadRequest(
        key=FeedbackKey("files/1"),
        text=redact(CustomerText(value=text)),
        channel="email",
        rating_share=rating,
    )
    return LocalReader(None).read([request], taxonomy=taxonomy)[0]


def test_greeting_quote_and_signature_are_not_the_problem():
    text = (
        "Dear support,\nThe app crashes when I open it.\nKind regards\nMara Lind\n"
        "> On Monday you wrote:\n> thank you\n--\nMara Lind\nTel. 1"
    )
    assert problem_of(clauses_of(text)) == "The app crashes when I open it."


def test_a_greeting_that_goes_on_is_kept():
    text = "hello, package HP-1 not arrive. i wait already long time"
    assert problem_of(clauses_of(text)).startswith("hello, package HP-1 not arrive.")


def test_a_driver_comes_with_a_verbatim_quote_of_the_original():
    text = "Hi,\nmail me at a@b.example.org. I was charged twice for one order. It is a shame."
    reading = _read(text)
    mention = reading.drivers[0]
    assert mention.driver == "charged_wrongly"
    assert text[mention.start : mention.end] == mention.quote
    assert "[EMAIL]" not in mention.quote


def test_an_edited_taxonomy_changes_the_next_reading():
    own = Taxonomy(
        drivers=(
            Driver(
                name="colour", label="Wrong colour", description="The paint has a wrong colour."
            ),
            Driver(name="smell", label="Bad smell", description="It smells bad."),
        )
    )
    assert _read("the paint has a wrong colour, blue not red", own).drivers[0].driver == "colour"


@pytest.mark.parametrize(
    ("text", "noise"),
    [
        ("I am out of the office until Monday.", Noise.AUTO_REPLY),
        ("Thank you, that solved it.", Noise.THANKS),
        ("Congratulations, you have won a prize, click here to claim your prize", Noise.SPAM),
        ("CHEAP followers, bad rivals hate it!!! Limited offer, visit now!!!", Noise.SPAM),
        ("", Noise.EMPTY),
        ("🙂🙂", Noise.EMPTY),
    ],
)
def test_noise_reports_no_problem(text, noise):
    reading = _read(text)
    assert reading.noise is noise
    assert reading.drivers == ()
    assert reading.reason


def test_a_denied_problem_is_not_a_complaint():
    assert tone_of("no problem with the delivery").bad == 0
    assert tone_of("problem with the delivery").bad > 0


def test_negation_turns_praise():
    assert _read("not good, not helpful, I am not happy").sentiment.score < 0


def test_an_abstention_says_why():
    reading = _read("")
    assert reading.sentiment.label is None
    assert reading.sentiment.reason


@pytest.mark.parametrize("embedder", [None, WordVectors()], ids=["words", "vectors"])
def test_a_taxonomy_without_drivers_still_gives_the_sentiment(embedder):
    request = ReadRequest(
        key=FeedbackKey("files/1"),
        text=redact(CustomerText(value="The box was crushed. Nobody answers my calls.")),
        channel="email",
    )

    reading = LocalReader(embedder).read([request], taxonomy=Taxonomy(drivers=()))[0]

    assert reading.drivers == ()
    assert reading.sentiment.label is not None


@pytest.mark.parametrize("text", ["\0", "\ud800", "a" * 50_000, "(" * 5000, "\u202eabc", "١٢٣"])
def test_hostile_text_gives_a_reading(text):
    assert -1 <= _read(text).sentiment.score <= 1
