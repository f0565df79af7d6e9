"""Rows of an index, checked before any engine sees them.

An engine's error means that the index is broken and is to be rebuilt; a wrong row would
be wrong again after that. So both engines refuse the same rows first, as `ValueError`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from domain.vectors import Vectors

Metadata: TypeAlias = Mapping[str, str | int | float | bool]


class Rows(NamedTuple):
    """A batch: ids, vectors of shape (ids, dimensions) in their order, metadata."""

    ids: Sequence[str]
    vectors: Vectors
    metadatas: Sequence[Metadata]


def checked(rows: Rows, *, dimensions: int) -> Rows:
    """Give the batch with each id once; of equal ids the last row counts.

    Raises:
        ValueError: Lengths differ, an id is empty or not Unicode text, a vector has another
            length or is not finite, or metadata mappings have different keys.
    """
    vectors = np.asarray(rows.vectors, np.float32)
    if vectors.shape != (len(rows.ids), dimensions) or len(rows.metadatas) != len(rows.ids):
        raise ValueError(
            f"{len(rows.ids)} ids, vectors of shape {vectors.shape} and {len(rows.metadatas)} "
            f"metadata mappings do not fit together in {dimensions} dimensions."
        )
    if not np.isfinite(vectors).all():
        raise ValueError("A vector holds a number that is not finite.")
    if not all(_is_text(id_) for id_ in rows.ids):
        raise ValueError("An id is empty or holds a lone surrogate.")
    if len({frozenset(one) for one in rows.metadatas}) > 1:
        # Chroma keeps the old value of a key that a later row leaves out.
        raise ValueError("Metadata mappings of one batch have different keys.")
    last = {id_: place for place, id_ in enumerate(rows.ids)}
    if len(last) == len(rows.ids):
        return Rows(list(rows.ids), vectors, list(rows.metadatas))
    places = list(last.values())
    return Rows(list(last), vectors[places], [rows.metadatas[place] for place in places])


def _is_text(id_: str) -> bool:
    return bool(id_) and not any("\ud800" <= letter <= "\udfff" for letter in id_)


def checked_query(vector: Vectors, *, dimensions: int) -> Vectors:
    """Give the query as an array of shape (dimensions,).

    Raises:
        ValueError: Another length, or a number that is not finite.
    """
    flat = np.asarray(vector, np.float32).reshape(-1)
    if flat.shape != (dimensions,) or not np.isfinite(flat).all():
        raise ValueError(f"A query is {dimensions} finite numbers; this one is not.")
    return flat


def parts(rows: Rows, *, size: int) -> Iterator[Rows]:
    """Cut a batch into batches of at most `size` rows."""
    for start in range(0, len(rows.ids), size):
        cut = slice(start, start + size)
        yield Rows(rows.ids[cut], rows.vectors[cut], rows.metadatas[cut])


def is_match(metadata: Metadata, where: Metadata) -> bool:
    """Whether every value equals; a flag never equals a number, as in Chroma."""
    for name, wanted in where.items():
        value = metadata.get(name)
        if value != wanted or isinstance(value, bool) != isinstance(wanted, bool):
            return False
    return True
