"""Cut a stream of bytes into lines, in bounded memory and without losing one."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple

MAX_LINE = 8 * 2**20
"""Bytes of the longest line that is read as a record."""
_CHUNK = 2**18


class LineEnds(NamedTuple):
    """What ends a line, and how a stretch of bytes falls into lines."""

    marks: tuple[bytes, ...]
    pieces: re.Pattern[bytes]


FEED = LineEnds((b"\n",), re.compile(rb"[^\n]*\n|[^\n]+"))
FEED_OR_RETURN = LineEnds((b"\n", b"\r"), re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+"))


class Physical(NamedTuple):
    """A line with its end, or a piece of one that is too long to be read."""

    number: int
    raw: bytes
    part: int = 0
    """Counts the pieces of a line that is longer than `MAX_LINE`."""
    problem: str = ""
    """Why this line cannot be a record."""


def lines_of(stream: IO[bytes], *, ends: LineEnds) -> Iterator[Physical]:
    """Give every byte of a stream, in order, as lines.

    A line longer than `MAX_LINE` comes in pieces, each with its problem. Where the stream
    breaks, what was read of the last line comes with that problem.
    """
    line = _Line()
    problem = ""
    while True:
        try:
            chunk = _chunk(stream, ends)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            problem = f"The file is cut or broken here ({type(error).__name__})."
            break
        if not chunk:
            break
        for piece in ends.pieces.findall(chunk):
            yield from line.take(piece)
            if piece.endswith(ends.marks):
                yield from line.end()
    if line.is_long:
        yield from line.end()
    if problem or line.is_begun:
        yield from line.end(problem)


def _chunk(stream: IO[bytes], ends: LineEnds) -> bytes:
    read: Callable[[int], bytes] = stream.read1  # type: ignore[attr-defined]
    chunk = read(_CHUNK)
    # A carriage return and the line feed behind it belong together.
    while b"\r" in ends.marks and chunk.endswith(b"\r") and (following := read(1)):
        chunk += following
    return chunk


class _Line:
    """One line while its pieces come in."""

    def __init__(self) -> None:
        self._number = 1
        self._held: list[bytes] = []
        self._size = self._part = 0

    @property
    def is_begun(self) -> bool:
        return bool(self._held)

    @property
    def is_long(self) -> bool:
        return self._part > 0

    def take(self, piece: bytes) -> Iterator[Physical]:
        self._held.append(piece)
        self._size += len(piece)
        if self._size > MAX_LINE:
            yield self._next_part()

    def end(self, problem: str = "") -> Iterator[Physical]:
        if not self.is_long:
            yield Physical(self._number, b"".join(self._held), problem=problem)
        elif self._held:
            yield self._next_part()
        self._number += 1
        self._held.clear()
        self._size = self._part = 0

    def _next_part(self) -> Physical:
        problem = f"The line is longer than {MAX_LINE:,} bytes."
        piece = Physical(self._number, b"".join(self._held), self._part, problem)
        self._held.clear()
        self._part += 1
        return piece
