"""What the suites over public data share: reading texts, and trained words beside it."""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from agent.listening import request_for
from domain.feedback import Channel, FeedbackItem, Reading
from domain.people import Taxonomy
from domain.text import CustomerText
from evals.measures import Labelled, macro_f1
from evals.scores import Score, Scored, Unit, Unscored, bootstrap
from evals.suite import Bench

_BATCH = 512


def read_texts(
    bench: Bench, texts: Sequence[str], *, taxonomy: Taxonomy, channel: Channel
) -> list[Reading]:
    """Read texts as the product reads feedback, in their order."""
    readings: list[Reading] = []
    for start in range(0, len(texts), _BATCH):
        requests = [
            request_for(
                FeedbackItem(
                    id=str(start + place),
                    source="public",
                    text=CustomerText(value=text),
                    channel=channel,
                )
            )
            for place, text in enumerate(texts[start : start + _BATCH])
        ]
        readings += bench.seats.reader.read(requests, taxonomy=taxonomy)
        bench.progress(len(readings), len(texts))
    return readings


class Said(NamedTuple):
    """A label with its chance, 0 to 1."""

    label: str
    confidence: float


def trained_words(texts: Sequence[str], labels: Sequence[str], asked: Sequence[str]) -> list[Said]:
    """Give the labels of asked texts by TF-IDF and logistic regression taught on others."""
    model = _model()
    model.fit(list(texts), list(labels))
    chances = model.predict_proba(list(asked))
    return [Said(str(model.classes_[row.argmax()]), float(row.max())) for row in chances]


def vader_labels(texts: Sequence[str]) -> list[str] | None:
    """Give the sentiment of English texts by VADER (Hutto and Gilbert 2014).

    None where it is not installed. Its authors' limits are used: positive from 0.05, negative
    from -0.05.
    """
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        return None
    judge = SentimentIntensityAnalyzer()
    scores = [judge.polarity_scores(text)["compound"] for text in texts]
    return ["positive" if one >= 0.05 else "negative" if one <= -0.05 else "neutral"
            for one in scores]  # fmt: skip


def vader_macro_f1(texts: Sequence[str], labels: Sequence[str]) -> Score:
    """Score VADER on English texts."""
    said = vader_labels(texts)
    if said is None:
        return Unscored(reason="VADER is not installed; pip install 'undertone[evals]' adds it")
    pairs = [Labelled(right, got) for right, got in zip(labels, said, strict=True)]
    return bootstrap(pairs, macro_f1, unit=Unit.SHARE)


def over_seeds(values: Sequence[float]) -> Score:
    """Give the mean of draws with Student's interval; n counts draws."""
    from scipy.stats import t

    if len(values) < 2:
        return Unscored(reason="fewer than two draws could teach a head")
    mean, spread = float(np.mean(values)), float(np.std(values, ddof=1))
    half = float(t.ppf(0.975, len(values) - 1)) * spread / math.sqrt(len(values))
    return Scored(value=mean, low=mean - half, high=mean + half, n=len(values), unit=Unit.SHARE)


def read_rows(path: Path) -> list[dict[str, str]]:
    """Give the rows of a gzipped CSV file with a header."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def mean_of(scores: Sequence[Score]) -> Score:
    """Give the mean of independent scores; its interval adds their errors in squares."""
    known = [one for one in scores if isinstance(one, Scored)]
    if not known or len(known) < len(scores):
        return Unscored(reason="a part of the mean has no figure")
    value = float(np.mean([one.value for one in known]))
    below = float(np.sqrt(np.sum([(one.value - one.low) ** 2 for one in known]))) / len(known)
    above = float(np.sqrt(np.sum([(one.high - one.value) ** 2 for one in known]))) / len(known)
    return Scored(
        value=value,
        low=value - below,
        high=value + above,
        n=sum(one.n for one in known),
        unit=known[0].unit,
    )


def _model() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, dtype=np.float32),
        LogisticRegression(C=10.0, max_iter=1000, class_weight="balanced"),
    )
