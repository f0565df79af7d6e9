"""`export`: issues, alarms, audiences, proposals, rows set aside as lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from app.exports import (
    alarm_object,
    audience_objects,
    issue_object,
    proposal_object,
    set_aside_object,
)
from domain.errors import InvalidInput

if TYPE_CHECKING:
    from app.exports import Object
    from app.wiring import Installation
    from storage.store import SqlUnit


# JSON allows them raw, but many readers of lines take them for the end of one.
_LINE_ENDS = {ord(one): f"\\u{ord(one):04x}" for one in "\x85\u2028\u2029"}


def export_file(installation: Installation, what: str, output: Path) -> int:
    """Write one kind of object, one a line; gives their number. The file appears whole."""
    with installation.store.read() as unit:
        return write_lines(output, _OBJECTS[what](unit))


def write_lines(output: Path, objects: Iterable[Object]) -> int:
    """Write objects as JSON lines, into a file beside the output that then takes its place.

    Raises:
        InvalidInput: The output is a folder.
    """
    if output.is_dir():
        raise InvalidInput(f"{output} is a folder. Name a file in it.")
    output.parent.mkdir(parents=True, exist_ok=True)
    staging = output.with_name(f".{output.name}.part")
    count = 0
    with staging.open("w", encoding="utf-8") as handle:
        for one in objects:
            text = json.dumps(one, ensure_ascii=False).encode("utf-8", "backslashreplace")
            handle.write(text.decode("utf-8").translate(_LINE_ENDS) + "\n")
            count += 1
    staging.replace(output)
    return count


def _issues(unit: SqlUnit) -> Iterator[Object]:
    for issue in unit.issues.list_all():
        casefile = unit.issues.find_casefile(issue.id)
        yield issue_object(issue, casefile, unit.issues.report_keys(issue.id))


def _alarms(unit: SqlUnit) -> Iterator[Object]:
    return map(alarm_object, unit.issues.alarms())


def _audiences(unit: SqlUnit) -> Iterator[Object]:
    for issue in unit.issues.list_all():
        casefile = unit.issues.find_casefile(issue.id)
        if casefile is not None:
            yield from audience_objects(casefile)


def _proposals(unit: SqlUnit) -> Iterator[Object]:
    for proposal in unit.proposals.list_all(limit=1_000_000):
        yield proposal_object(proposal, unit.proposals.copies(proposal.id, proposal.version))


def _set_aside(unit: SqlUnit) -> Iterator[Object]:
    return map(set_aside_object, unit.feedback.all_set_aside())


_OBJECTS: dict[str, Callable[[SqlUnit], Iterator[Object]]] = {
    "issues": _issues,
    "alarms": _alarms,
    "audiences": _audiences,
    "proposals": _proposals,
    "set-aside": _set_aside,
}
