"""Choose how a head joins its evidence, on held-out fifths of the rows that teach it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from pydantic import Field

from domain.record import Record

# Shares of words in the joined evidence, how far rare labels are lifted (0: as frequent as in
# the rows, 1: as if all were), and what scores are multiplied by; the best is chosen on
# held-out rows, the first of equals.
_SHARES = (0.5, 0.35, 0.2, 0.65, 0.8, 0.0, 1.0)
_LIFTS = (0.0, 0.5, 1.0)
_SCALES = tuple(float(one) for one in np.geomspace(0.25, 4.0, 33))
_FLOOR = 1e-12


class Joint(Record):
    """How two kinds of evidence become one chance for each label."""

    words_strength: float = Field(ge=0, allow_inf_nan=False)
    """C of the regression over words; the larger, the closer to the rows."""
    meaning_strength: float = Field(ge=0, allow_inf_nan=False)
    """C of the regression over vectors."""
    words_share: float = Field(ge=0, le=1)
    """Weight of words, 0 (vectors alone) to 1 (words alone)."""
    lift: float = Field(ge=0, le=1)
    """0: labels are as frequent as in the rows; 1: as if all were equally frequent."""
    scale: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Scores are multiplied by it, so that confidence means the share that is right."""


class Held(NamedTuple):
    """Scores of held-out rows by strength, each of shape (rows, labels)."""

    words: Mapping[float, Any]
    meaning: Mapping[float, Any]
    truth: Any
    """Label numbers, of shape (rows,); shorter where rows out of scope follow."""
    folds: Any
    """Fold of each row, of shape (rows,)."""

    def part(self, rows: slice) -> Held:
        """Give the same of some rows."""
        return Held(
            {strength: found[rows] for strength, found in self.words.items()},
            {strength: found[rows] for strength, found in self.meaning.items()},
            self.truth[rows],
            self.folds[rows],
        )

    def joined(self, joint: Joint) -> Any:
        """Give the joined scores of one setting, before its scale."""
        return join(
            self.words.get(joint.words_strength), self.meaning.get(joint.meaning_strength), joint
        )


def join(words: Any, meaning: Any, joint: Joint) -> Any:
    """Add scores by their weights; the one that has no weight may be None."""
    if joint.words_share == 1.0:
        return words
    if joint.words_share == 0.0:
        return meaning
    return joint.words_share * words + (1 - joint.words_share) * meaning


def chances(joined: Any, joint: Joint) -> Any:
    """Give chances of shape (rows, labels) from joined scores."""
    raised = joined * joint.scale
    raised = np.exp(raised - raised.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def familiarity(joined: Any) -> Any:
    """Give how much speaks for any label at all, of shape (rows,): low for texts out of scope.

    It is the logarithm of the summed exponentials of the scores (Liu et al. 2020, energy).
    """
    highest = joined.max(axis=1)
    return highest + np.log(np.exp(joined - highest[:, None]).sum(axis=1))


def named(joined: Any, frequencies: Any, lift: float) -> Any:
    """Give the label number of each row, of shape (rows,)."""
    return (joined - lift * np.log(frequencies)).argmax(axis=1)


def candidates(held: Held) -> Iterator[Joint]:
    """Give every setting that can be made of what was held out."""
    shares = [
        share
        for share in _SHARES
        if (held.words or share == 0.0) and (held.meaning or share == 1.0)
    ]
    words, meaning = tuple(held.words) or (0.0,), tuple(held.meaning) or (0.0,)
    for first, second, share, lift in product(words, meaning, shares, _LIFTS):
        if (share == 1.0 and second != meaning[0]) or (share == 0.0 and first != words[0]):
            continue
        yield Joint(words_strength=first, meaning_strength=second, words_share=share, lift=lift)


def best_joint(held: Held, frequencies: Any) -> tuple[Joint, Any]:
    """Give the setting with the highest macro-F1, and what an unseen fifth would be called.

    The second is of shape (rows,): each fold is named by the setting that is best on the
    other folds, so that a figure over it owes nothing to having been chosen on it.
    """
    count, folds = len(frequencies), sorted(set(held.folds.tolist()))
    every: list[tuple[Joint, Any, list[float], float]] = []
    for joint in candidates(held):
        said = named(held.joined(joint), frequencies, joint.lift)
        tables = [confusion(held.truth[at], said[at], count) for at in _masks(held.folds, folds)]
        whole = sum(tables)
        without = [macro_f1(whole - one) for one in tables]
        every.append((joint, said, without, macro_f1(whole)))
    best = max(every, key=lambda one: one[3])[0]
    unseen = np.zeros(len(held.truth), int)
    for place, mask in enumerate(_masks(held.folds, folds)):
        said = max(every, key=lambda one: one[2][place])[1]
        unseen[mask] = said[mask]
    return best.model_copy(update={"scale": _best_scale(held, best)}), unseen


def _masks(folds: Any, names: Sequence[int]) -> list[Any]:
    return [folds == name for name in names]


def _best_scale(held: Held, joint: Joint) -> float:
    joined, rows = held.joined(joint), np.arange(len(held.truth))

    def surprise(scale: float) -> float:
        found = chances(joined, joint.model_copy(update={"scale": scale}))[rows, held.truth]
        return -float(np.log(np.maximum(found, _FLOOR)).mean())

    return min(_SCALES, key=surprise)


def confusion(truth: Any, said: Any, count: int) -> Any:
    """Count right (rows) against said (columns), of shape (labels, labels)."""
    return np.bincount(truth * count + said, minlength=count * count).reshape(count, count)


def macro_f1(table: Any) -> float:
    """Give the mean F1 over the labels that occur."""
    right, said, asked = table.diagonal(), table.sum(axis=0), table.sum(axis=1)
    known = asked > 0
    return float((2 * right[known] / (asked + said)[known]).mean())
