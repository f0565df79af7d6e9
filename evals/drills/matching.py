"""Faults of matching."""

from __future__ import annotations

from domain.issues import Match
from evals.stages import Chain, Fault, Heard, Stage


def _merged(heard: Heard, chain: Chain) -> Heard:
    """All alarmed issues of a world are one."""
    del chain
    alarmed = [alarm.issue_id for alarm in heard.alarms]
    matches = {
        key: match.model_copy(update={"issue_id": alarmed[0]})
        if match.issue_id in alarmed
        else match
        for key, match in heard.matches.items()
    }
    return heard._replace(matches=matches)


def _scattered(heard: Heard, chain: Chain) -> Heard:
    """Every second report hangs on no issue."""
    del chain
    matches: dict[str, Match] = {}
    for place, (key, match) in enumerate(heard.matches.items()):
        update = {"issue_id": None} if place % 2 else {}
        matches[key] = match.model_copy(update=update)
    return Heard({key: matches[key] for key in heard.matches}, heard.issues, heard.alarms)


FAULTS = (
    Fault(Stage.MATCHING, "two issues merged", _merged),
    Fault(Stage.MATCHING, "every second report left alone", _scattered),
)
