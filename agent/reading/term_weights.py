"""Texts as weighted terms (TF-IDF), held against a few described things.

Term counts are damped by their logarithm, terms that few of the described things share
weigh more, and rows have length one (Salton and Buckley 1988, with the smoothing of
scikit-learn). Only terms of the described things count.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

# 8,192: words whose terms are kept, about 2 MB; people's texts repeat most of their words.
_KEPT_WORDS = 8192
_GRAM_LENGTHS = (4, 5)


class TermWeights:
    """The described things by their terms; `split` gives the terms of one word.

    The terms of a text are those of its words, so `split` is asked once for each word.
    """

    def __init__(
        self,
        described: Sequence[str],
        *,
        words: Callable[[str], Iterable[str]],
        split: Callable[[str], Iterable[str]],
    ) -> None:
        self._words = words
        counts = [
            Counter(term for word in words(text) for term in split(word)) for text in described
        ]
        terms = sorted(set().union(*counts))
        self._places = {term: place for place, term in enumerate(terms)}
        holding = Counter(term for one in counts for term in one)
        self._rarity = np.array(
            [math.log((1 + len(described)) / (1 + holding[term])) + 1 for term in terms]
        )
        self._rows = np.zeros((len(terms), len(described)))
        for column, one in enumerate(counts):
            places = np.array([self._places[term] for term in one], np.intp)
            self._rows[places, column] = self._weighed(places, list(one.values()))

        def places_of(word: str) -> tuple[int, ...]:
            return tuple(self._places[term] for term in split(word) if term in self._places)

        self._places_of = lru_cache(_KEPT_WORDS)(places_of)

    def _weighed(self, places: Any, counts: list[int]) -> Any:
        """Weights of terms, of length one together."""
        weights = (np.log(np.array(counts, float)) + 1) * self._rarity[places]
        return weights / (np.sqrt(weights @ weights) or 1.0)

    def cosines(self, texts: Sequence[str]) -> Any:
        """Cosine of each text to each described thing, of shape (texts, things)."""
        found = np.zeros((len(texts), self._rows.shape[1]))
        for row, text in zip(found, texts, strict=True):
            counts: Counter[int] = Counter()
            for word in self._words(text):
                counts.update(self._places_of(word))
            if counts:
                places = np.fromiter(counts, np.intp, len(counts))
                row += self._weighed(places, list(counts.values())) @ self._rows[places]
        return found


def word_parts(word: str) -> list[str]:
    """Runs of 4 and 5 letters of a word between spaces, a shorter one whole."""
    padded = f" {word} "
    found = []
    for length in _GRAM_LENGTHS:
        found += [padded[at : at + length] for at in range(max(1, len(padded) - length + 1))]
        if len(padded) <= length:
            break
    return found


_WORD = re.compile(r"\w{2,}")
_STOP = frozenset(
    "the a an and or of to in is it its was were be been my me we our us you your he she they them "
    "this that these those for on at with from by as are am have has had do does did so if not no "
    "but can could would should will just there here what which who when where how".split()
)
_ENDINGS = ("ations", "ation", "ings", "ing", "ied", "ies", "ed", "es", "ment", "ly", "s", "e")


def content_words(text: str) -> list[str]:
    """Words of a text in small letters, without frequent ones."""
    return [word for word in _WORD.findall(text.lower()) if word not in _STOP]


def stem(word: str) -> list[str]:
    """A word cut to a common beginning, as its only term."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return [word[: -len(ending)]]
    return [word]
