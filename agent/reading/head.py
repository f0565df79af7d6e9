"""A linear judge of sentiment over vectors and word weights, fitted on written sentences.

`head.json` is what `fit` gives for the embedded embedder, shipped so that nothing needs to
be embedded before the first reading. It belongs to one model and to the sentences and
word weights as they stand; for any other embedder the head is fitted at first use.
"""

from __future__ import annotations

import hashlib
import json
import math
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import yaml

from agent.reading.lexicon import Tone, tone_of
from domain.feedback import SentimentLabel
from domain.vectors import Embedder

if TYPE_CHECKING:
    from domain.vectors import Vectors

LABELS: tuple[SentimentLabel, ...] = ("negative", "neutral", "positive")
_FILE = "head.json"
# Scale of the centred vector, scale of the word weights and strength C of the regression: of
# 27 settings the best mean of macro-F1 on 1,500 public airline tweets (0.73) and on 120
# tweets in each of eight languages (0.55); nothing was fitted on either (2026-11-24).
_MEANING_SCALE = 2.0
_WORDS_SCALE = 0.7
_STRENGTH = 0.05


class Head(NamedTuple):
    """The fitted numbers for one embedder."""

    mean: Vectors
    """Mean vector of the written sentences, of shape (dimensions,)."""
    weights: Any
    """Array of shape (labels, dimensions + word features), rows in the order of `LABELS`."""
    offsets: Any

    def margins(self, vectors: Vectors, tones: list[Tone]) -> Any:
        """Unscaled log chances of shape (texts, labels)."""
        return features(vectors, tones, self.mean) @ self.weights.T + self.offsets


@cache
def _written() -> dict[str, Any]:
    text = (files("agent.reading") / "sentences.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def sentences() -> list[tuple[str, SentimentLabel]]:
    """The written sentences with their labels."""
    return [(text, label) for label in LABELS for text in _written()[label]]


def patterned() -> list[tuple[str, SentimentLabel]]:
    """Every pattern with every second thing, so that each thing has every label alike."""
    raw = _written()
    return [
        (pattern.replace("{thing}", thing), label)
        for label in LABELS
        for row, pattern in enumerate(raw["patterns"][label])
        for column, thing in enumerate(raw["things"])
        if (row + column) % 2 == 0
    ]


def fingerprint() -> str:
    """Hash of everything that a fit depends on, the embedder aside."""
    texts = [*sentences(), *patterned()]
    tones = [[round(one, 4) for one in _word_features(tone_of(text))] for text, _ in texts]
    scales = [_MEANING_SCALE, _WORDS_SCALE, _STRENGTH]
    content = json.dumps([texts, tones, scales], ensure_ascii=False)
    return hashlib.sha256(content.encode("utf-8")).hexdigest()[:16]


@cache
def _shipped() -> tuple[str, Head] | None:
    path = files("agent.reading") / _FILE
    if not path.is_file():
        return None
    raw = json.loads(path.read_text(encoding="utf-8"))
    head = Head(
        np.array(raw["mean"], np.float32), np.array(raw["weights"]), np.array(raw["offsets"])
    )
    return raw["model_id"], head


def head_for(embedder: Embedder) -> Head:
    """The shipped head when it belongs to this embedder, else one fitted now.

    Raises:
        EmbedderUnavailable: It must be fitted and the sentences cannot be embedded.
    """
    shipped = _shipped()
    if shipped is not None and shipped[0] == embedder.model_id:
        return shipped[1]
    return fit(embedder)


def fit(embedder: Embedder) -> Head:
    """Fit a head on the written and patterned sentences; the same each time.

    Raises:
        EmbedderUnavailable: The sentences cannot be embedded.
    """
    from sklearn.linear_model import LogisticRegression

    own, more = sentences(), patterned()
    texts = [text for text, _ in own + more]
    vectors = embedder.embed(texts)
    mean: Vectors = vectors[: len(own)].mean(axis=0)
    tones = [tone_of(text) for text in texts]
    model = LogisticRegression(C=_STRENGTH, max_iter=2000, class_weight="balanced")
    model.fit(features(vectors, tones, mean), [label for _, label in own + more])
    order = [list(model.classes_).index(label) for label in LABELS]
    return Head(mean, model.coef_[order], model.intercept_[order])


def as_json(head: Head, model_id: str) -> str:
    """The text of `head.json`."""
    rows = ",\n".join(f"  {json.dumps(row)}" for row in head.weights.round(5).tolist())
    return (
        f'{{"model_id": {json.dumps(model_id)}, "fitted_on": "{fingerprint()}",\n'
        f'"offsets": {json.dumps(head.offsets.round(5).tolist())},\n'
        f'"mean": {json.dumps([round(float(one), 6) for one in head.mean])},\n'
        f'"weights": [\n{rows}\n]}}\n'
    )


def features(vectors: Vectors, tones: list[Tone], mean: Vectors) -> Any:
    """Centred vectors beside word weights, of shape (texts, dimensions + 6)."""
    centred = vectors - mean
    centred = centred / (np.linalg.norm(centred, axis=1, keepdims=True) + 1e-9)
    words = np.array([_word_features(tone) for tone in tones]).reshape(len(tones), -1)
    return np.hstack([centred * _MEANING_SCALE, words * _WORDS_SCALE])


def _word_features(tone: Tone) -> tuple[float, ...]:
    return (
        math.tanh(tone.good / 3),
        math.tanh(tone.bad / 3),
        math.tanh(tone.denied / 2),
        min(tone.questions, 2) / 2,
        min(tone.shouting, 2) / 2,
        float(tone.is_sarcastic),
    )
