"""Weighted terms give the cosines that scikit-learn gives."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from agent.reading.term_weights import TermWeights, content_words, stem, word_parts

DESCRIBED = [
    "late parcel late parcel the parcel comes after the promised date",
    "wrong invoice the sum is too high or charged two times",
    "rückerstattung fehlt das geld kam nicht an a an ab",
]
TEXTS = [
    "my parcel is so late so late, where is my parcel",
    "charged two times, the invoices are wrong",
    "das geld fehlt abc",
    "zebra",
    "",
]


def _stems(text):
    return [term for word in content_words(text) for term in stem(word)]


@pytest.mark.parametrize(
    ("weights", "oracle"),
    [
        (
            TermWeights(DESCRIBED, words=content_words, split=stem),
            TfidfVectorizer(sublinear_tf=True, analyzer=_stems),
        ),
        (
            TermWeights(DESCRIBED, words=str.split, split=word_parts),
            TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(4, 5)),
        ),
    ],
)
def test_cosines_are_those_of_the_known_vectoriser(weights, oracle):
    rows = oracle.fit_transform(DESCRIBED)

    found = weights.cosines(TEXTS)

    wanted = (oracle.transform(TEXTS) @ rows.T).toarray()
    assert np.allclose(found, wanted, atol=1e-12)
    assert found[0].argmax() == 0


def test_nothing_described_gives_no_column():
    assert TermWeights([], words=str.split, split=stem).cosines(["a b"]).shape == (1, 0)
