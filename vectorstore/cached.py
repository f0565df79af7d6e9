"""A vector cache in front of any embedder, so that a second run costs nothing.

One SQLite file of its own: it holds only hashes of texts and numbers, and may be
deleted at any time. Without it everything still works, only slower: a file that is
damaged, locked or cannot be written is said once and left alone.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from domain.ports import Progress
from domain.vectors import Embedder

if TYPE_CHECKING:
    from domain.vectors import Vectors

log = logging.getLogger("undertone.embedder")

# 500: host parameters in one statement; old SQLite builds take 999.
_CHUNK = 500
# 2,000: texts embedded between two commits, some 20 s of work that a kill can lose.
_COMMIT = 2000


class CachedEmbedder:
    """Embeds what the cache does not hold and keeps it under (model, hash of text).

    One object is safe for several threads, one file for several processes.
    """

    def __init__(
        self, inner: Embedder, path: Path, *, on_close: Callable[[], None] | None = None
    ) -> None:
        self._inner = inner
        self._on_close = on_close
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._is_usable = True

    @property
    def model_id(self) -> str:
        """The model of the embedder behind it."""
        return self._inner.model_id

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._inner.dimensions

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        """Embed texts; rows in their order. Progress counts what the cache does not hold.

        Raises:
            EmbedderUnavailable: The embedder behind it failed; what was done is kept.
        """
        hashes = [_hash(text) for text in texts]
        known = self._find(list(dict.fromkeys(hashes)))
        missing = {key: text for key, text in zip(hashes, texts, strict=True) if key not in known}
        done, waiting = 0, iter(missing.items())
        while part := dict(islice(waiting, _COMMIT)):
            found = self._inner.embed(
                list(part.values()), progress=_shifted(progress, done, len(missing))
            )
            fresh = dict(zip(part, found, strict=True))
            self._keep(fresh)
            known |= fresh
            done += len(part)
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        for row, key in enumerate(hashes):
            vectors[row] = known[key]
        return vectors

    def close(self) -> None:
        """Close the file, and what the embedder behind it holds open."""
        with self._lock:
            self._disconnect()
        if self._on_close is not None:
            self._on_close()

    def _find(self, hashes: Sequence[str]) -> dict[str, Vectors]:
        found: dict[str, Vectors] = {}
        size = self.dimensions * np.dtype(np.float32).itemsize

        def work(connection: sqlite3.Connection) -> None:
            for start in range(0, len(hashes), _CHUNK):
                chunk = hashes[start : start + _CHUNK]
                marks = ",".join("?" * len(chunk))
                rows = connection.execute(
                    f"SELECT hash, vector FROM vectors WHERE model = ? AND hash IN ({marks})",  # noqa: S608
                    (self.model_id, *chunk),
                )
                for key, blob in rows:
                    if len(blob) == size:
                        found[key] = np.frombuffer(blob, "<f4")

        self._try(work)
        return found

    def _keep(self, vectors: dict[str, Vectors]) -> None:
        rows = [
            (self.model_id, key, vector.astype("<f4").tobytes()) for key, vector in vectors.items()
        ]

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)
            connection.execute("COMMIT")

        self._try(work)

    def _try(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Work with the file; when it fails, go on without it."""
        with self._lock:
            if not self._is_usable:
                return
            try:
                work(self._connect())
            except (sqlite3.Error, OSError) as error:
                log.warning("vector cache failed", extra={"error": type(error).__name__})
                self._disconnect()
                # Exactly this class: the file is damaged. It is ours, and only a cache.
                self._is_usable = type(error) is sqlite3.DatabaseError and self._remove()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _remove(self) -> bool:
        """Remove the file with its companions; False when that cannot be done."""
        try:
            for ending in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
        except OSError:
            return False
        return True

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                self._path, check_same_thread=False, timeout=30, isolation_level=None
            )
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS vectors "
                "(model TEXT, hash TEXT, vector BLOB, PRIMARY KEY (model, hash)) WITHOUT ROWID"
            )
        return self._connection


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _shifted(progress: Progress | None, done: int, total: int) -> Progress | None:
    """Progress of one part as progress of the whole."""
    if progress is None:
        return None
    return lambda part, _: progress(done + part, total)
