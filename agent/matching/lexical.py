"""Words as vectors, so that likeness in words and in meaning is one cosine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from domain.vectors import Vectors

# 512 places: two different texts of 20 words meet by collision in under a twentieth.
PLACES = 512
# Weight of words beside meaning in the joint cosine; without meaning words stand alone.
# 0.25: one part words to three of meaning held on a tracker of duplicates that nobody had
# tuned on, ahead of equal parts and of either alone (2026-11-24).
_WORDS_SHARE = 0.25
_WORD = re.compile(r"[^\W_]{3,}")
# Begins of words carry their meaning in most languages; the ends bend.
_STEM = 5


def lexical(texts: Sequence[str]) -> Vectors:
    """Give hashed stems of words; array of shape (texts, PLACES), unit rows or zero."""
    rows = np.zeros((len(texts), PLACES), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        for stem in {word[:_STEM] for word in _WORD.findall(text.lower())}:
            hashed = crc32(stem.encode("utf-8", "replace"))
            # Longer words tell more than short ones.
            row[hashed % PLACES] += (1.0 if hashed & 0x10000 else -1.0) * len(stem)
    return unit_rows(rows)


def joint(texts: Sequence[str], centred: Vectors | None) -> Vectors:
    """Give vectors whose cosine weighs meaning (when there is any) and words."""
    words = lexical(texts)
    if centred is None:
        return words
    meaning = centred * np.float32((1 - _WORDS_SHARE) ** 0.5)
    both: Vectors = np.hstack([meaning, words * np.float32(_WORDS_SHARE**0.5)])
    return both.astype(np.float32)


def unit_rows(rows: Vectors) -> Vectors:
    """Scale rows to length one; zero rows stay zero."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Vectors = (rows / np.where(norms > 0, norms, 1.0)).astype(np.float32)
    return scaled


class Packed(NamedTuple):
    """A joint vector in a third of its bytes: few of the places for words hold anything."""

    meaning: bytes
    places: bytes
    weights: bytes

    @classmethod
    def of(cls, vector: Vectors) -> Packed:
        """Pack a row of `joint`, exactly."""
        cut = len(vector) - PLACES
        places = np.flatnonzero(vector[cut:]).astype(np.uint16)
        return cls(vector[:cut].tobytes(), places.tobytes(), vector[cut:][places].tobytes())

    @property
    def vector(self) -> Vectors:
        """The row as it was."""
        meaning = np.frombuffer(self.meaning, np.float32)
        found = np.zeros(len(meaning) + PLACES, np.float32)
        found[: len(meaning)] = meaning
        places = np.frombuffer(self.places, np.uint16).astype(np.intp)
        found[len(meaning) + places] = np.frombuffer(self.weights, np.float32)
        return found
