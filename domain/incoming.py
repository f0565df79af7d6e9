"""What is brought in, one record at a time, on its way to the store."""

from __future__ import annotations

from typing import NamedTuple

from domain.facts import Case, Fact
from domain.feedback import FeedbackItem, SetAside


class Incoming(NamedTuple):
    """A record or a row set aside, with what has to be said about it."""

    record: FeedbackItem | Fact | Case | SetAside
    zone_assumed: bool = False
    """A time had no zone and was taken as UTC."""
    remarks: tuple[str, ...] = ()
    """What was stored but not understood, as sentences without the customer's words."""
    size: int = 0
    """Bytes it was read from."""
