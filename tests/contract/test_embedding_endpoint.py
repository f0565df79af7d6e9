"""Vectors from an address instead of this machine: what is sent, and what happens without."""

import json

import pytest
from typer.testing import CliRunner

from agent.config.load import load_configuration
from agent.reading.local import LocalReader
from agent.reading.redact import redact
from app.cli import application
from app.settings import Settings
from app.wiring import Installation, open_embedder
from domain.errors import InvalidConfiguration
from domain.feedback import Channel, FeedbackItem
from domain.incoming import Incoming
from domain.seats import ReadRequest
from domain.text import CustomerText
from tests.model_server import raw, scripted_server, status

pytestmark = [pytest.mark.contract, pytest.mark.filterwarnings("ignore::ResourceWarning")]
SIZE = 8


def vectors(request):
    """An answer whose vectors are made of the letters of each text."""
    rows = [
        {"index": place, "embedding": [1 + text.count(letter) for letter in "aeiourst"]}
        for place, text in enumerate(request["input"])
    ]
    return raw(json.dumps({"data": rows}).encode())


def settings(home, url, **more):
    return Settings.load(
        home,
        {
            "UNDERTONE_EMBEDDER_URL": url,
            "UNDERTONE_EMBEDDER_MODEL": "letters",
            "UNDERTONE_EMBEDDER_DIMENSIONS": str(SIZE),
            **more,
        },
    )


def items(*texts):
    return [
        Incoming(FeedbackItem(id=str(place), source="s", text=CustomerText(value=text)))
        for place, text in enumerate(texts)
    ]


def test_texts_leave_redacted_with_the_key_and_the_index_is_filled(tmp_path):
    with scripted_server(vectors) as log:
        chosen = settings(tmp_path, log.url, UNDERTONE_EMBEDDER_KEY="k-1",
                          UNDERTONE_EMBEDDER_PREFIX="query:")  # fmt: skip
        installation = Installation.open(chosen)
        installation.engine.intake(items("My parcel never came, write to jo@mail.example.org."))
        installation.engine.read()
        with installation.store.read() as unit:
            held = unit.feedback.count_indexed()
        installation.close()

    sent = [text for request in log.requests for text in request["input"]]
    assert held == 1
    assert set(log.paths) == {"/v1/embeddings"}
    assert {one["authorization"] for one in log.headers} == {"Bearer k-1"}
    assert all(text.startswith("query: ") for text in sent)
    assert any("[EMAIL]" in text for text in sent)
    assert "jo@mail" not in log.texts


def test_unredacted_texts_of_the_recall_command_leave_redacted_too(tmp_path):
    with scripted_server(vectors) as log:
        embedder = open_embedder(settings(tmp_path, log.url))
        embedder.embed(["call +49 30 901820 about HP-1"])
        embedder.close()

    assert log.requests[0]["input"] == ["call [PHONE] about HP-1"]


def test_a_lost_endpoint_leaves_words_alone_and_is_asked_again_at_the_next_call(tmp_path):
    is_down = [True]
    taxonomy = load_configuration(tmp_path).taxonomy
    request = ReadRequest(
        key="s/1",
        text=redact(CustomerText(value="My parcel never arrived.")),
        channel=Channel.EMAIL,
    )
    with scripted_server(lambda asked: status(400) if is_down[0] else vectors(asked)) as log:
        embedder = open_embedder(settings(tmp_path, log.url))
        reader = LocalReader(embedder)
        (without,) = reader.read([request], taxonomy=taxonomy)
        is_down[0] = False
        (again,) = reader.read([request], taxonomy=taxonomy)
        embedder.close()

    assert without.made_by.version.endswith("words only")
    assert not again.made_by.version.endswith("words only")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"UNDERTONE_EMBEDDER_URL": "vectors.example"}, "begin with http"),
        ({"UNDERTONE_EMBEDDER_MODEL": ""}, "needs UNDERTONE_EMBEDDER_MODEL"),
        ({"UNDERTONE_EMBEDDER_DIMENSIONS": "many"}, "needs UNDERTONE_EMBEDDER_DIMENSIONS"),
        ({"UNDERTONE_EMBEDDER_DIMENSIONS": "0"}, "needs UNDERTONE_EMBEDDER_DIMENSIONS"),
    ],
)
def test_an_endpoint_that_is_half_set_is_refused_with_the_settings_name(tmp_path, more, words):
    with pytest.raises(InvalidConfiguration, match=words):
        settings(tmp_path, "http://127.0.0.1:9/v1", **more)


def test_the_index_is_rebuilt_and_compared(tmp_path):
    with scripted_server(vectors) as log:
        chosen = settings(tmp_path, log.url)
        installation = Installation.open(chosen)
        installation.engine.intake(items("My parcel never came.", "The box arrived broken."))
        installation.engine.read()
        installation.close()

        done = CliRunner().invoke(
            application, ["rebuild-index", "--home", str(tmp_path)], env=chosen.environment
        )

    assert done.exit_code == 0, done.output
    assert "Items: 2 of 2 held, 100% of the true neighbours" in done.output
