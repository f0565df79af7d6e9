"""Questions to a bank, 77 intents: taught on four fifths, and on ten rows of each."""

from __future__ import annotations

from collections.abc import Sequence

from evals.public import over_seeds, read_rows
from evals.suite import Bench, CaseResult, Measured
from evals.taught import (
    Answered,
    Row,
    cases_of,
    drawn,
    f1,
    five_fold,
    kept,
    off,
    right,
    right_of_kept,
    teach_and_ask,
)

_SEEDS = tuple(range(1, 11))
_EACH = 10


def measure(bench: Bench) -> Measured:
    """Score every row once, and all but the drawn ones in each of ten draws."""
    rows = [
        Row(str(place), row["text"], row["category"])
        for place, row in enumerate(read_rows(bench.data / "banking77" / "dev.csv.gz"))
    ]
    found = five_fold(bench, rows)
    heads, words, cases = _few(bench, rows)
    return Measured(
        scores={
            "accuracy": right([one.by_head for one in found]),
            "macro_f1": f1([one.by_head for one in found]),
            "tfidf_accuracy": right([one.by_words for one in found]),
            "ten_shot_accuracy": over_seeds(heads),
            "tfidf_ten_shot_accuracy": over_seeds(words),
            "answered": kept(found),
            "right_of_answered": right_of_kept(found),
            "calibration": off(found),
        },
        cases=[*cases_of("accuracy", found), *cases],
        notes=[f"Draws of {_EACH} rows of each intent with the seeds {_SEEDS[0]} to {_SEEDS[-1]}."],
    )


def _few(bench: Bench, rows: Sequence[Row]) -> tuple[list[float], list[float], list[CaseResult]]:
    """Give the share right of head and words by draw, and a case for each draw."""
    heads: list[float] = []
    words: list[float] = []
    cases: list[CaseResult] = []
    for place, seed in enumerate(_SEEDS, 1):
        taught, asked = drawn(rows, each=_EACH, seed=seed)
        found = teach_and_ask(bench, taught, asked)
        bench.progress(place, len(_SEEDS))
        if not found:
            continue
        heads.append(_right([one.head.likeliest for one in found], found))
        words.append(_right([one.words.label for one in found], found))
        said = f"{heads[-1]:.4f} right"
        cases.append(CaseResult("ten_shot_accuracy", str(seed), "all", said, 1 - heads[-1]))
    return heads, words, cases


def _right(said: Sequence[str], found: Sequence[Answered]) -> float:
    hits = [label == one.row.label for label, one in zip(said, found, strict=True)]
    return sum(hits) / len(hits)
