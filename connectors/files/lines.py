"""Stream the lines of files as records, in constant memory; nothing is lost."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

from connectors.files.mapping import Kind, Map, Mapped, load_map, to_record
from domain.errors import InvalidConfiguration, InvalidInput
from domain.feedback import SetAside
from domain.ports import Progress

MAX_LINE = 8 * 2**20


class Line(NamedTuple):
    """A record, or a row set aside; and whether a zone was assumed."""

    record: Mapped | SetAside
    zone_assumed: bool = False


class _Raw(NamedTuple):
    number: int
    raw: bytes
    row: dict[str, Any] | None
    problem: str = ""


def read_files(
    paths: Sequence[Path],
    *,
    kind: Kind | None = None,
    map_path: Path | None = None,
    source: str,
    progress: Progress | None = None,
) -> Iterator[Line]:
    """Read files one after the other; progress counts bytes.

    Raises:
        InvalidConfiguration: The map file is wrong.
    """
    mapped = None
    if map_path is not None:
        if not map_path.is_file():
            raise InvalidConfiguration(f"The map file {map_path} does not exist.")
        mapped = load_map(map_path.read_text(encoding="utf-8-sig"), name=map_path.name)
    total = sum(path.stat().st_size for path in paths)
    before = 0
    for path in paths:
        with path.open("rb") as handle:
            for place, line in enumerate(_read_one(path, handle, kind, mapped, source)):
                yield line
                if progress is not None and place % 500 == 0:
                    progress(before + handle.tell(), total)
        before += path.stat().st_size
    if progress is not None:
        progress(total, total)


def _read_one(
    path: Path, handle: IO[bytes], kind: Kind | None, mapped: Map | None, source: str
) -> Iterator[Line]:
    names = [suffix.lower() for suffix in path.suffixes]
    stream: IO[bytes] = (
        gzip.GzipFile(fileobj=handle) if ".gz" in names else handle  # type: ignore[assignment]
    )
    rows = _csv_rows(stream) if ".csv" in names else _json_rows(stream)
    try:
        for raw in rows:
            yield _to_line(raw, kind, mapped, source)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        reason = f"The file {path.name} is cut or broken here ({type(error).__name__})."
        yield Line(SetAside(source=source, line=0, reason=reason, raw=b""))


def to_line(
    row: Any,
    *,
    number: int,
    kind: Kind | None,
    source: str,
    raw: bytes | None = None,
    why: str = "",
) -> Line:
    """Turn one parsed value into a line, for what is posted; `why` it could not be parsed."""
    kept = raw if raw is not None else json.dumps(row, default=str).encode("utf-8", "replace")
    if not isinstance(row, dict):
        why = why or "A record must be an object."
        return _to_line(_Raw(number, kept, None, why), kind, None, source)
    return _to_line(_Raw(number, kept, row), kind, None, source)


def _to_line(raw: _Raw, kind: Kind | None, mapped: Map | None, source: str) -> Line:
    problem = raw.problem
    if raw.row is not None:
        try:
            row = mapped.apply(raw.row) if mapped else raw.row
            return Line(*to_record(row, kind=kind, source=source))
        except InvalidInput as error:
            problem = str(error)
    return Line(SetAside(source=source, line=raw.number, reason=problem, raw=raw.raw))


def _json_rows(stream: IO[bytes]) -> Iterator[_Raw]:
    number = 0
    while raw := stream.readline(MAX_LINE + 1):
        number += 1
        if len(raw) > MAX_LINE:
            while (rest := stream.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                pass
            yield _Raw(number, raw[:1000], None, f"The line is longer than {MAX_LINE:,} bytes.")
        elif raw.strip(b" \t\r\n\xef\xbb\xbf"):
            yield parse_json(raw.rstrip(b"\r\n"), number)


def parse_json(raw: bytes, number: int) -> _Raw:
    """Parse one line: UTF-8, one object, no key twice, no NaN."""
    try:
        row = json.loads(
            raw.decode("utf-8-sig"), object_pairs_hook=_no_duplicates, parse_constant=_no_constant
        )
    except UnicodeDecodeError:
        return _Raw(number, raw, None, "The line is not UTF-8.")
    except RecursionError:
        return _Raw(number, raw, None, "The line is nested too deeply.")
    except ValueError as error:
        why = str(error) if str(error).startswith("The key") else "The line is not valid JSON."
        return _Raw(number, raw, None, why)
    if not isinstance(row, dict):
        return _Raw(number, raw, None, "A line must be one JSON object.")
    return _Raw(number, raw, row)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names: set[str] = set()
    for name, _value in pairs:
        if name in names:
            raise ValueError(f"The key {name[:40]!r} stands twice in one object.")
        names.add(name)
    return dict(pairs)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number in JSON")


def _csv_rows(stream: IO[bytes]) -> Iterator[_Raw]:
    kept: list[bytes] = []

    def lines() -> Iterator[str]:
        for raw in iter(lambda: stream.readline(MAX_LINE + 1), b""):
            kept.append(raw)
            yield raw.decode("utf-8-sig" if len(kept) == 1 else "utf-8", "replace").replace(
                "\0", "\ufffd"
            )

    csv.field_size_limit(MAX_LINE)
    reader = csv.reader(lines())
    number = 1
    try:
        header = [name.strip() for name in next(reader, [])]
        kept.clear()
        for values in reader:
            number += 1
            raw = b"".join(kept)
            kept.clear()
            if values:
                yield _csv_row(header, values, raw, number)
    except csv.Error as error:
        yield _Raw(number + 1, b"".join(kept)[:1000], None, f"The CSV is broken here: {error}.")


def _csv_row(header: Sequence[str], values: Sequence[str], raw: bytes, number: int) -> _Raw:
    if len(values) != len(header):
        reason = f"The row has {len(values)} fields, the header {len(header)}."
        return _Raw(number, raw, None, reason)
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _Raw(number, raw, None, "The row is not UTF-8.")
    return _Raw(number, raw, dict(zip(header, values, strict=True)))


def records_of(lines: Iterable[Line]) -> Iterator[Mapped]:
    """Only what could be read."""
    for line in lines:
        if not isinstance(line.record, SetAside):
            yield line.record
