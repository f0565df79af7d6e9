"""The Chroma index, in process or on a server. Every error means: go on without, rebuild.

Holds ids, numbers and metadata, never text. SQL is the truth: an index that failed,
was deleted or belongs to a process that died while writing is not opened again, an
empty one takes its place, and the caller fills it.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from domain.errors import IndexUnavailable
from domain.vectors import Hit
from vectorstore.places import Folder, Opened, Place, Server, close
from vectorstore.rows import Metadata, Rows, checked, checked_query, parts

if TYPE_CHECKING:
    from domain.vectors import Vectors

log = logging.getLogger("undertone.index")
T = TypeVar("T")

# 1,000: under the 5,461 that the embedded client takes at once; queries wait 1.4 s at most.
_BATCH = 1000


def collection_name(kind: str, model_id: str, dimensions: int) -> str:
    """Name that carries kind, model and dimension, so that two models never meet."""
    return re.sub(r"[^a-zA-Z0-9._-]", "-", f"{kind}-{model_id}-{dimensions}")


class ChromaIndex:
    """One collection, opened at first use. One object is safe for several threads.

    Every method raises `IndexUnavailable` when the library fails, the folder is deleted or
    held by another process; the next call finds an empty index. Rows that do not fit
    together raise `ValueError`, before the library sees them.
    """

    def __init__(
        self,
        *,
        kind: str,
        model_id: str,
        dimensions: int,
        directory: Path | None = None,
        url: str | None = None,
    ) -> None:
        if (directory is None) == (url is None):
            raise ValueError("give a directory or a url")
        self._name = collection_name(kind, model_id, dimensions)
        self._dimensions = dimensions
        self._place: Place = Folder(directory) if directory is not None else Server(str(url))
        self._writing = threading.RLock()
        self._lock = threading.RLock()
        self._opened: Opened | None = None
        self._is_proven = False

    def upsert(self, ids: Sequence[str], vectors: Vectors, metadatas: Sequence[Metadata]) -> None:
        """Add or replace vectors.

        Every mapping has the same keys, also between calls: a key that is left out keeps
        its old value.
        """
        rows = checked(Rows(ids, vectors, metadatas), dimensions=self._dimensions)
        with self._writing:
            for part in parts(rows, size=_BATCH):
                self._run(partial(_put, rows=part), writes=True)
            if rows.ids:
                self._check_size()

    def query(self, vector: Vectors, *, k: int, where: Metadata | None = None) -> list[Hit]:
        """Find the `k` nearest, best first; equal ones in id order."""
        wanted = checked_query(vector, dimensions=self._dimensions)
        if k < 1:
            return []
        return self._run(lambda collection: _nearest(collection, wanted, k, where or {}))

    def delete(self, ids: Sequence[str]) -> None:
        """Remove vectors; unknown ids are ignored. Their bytes stay on disk until a rebuild."""
        with self._writing:
            for start in range(0, len(ids), _BATCH):
                chosen = list(ids[start : start + _BATCH])
                self._run(partial(_remove, ids=chosen), writes=True)

    def count(self) -> int:
        """How many vectors."""
        return int(self._run(lambda collection: collection.count()))

    def reset(self) -> None:
        """Throw everything away and start empty, also when the index is broken."""
        with self._writing, self._lock, self._translated():
            self._let_go()
            self._place.discard(self._name)
        self.count()

    def rebuild(self, batches: Iterable[Rows]) -> int:
        """Replace everything by these rows, from SQL; gives their number.

        They are written aside while queries are answered from what was; upserts wait. The
        old files are removed at the end, and with them every deleted vector. An error
        raised by `batches` leaves the index as it was.
        """
        with self._writing, self._draft() as draft:
            for batch in batches:
                rows = checked(batch, dimensions=self._dimensions)
                for part in parts(rows, size=_BATCH):
                    with self._translated():
                        _put(draft.collection, part)
            with self._lock, self._translated():
                held = int(draft.collection.count())
                self._let_go()
                self._place.adopt(draft, self._name)
        return held

    def close(self) -> None:
        """Let go of files, sockets and the lock."""
        with self._writing, self._lock:
            with contextlib.suppress(IndexUnavailable), self._translated():
                self._let_go()
            self._place.release()

    @contextlib.contextmanager
    def _draft(self) -> Iterator[Opened]:
        """Open a draft; whatever goes wrong while it is filled, it is thrown away."""
        with self._translated():
            draft = self._place.open_draft(self._name)
        try:
            yield draft
        except BaseException:
            with contextlib.suppress(IndexUnavailable), self._translated():
                self._place.abandon(draft)
            raise

    def _run(self, work: Callable[[Any], T], *, writes: bool = False) -> T:
        with self._lock, self._translated():
            opened = self._current()
            if self._is_proven and not writes:
                return work(opened.collection)
            # The first use loads the files: it may end the process as a write may.
            with self._place.guarded(opened):
                answer = work(opened.collection)
            self._is_proven = True
            return answer

    def _current(self) -> Opened:
        if self._opened is not None and not self._place.is_there(self._opened):
            raise IndexUnavailable("The vector index was deleted; it is rebuilt from SQL.")
        if self._opened is None:
            self._opened = self._place.open(self._name)
            self._is_proven = False
            with self._place.guarded(self._opened):
                self._place.check_size(self._opened)
        return self._opened

    def _check_size(self) -> None:
        with self._lock, self._translated():
            opened = self._current()
            with self._place.guarded(opened):
                self._place.check_size(opened)

    def _let_go(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            close(opened)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn whatever the library raises into `IndexUnavailable`, and forget what is open."""
        try:
            yield
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except IndexUnavailable:
            self._forget()
            raise
        except BaseException as error:  # a panic in the library's Rust is no `Exception`
            log.warning("vector index failed", extra={"error": type(error).__name__})
            self._forget()
            raise IndexUnavailable(
                f"The vector index failed ({type(error).__name__}); it is rebuilt from SQL."
            ) from error

    def _forget(self) -> None:
        with self._lock:
            # Closing what is broken may fail as well.
            with contextlib.suppress(Exception):
                self._let_go()
            self._opened = None


def _put(collection: Any, rows: Rows) -> None:
    collection.upsert(
        ids=list(rows.ids),
        embeddings=rows.vectors,
        metadatas=[dict(one) or None for one in rows.metadatas],
    )


def _remove(collection: Any, ids: list[str]) -> None:
    collection.delete(ids=ids)


def _nearest(collection: Any, vector: Vectors, k: int, where: Metadata) -> list[Hit]:
    size = collection.count()
    if size == 0:
        return []
    terms = [{name: {"$eq": value}} for name, value in where.items()]
    answer = collection.query(
        query_embeddings=[vector],
        n_results=min(k, size),
        where=None if not terms else terms[0] if len(terms) == 1 else {"$and": terms},
        include=["distances"],
    )
    hits = [
        Hit(id_, 1.0 - float(distance))
        for id_, distance in zip(answer["ids"][0], answer["distances"][0], strict=True)
    ]
    return sorted(hits, key=lambda hit: (-hit.similarity, hit.id))
