"""Commands of 150 intents and texts that fit none; `train` teaches, the rest is asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agent.reading.taught.teach import Wish
from evals.public import read_rows
from evals.scores import Counts, Score, Unit, bootstrap, share
from evals.suite import Bench, CaseResult, Measured
from evals.taught import Answered, Row, cases_of, right, teach_and_ask

_BEYOND = "oos"
# Share in scope that stays above the limit at which texts out of scope are counted.
_ABOVE = 0.95


def measure(bench: Bench) -> Measured:
    """Score a head that was shown texts out of scope, and one that was not."""
    rows = [
        (row["official_split"], Row(str(place), row["text"], row["intent"]))
        for place, row in enumerate(read_rows(bench.data / "clinc150" / "dev.csv.gz"))
    ]
    taught = [row for split, row in rows if split == "train"]
    shown = [row for split, row in rows if split == "oos_train"]
    asked = [row for split, row in rows if split not in ("train", "oos_train")]
    bench.progress(0, 2)
    found = teach_and_ask(bench, [*taught, *shown], asked, wish=Wish(out_of_scope=_BEYOND))
    bench.progress(1, 2)
    blind = teach_and_ask(bench, taught, asked)
    bench.progress(2, 2)
    within = [one for one in found if one.row.label != _BEYOND]
    familiar = [(one.row.label != _BEYOND, one.head.familiarity) for one in found]
    return Measured(
        scores={
            "in_scope_accuracy": right([one.by_head for one in within]),
            "out_of_scope_auroc": _auroc(familiar),
            "out_of_scope_recall": _left_alone(found),
            "in_scope_accuracy_when_abstaining": _answered_rightly(found),
            "recall_at_95": _below(familiar),
            "blind_out_of_scope_recall": _left_alone(blind),
            "blind_in_scope_accuracy_when_abstaining": _answered_rightly(blind),
            "tfidf_in_scope_accuracy": right([one.by_words for one in within]),
            "tfidf_out_of_scope_auroc": _auroc(
                [(one.row.label != _BEYOND, one.words.confidence) for one in found]
            ),
        },
        cases=[*cases_of("in_scope_accuracy", within), *(_case(one) for one in found)],
    )


def _case(one: Answered) -> CaseResult:
    """Give what came of one text where abstaining is an answer."""
    is_beyond = one.row.label == _BEYOND
    metric = "out_of_scope_recall" if is_beyond else "in_scope_accuracy_when_abstaining"
    expected = "abstained" if is_beyond else one.row.label
    got = one.head.label or "abstained"
    return CaseResult(metric, one.row.id, expected, got, float(expected != got))


def _left_alone(found: Sequence[Answered]) -> Score:
    beyond = [one for one in found if one.row.label == _BEYOND]
    return share(sum(one.head.label is None for one in beyond), len(beyond))


def _answered_rightly(found: Sequence[Answered]) -> Score:
    within = [one for one in found if one.row.label != _BEYOND]
    return share(sum(one.head.label == one.row.label for one in within), len(within))


def _below(familiar: Sequence[tuple[bool, float]]) -> Score:
    """Score the texts out of scope below the limit that so many in scope stay above."""
    known = np.array([value for is_known, value in familiar if is_known])
    beyond = np.array([value for is_known, value in familiar if not is_known])
    if not len(known):
        return share(0, 0, none="no text is in scope")
    limit = np.quantile(known, 1 - _ABOVE)
    return share(int((beyond < limit).sum()), len(beyond))


def _auroc(familiar: Sequence[tuple[bool, float]]) -> Score:
    """Score how often a text in scope is the more familiar one of a pair; ties count half."""

    def statistic(outcomes: Sequence[tuple[bool, float]], counts: Counts) -> float:
        is_known = np.array([one for one, _ in outcomes])
        values, places = np.unique([value for _, value in outcomes], return_inverse=True)
        known = np.bincount(places, counts * is_known, len(values))
        beyond = np.bincount(places, counts * ~is_known, len(values))
        if not known.sum() or not beyond.sum():
            return float("nan")
        lower = np.cumsum(beyond) - beyond
        return float((known * (lower + beyond / 2)).sum() / (known.sum() * beyond.sum()))

    return bootstrap(familiar, statistic, unit=Unit.SHARE, none="one of the two kinds is absent")
