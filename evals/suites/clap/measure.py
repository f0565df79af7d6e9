"""Reviews of apps, seven types; each fifth is asked of what the other four taught."""

from __future__ import annotations

import math
from collections.abc import Sequence

from evals.measures import Labelled
from evals.public import read_rows
from evals.scores import Counts, Score, Unit, bootstrap
from evals.suite import Bench, Measured
from evals.taught import Row, cases_of, f1, five_fold, kept, off, right, right_of_kept


def measure(bench: Bench) -> Measured:
    """Score all types, and the two that have published figures one against the rest."""
    rows = read_rows(bench.data / "clap_reviews" / "rq1_category_dev.csv.gz")
    found = five_fold(bench, [Row(row["id"], row["review"], row["category"]) for row in rows])
    head, words = [one.by_head for one in found], [one.by_words for one in found]
    return Measured(
        scores={
            "macro_f1": f1(head),
            "accuracy": right(head),
            "bug_f1": _one_f1(head, "BUG"),
            "feature_f1": _one_f1(head, "FEATURE"),
            "tfidf_macro_f1": f1(words),
            "tfidf_accuracy": right(words),
            "tfidf_bug_f1": _one_f1(words, "BUG"),
            "tfidf_feature_f1": _one_f1(words, "FEATURE"),
            "answered": kept(found),
            "right_of_answered": right_of_kept(found),
            "calibration": off(found),
        },
        cases=cases_of("accuracy", found),
    )


def _one_f1(said: Sequence[Labelled], label: str) -> Score:
    """Score the F1 of one label against all others."""

    def statistic(outcomes: Sequence[Labelled], counts: Counts) -> float:
        right = asked = named = 0
        for one, count in zip(outcomes, counts, strict=True):
            asked += int(count) * (one.expected == label)
            named += int(count) * (one.got == label)
            right += int(count) * (one.expected == label == one.got)
        return 2 * right / (asked + named) if asked else math.nan

    return bootstrap(said, statistic, unit=Unit.SHARE, none=f"no row is labelled {label}")
