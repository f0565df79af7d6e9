"""The rows that teach a head, and what regressions say of those that they were not fitted on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import compress
from typing import Any, NamedTuple

import numpy as np

from agent.reading.taught.choose import Held, Joint
from agent.reading.taught.head import Evidence
from agent.reading.taught.linear import Linear, centred, fit_linear
from agent.reading.taught.split import folds_of
from agent.reading.taught.words import NO_WORDS, count_words
from domain.ports import Progress

_FOLDS = 5
_SEED = 11
# Strengths that are tried: around the best of 1 to 30 on 1,838 public app reviews and of 3 to
# 30 on 4,000 rows of 77 support intents, by cross-validation (measured 2026-11-24).
_WORDS_STRENGTHS = (3.0, 10.0)
_MEANING_STRENGTHS = (1.5, 6.0, 25.0)
# Rows times labels above which one strength of words is tried, on three folds: 15,000 rows of
# 150 labels then take about 30 s of one processor (measured 2026-11-24).
_LARGE = 100_000
_LARGE_WORDS_STRENGTHS = (6.0,)
_LARGE_FOLDS = 3


class Lesson(NamedTuple):
    """Rows with a label, then rows out of scope, which are never fitted to."""

    texts: list[str]
    labels: list[str]
    names: tuple[str, ...]
    vectors: Any
    """Of shape (texts, dimensions); None: words alone."""

    @property
    def own(self) -> int:
        """How many rows have a label."""
        return len(self.labels)

    @property
    def truth(self) -> Any:
        """Label numbers, of shape (own,)."""
        numbers = {name: place for place, name in enumerate(self.names)}
        return np.array([numbers[label] for label in self.labels])


class _Tried(NamedTuple):
    folds: int
    words: tuple[float, ...]
    meaning: tuple[float, ...]


def held_out(lesson: Lesson, progress: Progress) -> tuple[Held, Held]:
    """Give scores of the labelled rows and of those out of scope, each by an unseen fold's fit."""
    tried = _tried(lesson)
    own, count, rows = lesson.own, len(lesson.names), len(lesson.texts)
    beyond = [place % tried.folds for place in range(rows - own)]
    folds = np.array(
        folds_of(lesson.texts[:own], lesson.labels, count=tried.folds, seed=_SEED) + beyond
    )
    held = Held(
        {one: np.zeros((rows, count), np.float32) for one in tried.words},
        {one: np.zeros((rows, count), np.float32) for one in tried.meaning},
        lesson.truth,
        folds,
    )
    total, done = tried.folds * (len(tried.words) + len(tried.meaning)), 0
    for fold in range(tried.folds):
        for kind, strength, found in _said_of(lesson, folds == fold, tried):
            (held.words if kind == "words" else held.meaning)[strength][folds == fold] = found
            done += 1
            progress(done, total + 1)
    return held.part(slice(0, own)), held.part(slice(own, None))


def _tried(lesson: Lesson) -> _Tried:
    meaning = _MEANING_STRENGTHS if lesson.vectors is not None else ()
    if lesson.own * len(lesson.names) > _LARGE:
        return _Tried(_LARGE_FOLDS, _LARGE_WORDS_STRENGTHS, meaning)
    return _Tried(_FOLDS, _WORDS_STRENGTHS, meaning)


def _said_of(lesson: Lesson, out: Any, tried: _Tried) -> Iterator[tuple[str, float, Any]]:
    """Give scores of the rows of one fold by strength, fitted on the labelled ones of others."""
    count = len(lesson.names)
    inside = ~out & (np.arange(len(out)) < lesson.own)
    labels = lesson.truth[inside[: lesson.own]]
    table, rows = count_words(list(compress(lesson.texts, inside)))
    asked = table.counted(list(compress(lesson.texts, out)))
    for strength in tried.words:
        fitted = _over_words(rows, labels, count, strength)
        yield "words", strength, table.scores(asked, fitted.weights) + fitted.offsets
    if not tried.meaning:
        return
    mean = lesson.vectors[inside].mean(axis=0)
    near, far = centred(lesson.vectors[inside], mean), centred(lesson.vectors[out], mean)
    for strength in tried.meaning:
        fitted = fit_linear(near, labels, count=count, strength=strength)
        yield "meaning", strength, fitted.scores(far)


def _over_words(rows: Any, labels: Any, count: int, strength: float) -> Linear:
    if rows is None:
        frequencies = np.bincount(labels, minlength=count) / len(labels)
        return Linear(np.zeros((count, 0), np.float32), np.log(np.maximum(frequencies, 1e-9)))
    return fit_linear(rows, labels, count=count, strength=strength)


def evidence_of(lesson: Lesson, joint: Joint) -> Evidence:
    """Fit what a setting uses on all labelled rows."""
    count, own = len(lesson.names), lesson.own
    table, rows = NO_WORDS, None
    words = meaning = Linear(np.zeros((count, 0), np.float32), np.zeros(count, np.float32))
    mean = np.zeros(0, np.float32)
    if joint.words_share > 0.0:
        table, rows = count_words(lesson.texts[:own])
        words = _over_words(rows, lesson.truth, count, joint.words_strength)
    if joint.words_share < 1.0:
        mean = lesson.vectors[:own].mean(axis=0)
        near = centred(lesson.vectors[:own], mean)
        meaning = fit_linear(near, lesson.truth, count=count, strength=joint.meaning_strength)
    return Evidence(table, words, meaning, mean)
