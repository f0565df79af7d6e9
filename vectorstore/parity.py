"""Rebuild an index from SQL, and say how well it agrees with the exact answer.

An approximate index may miss neighbours, and a torn one loses rows without a word. So a
rebuild counts what went in and what is held, and asks the index for the neighbours of a
sample of its own rows; the exact answer is computed on the side, in one pass over the
rows, without holding them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from domain.vectors import Hit, VectorIndex
from vectorstore.exact import unit
from vectorstore.rows import Rows

if TYPE_CHECKING:
    from domain.vectors import Vectors

# 0.95: recall at 10 that a healthy index exceeds; 1.00 was measured at 20,000 clustered
# vectors with Chroma's default search width (2026-11-24).
LEAST_RECALL = 0.95
# 1e-3: cosines of one pair differ by less between engines and processors.
_TOLERANCE = 1e-3


class Rebuildable(VectorIndex, Protocol):
    """An index that can be replaced as a whole."""

    def rebuild(self, batches: Iterable[Rows]) -> int:
        """Replace everything by these rows; gives their number."""


class ParityReport(NamedTuple):
    """How an index compares with the rows it was built from."""

    expected: int
    """Distinct ids that went in."""
    held: int
    """Rows that the index says it holds."""
    queries: int
    """Rows whose neighbours were asked for."""
    recall: float
    """Share of the nearest that were found, 0 to 1; 1 when nothing was asked."""
    worst_difference: float
    """Largest difference between the similarity told and the exact one."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is lost and the neighbours are the right ones."""
        return (
            self.held == self.expected
            and self.recall >= LEAST_RECALL
            and self.worst_difference <= _TOLERANCE
        )


def rebuild(
    index: Rebuildable,
    read_rows: Callable[[], Iterable[Rows]],
    *,
    queries: int = 50,
    k: int = 10,
) -> ParityReport:
    """Rebuild an index and compare it.

    `read_rows` is called twice and gives the same rows both times, each id once. Whatever
    it raises comes through and leaves the index as it was.

    Raises:
        IndexUnavailable: The index cannot be built.
    """
    sample = _Sample(queries)
    held = index.rebuild(sample.watched(read_rows()))
    return compare(index, read_rows(), sample.probes(), k=k, held=held)


def compare(
    index: VectorIndex,
    batches: Iterable[Rows],
    probes: Vectors,
    *,
    k: int = 10,
    held: int | None = None,
) -> ParityReport:
    """Compare the index's neighbours of `probes`, shape (queries, dimensions), with exact ones."""
    answers = [index.query(probe, k=k) for probe in probes]
    ids: set[str] = set()
    nearest = np.full((len(probes), k), -np.inf, np.float32)
    told = [{hit.id: hit.similarity for hit in hits} for hits in answers]
    exact: list[dict[str, float]] = [{} for _ in answers]
    for batch in batches:
        ids.update(batch.ids)
        if not len(probes) or not batch.ids:
            continue
        similarities = unit(np.asarray(probes, np.float32)) @ unit(batch.vectors).T
        nearest = -np.sort(-np.hstack([nearest, similarities]), axis=1)[:, :k]
        places = {id_: place for place, id_ in enumerate(batch.ids)}
        for row, hits in enumerate(told):
            for id_ in hits.keys() & places.keys():
                exact[row][id_] = float(similarities[row, places[id_]])
    return ParityReport(
        expected=len(ids),
        held=index.count() if held is None else held,
        queries=len(probes),
        recall=_recall(answers, exact, nearest),
        worst_difference=max(
            (
                abs(similarity - exact[row].get(id_, np.inf))
                for row, hits in enumerate(told)
                for id_, similarity in hits.items()
            ),
            default=0.0,
        ),
    )


def _recall(answers: list[list[Hit]], exact: list[dict[str, float]], nearest: Vectors) -> float:
    """Share of wanted neighbours found; one as near as the last wanted one counts as well."""
    wanted = found = 0
    for row, hits in enumerate(answers):
        finite = nearest[row][np.isfinite(nearest[row])]
        wanted += len(finite)
        if len(finite):
            near = [hit for hit in hits if exact[row].get(hit.id, -np.inf) >= finite[-1] - 1e-5]
            found += min(len(near), len(finite))
    return found / wanted if wanted else 1.0


class _Sample:
    """An even sample of rows that stream by, at most `size` of them, without chance."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._step = 1
        self._seen = 0
        self._kept: list[Vectors] = []

    def watched(self, batches: Iterable[Rows]) -> Iterator[Rows]:
        """Give the batches through."""
        for batch in batches:
            for vector in batch.vectors:
                self._see(vector)
            yield batch

    def probes(self) -> Vectors:
        """The sample, shape (queries, dimensions)."""
        return np.stack(self._kept) if self._kept else np.empty((0, 0), np.float32)

    def _see(self, vector: Vectors) -> None:
        if self._size and self._seen % self._step == 0:
            self._kept.append(vector)
            if len(self._kept) > self._size:
                self._kept = self._kept[::2]
                self._step *= 2
        self._seen += 1
