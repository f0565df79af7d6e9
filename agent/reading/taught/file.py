"""Keep a head in a file of plain arrays and JSON; opening one can run no code."""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from agent.reading.taught.head import About, Evidence, TaughtHead
from agent.reading.taught.linear import Linear
from agent.reading.taught.words import Terms, WordTable
from domain.errors import InvalidInput

FORM = "undertone head 1"
# No head of 150 labels and all terms that are kept is larger.
_MOST_BYTES = 500_000_000
# What zipfile, zlib, numpy, json and pydantic raise over bytes that are no head.
_NO_HEAD = (
    ValueError, KeyError, TypeError, EOFError, OSError, RuntimeError, MemoryError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
_ARRAYS = frozenset(
    {"about", "words", "word_rarity", "pieces", "piece_rarity", "word_weights", "word_offsets",
     "vector_weights", "vector_offsets", "vector_mean"}
)  # fmt: skip


def save_head(head: TaughtHead, path: Path) -> None:
    """Write a head; the file appears whole or not at all."""
    about, evidence = head
    table = evidence.table
    content = {"form": FORM, **about.model_dump(mode="json")}
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = path.with_name(f".{path.name}.part")
    with staging.open("wb") as handle:
        np.savez_compressed(
            handle,
            about=_bytes(content),
            words=_bytes(table.words.terms),
            word_rarity=table.words.weights,
            pieces=_bytes(table.pieces.terms),
            piece_rarity=table.pieces.weights,
            word_weights=evidence.words.weights.astype(np.float16),
            word_offsets=evidence.words.offsets.astype(np.float32),
            vector_weights=evidence.meaning.weights.astype(np.float16),
            vector_offsets=evidence.meaning.offsets.astype(np.float32),
            vector_mean=evidence.mean.astype(np.float32),
        )
    staging.replace(path)


def load_head(path: Path) -> TaughtHead:
    """Read a head.

    Raises:
        InvalidInput: There is no such file, or it is damaged or no head.
    """
    if not path.is_file():
        raise InvalidInput(f"The head {path} does not exist. Make one with: undertone fit")
    try:
        return _head_of(_arrays(path))
    except _NO_HEAD as error:
        reason = "" if isinstance(error, ValidationError) else f" ({error})"
        raise InvalidInput(
            f"{path} is damaged or no head{reason}. Make it again with: undertone fit"
        ) from error


def _arrays(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as packed:
        if sum(one.file_size for one in packed.infolist()) > _MOST_BYTES:
            raise ValueError("it is larger than any head")
        if {one.filename.removesuffix(".npy") for one in packed.infolist()} != _ARRAYS:
            raise ValueError("it holds other arrays than a head does")
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in _ARRAYS}


def _head_of(arrays: dict[str, Any]) -> TaughtHead:
    content = _json(arrays["about"])
    if not isinstance(content, dict) or content.pop("form", None) != FORM:
        raise ValueError(f"its form is not {FORM!r}")
    about = About.model_validate(content)
    table = WordTable(
        _terms(arrays["words"], arrays["word_rarity"]),
        _terms(arrays["pieces"], arrays["piece_rarity"]),
    )
    count, joint = len(about.labels), about.joint
    words_width = table.width if joint.words_share > 0 else 0
    vector_width = about.dimensions if joint.words_share < 1 else 0
    if set(about.labels) != set(about.taught.rows_by_label):
        raise ValueError("its labels do not agree")
    return TaughtHead(
        about,
        Evidence(
            table,
            _linear(arrays["word_weights"], arrays["word_offsets"], (count, words_width)),
            _linear(arrays["vector_weights"], arrays["vector_offsets"], (count, vector_width)),
            _numbers(arrays["vector_mean"], (vector_width,)),
        ),
    )


def _bytes(value: Any) -> Any:
    return np.frombuffer(json.dumps(value, ensure_ascii=False).encode("utf-8"), np.uint8)


def _json(array: Any) -> Any:
    return json.loads(array.astype(np.uint8).tobytes().decode("utf-8"))


def _terms(packed: Any, rarity: Any) -> Terms:
    terms = _json(packed)
    if not all(isinstance(one, str) for one in terms) or len(set(terms)) != len(terms):
        raise ValueError("its words are no list of distinct words")
    return Terms(tuple(terms), _numbers(rarity, (len(terms),)))


def _linear(weights: Any, offsets: Any, shape: tuple[int, int]) -> Linear:
    return Linear(_numbers(weights, shape), _numbers(offsets, shape[:1]))


def _numbers(array: Any, shape: tuple[int, ...]) -> Any:
    if array.shape != shape or array.dtype.kind != "f" or not np.isfinite(array).all():
        raise ValueError("its numbers do not fit together")
    return array.astype(np.float32)
