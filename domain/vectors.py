"""Embedders and vector indexes, as protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from domain.ports import Progress

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vectors: TypeAlias = npt.NDArray[np.float32]
    """Array of shape (texts, dimensions), unit rows, in the order of the texts."""


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def model_id(self) -> str:
        """Name and hash of the weights; vectors of two models never meet."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        """Embed texts, each distinct one once.

        Raises:
            EmbedderUnavailable: The model cannot be loaded or reached.
        """


class Hit(NamedTuple):
    """A neighbour in the index; similarity is cosine."""

    id: str
    similarity: float


class VectorIndex(Protocol):
    """An index of vectors that may be thrown away at any moment.

    Every method raises `IndexUnavailable` when the index cannot be used.
    """

    def upsert(
        self,
        ids: Sequence[str],
        vectors: Vectors,
        metadatas: Sequence[Mapping[str, str | int | float | bool]],
    ) -> None:
        """Add or replace vectors; every metadata mapping has the same keys."""

    def query(
        self,
        vector: Vectors,
        *,
        k: int,
        where: Mapping[str, str | int | float | bool] | None = None,
    ) -> list[Hit]:
        """Find the `k` nearest, best first, among those whose metadata equals `where`."""

    def delete(self, ids: Sequence[str]) -> None:
        """Remove vectors; unknown ids are ignored."""

    def count(self) -> int:
        """How many vectors it holds."""

    def reset(self) -> None:
        """Throw everything away and start empty, also when the index is broken."""
