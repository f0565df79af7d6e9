"""The exact in-memory twin of the index: oracle in tests, engine for offline commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from domain.ports import Hit

if TYPE_CHECKING:
    from domain.ports import Vectors

Metadata = Mapping[str, str | int | float | bool]


class ExactIndex:
    """Cosine over all rows."""

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions
        self._rows: dict[str, tuple[Vectors, Metadata]] = {}

    def upsert(self, ids: Sequence[str], vectors: Vectors, metadatas: Sequence[Metadata]) -> None:
        """Add or replace vectors."""
        for id_, vector, metadata in zip(ids, vectors, metadatas, strict=True):
            self._rows[id_] = (np.asarray(vector, np.float32), dict(metadata))

    def query(self, vector: Vectors, *, k: int, where: Metadata | None = None) -> list[Hit]:
        """Find the `k` nearest, best first; equal ones in id order."""
        wanted = dict(where or {})
        chosen = [
            (id_, row)
            for id_, (row, metadata) in self._rows.items()
            if all(metadata.get(name) == value for name, value in wanted.items())
        ]
        if not chosen or k < 1:
            return []
        matrix = np.stack([row for _, row in chosen])
        similarities = matrix @ np.asarray(vector, np.float32).reshape(-1)
        found = [
            Hit(id_, float(similarity))
            for (id_, _), similarity in zip(chosen, similarities, strict=True)
        ]
        return sorted(found, key=lambda hit: (-hit.similarity, hit.id))[:k]

    def delete(self, ids: Sequence[str]) -> None:
        """Remove vectors."""
        for id_ in ids:
            self._rows.pop(id_, None)

    def count(self) -> int:
        """How many vectors."""
        return len(self._rows)

    def reset(self) -> None:
        """Start empty."""
        self._rows.clear()
