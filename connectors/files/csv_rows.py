"""CSV with a header: each row by itself, so that a broken one costs no other."""

from __future__ import annotations

import csv
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import IO, NamedTuple

from connectors.files.bytes_in import FEED_OR_RETURN, MAX_LINE, Physical, lines_of
from connectors.files.rows import Raw

_GOES_ON = "Reading goes on at the next line."
_NOT_UTF8 = "is not UTF-8"


class _Header(NamedTuple):
    names: list[str]
    delimiter: str
    problem: str = ""
    """Why no row under this header can be read."""


class _Values(NamedTuple):
    """A record: its lines and fields; `problem` where its first line is all that is known."""

    lines: list[Physical]
    values: list[str]
    problem: str = ""

    @property
    def raw(self) -> bytes:
        return b"".join(line.raw for line in self.lines)


def csv_rows(stream: IO[bytes]) -> Iterator[Raw]:
    """Give the rows of a CSV file; every byte behind the header is in exactly one of them.

    Where a quote is not closed or not placed as CSV asks, nobody knows where the record
    ends: its first line is given as broken, and reading goes on at the next line.
    """
    csv.field_size_limit(2 * MAX_LINE)
    records = _Records(stream)
    header = _header(records)
    while record := records.take(header.delimiter):
        if record.values or record.problem:
            yield _row(header, record)


class _Records:
    """Records one after the other; lines that were looked at too early are put back."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = lines_of(stream, ends=FEED_OR_RETURN)
        self._again: deque[Physical] = deque()

    def take(self, delimiter: str) -> _Values | None:
        """Take the next record; None at the end."""
        first = self._next_line()
        if first is None:
            return None
        if first.problem:
            return _Values([first], [], first.problem)
        held = [first]
        try:
            reader = csv.reader(self._texts(held), strict=True, delimiter=delimiter)
            return _Values(held, next(reader, []))
        except csv.Error as error:
            self._again.extendleft(reversed(held[1:]))
            why = str(error)
            if why.startswith("unexpected end"):
                why = "a quote is opened and not closed"
            return _Values(held[:1], [], f"The CSV is broken here: {why}. {_GOES_ON}")

    def _texts(self, held: list[Physical]) -> Iterator[str]:
        size = len(held[0].raw)
        yield _decoded(held[0])
        while line := self._next_line():
            size += len(line.raw)
            if line.problem or size > MAX_LINE:
                self._again.appendleft(line)
                return
            held.append(line)
            yield _decoded(line)

    def _next_line(self) -> Physical | None:
        return self._again.popleft() if self._again else next(self._stream, None)


def _decoded(line: Physical) -> str:
    encoding = "utf-8-sig" if line.number == 1 else "utf-8"
    return line.raw.decode(encoding, "surrogateescape")


def _header(records: _Records) -> _Header:
    first = records.take(",")
    if first is None:
        return _Header([], ",")
    delimiter = ","
    if len(first.values) == 1:
        # Spreadsheets of many countries separate by semicolon.
        delimiter = next((one for one in ";\t" if one in first.values[0]), ",")
    values = first.values
    if delimiter != ",":
        values = next(csv.reader([_decoded(line) for line in first.lines], delimiter=delimiter))
    names = [name.strip() or f"column_{place}" for place, name in enumerate(values, 1)]
    return _Header(names, delimiter, _header_problem(first, names))


def _header_problem(first: _Values, names: Sequence[str]) -> str:
    if first.problem:
        return f"The header cannot be read: {first.problem}"
    if not _is_text(first.values):
        return f"The header {_NOT_UTF8}: save the file as UTF-8."
    twice = [name for name, count in Counter(names).items() if count > 1]
    return f"The header names {twice[0][:40]!r} twice." if twice else ""


def _row(header: _Header, record: _Values) -> Raw:
    number, part = record.lines[0].number, record.lines[0].part
    problem = record.problem or header.problem or _shape_problem(header, record.values)
    if problem:
        return Raw(number, record.raw, None, problem, part)
    return Raw(number, record.raw, dict(zip(header.names, record.values, strict=True)))


def _shape_problem(header: _Header, values: Sequence[str]) -> str:
    if not _is_text(values):
        return f"The row {_NOT_UTF8}."
    if len(values) != len(header.names):
        return f"The row has {len(values)} fields, the header {len(header.names)}."
    return ""


def _is_text(values: Sequence[str]) -> bool:
    """Whether no byte stood for no character."""
    return not any("\udc80" <= one <= "\udcff" for value in values for one in value)
