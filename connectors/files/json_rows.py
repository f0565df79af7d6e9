"""JSON: one object a line, or the elements of an array."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import IO, Any

from connectors.files.bytes_in import FEED, lines_of
from connectors.files.rows import Raw
from domain.errors import InvalidInput

_SPACE = re.compile(r"[ \t\r\n]*")
_OURS = ("The key", "The number")


def json_rows(stream: IO[bytes]) -> Iterator[Raw]:
    """Give the lines of a JSONL file; empty ones are skipped."""
    for line in lines_of(stream, ends=FEED):
        if line.problem:
            yield Raw(line.number, line.raw, None, line.problem, line.part)
        elif line.raw.strip(b" \t\r\n\xef\xbb\xbf"):
            yield parse_json(line.raw.rstrip(b"\r\n"), number=line.number)


def parse_json(raw: bytes, *, number: int) -> Raw:
    """Parse one line: UTF-8, one object, no key twice, only numbers that are some."""
    try:
        row = json.loads(
            raw.decode("utf-8-sig"),
            object_pairs_hook=_no_duplicates,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except UnicodeDecodeError:
        return Raw(number, raw, None, "The line is not UTF-8.")
    except RecursionError:
        return Raw(number, raw, None, "The line is nested too deeply.")
    except ValueError as error:
        why = str(error) if str(error).startswith(_OURS) else "The line is not valid JSON."
        return Raw(number, raw, None, why)
    if not isinstance(row, dict):
        return Raw(number, raw, None, "A record must be one JSON object.")
    return Raw(number, raw, row)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"The key {twice[:40]!r} stands twice in one object.")
    return row


def _no_constant(name: str) -> float:
    raise ValueError(f"The number {name} is none in JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"The number {text[:40]} is too large.")
    return number


def posted_rows(body: bytes) -> Iterator[Raw]:
    """Give the elements of a JSON array, or the lines of NDJSON, each with its own bytes.

    Raises:
        InvalidInput: An array that is broken; nothing of it is given.
    """
    if body.lstrip(b" \t\r\n\xef\xbb\xbf").startswith(b"["):
        return _elements(body)
    return (
        parse_json(raw.rstrip(b"\r"), number=number)
        for number, raw in enumerate(body.split(b"\n"), 1)
        if raw.strip(b" \t\r\n\xef\xbb\xbf")
    )


def _elements(body: bytes) -> Iterator[Raw]:
    try:
        text = body.decode("utf-8-sig")
        places = list(_places(text))
    except (ValueError, RecursionError) as error:
        raise InvalidInput("The body is not a JSON array in UTF-8.") from error
    return (
        parse_json(text[start:end].encode(), number=number)
        for number, (start, end) in enumerate(places, 1)
    )


def _places(text: str) -> Iterator[tuple[int, int]]:
    """Where each element of an array begins and ends.

    Raises:
        ValueError: It is not one array and nothing else.
    """
    decode = json.JSONDecoder().raw_decode
    at = _after_space(text, text.index("[") + 1)
    while text[at : at + 1] != "]":
        _, end = decode(text, at)
        yield at, end
        at = _after_space(text, end)
        if text[at : at + 1] == ",":
            at = _after_space(text, at + 1)
            if text[at : at + 1] == "]":
                raise ValueError("a comma before the end")
        elif text[at : at + 1] != "]":
            raise ValueError("no comma between elements")
    if _after_space(text, at + 1) != len(text):
        raise ValueError("something stands behind the array")


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
