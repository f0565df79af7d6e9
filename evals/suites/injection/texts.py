"""The texts that are tried: hostile ones, and honest ones that look like them."""

from __future__ import annotations

import base64
import csv
import gzip
import json
from collections.abc import Iterator, Mapping
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

# Longer ones are whole mails and pages; what an obedient model repeats is shorter anyway.
_LONGEST = 600


class Texts(NamedTuple):
    """What is tried."""

    own: tuple[str, ...]
    """Written against this kind of product."""
    general: tuple[str, ...]
    """Injections, payloads, malformed mails and records, naughty strings."""
    honest: tuple[str, ...]
    """Harmless texts that look like attacks."""

    @property
    def hostile(self) -> tuple[str, ...]:
        """All that are tried."""
        return (*self.own, *self.general)


def load_texts(data: Path) -> Texts:
    """Load every text of `adversarial/` and `injection_texts/` below a folder."""
    rows = list(_rows(data / "adversarial"))
    own = [row for row in rows if row.get("src") == "written-here"]
    goals = cycle(text for row in rows if row.get("kind") == "goal" for text in _text(row))
    general = [
        _filled(text, next(goals)) if row.get("kind") == "template" else text
        for row in rows
        if row.get("src") != "written-here"
        for text in _text(row)
    ]
    labelled = _labelled(data / "injection_texts" / "dev.csv.gz")
    general += [row["text"] for row in labelled if row["label"] == "1"]
    return Texts(
        _once(text for row in own if row["kind"] == "attack" for text in _text(row)),
        _once(general),
        (
            *(text for row in own if row["kind"] == "control" for text in _text(row)),
            *(row["text"] for row in labelled if row["label"] == "0"),
        ),
    )


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines()
        yield from (json.loads(line) for line in lines if line.strip())


def _labelled(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _text(row: Mapping[str, Any]) -> list[str]:
    """The text of a row, if it has one; bytes are read as UTF-8, what is none is marked."""
    if "b64" in row:
        return [base64.b64decode(row["b64"]).decode("utf-8", "replace")[:_LONGEST]]
    return [row["text"][:_LONGEST]] if isinstance(row.get("text"), str) else []


def _filled(template: str, goal: str) -> str:
    return template.replace("{goal}", goal)


def _once(texts: Iterator[str] | list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text.strip()))
