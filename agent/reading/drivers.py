"""Find the drivers of a text: what the taxonomy file describes, by words and meaning.

Nothing is trained on customers' texts: a driver is known by its label, description and
examples, so that an edit of the file changes the next reading.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from domain.people import Taxonomy
from domain.ports import Embedder

if TYPE_CHECKING:
    from domain.ports import Vectors

# Weight of meaning against words in the joint score, of three to one and one to one the
# better on the tuning phrasings of the example shop (measured 2026-11-24).
_DENSE_WEIGHT = 3.0
_TEMPERATURE = 0.09


class DriverScore(NamedTuple):
    """A driver with its score (comparable inside one text) and its chance."""

    driver: str
    score: float
    chance: float


class DriverFinder:
    """Scores texts against one taxonomy."""

    def __init__(
        self, taxonomy: Taxonomy, embedder: Embedder | None, *, mean: Vectors | None
    ) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._names = [driver.name for driver in taxonomy.drivers]
        texts: list[str] = []
        owners: list[int] = []
        for place, driver in enumerate(taxonomy.drivers):
            described = [f"{driver.label}. {driver.description}", *driver.examples]
            texts += described
            owners += [place] * len(described)
        self._owners = np.array(owners)
        self._mean = mean
        self._prototypes: Vectors | None = None
        if embedder is not None and texts:
            self._prototypes = self._centred(embedder.embed(texts))
        joined = [
            " ".join([one.label] * 2 + [one.description, *one.examples]) for one in taxonomy.drivers
        ]
        self._words = TfidfVectorizer(sublinear_tf=True, stop_words=_STOP, token_pattern=_WORD)
        self._parts = TfidfVectorizer(analyzer="char_wb", ngram_range=(4, 5), sublinear_tf=True)
        self._word_rows: Any = self._words.fit_transform(joined) if joined else None
        self._part_rows: Any = self._parts.fit_transform(joined) if joined else None

    def _centred(self, vectors: Vectors) -> Vectors:
        centred = vectors if self._mean is None else vectors - self._mean
        scaled: Vectors = centred / (np.linalg.norm(centred, axis=1, keepdims=True) + 1e-9)
        return scaled

    def place(self, driver: str) -> int:
        """The column of a driver in `scores`."""
        return self._names.index(driver)

    def scores(self, texts: list[str], vectors: Vectors | None) -> Vectors:
        """Joint scores of shape (texts, drivers), roughly 0 to 1."""
        if not self._names:
            return np.zeros((len(texts), 0), np.float32)
        lexical = self._lexical(texts)
        if vectors is None or self._prototypes is None:
            return lexical
        similarity = self._centred(vectors) @ self._prototypes.T
        dense = np.zeros((len(texts), len(self._names)), np.float32)
        for place in range(len(self._names)):
            own = np.sort(similarity[:, self._owners == place], axis=1)
            # The mean of the two nearest: one odd example does not decide alone.
            dense[:, place] = own[:, -2:].mean(axis=1)
        joint: Vectors = (_DENSE_WEIGHT * dense + lexical) / (_DENSE_WEIGHT + 1)
        return joint

    def _lexical(self, texts: list[str]) -> Vectors:
        cleaned = [re.sub(r"\[[A-Z]+\]", " ", text) for text in texts]
        words = self._words.transform(cleaned) @ self._word_rows.T
        parts = self._parts.transform(cleaned) @ self._part_rows.T
        summed: Vectors = np.asarray((words + parts).todense(), np.float32)
        return summed

    def rank(self, scores: Vectors) -> list[DriverScore]:
        """Drivers of one row of scores, best first, with chances that add up to 1."""
        if not self._names:
            return []
        scaled = np.exp((scores - scores.max()) / _TEMPERATURE)
        chances = scaled / scaled.sum()
        order = np.argsort(-scores)
        return [
            DriverScore(self._names[place], float(scores[place]), float(chances[place]))
            for place in order
        ]


_WORD = r"\w{2,}"
_STOP = [
    *("the", "a", "an", "and", "or", "of", "to", "in", "is", "it", "its", "was", "were", "be"),
    *("been", "my", "me", "we", "our", "us", "you", "your", "he", "she", "they", "them", "this"),
    *("that", "these", "those", "for", "on", "at", "with", "from", "by", "as", "are", "am", "have"),
    *("has", "had", "do", "does", "did", "so", "if", "not", "no", "but", "can", "could", "would"),
    *("should", "will", "just", "there", "here", "what", "which", "who", "when", "where", "how"),
]
