"""What a ticket file looks like, and what in it is ours."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from typing import NamedTuple

from domain.destinations import TicketAction

NAME_LENGTH = 48
QUEUE_LENGTH = 64
NO_QUEUE = "unsorted"
_FRONT = re.compile(r"\A---\nundertone: ([0-9a-f]{32})\n")
_END = re.compile(r"^<!-- undertone ([0-9a-f]{32}) ([0-9a-f]{64}) [^\n]*-->$", re.M)
_ADDED = re.compile(r"^<!-- undertone ([0-9a-f]{32}) added ([0-9a-f]{64}) [^\n]*-->$", re.M)
_SAYS = "Write below this line. What stands above it is ours and changes with the issue."
_UPDATE_SAYS = "Added, because what stands above was changed by hand."
_RESERVED = frozenset({"con", "prn", "aux", "nul"}) | {
    f"{name}{number}" for name in ("com", "lpt") for number in range(10)
}


class Merge(NamedTuple):
    """The content that a file should have, and what was done to it."""

    content: str
    detail: str


def write_document(action: TicketAction, *, marker: str) -> str:
    """Give the whole text of a ticket file."""
    title = " ".join(action.title.split())
    front = [
        "---",
        f"undertone: {marker}",
        f"issue: {json.dumps(action.issue_id)}",
        f"queue: {json.dumps(action.queue or NO_QUEUE, ensure_ascii=False)}",
        "---",
    ]
    ours = "\n".join([*front, "", f"# {title}", "", _lines(action.body).strip("\n"), ""])
    return f"{ours}\n{_end(marker, ours, _SAYS)}\n"


def marker_of(content: str) -> str | None:
    """Find the marker in a file's front matter, or in one of our lines."""
    front = _FRONT.match(content) or _END.search(content) or _ADDED.search(content)
    return front[1] if front else None


def title_of(content: str) -> str:
    """Give the title of a document that we wrote."""
    return next((line[2:] for line in content.split("\n") if line.startswith("# ")), "")


def queue_of(content: str) -> str:
    """Give the queue that a document of ours names."""
    found = re.search(r"^queue: (\".*\")$", content, re.M)
    return str(json.loads(found[1])) if found else NO_QUEUE


def held_hash(present: str) -> str | None:
    """Give the hash of the document that a file held last, as it was frozen.

    None where the file was changed by hand so that it cannot be told.
    """
    present = _lines(present)
    additions = _ADDED.findall(present)
    if additions:
        return str(additions[-1][1])
    match = _END.search(present)
    return _hash(present[: match.end()] + "\n") if match is not None else None


def _holds(present: str, document: str) -> bool:
    """Whether a file holds this document, as we wrote it first or as an addition."""
    match = _END.search(document)
    first = match is not None and any(one[1] == match[2] for one in _END.findall(present))
    return first or any(one[1] == _hash(document) for one in _ADDED.findall(present))


def merge(present: str, document: str) -> Merge:
    """Bring a file up to the document without touching what people wrote.

    Above our line stands only what we wrote: it is replaced, what follows stays.
    It was changed by hand: everything stays, the document is added at the end.
    """
    present = _lines(present)
    if _holds(present, document):
        return Merge(present, "It was there already.")
    old, new = _END.search(present), _END.search(document)
    if old is not None and new is not None and _hash(present[: old.start() - 1]) == old[2]:
        return Merge(document[: new.end()] + present[old.end() :], "The file was updated.")
    return Merge(
        _added(present, document),
        "The file was changed by hand: that was kept, and the update added at its end.",
    )


def _added(present: str, document: str) -> str:
    new = _END.search(document)
    ours = document[: new.start()] if new is not None else document
    text = ours.split("\n---\n", 1)[-1].strip("\n")
    line = f"<!-- undertone {marker_of(document)} added {_hash(document)} {_UPDATE_SAYS} -->"
    return f"{present.rstrip()}\n\n---\n\n{text}\n\n{line}\n"


def _end(marker: str, ours: str, says: str) -> str:
    return f"<!-- undertone {marker} {_hash(ours)} {says} -->"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")


# -- names -----------------------------------------------------------------------------


def folder_name(queue: str) -> str:
    """Give a folder's name for a queue: never a path, never hidden, never reserved."""
    kept = "".join(one if _may_stand(one) else "-" for one in unicodedata.normalize("NFC", queue))
    name = _short(kept.strip(" .-"), QUEUE_LENGTH) or NO_QUEUE
    return f"{name}-queue" if name.partition(".")[0].lower() in _RESERVED else name


def file_name(title: str, marker: str) -> str:
    """Give a file's name: words of the title, then the marker."""
    words = re.sub(r"[^a-z0-9]+", "-", unicodedata.normalize("NFKD", title).lower()).strip("-")
    return f"{_short(words, NAME_LENGTH).strip('-') or 'ticket'}-{marker}.md"


def _may_stand(character: str) -> bool:
    return character.isalnum() or character in " ._-"


def _short(text: str, length: int) -> str:
    return text.encode()[:length].decode("utf-8", "ignore").strip(" .")
