"""Run the converted encoder: unit vectors of 384 numbers."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from domain.errors import EmbedderUnavailable
from domain.ports import Progress
from vectorstore.e5.convert import ensure_converted
from vectorstore.e5.pieces import Pieces
from vectorstore.e5.weights import MODEL_ID

if TYPE_CHECKING:
    from domain.vectors import Vectors

PREFIX = "query: "
MAX_CHARS = 6000
MAX_TOKENS = 254
# 512: padded tokens in a batch; 10 % less CPU and 16 MB less than with 1,024 on 800 tweets, one
# length to a batch (measured on 2026-11-24, two cores, AVX-512 VNNI).
BATCH_TOKENS = 512
# 128: tokens from which a batch takes only texts of one length. A token costs no less in a
# batch of 1,024 than of 64, and padding costs as much as words (measured on 2026-11-24, two cores).
_FULL_ENOUGH = 128
_SPACES = re.compile(" {2,}")


class E5Embedder:
    """The embedded embedder. One object is safe for several threads."""

    def __init__(
        self, models_dir: Path, *, threads: int | None = None, progress: Progress | None = None
    ) -> None:
        self._models_dir = models_dir
        self._threads = threads or os.cpu_count() or 1
        self._progress = progress
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None

    @property
    def model_id(self) -> str:
        """Name and hash of the weights."""
        return MODEL_ID

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return 384

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        """Embed texts, each distinct one once; rows in the order of the texts."""
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        if not texts:
            return vectors
        places: dict[str, list[int]] = {}
        for row, text in enumerate(texts):
            places.setdefault(text, []).append(row)
        distinct = list(places)
        loaded = self._load()
        ids = loaded.token_ids(distinct)
        done = 0
        for batch in batches_of(ids):
            found = loaded.run([ids[index] for index in batch])
            for index, vector in zip(batch, found, strict=True):
                vectors[places[distinct[index]]] = vector
            done += len(batch)
            if progress:
                progress(done, len(distinct))
        return vectors

    def _load(self) -> _Loaded:
        with self._lock:
            if self._loaded is None:
                folder = ensure_converted(self._models_dir, progress=self._progress)
                self._loaded = _Loaded(folder, self._threads)
            return self._loaded


def batches_of(ids: Sequence[Sequence[int]]) -> list[list[int]]:
    """Group indexes by length, at most `BATCH_TOKENS` padded tokens each, with little padding."""
    order = sorted(range(len(ids)), key=lambda index: len(ids[index]), reverse=True)
    batches: list[list[int]] = []
    longest = 0
    for index in order:
        size = len(batches[-1]) * longest if batches else BATCH_TOKENS
        most = BATCH_TOKENS if len(ids[index]) == longest else _FULL_ENOUGH
        if size + longest <= most:
            batches[-1].append(index)
        else:
            batches.append([index])
            longest = len(ids[index])
    return batches


class _Loaded:
    """Vocabulary, word table and session."""

    def __init__(self, folder: Path, threads: int) -> None:
        # Before the import: the runtime would write a device id and look for its collector.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        try:
            import onnxruntime
        except ImportError as error:
            raise EmbedderUnavailable(f"{error.name} is not installed.") from error
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        self._bos, self._eos, self._pad = meta["bos"], meta["eos"], meta["pad"]
        self._normaliser = {int(code): text for code, text in meta["normaliser"].items()}
        self._pieces = Pieces(
            json.loads((folder / "pieces.json").read_text(encoding="utf-8")),
            np.load(folder / "scores.npy", allow_pickle=False),
            unknown=meta["unk"],
        )
        self._words = np.load(folder / "words.npy", mmap_mode="r", allow_pickle=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session: Any = onnxruntime.InferenceSession(
            str(folder / "encoder.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        cut = [self._pieces.ids(self._clean(text))[:MAX_TOKENS] for text in texts]
        return [[self._bos, *one, self._eos] for one in cut]

    def _clean(self, text: str) -> str:
        text = (PREFIX + text)[:MAX_CHARS].encode("utf-8", "replace").decode().replace("\0", " ")
        return _SPACES.sub(" ", text.translate(self._normaliser))

    def run(self, ids: Sequence[Sequence[int]]) -> Vectors:
        length = max(len(one) for one in ids)
        padded = np.full((len(ids), length), self._pad, np.int64)
        mask = np.zeros((len(ids), length), np.int64)
        for row, one in enumerate(ids):
            padded[row, : len(one)] = one
            mask[row, : len(one)] = 1
        embeds = self._rows(padded)
        vectors: Vectors = self._session.run(None, {"embeds": embeds, "attention_mask": mask})[0]
        return vectors

    def _rows(self, ids: np.ndarray[Any, np.dtype[np.int64]]) -> Vectors:
        """Expand the 4-bit rows of token ids of shape (b, s) to (b, s, 384)."""
        raw = np.asarray(self._words[ids])
        scale = raw[..., :2].copy().view("<f2").astype(np.float32)
        nibbles = raw[..., 2:]
        values = np.concatenate([nibbles & 15, nibbles >> 4], -1).astype(np.float32)
        rows: Vectors = ((values - 8) * scale).reshape(*ids.shape, -1)
        return rows
