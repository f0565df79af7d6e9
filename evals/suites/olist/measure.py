"""Reviews of a Brazilian marketplace; each fifth is asked of what the other four taught."""

from __future__ import annotations

from evals.public import read_rows
from evals.suite import Bench, Measured
from evals.taught import Row, cases_of, f1, five_fold, kept, off, right, right_of_kept


def measure(bench: Bench) -> Measured:
    """Score classes and subclasses by the words of a review alone, where a majority voted."""
    rows = read_rows(bench.data / "olist_classified" / "dev.csv.gz")
    classes, subclasses = (
        five_fold(
            bench,
            [Row(row["id"], row["review_comment_message"], row[name]) for row in rows if row[name]],
        )
        for name in ("most_voted_class", "most_voted_subclass")
    )
    return Measured(
        scores={
            "macro_f1": f1([one.by_head for one in classes]),
            "accuracy": right([one.by_head for one in classes]),
            "subclass_macro_f1": f1([one.by_head for one in subclasses]),
            "tfidf_macro_f1": f1([one.by_words for one in classes]),
            "tfidf_accuracy": right([one.by_words for one in classes]),
            "tfidf_subclass_macro_f1": f1([one.by_words for one in subclasses]),
            "answered": kept(classes),
            "right_of_answered": right_of_kept(classes),
            "calibration": off(classes),
        },
        cases=[
            *cases_of("macro_f1", classes),
            *cases_of("subclass_macro_f1", subclasses),
        ],
    )
