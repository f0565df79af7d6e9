"""The record of who did what, when and why: a chain of hashes."""

from __future__ import annotations

from pydantic import Field, JsonValue

from domain.record import Instant, Record, digest, time_text


class AuditEntry(Record):
    """One entry; `hash` covers every other field, `previous` the entry before it."""

    number: int
    at: Instant
    by: str
    what: str
    """What happened, in the past tense: `approved`, `sent`, `dispatch stopped`."""
    subject: str
    """Id of the proposal, delivery or setting that it happened to."""
    sha256: str | None = None
    reason: str | None = None
    details: dict[str, JsonValue] = Field(default_factory=dict)
    previous: str
    hash: str = ""

    @property
    def right_hash(self) -> str:
        """The hash that its content must have."""
        content = self.model_dump(mode="json", exclude={"hash", "at"})
        return digest({**content, "at": time_text(self.at)})


class AuditVerdict(Record):
    """What a walk along the chain found."""

    entries: int
    broken_at: int | None = None
    """Number of the first entry that does not fit; None when all do."""
    detail: str = ""


FIRST_PREVIOUS = "0" * 64
"""What the first entry names as its predecessor."""
