"""The named places at which a process may die while something leaves."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class FaultPoint(StrEnum):
    """A place between two steps, in the order in which they come."""

    AFTER_SPEND = "after_spend"
    """The approval is spent and the rows are written, not committed."""
    AFTER_CLAIM = "after_claim"
    BEFORE_LOOKUP = "before_lookup"
    AFTER_LOOKUP = "after_lookup"
    AFTER_ATTEMPT = "after_attempt"
    AFTER_CONNECT = "after_connect"
    MID_BODY = "mid_body"
    BEFORE_ANSWER = "before_answer"
    AFTER_ANSWER = "after_answer"
    AFTER_ID = "after_id"
    BEFORE_DONE = "before_done"


Faults = Callable[[FaultPoint], None]


def no_faults(_: FaultPoint) -> None:
    """Go on."""
