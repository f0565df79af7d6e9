"""Stream the lines of files as records, in constant memory; nothing is lost."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from connectors.files.csv_rows import csv_rows
from connectors.files.json_rows import json_rows, posted_rows
from connectors.files.mapping import Kind, Map, load_map, to_record
from connectors.files.rows import Raw
from domain.errors import InvalidConfiguration, InvalidInput
from domain.feedback import SetAside
from domain.incoming import Incoming
from domain.ports import Progress


def read_files(
    paths: Sequence[Path],
    *,
    kind: Kind | None = None,
    map_path: Path | None = None,
    mapped: Map | None = None,
    source: str,
    progress: Progress | None = None,
) -> Iterator[Incoming]:
    """Read files one after the other; progress counts bytes. A map file goes before `mapped`.

    Raises:
        InvalidConfiguration: The map file is wrong.
    """
    if map_path is not None:
        if not map_path.is_file():
            raise InvalidConfiguration(f"The map file {map_path} does not exist.")
        mapped = load_map(map_path.read_text(encoding="utf-8-sig"), name=map_path.name)
    total = sum(path.stat().st_size for path in paths)
    before = 0
    for path in paths:
        with path.open("rb") as handle:
            for place, raw in enumerate(rows_of(path, handle)):
                yield to_incoming(raw, kind=kind, mapped=mapped, source=source)
                if progress is not None and place % 500 == 0:
                    progress(before + handle.tell(), total)
        before += path.stat().st_size
    if progress is not None:
        progress(total, total)


def rows_of(path: Path, handle: IO[bytes]) -> Iterator[Raw]:
    """Give the rows of one open file, CSV where its name says so and else JSON lines."""
    names = [suffix.lower() for suffix in path.suffixes]
    stream: IO[bytes] = (
        gzip.GzipFile(fileobj=handle) if ".gz" in names else handle  # type: ignore[assignment]
    )
    return csv_rows(stream) if ".csv" in names else json_rows(stream)


def read_posted(body: bytes, *, kind: Kind, source: str) -> Iterator[Incoming]:
    """Read the records of a JSON array or of NDJSON.

    Raises:
        InvalidInput: An array that is broken; nothing of it is given.
    """
    for raw in posted_rows(body):
        yield to_incoming(raw, kind=kind, mapped=None, source=source)


def to_incoming(raw: Raw, *, kind: Kind | None, mapped: Map | None, source: str) -> Incoming:
    """Turn a row into a record, or set it aside with its bytes and the reason."""
    problem = raw.problem
    if raw.row is not None:
        try:
            row = mapped.apply(raw.row) if mapped else raw.row
            made = to_record(row, kind=kind, source=source)
            return Incoming(made.record, made.zone_assumed, made.remarks, len(raw.raw))
        except InvalidInput as error:
            problem = str(error)
    aside = SetAside(source=source, line=raw.number, reason=problem, raw=raw.raw, part=raw.part)
    return Incoming(aside, size=len(raw.raw))
