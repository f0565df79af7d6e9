"""A small deterministic embedder for tests: texts that share words have near vectors."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from domain.errors import EmbedderUnavailable
from domain.ports import Progress

if TYPE_CHECKING:
    from domain.vectors import Vectors


class WordVectors:
    """Embeds a text as the sum of one fixed direction per word; keeps what it was asked."""

    model_id = "words-48"
    dimensions = 48

    def __init__(self, *, fails: bool = False) -> None:
        self.asked: list[str] = []
        self._fails = fails

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        if self._fails:
            raise EmbedderUnavailable("The weights cannot be had.")
        self.asked += texts
        rows = np.array([self._row(text) for text in texts], np.float32)
        return rows.reshape(len(texts), self.dimensions)

    def _row(self, text: str) -> Vectors:
        row = np.full(self.dimensions, 0.3, np.float32)
        for word in re.findall(r"\w+", text.lower()):
            row += np.random.default_rng(zlib.crc32(word.encode())).normal(size=self.dimensions)
        return row / np.linalg.norm(row)
