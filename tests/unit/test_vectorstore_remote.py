"""An embeddings endpoint that answers late, wrongly or not at all."""

import json

import httpx2
import numpy as np
import pytest

from domain.errors import EmbedderUnavailable
from vectorstore.remote import RemoteEmbedder

pytestmark = pytest.mark.unit


class Endpoint:
    """Answers with vectors made of the text's length; keeps what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []
        self.headers = []
        self.slept = []

    def __call__(self, request):
        self.headers.append(request.headers)
        texts = json.loads(request.content)["input"]
        self.asked.append(texts)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        if answer is not None:
            return answer
        rows = [
            {"object": "embedding", "index": place, "embedding": [len(text), 0, 0, 1]}
            for place, text in enumerate(texts)
        ]
        return httpx2.Response(200, json={"data": rows[::-1], "model": "any"})

    def embedder(self, **more):
        settings = {"base_url": "https://vectors.example/v1", "model": "any", "dimensions": 4}
        return RemoteEmbedder(
            **(settings | more), sleep=self.slept.append, transport=httpx2.MockTransport(self)
        )


def test_rows_come_in_the_order_of_the_texts_with_length_one():
    endpoint = Endpoint()

    vectors = endpoint.embedder().embed(["aaa", "b", "aaa"])

    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert np.allclose(vectors[:, 0] / vectors[:, 3], [3, 1, 3])
    assert endpoint.asked == [["aaa", "b"]]


def test_many_texts_travel_in_several_requests_with_progress():
    endpoint, told = Endpoint(), []

    endpoint.embedder().embed(
        [f"text {number}" for number in range(150)],
        progress=lambda done, total: told.append((done, total)),
    )

    assert [len(texts) for texts in endpoint.asked] == [64, 64, 22]
    assert told == [(64, 150), (128, 150), (150, 150)]


def test_prefix_and_key_are_sent_and_hostile_texts_are_made_sendable():
    endpoint = Endpoint()

    vectors = endpoint.embedder(prefix="query: ", key="k1").embed(["", "\ud800\0", "x" * 100_000])

    assert endpoint.asked[0][:2] == ["query: ", "query: ? "]
    assert max(len(text) for text in endpoint.asked[0]) == 6000
    assert endpoint.headers[0]["authorization"] == "Bearer k1"
    assert np.isfinite(vectors).all()


def test_an_empty_text_without_prefix_is_not_sent_empty():
    endpoint = Endpoint()

    endpoint.embedder().embed(["", " \n"])

    assert endpoint.asked == [["-"]]


def test_what_passes_is_tried_again():
    endpoint = Endpoint(httpx2.Response(429), httpx2.ConnectError("refused"), httpx2.Response(503))

    vectors = endpoint.embedder().embed(["a"])

    assert vectors.shape == (1, 4)
    assert len(endpoint.slept) == 3


def test_trying_ends_and_says_what_happened_without_the_key():
    endpoint = Endpoint(*[httpx2.Response(500)] * 9)

    with pytest.raises(EmbedderUnavailable, match=r"'vectors.example'.*4 tries.*HTTP 500") as error:
        endpoint.embedder(key="secret").embed(["a"])

    assert "secret" not in str(error.value)
    assert len(endpoint.asked) == 4


@pytest.mark.parametrize("status", [301, 400, 401, 404])
def test_a_refusal_is_not_tried_again(status):
    endpoint = Endpoint(httpx2.Response(status, headers={"location": "https://evil.example"}))

    with pytest.raises(EmbedderUnavailable, match=str(status)):
        endpoint.embedder().embed(["a"])

    assert len(endpoint.asked) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"{}",
        b'{"data": []}',
        b'{"data": [{"index": 0, "embedding": [1, 2]}]}',
        b'{"data": [{"index": 1, "embedding": [1, 2, 3, 4]}]}',
        b'{"data": [{"index": 0, "embedding": [0, 0, 0, 0]}]}',
        b'{"data": [{"index": 0, "embedding": [NaN, 0, 0, 0]}]}',
        b'{"data": [{"index": 0, "embedding": ["x", 0, 0, 0]}]}',
        b'{"data": [{"index": 0, "embedding": "AAAA"}]}',
        b'{"data": [{"index": 0, "embedding": [1' + b"0" * 400 + b", 0, 0, 0]}]}",
        b'{"data": {"index": 0}}',
        b"[]",
        b"null",
    ],
)
def test_a_wrong_answer_is_refused(body):
    endpoint = Endpoint(httpx2.Response(200, content=body))

    with pytest.raises(EmbedderUnavailable, match="4 numbers per text"):
        endpoint.embedder().embed(["a"])


def test_the_model_id_tells_set_ups_apart():
    endpoint = Endpoint()
    ids = {
        endpoint.embedder(**change).model_id
        for change in ({}, {"prefix": "query: "}, {"model": "b"}, {"base_url": "http://b.example"})
    }

    assert len(ids) == 4
    assert endpoint.embedder().model_id == endpoint.embedder(key="other").model_id


def test_an_address_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="begins with http"):
        RemoteEmbedder(base_url="file:///etc", model="a", dimensions=4)
