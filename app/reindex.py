"""Rebuild the vector indexes from SQL, and say whether anything is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple, TypeVar

from app.wiring import Installation
from domain.errors import EmbedderUnavailable
from domain.ports import Indexed, Progress, Unit
from domain.vectors import Embedder
from vectorstore.parity import ParityReport, rebuild
from vectorstore.rows import Rows

_BATCH = 1000
_Id = TypeVar("_Id", bound=str)


class Rebuilt(NamedTuple):
    """What came of it, by the name of the index."""

    reports: dict[str, ParityReport]

    @property
    def is_whole(self) -> bool:
        """Whether every index holds everything and finds the right neighbours."""
        return all(one.is_whole for one in self.reports.values())

    def lines(self) -> list[str]:
        """Say it to a person."""
        return [
            f"{name.capitalize()}: {one.held:,} of {one.expected:,} held, "
            f"{one.recall:.0%} of the true neighbours found in {one.queries} questions"
            f"{'.' if one.is_whole else ', which is not enough. Run it again; nothing is lost.'}"
            for name, one in self.reports.items()
        ]


def rebuild_indexes(installation: Installation, *, progress: Progress) -> Rebuilt:
    """Replace both indexes by what SQL holds; questions are answered meanwhile.

    Raises:
        EmbedderUnavailable: There is no embedder, so there is no index.
        IndexUnavailable: Another process works on the index, or it cannot be built.
    """
    if installation.embedder is None:
        raise EmbedderUnavailable(
            "There is no embedder, so there is no vector index. Run: undertone doctor"
        )
    return Rebuilt(
        {
            "items": _rebuild(installation, "item", lambda unit: unit.feedback, progress),
            "cases": _rebuild(installation, "case", lambda unit: unit.cases, progress),
        }
    )


def _rebuild(
    installation: Installation,
    kind: str,
    repo: Callable[[Unit], Indexed[_Id]],
    progress: Progress,
) -> ParityReport:
    embedder = installation.embedder
    index = installation.index(f"{kind}s")
    assert embedder is not None  # noqa: S101  looked at before
    store = installation.store
    with store.read() as unit:
        # One snapshot for both passes, so that what arrives meanwhile is in neither.
        report = rebuild(index, lambda: _rows(repo(unit), kind, embedder, progress))
        ids = [id_ for id_, _ in repo(unit).indexable()]
    with store.write() as unit:
        repo(unit).forget_index()
        repo(unit).mark_indexed(ids)
    return report


def _rows(repo: Indexed[_Id], kind: str, embedder: Embedder, progress: Progress) -> Iterator[Rows]:
    waiting = repo.indexable()
    done = 0
    while batch := list(islice(waiting, _BATCH)):
        vectors = embedder.embed([text for _, text in batch])
        done += len(batch)
        progress(done, done)
        yield Rows([id_ for id_, _ in batch], vectors, [{"kind": kind} for _ in batch])
