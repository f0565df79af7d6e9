"""The Chroma index, in process or on a server. Every error means: go on without, rebuild.

Holds ids, numbers and metadata, never text. One writer process per directory, by an
OS lock: with two, Chroma loses rows without a word.
"""

from __future__ import annotations

import contextlib
import logging
import re
import shutil
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from domain.errors import IndexUnavailable
from domain.ports import Hit

if TYPE_CHECKING:
    from domain.ports import Vectors

log = logging.getLogger("undertone.index")
T = TypeVar("T")
Metadata = Mapping[str, str | int | float | bool]

# 1,000: under the 5,461 that the embedded client takes at once.
_BATCH = 1000
# A healthy index of 384 dimensions takes 2.1 kB a vector; a broken one once grew to 64 GB.
_LARGEST_BYTES_PER_VECTOR = 64_000
_SLACK_BYTES = 512 * 2**20


def collection_name(kind: str, model_id: str, dimensions: int) -> str:
    """Name that carries kind, model and dimension, so that two models never meet."""
    return re.sub(r"[^a-zA-Z0-9._-]", "-", f"{kind}-{model_id}-{dimensions}")


class ChromaIndex:
    """One collection. Opened at first use; a deleted directory is noticed and reported."""

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
        self._directory = directory
        self._url = url
        self._lock = threading.RLock()
        self._collection: Any = None
        self._client: Any = None
        self._guard: IO[bytes] | None = None

    def upsert(self, ids: Sequence[str], vectors: Vectors, metadatas: Sequence[Metadata]) -> None:
        """Add or replace vectors."""

        def work(collection: Any) -> None:
            for start in range(0, len(ids), _BATCH):
                part = slice(start, start + _BATCH)
                collection.upsert(
                    ids=list(ids[part]),
                    embeddings=vectors[part],
                    metadatas=[dict(one) or None for one in metadatas[part]],
                )

        if ids:
            self._run(work)
            self._check_size()

    def query(self, vector: Vectors, *, k: int, where: Metadata | None = None) -> list[Hit]:
        """Find the `k` nearest, best first."""
        terms = [{name: {"$eq": value}} for name, value in (where or {}).items()]
        condition = None if not terms else terms[0] if len(terms) == 1 else {"$and": terms}

        def work(collection: Any) -> list[Hit]:
            size = collection.count()
            if size == 0 or k < 1:
                return []
            answer = collection.query(
                query_embeddings=[vector.reshape(-1)],
                n_results=min(k, size),
                where=condition,
                include=["distances"],
            )
            return [
                Hit(id_, 1.0 - float(distance))
                for id_, distance in zip(answer["ids"][0], answer["distances"][0], strict=True)
            ]

        return self._run(work)

    def delete(self, ids: Sequence[str]) -> None:
        """Remove vectors."""
        if ids:
            self._run(lambda collection: collection.delete(ids=list(ids)))

    def count(self) -> int:
        """How many vectors."""
        return int(self._run(lambda collection: collection.count()))

    def reset(self) -> None:
        """Throw everything away and start empty, also when the index is broken."""
        with self._lock:
            self._forget()
            if self._directory is not None:
                shutil.rmtree(self._directory, ignore_errors=True)
                self._run(lambda collection: collection.count())
                return
            with contextlib.suppress(IndexUnavailable):
                self._run(lambda _collection: self._client.delete_collection(self._name))
            self._collection = None
            self._run(lambda collection: collection.count())

    def close(self) -> None:
        """Let go of the directory."""
        with self._lock:
            self._forget()
            if self._guard is not None:
                self._guard.close()
                self._guard = None

    def _run(self, work: Callable[[Any], T]) -> T:
        with self._lock:
            try:
                self._check_directory()
                if self._collection is None:
                    self._collection = self._open()
                return work(self._collection)
            except IndexUnavailable:
                raise
            except Exception as error:
                log.warning("vector index failed", extra={"error": type(error).__name__})
                self._forget()
                raise IndexUnavailable(
                    f"The vector index failed ({type(error).__name__}); it is rebuilt from SQL."
                ) from error

    def _check_directory(self) -> None:
        opened = self._collection is not None and self._directory is not None
        if opened and not (self._directory / "chroma.sqlite3").is_file():  # type: ignore[operator]
            self._forget()
            raise IndexUnavailable("The vector index was deleted; it is rebuilt from SQL.")

    def _check_size(self) -> None:
        if self._directory is None:
            return
        size = sum(path.stat().st_size for path in self._directory.rglob("*") if path.is_file())
        if size > _SLACK_BYTES + self.count() * _LARGEST_BYTES_PER_VECTOR:
            self._forget()
            raise IndexUnavailable("The vector index grew without bound; it is rebuilt from SQL.")

    def _open(self) -> Any:
        import chromadb
        from chromadb.config import Settings

        settings = Settings(anonymized_telemetry=False)
        if self._url is not None:
            parts = urlsplit(self._url)
            self._client = chromadb.HttpClient(
                host=parts.hostname or "127.0.0.1",
                port=parts.port or (443 if parts.scheme == "https" else 8000),
                ssl=parts.scheme == "https",
                settings=settings,
            )
        else:
            self._take_directory()
            self._client = chromadb.PersistentClient(path=str(self._directory), settings=settings)
        collection = self._client.get_or_create_collection(
            name=self._name,
            embedding_function=None,
            configuration={"hnsw": {"space": "cosine"}},
        )
        space = collection.configuration_json["hnsw"]["space"]
        if space != "cosine":
            raise IndexUnavailable(f"The collection measures {space!r}, not cosine.")
        return collection

    def _take_directory(self) -> None:
        assert self._directory is not None  # noqa: S101
        self._directory.mkdir(parents=True, exist_ok=True)
        if self._guard is None:
            # Beside the directory, so that the lock outlives its deletion.
            self._guard = self._directory.with_suffix(".lock").open("ab")
            try:
                _lock_file(self._guard)
            except OSError as error:
                self._guard.close()
                self._guard = None
                raise IndexUnavailable(
                    "Another process works on the vector index of this home."
                ) from error

    def _forget(self) -> None:
        self._collection = None
        client, self._client = self._client, None
        if client is not None and self._directory is not None:
            from chromadb.api.shared_system_client import SharedSystemClient

            SharedSystemClient.clear_system_cache()


def _lock_file(handle: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
