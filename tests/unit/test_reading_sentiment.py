"""Sentiment by words, and how a judgement is made of chances, parts and ratings."""

import json
from importlib.resources import files

import pytest

from agent.config.load import load_configuration
from agent.reading.head import LABELS, fingerprint, fit, patterned, sentences
from agent.reading.lexicon import tone_of
from agent.reading.local import LocalReader
from agent.reading.redact import redact
from agent.reading.sentiment import Chances, decide
from domain.record import FeedbackKey
from domain.seats import ReadRequest
from domain.text import CustomerText
from tests.word_vectors import WordVectors

TAXONOMY = load_configuration(None).taxonomy


def _label(text, rating=None):
    request = ReadRequest(
        key=FeedbackKey("files/1"),
        text=redact(CustomerText(value=text)),
        channel="email",
        rating_share=rating,
    )
    return LocalReader(None).read([request], taxonomy=TAXONOMY)[0].sentiment.label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("This is the worst service ever, I am so angry.", "negative"),
        ("I love it, great and friendly people!", "positive"),
        ("Great job, another cancelled trip.", "negative"),
        ("Thanks for losing my bag.", "negative"),
        ("It isn't bad at all, I never had any issues and I am happy", "positive"),
        ("I am not happy and it is not good", "negative"),
        ("Das Gerät ist kaputt und ich bin sehr enttäuscht", "negative"),
        ("Très déçu, le colis est arrivé cassé", "negative"),
        ("Me encanta, lo recomiendo, excelente", "positive"),
        ("What time do you open on Sunday?", "neutral"),
        ("😡😡", "negative"),
        ("😍 👏", "positive"),
    ],
)
def test_words_alone_tell_clear_texts(text, label):
    assert _label(text) == label


def test_two_sides_in_two_parts_are_mixed():
    assert _label("The food was wonderful and tasty, but the waiter was rude and awful.") == "mixed"


def test_a_rating_is_the_customers_own_judgement():
    assert _label("It is what it is.", rating=0.2) == "negative"
    assert _label("It is what it is.", rating=1.0) == "positive"


def test_no_label_is_told_when_none_is_ahead():
    sentiment = decide(Chances(0.36, 0.32, 0.32), tone_of(""))

    assert sentiment.label is None
    assert sentiment.reason


def test_a_phrase_weighs_more_than_its_words():
    assert tone_of("thanks for nothing").good == 0
    assert tone_of("I can't wait to see you").bad == 0


def test_a_contrast_ends_the_reach_of_a_negation():
    assert tone_of("not cheap, but great").good > 0


def test_every_thing_is_said_in_every_way_alike():
    counts = {label: sum(one == label for _, one in patterned()) for label in LABELS}

    assert len(set(counts.values())) == 1


def test_written_sentences_are_distinct_over_labels():
    texts = [text for text, _ in sentences()]

    assert len(set(texts)) == len(texts)
    assert len(texts) > 500


def test_the_shipped_head_belongs_to_the_sentences_as_they_are():
    shipped = json.loads((files("agent.reading") / "head.json").read_text(encoding="utf-8"))

    assert shipped["fitted_on"] == fingerprint(), "run: .venv/bin/python -m tests.fit_head"


def test_any_other_embedder_gets_a_head_of_its_own_the_same_each_time():
    first, second = fit(WordVectors()), fit(WordVectors())

    assert first.weights.shape == (3, WordVectors.dimensions + 6)
    assert (first.weights == second.weights).all()
