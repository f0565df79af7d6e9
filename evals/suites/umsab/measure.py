"""Tweets in eight languages, `val` split; trained words see the `train` split."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from pathlib import Path

from domain.feedback import Channel
from domain.people import Taxonomy
from evals.labels import labelled_cases, three_way
from evals.measures import Labelled, macro_f1
from evals.public import mean_of, read_texts, trained_words
from evals.scores import Score, Unit, bootstrap
from evals.suite import Bars, Bench, Measured

_LANGUAGES = (
    "arabic", "english", "french", "german", "hindi", "italian", "portuguese", "spanish",
)  # fmt: skip


def measure(bench: Bench) -> Measured:
    """Score each language. `mixed` counts as negative, an abstention as a miss."""
    rows = _rows(bench.data / "umsab_multilingual" / "dev.csv.gz")
    asked = [row for row in rows if row["official_split"] == "val"]
    taught = [row for row in rows if row["official_split"] == "train"]
    readings = read_texts(
        bench,
        [row["text"] for row in asked],
        taxonomy=Taxonomy(drivers=()),
        channel=Channel.SOCIAL,
    )
    said = [
        (row["language"], Labelled(row["sentiment"], three_way(one.sentiment.label)))
        for row, one in zip(asked, readings, strict=True)
    ]
    trained = [pair for language in _LANGUAGES for pair in _trained(language, taught, asked)]
    own, words = _by_language(said), _by_language(trained)
    scores = {f"macro_f1_{language}": own[language] for language in _LANGUAGES}
    beside = {f"tfidf_macro_f1_{language}": words[language] for language in _LANGUAGES}
    return Measured(
        scores={
            "macro_f1_mean": mean_of([own[language] for language in _LANGUAGES]),
            "tfidf_macro_f1_mean": mean_of([words[language] for language in _LANGUAGES]),
            **scores,
            **beside,
        },
        cases=[
            case
            for place, (language, one) in enumerate(said)
            for case in labelled_cases(f"macro_f1_{language}", [str(place)], [one])
        ],
        plots=(Bars("Macro-F1 by language", tuple(own.items())),),
    )  # fmt: skip


def _rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _by_language(said: Sequence[tuple[str, Labelled]]) -> dict[str, Score]:
    return {
        language: bootstrap(
            [one for name, one in said if name == language], macro_f1, unit=Unit.SHARE
        )
        for language in _LANGUAGES
    }


def _trained(
    language: str, taught: Sequence[dict[str, str]], asked: Sequence[dict[str, str]]
) -> list[tuple[str, Labelled]]:
    known = [row for row in taught if row["language"] == language]
    wanted = [row for row in asked if row["language"] == language]
    if not known or not wanted:
        return []
    said = trained_words(
        [row["text"] for row in known],
        [row["sentiment"] for row in known],
        [row["text"] for row in wanted],
    )
    return [
        (language, Labelled(row["sentiment"], got)) for row, got in zip(wanted, said, strict=True)
    ]
