"""The base of every record, the typed ids, and the one way in which times become text."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Annotated, Any, NewType

from pydantic import AfterValidator, BaseModel, ConfigDict

FeedbackKey = NewType("FeedbackKey", str)
FactId = NewType("FactId", str)
CaseId = NewType("CaseId", str)
CustomerId = NewType("CustomerId", str)
IssueId = NewType("IssueId", str)
ProposalId = NewType("ProposalId", str)
DeliveryId = NewType("DeliveryId", str)
QueryId = NewType("QueryId", str)


class Record(BaseModel):
    """A frozen record that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time needs a zone")
    return value.astimezone(UTC)


Instant = Annotated[datetime, AfterValidator(_aware)]
"""An aware time, kept in UTC."""


def time_text(at: datetime) -> str:
    """Give the fixed-width UTC text of a time, so that text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def time_of(value: object) -> datetime | None:
    """Give the aware time that a value of a record stands for; None where it is no time."""
    if not isinstance(value, str):
        return None
    try:
        return _aware(datetime.fromisoformat(value.replace("Z", "+00:00")))
    except (ValueError, OverflowError):
        return None


def canonical(value: Any) -> str:
    """Give the one JSON text of a value: sorted keys, no spaces, times as ISO."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain
    )


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, datetime):
        return time_text(value)
    raise TypeError(f"{type(value).__name__} has no canonical text")


def digest(value: Any) -> str:
    """Give the SHA-256 of a value's canonical text, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()
