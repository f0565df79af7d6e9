"""One label each: cases that can be compared, and the table of right and said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evals.measures import Labelled
from evals.suite import CaseResult, Grid

_ABSTAINED = "not judged"


def three_way(label: str | None) -> str | None:
    """Give the label where only three are known: `mixed` counts as negative."""
    return "negative" if label == "mixed" else label


def labelled_cases(
    metric: str, ids: Sequence[str], said: Sequence[Labelled]
) -> Iterator[CaseResult]:
    """Give a case for each answer; a wrong one is off by 1."""
    for id_, one in zip(ids, said, strict=True):
        wrong = float(one.expected != one.got)
        yield CaseResult(metric, id_, one.expected, one.got or "none", wrong)


def confusion(title: str, labels: tuple[str, ...], said: Sequence[Labelled]) -> Grid:
    """Count what was right (rows) against what was said (columns), abstentions last."""
    columns = (*labels, _ABSTAINED)
    counts = tuple(
        tuple(
            sum(one.expected == row and (one.got or _ABSTAINED) == column for one in said)
            for column in columns
        )
        for row in labels
    )
    return Grid(title, labels, columns, counts)
