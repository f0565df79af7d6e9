"""Drivers come from the taxonomy file, each with its own words and sentiment."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.reading.clauses import clauses_of, parts_of, problem_of
from agent.reading.local import LocalReader
from agent.reading.redact import redact
from domain.errors import EmbedderUnavailable
from domain.feedback import Noise
from domain.people import Driver, Taxonomy
from domain.record import FeedbackKey
from domain.seats import ReadRequest
from domain.text import CustomerText
from tests.word_vectors import WordVectors


def _driver(name, label, description, *examples):
    return Driver(name=name, label=label, description=description, examples=examples)


AIRLINE = Taxonomy(
    drivers=(
        _driver("late", "Late flight", "The flight is delayed.", "We waited at the gate."),
        _driver("bags", "Lost luggage", "A bag or suitcase is lost.", "My suitcase is gone."),
        _driver("crew", "Rude crew", "A flight attendant was rude.", "The steward yelled at me."),
    )
)


def _requests(*texts, subject=None):
    return [
        ReadRequest(
            key=FeedbackKey(f"files/{number}"),
            text=redact(CustomerText(value=text)),
            subject=redact(CustomerText(value=subject)) if subject else None,
            channel="email",
        )
        for number, text in enumerate(texts)
    ]


def _read(text, *, embedder=None, taxonomy=AIRLINE):
    return LocalReader(embedder).read(_requests(text), taxonomy=taxonomy)[0]


@pytest.mark.parametrize("embedder", [None, WordVectors()])
def test_a_foreign_taxonomy_works_with_labels_and_one_example(embedder):
    reading = _read("My suitcase is lost and nobody knows where the bag is.", embedder=embedder)

    assert reading.drivers[0].driver == "bags"
    assert reading.drivers[0].sentiment == "negative"


@pytest.mark.parametrize("embedder", [None, WordVectors()])
def test_two_drivers_have_their_own_quotes(embedder):
    text = "The flight was delayed for hours. Also a flight attendant was rude to my mother!"
    reading = _read(text, embedder=embedder)

    quotes = {one.driver: one.quote for one in reading.drivers}
    assert quotes["late"].startswith("The flight was delayed")
    assert "rude" in quotes["crew"]
    assert all(text[one.start : one.end] == one.quote for one in reading.drivers)


def test_a_denied_problem_is_a_content_mention():
    reading = _read("I had no problem with the late flight, but my suitcase is lost.")

    sides = {one.driver: one.sentiment for one in reading.drivers}
    assert sides["bags"] == "negative"
    assert sides.get("late") in (None, "positive")


def test_a_quote_holds_no_placeholder():
    text = "My suitcase is lost, write to jo@mail.example.org about the lost bag with the tag."
    mention = _read(text).drivers[0]

    assert text[mention.start : mention.end] == mention.quote
    assert "@" not in mention.quote
    assert "[" not in mention.quote


def test_a_text_about_something_else_names_no_driver_and_says_why():
    reading = _read("I would like to know when your museum opens.")

    assert reading.drivers == ()
    assert reading.reason


def test_praise_names_a_driver_only_as_content():
    reading = _read("Great crew, the flight attendant was wonderful and kind, thank you!")

    assert reading.noise in (Noise.PRAISE, Noise.THANKS)
    assert {one.sentiment for one in reading.drivers} <= {"positive"}


def test_the_embedded_text_is_exactly_the_problem():
    embedder = WordVectors()

    reading = _read("Hi,\nmy suitcase is lost.\nRegards, Mara", embedder=embedder)

    assert reading.problem == "my suitcase is lost."
    assert reading.problem in embedder.asked


def test_a_reading_does_not_depend_on_its_neighbours():
    texts = ["My bag is lost.", "The crew was rude, but the flight was great.", "", "Hello?"] * 3
    reader = LocalReader(WordVectors())

    together = reader.read(_requests(*texts), taxonomy=AIRLINE)
    alone = [reader.read(_requests(text), taxonomy=AIRLINE)[0] for text in texts]

    assert [one.drivers for one in together] == [one.drivers for one in alone]
    assert [one.sentiment for one in together] == [one.sentiment for one in alone]


def test_an_embedder_that_fails_leaves_words_and_says_so():
    reader = LocalReader(WordVectors(fails=True))

    reading = reader.read(_requests("My suitcase is lost."), taxonomy=AIRLINE)[0]

    assert reading.drivers[0].driver == "bags"
    assert "words only" in reading.made_by.version
    with pytest.raises(EmbedderUnavailable):
        WordVectors(fails=True).embed(["x"])


def test_progress_counts_items():
    seen = []
    LocalReader(None).read(
        _requests("a", "b"), taxonomy=AIRLINE, progress=lambda done, total: seen.append(done)
    )
    assert seen == [2]


def test_a_subject_belongs_to_the_problem():
    reading = LocalReader(None).read(
        _requests("Where is it?", subject="Lost suitcase"), taxonomy=AIRLINE
    )[0]
    assert reading.problem == "Lost suitcase. Where is it?"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Guten Tag,\nder Koffer ist weg.\nMit freundlichen Grüßen\nMara", "der Koffer ist weg."),
        ("Bonjour,\nma valise est perdue.\nCordialement\nJean", "ma valise est perdue."),
        ("> you wrote\n> this\nIt is still broken.", "It is still broken."),
        ("Broken again.\n\n-----Original Message-----\nFrom: us", "Broken again."),
        ("@shop @help it fails", "it fails"),
    ],
)
def test_what_is_not_the_report_is_left_out(text, problem):
    assert problem_of(clauses_of(text)) == problem


def test_parts_are_slices_of_the_text():
    text = "Great food, terrible service and a very long wait. Never again, sorry."
    parts = parts_of(clauses_of(text))

    assert [text[one.start : one.end] for one in parts] == [one.text for one in parts]
    assert parts[1].text == "terrible service"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *["My suitcase is lost", ", ", ". ", "but ", "jo@mail.example.org", "\n", "\u200b"],
                *["the crew was rude ", "4111 1111 1111 1111", "no problem with the flight "],
                *["> x\n", "😀"],
            ]
        ),
        max_size=12,
    )
)
def test_quotes_are_verbatim_for_any_mixture(parts):
    text = "".join(parts)

    for one in _read(text).drivers:
        assert text[one.start : one.end] == one.quote
        assert one.quote.strip()
