"""Find the drivers of a text: what the taxonomy file describes, by words and meaning.

Nothing is trained on customers' texts: a driver is known by its label, description and
examples, so that an edit of the file changes the next reading.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from agent.reading.term_weights import TermWeights, content_words, stem, word_parts
from domain.people import Taxonomy
from domain.vectors import Embedder

if TYPE_CHECKING:
    from domain.vectors import Vectors

# The numbers below were chosen by the share of right first drivers on five sets with
# taxonomies of 2 to 77 drivers, each known by a description and three examples: airline
# tweets 0.63, restaurants 0.86, bank questions 0.74, Portuguese shop reviews 0.79, tuning
# phrasings of the example shop 0.87 (measured 2026-11-24).
_LEXICAL_WEIGHT = 0.25
# How much of what is subtracted from vectors is the mean of the taxonomy itself, the rest
# being the mean of all texts: what its drivers have in common tells none of them apart.
_OWN_MEAN = 0.7


_PLACEHOLDER = re.compile(r"\[[A-Z]+\]")


class _Calibration(NamedTuple):
    """Chance that the first driver is right: logistic in its score and its lead."""

    offset: float
    score: float
    lead: float


# Fitted on the same five sets, with texts of foreign topics beside; where 0.45 is said, 0.48
# are right, where 0.75 is said, 0.77 (words alone: 0.49 and 0.70; 2026-11-24).
_JOINT = _Calibration(-2.6, 3.4, 7.9)
_WORDS = _Calibration(-2.5, 3.0, 2.6)
# Added for how much a text complains, from not at all to clearly: in a complaint a driver is
# meant more often than not (without it 0.50 are right where 0.25 is said, on 690 airline
# complaints), in a question seldom (of 750 in the example shop 270 would name one; 2026-11-24).
_NO_COMPLAINT, _COMPLAINT = -0.6, 0.6
_CLEAR_COMPLAINT = -0.5


class DriverScore(NamedTuple):
    """A driver with its score (comparable inside one text) and the chance that it is meant."""

    driver: str
    score: float
    chance: float


class DriverFinder:
    """Scores texts against one taxonomy."""

    def __init__(
        self, taxonomy: Taxonomy, embedder: Embedder | None, *, mean: Vectors | None
    ) -> None:
        self._names = [driver.name for driver in taxonomy.drivers]
        texts: list[str] = []
        owners: list[int] = []
        for place, driver in enumerate(taxonomy.drivers):
            described = [f"{driver.label}. {driver.description}", *driver.examples]
            texts += described
            owners += [place] * len(described)
        self._owners = np.array(owners)
        self._mean: Any = 0.0
        self._prototypes: Vectors | None = None
        if embedder is not None and texts:
            self._describe(embedder.embed(texts), mean)
        joined = [
            " ".join([one.label] * 2 + [one.description, *one.examples]).lower()
            for one in taxonomy.drivers
        ]
        self._words = TermWeights(joined, words=content_words, split=stem)
        self._parts = TermWeights(joined, words=str.split, split=word_parts)

    def _describe(self, vectors: Vectors, mean: Vectors | None) -> None:
        """Set what is subtracted, the prototypes and their centres, from raw vectors."""
        raw = self._centres_of(vectors)
        own = raw.mean(axis=0)
        self._mean = own if mean is None else (1 - _OWN_MEAN) * mean + _OWN_MEAN * own
        self._prototypes = self._centred(vectors)
        centres = self._centres_of(self._prototypes)
        self._centres: Vectors = centres / (np.linalg.norm(centres, axis=1, keepdims=True) + 1e-9)

    def _centres_of(self, rows: Vectors) -> Vectors:
        return np.stack(
            [rows[self._owners == place].mean(axis=0) for place in range(len(self._names))]
        )

    def _centred(self, vectors: Vectors) -> Vectors:
        centred = vectors - self._mean
        scaled: Vectors = centred / (np.linalg.norm(centred, axis=1, keepdims=True) + 1e-9)
        return scaled

    def by_words(self, texts: list[str]) -> Vectors:
        """Scores by words alone, of shape (texts, drivers), 0 to 2."""
        if not self._names or not texts:
            return np.zeros((len(texts), len(self._names)), np.float32)
        cleaned = [_PLACEHOLDER.sub(" ", text).lower() for text in texts]
        summed = self._words.cosines(cleaned) + self._parts.cosines(cleaned)
        scores: Vectors = summed.astype(np.float32)
        return scores

    def scores(self, texts: list[str], vectors: Vectors | None) -> Vectors:
        """Joint scores of shape (texts, drivers); those by words where there are no vectors."""
        lexical = self.by_words(texts)
        if vectors is None or self._prototypes is None or not len(texts):
            return lexical
        rows = self._centred(vectors)
        similarity = rows @ self._prototypes.T
        nearest = np.stack(
            [similarity[:, self._owners == place].max(axis=1) for place in range(len(self._names))],
            axis=1,
        )
        joint: Vectors = (rows @ self._centres.T + nearest) / 2 + _LEXICAL_WEIGHT * lexical
        # Rounded, because the last digits of a product differ with the size of its batch.
        return joint.round(5)

    def first(
        self, scores: Vectors, *, by_words: bool, sentiment_score: float | None = None
    ) -> DriverScore | None:
        """The best driver of one row of scores with its chance; None without drivers.

        `sentiment_score` is that of the text, -1 to 1, where it is known.
        """
        if not self._names:
            return None
        values = scores.tolist()
        place = values.index(max(values))
        chance = _chance(values, place, by_words=by_words, sentiment_score=sentiment_score)
        return DriverScore(self._names[place], values[place], chance)

    def rank(
        self, scores: Vectors, *, by_words: bool, sentiment_score: float | None = None
    ) -> list[DriverScore]:
        """All drivers of one row of scores with their chances, best first."""
        values = scores.tolist()
        found = [
            DriverScore(
                name,
                values[place],
                _chance(values, place, by_words=by_words, sentiment_score=sentiment_score),
            )
            for place, name in enumerate(self._names)
        ]
        # Stable: of two alike the one that the taxonomy names first.
        return sorted(found, key=lambda one: -one.score)

    def chance(self, driver: str, scores: Vectors, *, by_words: bool) -> float:
        """The chance that a driver of the taxonomy is meant, by one row of scores."""
        return _chance(scores.tolist(), self._names.index(driver), by_words=by_words)


def _chance(
    values: list[float], place: int, *, by_words: bool, sentiment_score: float | None = None
) -> float:
    known = _WORDS if by_words else _JOINT
    score = values[place]
    # A sole driver has no lead over others: its own score decides.
    lead = score - max([*values[:place], *values[place + 1 :]], default=score)
    raised = known.offset + known.score * score + known.lead * lead + _shift(sentiment_score)
    return 1 / (1 + math.exp(-raised))


def _shift(sentiment_score: float | None) -> float:
    """What the sentiment of a text adds; praise may be about a driver like anything else."""
    if sentiment_score is None or sentiment_score > -_CLEAR_COMPLAINT:
        return 0.0
    share = min(max(sentiment_score / _CLEAR_COMPLAINT, 0.0), 1.0)
    return _NO_COMPLAINT + (_COMPLAINT - _NO_COMPLAINT) * share
