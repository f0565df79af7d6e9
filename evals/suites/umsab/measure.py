"""Tweets in eight languages; the `train` split teaches heads and words, the rest is asked."""

from __future__ import annotations

from collections.abc import Sequence

from domain.feedback import Channel
from domain.people import Taxonomy
from evals.labels import labelled_cases, three_way
from evals.measures import Labelled
from evals.public import mean_of, read_rows, read_texts, vader_macro_f1
from evals.scores import Score
from evals.suite import Bars, Bench, Measured
from evals.taught import Answered, Row, cases_of, f1, teach_and_ask

_LANGUAGES = (
    "arabic", "english", "french", "german", "hindi", "italian", "portuguese", "spanish",
)  # fmt: skip


def measure(bench: Bench) -> Measured:
    """Score each language. `mixed` counts as negative, an abstention as a miss."""
    rows = read_rows(bench.data / "umsab_multilingual" / "dev.csv.gz")
    asked = [row for row in rows if row["official_split"] != "train"]
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
    trained = {language: _trained(bench, language, taught, asked) for language in _LANGUAGES}
    own = _by_language(said)
    heads = {name: f1([one.by_head for one in found]) for name, found in trained.items()}
    words = {name: f1([one.by_words for one in found]) for name, found in trained.items()}
    english = [row for row in asked if row["language"] == "english"]
    return Measured(
        scores={
            "macro_f1_mean": mean_of(list(own.values())),
            "head_macro_f1_mean": mean_of(list(heads.values())),
            "tfidf_macro_f1_mean": mean_of(list(words.values())),
            "vader_macro_f1_english": vader_macro_f1(
                [row["text"] for row in english], [row["sentiment"] for row in english]
            ),
            **{f"macro_f1_{name}": score for name, score in own.items()},
            **{f"head_macro_f1_{name}": score for name, score in heads.items()},
            **{f"tfidf_macro_f1_{name}": score for name, score in words.items()},
        },
        cases=[
            *(
                case
                for place, (language, one) in enumerate(said)
                for case in labelled_cases(f"macro_f1_{language}", [str(place)], [one])
            ),
            *(
                case
                for language, found in trained.items()
                for case in cases_of(f"head_macro_f1_{language}", found)
            ),
        ],
        plots=(
            Bars("Macro-F1 by language, nothing trained", tuple(own.items())),
            Bars("Macro-F1 by language, head", tuple(heads.items())),
        ),
    )


def _by_language(said: Sequence[tuple[str, Labelled]]) -> dict[str, Score]:
    return {
        language: f1([one for name, one in said if name == language]) for language in _LANGUAGES
    }


def _trained(
    bench: Bench, language: str, taught: Sequence[dict[str, str]], asked: Sequence[dict[str, str]]
) -> list[Answered]:
    known, wanted = (
        [
            Row(str(place), row["text"], row["sentiment"])
            for place, row in enumerate(rows)
            if row["language"] == language
        ]
        for rows in (taught, asked)
    )
    bench.progress(_LANGUAGES.index(language), len(_LANGUAGES))
    return teach_and_ask(bench, known, wanted) if known and wanted else []
