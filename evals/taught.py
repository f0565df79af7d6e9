"""Heads and trained words beside each other, taught on the same rows and asked the same ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from agent.reading.redact import redact
from agent.reading.taught.head import HeadAnswer, as_read
from agent.reading.taught.split import folds_of, plain
from agent.reading.taught.teach import LEAST_ROWS, Example, Wish, teach
from domain.text import CustomerText
from evals.labels import labelled_cases
from evals.measures import Labelled, Sure, accuracy, calibration_error, macro_f1
from evals.public import Said, trained_words
from evals.scores import Score, Unit, bootstrap, share
from evals.suite import Bench, CaseResult

if TYPE_CHECKING:
    from domain.text import RedactedText

FOLDS = 5
_SEED = 2026


class Row(NamedTuple):
    """One labelled row of public data."""

    id: str
    text: str
    label: str


class Answered(NamedTuple):
    """What was said of one row by a head and by words alone, neither taught on it."""

    row: Row
    head: HeadAnswer
    words: Said

    @property
    def by_head(self) -> Labelled:
        """What is right, and what the head would say if it had to."""
        return Labelled(self.row.label, self.head.likeliest)

    @property
    def by_words(self) -> Labelled:
        """What is right, and what TF-IDF with logistic regression says."""
        return Labelled(self.row.label, self.words.label)


def teach_and_ask(
    bench: Bench, taught: Sequence[Row], asked: Sequence[Row], *, wish: Wish | None = None
) -> list[Answered]:
    """Teach on some rows and ask others.

    Labels with too few rows teach nothing, so what is asked of them counts as missed. Nothing
    is given where fewer than two labels are left.
    """
    taught = _enough(taught)
    within = [row for row in taught if wish is None or row.label != wish.out_of_scope]
    if len({row.label for row in within}) < 2 or not asked:
        return []
    head = teach(
        [Example(_redacted(row), row.label) for row in taught],
        embedder=bench.seats.embedder,
        wish=wish,
        embedding=bench.progress,
        fitting=_unseen,
    )
    answers = head.answer([_redacted(row) for row in asked], embedder=bench.seats.embedder)
    words = trained_words(
        [row.text for row in within],
        [row.label for row in within],
        [row.text for row in asked],
    )
    return [Answered(*one) for one in zip(asked, answers, words, strict=True)]


def five_fold(bench: Bench, rows: Sequence[Row]) -> list[Answered]:
    """Ask each fifth of the rows of what the other four taught, in the order of the rows.

    Labels are spread evenly; texts that differ only in case and spaces stay together.
    """
    parts = np.array(
        folds_of([row.text for row in rows], [row.label for row in rows], count=FOLDS, seed=_SEED)
    )
    found: dict[int, Answered] = {}
    for part in range(FOLDS):
        asked = np.flatnonzero(parts == part).tolist()
        taught = np.flatnonzero(parts != part).tolist()
        answers = teach_and_ask(bench, [rows[at] for at in taught], [rows[at] for at in asked])
        found |= dict(zip(asked, answers, strict=False))
        bench.progress(part + 1, FOLDS)
    return [found[place] for place in sorted(found)]


def f1(said: Sequence[Labelled]) -> Score:
    """Score the macro-F1 of answers."""
    return bootstrap(said, macro_f1, unit=Unit.SHARE)


def right(said: Sequence[Labelled]) -> Score:
    """Score the share of answers that are right."""
    return bootstrap(said, accuracy, unit=Unit.SHARE)


def off(answers: Sequence[Answered]) -> Score:
    """Score how far confidence is from the share that is right."""
    sure = [Sure(one.head.confidence, one.by_head.expected == one.by_head.got) for one in answers]
    return bootstrap(sure, calibration_error, unit=Unit.SHARE)


def kept(answers: Sequence[Answered]) -> Score:
    """Score the share of texts that the head gives a label."""
    return share(sum(one.head.label is not None for one in answers), len(answers))


def right_of_kept(answers: Sequence[Answered]) -> Score:
    """Score the share that is right of the texts that the head gives a label."""
    given = [one for one in answers if one.head.label is not None]
    return share(sum(one.head.label == one.row.label for one in given), len(given))


def cases_of(metric: str, answers: Sequence[Answered]) -> list[CaseResult]:
    """Give a case for each answer of the head."""
    ids, said = [one.row.id for one in answers], [one.by_head for one in answers]
    return list(labelled_cases(metric, ids, said))


def drawn(rows: Sequence[Row], *, each: int, seed: int) -> tuple[list[Row], list[Row]]:
    """Draw so many rows of each label; gives them and the rest, both in the order of the rows."""
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(row.label, []).append(place)
    random = np.random.default_rng(seed)
    chosen = {
        int(place) for label in sorted(places) for place in random.permutation(places[label])[:each]
    }
    rest = [row for place, row in enumerate(rows) if place not in chosen]
    return [rows[place] for place in sorted(chosen)], rest


def _enough(rows: Sequence[Row]) -> list[Row]:
    texts: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        texts[row.label].add(plain(as_read(_redacted(row))))
    return [row for row in rows if len(texts[row.label]) >= LEAST_ROWS]


def _redacted(row: Row) -> RedactedText:
    return redact(CustomerText(value=row.text))


def _unseen(done: int, total: int) -> None:
    """Leave the bar to the parts, of which a fit is one."""
