"""Teach a head on labelled texts; every choice is made on held-out fifths of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np

from agent.reading.taught.choose import Held, Joint, best_joint, chances, familiarity, named
from agent.reading.taught.figures import calibration_error, f1_figure, share_figure
from agent.reading.taught.head import About, Taught, TaughtHead, as_read
from agent.reading.taught.lesson import Lesson, evidence_of, held_out
from agent.reading.taught.split import plain
from domain.errors import InvalidInput
from domain.ports import Progress
from domain.record import digest
from domain.text import RedactedText
from domain.vectors import Embedder

# Rows of a label that can be spread over five folds.
LEAST_ROWS = 5


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
) -> Lesson:
    own = [one for one in examples if one.label != wish.out_of_scope]
    beyond = [one for one in examples if one.label == wish.out_of_scope]
    _require_rows(own, beyond, wish)
    texts = [as_read(one.text) for one in [*own, *beyond]]
    labels = [one.label for one in own]
    vectors = embedder.embed(texts, progress=progress) if embedder is not None else None
    return Lesson(texts, labels, tuple(sorted(set(labels))), vectors)


def _require_rows(own: Sequence[Example], beyond: Sequence[Example], wish: Wish) -> None:
    if wish.out_of_scope is not None and not beyond:
        raise InvalidInput(f"No row has the label {wish.out_of_scope!r} that is out of scope.")
    counts: Counter[str] = Counter()
    for label, _ in {(one.label, plain(as_read(one.text))) for one in own}:
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
    lesson: Lesson, wish: Wish, embedder: Embedder | None, progress: Progress
) -> TaughtHead:
    held, beyond = held_out(lesson, progress)
    frequencies = np.bincount(held.truth) / len(held.truth)
    joint, unseen = best_joint(held, frequencies)
    evidence = evidence_of(lesson, joint)
    progress(1, 1)
    answers = _answers(held.joined(joint), frequencies, joint, held.truth)
    limits = _limits(answers, familiarity(beyond.joined(joint)), wish)
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
    if not len(beyond):
        return _Limits(float(sure[place]), float(known[place]))
    steps = np.unique(np.concatenate([known, beyond]))
    kept = 1 - np.searchsorted(known, steps) / len(known)
    left_alone = np.searchsorted(np.sort(beyond), steps) / len(beyond)
    return _Limits(float(sure[place]), float(steps[int((kept + left_alone).argmax())]))


def _taught_on(
    lesson: Lesson, held: Held, unseen: Any, answers: _Answers, limits: _Limits
) -> Taught:
    answered = (answers.sure >= limits.sure) & (answers.known >= limits.known)
    return Taught(
        rows=lesson.own,
        rows_by_label=dict(sorted(Counter(lesson.labels).items())),
        out_of_scope_rows=len(lesson.texts) - lesson.own,
        rows_hash=digest([lesson.texts, lesson.labels])[:16],
        folds=len(set(held.folds.tolist())),
        macro_f1=f1_figure(held.truth, unseen, len(lesson.names)),
        accuracy=share_figure(unseen == held.truth),
        calibration_error=calibration_error(answers.sure, answers.right),
        answered=share_figure(answered),
        right_when_answered=share_figure(answers.right[answered]) if answered.any() else None,
    )
