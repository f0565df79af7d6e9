"""Sentiment from words and meaning together.

A logistic regression over the centred vector of a text and the weights of its words,
fitted in milliseconds on the sentences in `sentences.yaml`, which are written for this
product; the vectors carry it into other languages. Without an embedder the word
weights decide alone, with less confidence.
"""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

from agent.reading.lexicon import Tone, tone_of
from domain.errors import EmbedderUnavailable
from domain.feedback import Sentiment, SentimentLabel
from domain.ports import Embedder

if TYPE_CHECKING:
    from domain.ports import Vectors

_LABELS: tuple[SentimentLabel, ...] = ("negative", "neutral", "positive")
# Below this best chance the label is not told.
# 0.40: the weakest 5 % of a sample of public tweets, where one in two is wrong (2026-11-24).
_ABSTAIN_UNDER = 0.40
# Word weights of both signs from which a text counts as mixed.
_MIXED_FROM = 2.0


@cache
def sentences() -> tuple[tuple[str, SentimentLabel], ...]:
    """The written sentences with their labels."""
    raw = yaml.safe_load((files("agent.reading") / "sentences.yaml").read_text(encoding="utf-8"))
    return tuple((text, label) for label in _LABELS for text in raw[label])


def mean_vector(embedder: Embedder | None) -> Vectors | None:
    """Mean vector of the written sentences: what all texts of people have in common.

    Subtracting it spreads directions that would otherwise lie close together.
    """
    if embedder is None:
        return None
    try:
        mean: Vectors = embedder.embed([text for text, _ in sentences()]).mean(axis=0)
    except EmbedderUnavailable:
        return None
    return mean


class SentimentJudge:
    """Judges texts; fitted once, at first use."""

    def __init__(self, embedder: Embedder | None) -> None:
        self._embedder = embedder
        self._model: Any = None
        self._mean: Vectors | None = None

    @property
    def mean(self) -> Vectors | None:
        """Mean vector of the written sentences, subtracted before comparing directions."""
        self._fit()
        return self._mean

    def _fit(self) -> None:
        if self._model is not None or self._embedder is None:
            return
        from sklearn.linear_model import LogisticRegression

        texts = [text for text, _ in sentences()]
        vectors = self._embedder.embed(texts)
        self._mean = vectors.mean(axis=0)
        features = self._features(vectors, [tone_of(text) for text in texts])
        # C 3: best macro-F1 of 0.3 to 30 on five-fold splits of the sentences (2026-11-24).
        self._model = LogisticRegression(C=3.0, max_iter=500, class_weight="balanced")
        self._model.fit(features, [label for _, label in sentences()])

    def _features(self, vectors: Vectors, tones: list[Tone]) -> Any:
        assert self._mean is not None  # noqa: S101  set by `_fit`
        centred = vectors - self._mean
        centred = centred / (np.linalg.norm(centred, axis=1, keepdims=True) + 1e-9)
        words = np.array(
            [
                (
                    math.tanh(tone.good / 3),
                    math.tanh(tone.bad / 3),
                    tone.balance,
                    math.tanh(tone.denied / 2),
                    min(tone.questions, 2) / 2,
                    min(tone.shouting, 2) / 2,
                )
                for tone in tones
            ]
        )
        return np.hstack([centred * 2.5, words])

    def judge(
        self, texts: list[str], vectors: Vectors | None, ratings: list[float | None]
    ) -> list[Sentiment]:
        """Judge distilled texts; `vectors` has their rows, None without an embedder."""
        tones = [tone_of(text) for text in texts]
        if vectors is None or self._embedder is None:
            chances = [_by_words(tone) for tone in tones]
        else:
            self._fit()
            found = self._model.predict_proba(self._features(vectors, tones)) if texts else []
            order = [list(self._model.classes_).index(label) for label in _LABELS]
            chances = [tuple(float(row[place]) for place in order) for row in found]
        return [
            _decide(_with_rating(chance, rating), tone)
            for chance, tone, rating in zip(chances, tones, ratings, strict=True)
        ]


def _by_words(tone: Tone) -> tuple[float, ...]:
    raw = (tone.bad, 1.2 + 0.5 * min(tone.questions, 1), tone.good + 0.5 * tone.denied)
    exp = [math.exp(min(value, 6.0) * 0.6) for value in raw]
    return tuple(value / sum(exp) for value in exp)


def _with_rating(chance: tuple[float, ...], rating: float | None) -> tuple[float, ...]:
    """Multiply with what a star rating says, which is the customer's own judgement."""
    if rating is None:
        return chance
    prior = (0.8, 0.15, 0.05) if rating <= 0.45 else (0.05, 0.15, 0.8)
    if 0.45 < rating < 0.7:
        prior = (0.4, 0.35, 0.25)
    joined = [one * two for one, two in zip(chance, prior, strict=True)]
    return tuple(value / sum(joined) for value in joined)


def _decide(chance: tuple[float, ...], tone: Tone) -> Sentiment:
    negative, neutral, positive = chance
    score = max(-1.0, min(1.0, positive - negative))
    best = max(chance)
    if best < _ABSTAIN_UNDER:
        return Sentiment(
            label=None, score=score, confidence=best, reason="no label is clearly ahead"
        )
    label = _LABELS[chance.index(best)]
    close = min(negative, positive) > 0.25 and abs(negative - positive) < 0.3
    if close and tone.good >= _MIXED_FROM and tone.bad >= _MIXED_FROM:
        return Sentiment(label="mixed", score=score, confidence=1 - neutral)
    return Sentiment(label=label, score=score, confidence=best)
