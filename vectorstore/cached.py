"""A vector cache in front of any embedder, so that a second run costs nothing.

One SQLite file of its own: it holds only hashes of texts and numbers, and may be
deleted at any time.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from domain.ports import Embedder, Progress

if TYPE_CHECKING:
    from domain.ports import Vectors

_CHUNK = 500


class CachedEmbedder:
    """Embeds what the cache does not hold and keeps it under (model, hash of text)."""

    def __init__(self, inner: Embedder, path: Path) -> None:
        self._inner = inner
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    @property
    def model_id(self) -> str:
        """The model of the embedder behind it."""
        return self._inner.model_id

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._inner.dimensions

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        """Embed texts; rows in their order."""
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        hashes = [self._hash(text) for text in texts]
        known = self._find(hashes)
        missing: dict[str, str] = {}
        for key, text in zip(hashes, texts, strict=True):
            if key not in known:
                missing.setdefault(key, text)
        if missing:
            found = self._inner.embed(list(missing.values()), progress=progress)
            fresh = dict(zip(missing, found, strict=True))
            self._keep(fresh)
            known |= fresh
        for row, key in enumerate(hashes):
            vectors[row] = known[key]
        return vectors

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _hash(self, text: str) -> str:
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def _open(self) -> sqlite3.Connection:
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

    def _find(self, hashes: Sequence[str]) -> dict[str, Vectors]:
        wanted = list(dict.fromkeys(hashes))
        found: dict[str, Vectors] = {}
        with self._lock:
            connection = self._open()
            for start in range(0, len(wanted), _CHUNK):
                chunk = wanted[start : start + _CHUNK]
                marks = ",".join("?" * len(chunk))
                rows = connection.execute(
                    f"SELECT hash, vector FROM vectors WHERE model = ? AND hash IN ({marks})",  # noqa: S608
                    (self.model_id, *chunk),
                )
                for key, blob in rows:
                    found[key] = np.frombuffer(blob, np.float32)
        return found

    def _keep(self, vectors: dict[str, Vectors]) -> None:
        rows = [(self.model_id, key, vector.tobytes()) for key, vector in vectors.items()]
        with self._lock:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?, ?)", rows)
            connection.execute("COMMIT")
