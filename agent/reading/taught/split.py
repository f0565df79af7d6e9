"""Split labelled texts into parts that are alike and share no text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np


def plain(text: str) -> str:
    """Give what is the same for texts that differ only in case and spaces."""
    return " ".join(text.lower().split())


def folds_of(texts: Sequence[str], labels: Sequence[str], *, count: int, seed: int) -> list[int]:
    """Give the fold, from 0, of each row; every label is spread over folds as evenly as can be.

    Texts that differ only in case and spaces fall into one fold.
    """
    same = [plain(text) for text in texts]
    by_label: dict[str, list[str]] = defaultdict(list)
    for text, label in dict(zip(same, labels, strict=True)).items():
        by_label[label].append(text)
    random = np.random.default_rng(seed)
    fold: dict[str, int] = {}
    for label in sorted(by_label):
        for place in random.permutation(len(by_label[label])):
            fold[by_label[label][place]] = len(fold) % count
    return [fold[text] for text in same]
