"""Teach a head on labelled texts; every choice is made on held-out fifths of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.metadata import version
from itertools import compress
from typing import Any, NamedTuple

import numpy as np

from agent.reading.taught.choose import Held, Joint, best_joint, chances, familiarity, named
from agent.reading.taught.figures import calibration_error, f1_figure, share_figure
from agent.reading.taught.head import About, Evidence, Taught, TaughtHead, as_read
from agent.reading.taught.linear import Linear, centred, fit_linear
from agent.reading.taught.split import folds_of
from agent.reading.taught.words import NO_WORDS, count_words
from domain.errors import InvalidInput
from domain.ports import Progress
from domain.record import digest
from domain.text import RedactedText
from domain.vectors import Embedder

# Rows of a label that can be spread over five folds.
LEAST_ROWS = 5
_FOLDS = 5
_SEED = 11
# Strengths that are tried: around the best of 1 to 30 on 1,838 public app reviews and of 3 to
# 30 on 4,000 rows of 77 support intents, by cross-validation (measured 2026-11-24).
_WORDS_STRENGTHS = (3.0, 10.0)
_MEANING_STRENGTHS = (1.5, 6.0, 25.0)
# Rows times labels above which one strength of words is tried, on three folds: a minute.
_LARGE = 100_000
_LARGE_WORDS_STRENGTHS = (6.0,)
_LARGE_FOLDS = 3


class Example(NamedTuple):
    """A text and the label that a person gave it."""

    text: RedactedText
    label: str


class Wish(NamedTuple):
    """What is asked of a head besides its labels."""

    keep: float = 0.95
    """Share of rightly named held-out rows that must still be answered."""
    out_of_scope: str | None = None
    """A label that is no label: its rows only show where to abstain."""


class _Lesson(NamedTuple):
    texts: list[str]
    labels: list[str]
    names: tuple[str, ...]
    truth: Any
    vectors: Any
    """None: words alone."""
    beyond: list[str]
    beyond_vectors: Any


class _Answers(NamedTuple):
    """How sure the label of each held-out row is, how familiar the row, and whether it is right."""

    sure: Any
    known: Any
    right: Any


class _Limits(NamedTuple):
    """Confidence and familiarity under which the head abstains."""

    sure: float
    known: float


def teach(
    examples: Sequence[Example],
    *,
    embedder: Embedder | None,
    wish: Wish | None = None,
    embedding: Progress,
    fitting: Progress,
) -> TaughtHead:
    """Teach a head; the same rows give the same head on the same machine.

    Raises:
        InvalidInput: There are fewer than two labels, or too few rows of one.
        EmbedderUnavailable: The texts cannot be embedded.
    """
    # Before the limit, which holds for what is loaded by then.
    import_module("sklearn.linear_model")
    from threadpoolctl import threadpool_limits

    wish = wish or Wish()
    lesson = _lesson(examples, wish, embedder, embedding)
    # One thread: two of them on a busy machine wait for each other, and sums differ by order.
    with threadpool_limits(1):
        return _taught(lesson, wish, embedder, fitting)


def _lesson(
    examples: Sequence[Example], wish: Wish, embedder: Embedder | None, progress: Progress
) -> _Lesson:
    own = [one for one in examples if one.label != wish.out_of_scope]
    beyond = [as_read(one.text) for one in examples if one.label == wish.out_of_scope]
    _require_rows(own, beyond, wish)
    texts = [as_read(one.text) for one in own]
    labels = [one.label for one in own]
    names = tuple(sorted(set(labels)))
    numbers = {name: place for place, name in enumerate(names)}
    vectors = beyond_vectors = None
    if embedder is not None:
        every = embedder.embed([*texts, *beyond], progress=progress)
        vectors, beyond_vectors = every[: len(texts)], every[len(texts) :]
    truth = np.array([numbers[label] for label in labels])
    return _Lesson(texts, labels, names, truth, vectors, beyond, beyond_vectors)


def _require_rows(own: Sequence[Example], beyond: Sequence[str], wish: Wish) -> None:
    if wish.out_of_scope is not None and not beyond:
        raise InvalidInput(f"No row has the label {wish.out_of_scope!r} that is out of scope.")
    counts: Counter[str] = Counter()
    for label, _ in {(one.label, one.text.value) for one in own}:
        counts[label] += 1
    if len(counts) < 2:
        raise InvalidInput(f"A head needs at least two labels; {len(counts)} was found.")
    few = [f"{label!r} ({count})" for label, count in sorted(counts.items()) if count < LEAST_ROWS]
    if few:
        raise InvalidInput(
            f"Each label needs at least {LEAST_ROWS} different texts. Too few: "
            f"{', '.join(few[:10])}{' …' if len(few) > 10 else ''}. "
            "Add rows of these labels, give them a broader label, or leave them out of the file."
        )


def _taught(
    lesson: _Lesson, wish: Wish, embedder: Embedder | None, progress: Progress
) -> TaughtHead:
    held = _held_out(lesson, progress)
    frequencies = np.bincount(lesson.truth) / len(lesson.truth)
    joint, unseen = best_joint(held, frequencies)
    evidence = _evidence(lesson, joint)
    joined = held.joined(joint)
    answers = _answers(joined, frequencies, joint, lesson.truth)
    beyond = None
    if lesson.beyond:
        beyond = familiarity(evidence.joined(lesson.beyond, lesson.beyond_vectors, joint))
    limits = _limits(answers, beyond, wish)
    progress(1, 1)
    about = About(
        labels=lesson.names,
        embedder=embedder.model_id if embedder is not None else None,
        dimensions=len(evidence.mean),
        joint=joint,
        abstain_below=limits.sure,
        unfamiliar_below=limits.known,
        taught=_taught_on(lesson, held, unseen, answers, limits),
        versions={name: version(name) for name in ("scikit-learn", "numpy")},
    )
    return TaughtHead(about, evidence)


def _answers(joined: Any, frequencies: Any, joint: Joint, truth: Any) -> _Answers:
    label = named(joined, frequencies, joint.lift)
    sure = chances(joined, joint)[np.arange(len(label)), label]
    return _Answers(sure, familiarity(joined), label == truth)


def _held_out(lesson: _Lesson, progress: Progress) -> Held:
    """Give what regressions say of rows that they were not fitted on."""
    count, rows = len(lesson.names), len(lesson.texts)
    is_large = rows * count > _LARGE
    parts = _LARGE_FOLDS if is_large else _FOLDS
    words = _LARGE_WORDS_STRENGTHS if is_large else _WORDS_STRENGTHS
    meaning = _MEANING_STRENGTHS if lesson.vectors is not None else ()
    folds = np.array(folds_of(lesson.texts, lesson.labels, count=parts, seed=_SEED))
    held = Held(
        {one: np.zeros((rows, count), np.float32) for one in words},
        {one: np.zeros((rows, count), np.float32) for one in meaning},
        lesson.truth,
        folds,
    )
    total, done = parts * (len(words) + len(meaning)), 0
    for fold in range(parts):
        for strength, kind, found in _said_of(lesson, folds == fold, words, meaning):
            (held.words if kind == "words" else held.meaning)[strength][folds == fold] = found
            done += 1
            progress(done, total + 1)
    return held


def _said_of(
    lesson: _Lesson, out: Any, words: Sequence[float], meaning: Sequence[float]
) -> Iterator[tuple[float, str, Any]]:
    """Give scores of the rows of one fold by strength, fitted on the other folds."""
    count, labels = len(lesson.names), lesson.truth[~out]
    table, rows = count_words(list(compress(lesson.texts, ~out)))
    asked = table.counted(list(compress(lesson.texts, out)))
    for strength in words:
        fitted = _over_words(rows, labels, count, strength)
        yield strength, "words", table.scores(asked, fitted.weights) + fitted.offsets
    if not meaning:
        return
    mean = lesson.vectors[~out].mean(axis=0)
    near, far = centred(lesson.vectors[~out], mean), centred(lesson.vectors[out], mean)
    for strength in meaning:
        fitted = fit_linear(near, labels, count=count, strength=strength)
        yield strength, "meaning", fitted.scores(far)


def _over_words(rows: Any, labels: Any, count: int, strength: float) -> Linear:
    if rows is None:
        frequencies = np.bincount(labels, minlength=count) / len(labels)
        return Linear(np.zeros((count, 0), np.float32), np.log(np.maximum(frequencies, 1e-9)))
    return fit_linear(rows, labels, count=count, strength=strength)


def _evidence(lesson: _Lesson, joint: Joint) -> Evidence:
    """Fit what the chosen setting uses on all rows."""
    count = len(lesson.names)
    table, rows = NO_WORDS, None
    words = meaning = Linear(np.zeros((count, 0), np.float32), np.zeros(count, np.float32))
    mean = np.zeros(0, np.float32)
    if joint.words_share > 0.0:
        table, rows = count_words(lesson.texts)
        words = _over_words(rows, lesson.truth, count, joint.words_strength)
    if joint.words_share < 1.0:
        mean = lesson.vectors.mean(axis=0)
        near = centred(lesson.vectors, mean)
        meaning = fit_linear(near, lesson.truth, count=count, strength=joint.meaning_strength)
    return Evidence(table, words, meaning, mean)


def _limits(held: _Answers, beyond: Any, wish: Wish) -> _Limits:
    """Give where to abstain, so that of the rightly named rows the share `keep` is answered.

    Half of the others falls to each limit. With rows out of scope, the limit of familiarity
    is where the share of rightly named rows above it plus the share of those below is highest.
    """
    lost = (1 - wish.keep) / 2
    sure, known = np.sort(held.sure[held.right]), np.sort(held.known[held.right])
    if not len(sure):
        return _Limits(0.0, float(held.known.min()))
    place = int(lost * len(sure))
    if beyond is None:
        return _Limits(float(sure[place]), float(known[place]))
    steps = np.unique(np.concatenate([known, beyond]))
    kept = 1 - np.searchsorted(known, steps) / len(known)
    left_alone = np.searchsorted(np.sort(beyond), steps) / len(beyond)
    return _Limits(float(sure[place]), float(steps[int((kept + left_alone).argmax())]))


def _taught_on(
    lesson: _Lesson, held: Held, unseen: Any, answers: _Answers, limits: _Limits
) -> Taught:
    answered = (answers.sure >= limits.sure) & (answers.known >= limits.known)
    return Taught(
        rows=len(lesson.texts),
        rows_by_label=dict(sorted(Counter(lesson.labels).items())),
        out_of_scope_rows=len(lesson.beyond),
        rows_hash=digest([lesson.texts, lesson.labels, lesson.beyond])[:16],
        folds=len(set(held.folds.tolist())),
        macro_f1=f1_figure(lesson.truth, unseen, len(lesson.names)),
        accuracy=share_figure(unseen == lesson.truth),
        calibration_error=calibration_error(answers.sure, answers.right),
        answered=share_figure(answered),
        right_when_answered=share_figure(answers.right[answered]) if answered.any() else None,
    )
