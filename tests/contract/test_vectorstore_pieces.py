"""Texts are cut into the ids that `tokenizers` gives for the same vocabulary."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import Unigram
from tokenizers.pre_tokenizers import Metaspace

from vectorstore.e5.pieces import SPACE, Pieces
from vectorstore.e5.weights import WeightFile, find_weight_file

pytestmark = pytest.mark.contract

SMALL = [
    ("<unk>", 0.0), (SPACE, -3.0), ("a", -2.0), ("b", -2.5), ("aa", -4.0), ("ab", -4.5),
    (SPACE + "a", -3.5), (SPACE + "ba", -6.0), ("aab", -6.5), ("xy", -9.0),
]  # fmt: skip


def _oracle(vocabulary, unknown):
    tokenizer = Tokenizer(Unigram(vocabulary, unknown, False))
    tokenizer.pre_tokenizer = Metaspace(SPACE, prepend_scheme="always", split=False)
    return tokenizer


@pytest.fixture(scope="module")
def real():
    tokens = WeightFile(find_weight_file()).tokens
    vocabulary = list(zip(tokens.pieces, tokens.scores.tolist(), strict=True))
    pieces = Pieces(tokens.pieces, tokens.scores.tolist(), unknown=tokens.unk)
    return pieces, _oracle(vocabulary, tokens.unk)


@given(st.text(alphabet="ab xyé", max_size=40).map(lambda text: "a" + text))
@settings(max_examples=300, deadline=None)
def test_ways_that_are_as_likely_are_told_apart_alike(text):
    pieces, scores = zip(*SMALL, strict=True)

    ids = Pieces(pieces, scores, unknown=0).ids(text)

    assert ids == _oracle(SMALL, 0).encode(text, add_special_tokens=False).ids


@given(st.text(max_size=60).map(lambda text: "query: " + text))
@settings(max_examples=200, deadline=None)
def test_any_text_has_the_ids_of_the_known_tokenizer(real, text):
    pieces, oracle = real

    ids = pieces.ids(text)

    assert ids == oracle.encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize(
    "text",
    [
        "query: Mein Paket kam zu spät, schon wieder!!!!!!",
        "query: 配送が遅れました 😀😀 hahahahahaha",
        "query: " + "x" * 3000,
        "query: </s> <unk> " + "é" * 50,
    ],
)
def test_texts_of_people_have_the_ids_of_the_known_tokenizer(real, text):
    pieces, oracle = real

    ids = pieces.ids(text)

    assert ids == oracle.encode(text, add_special_tokens=False).ids
