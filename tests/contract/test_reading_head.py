"""The shipped head of the sentiment judge is what its sentences give."""

import json
from importlib.resources import files

import numpy as np

from agent.config.load import load_configuration
from agent.reading.head import fit
from agent.reading.local import LocalReader
from agent.reading.redact import redact
from domain.record import FeedbackKey
from domain.seats import ReadRequest
from domain.text import CustomerText
from tests.fit_head import cached_embedder


def test_a_fit_gives_the_shipped_head():
    shipped = json.loads((files("agent.reading") / "head.json").read_text(encoding="utf-8"))
    embedder = cached_embedder()

    head = fit(embedder)

    assert shipped["model_id"] == embedder.model_id
    # 0.02: vectors differ by up to 0.001 between processors.
    assert np.abs(head.weights - np.array(shipped["weights"])).max() < 0.02
    assert np.abs(head.mean - np.array(shipped["mean"])).max() < 0.002


def test_meaning_carries_sentiment_and_drivers_into_other_languages():
    texts = {
        "Mein Paket ist seit zwei Wochen überfällig, sehr ärgerlich.": "negative",
        "O aplicativo fecha sozinho toda vez que abro, péssimo.": "negative",
        "Tout est arrivé en avance, je suis très content, merci !": "positive",
        "¿A qué hora abre la tienda mañana?": "neutral",
    }
    requests = [
        ReadRequest(
            key=FeedbackKey(f"files/{number}"),
            text=redact(CustomerText(value=text)),
            channel="email",
        )
        for number, text in enumerate(texts)
    ]

    found = LocalReader(cached_embedder()).read(
        requests, taxonomy=load_configuration(None).taxonomy
    )

    assert [one.sentiment.label for one in found] == list(texts.values())
    assert found[0].drivers[0].driver == "late_delivery"
    assert found[1].drivers[0].driver == "crash"
    assert [one.language for one in found] == ["de", "pt", "fr", "es"]


def test_a_kind_word_beside_a_complaint_is_no_praise():
    """Customers who soften what they say are hit all the same."""
    text = "Two debits for one order on my statement. I like the shop itself, by the way."
    request = ReadRequest(
        key=FeedbackKey("files/1"), text=redact(CustomerText(value=text)), channel="email"
    )

    (found,) = LocalReader(cached_embedder()).read(
        [request], taxonomy=load_configuration(None).taxonomy
    )

    assert found.noise is None
    assert found.complaints[0] == "charged_wrongly"
