"""What the suites over public data share: reading texts, and trained words beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from agent.listening import request_for
from domain.feedback import Channel, FeedbackItem, Reading
from domain.people import Taxonomy
from domain.text import CustomerText
from evals.measures import Labelled
from evals.scores import Score, Scored, Unscored
from evals.suite import Bench

_BATCH = 512
_FOLDS = 5


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


def trained_words(texts: Sequence[str], labels: Sequence[str], asked: Sequence[str]) -> list[str]:
    """Give the labels of asked texts by TF-IDF and logistic regression taught on others."""
    model = _model()
    model.fit(list(texts), list(labels))
    return [str(one) for one in model.predict(list(asked))]


def cross_validated(texts: Sequence[str], labels: Sequence[str]) -> list[Labelled]:
    """Give what TF-IDF and logistic regression say of each text, taught on four other fifths."""
    from sklearn.model_selection import StratifiedKFold

    said: list[Labelled] = []
    split = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    given, wanted = np.array(texts, object), np.array(labels, object)
    for taught, asked in split.split(given, wanted):
        found = trained_words(list(given[taught]), list(wanted[taught]), list(given[asked]))
        said += [
            Labelled(str(expected), got) for expected, got in zip(wanted[asked], found, strict=True)
        ]
    return said


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
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        LogisticRegression(C=10.0, max_iter=1000, class_weight="balanced"),
    )
