"""The audit chain. A head row names the last entry, so that a cut-off tail shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import Column, Connection, Index, Integer, Table, Text, select

from domain.audit import FIRST_PREVIOUS, AuditEntry, AuditVerdict
from storage.base import metadata
from storage.rows import chunks, put

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("subject", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_audit_subject", "subject"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("hash", Text, nullable=False),
)

PAGE = 1000


class SqlAuditRepo:
    """`AuditRepo` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        what: str,
        subject: str,
        *,
        by: str,
        at: datetime,
        sha256: str | None = None,
        reason: str | None = None,
        details: Mapping[str, JsonValue] | None = None,
    ) -> AuditEntry:
        """Append an entry in this transaction."""
        number, previous = self._head(for_change=True)
        entry = AuditEntry(
            number=number + 1,
            at=at,
            by=by,
            what=what,
            subject=subject,
            sha256=sha256,
            reason=reason,
            details=dict(details or {}),
            previous=previous,
        )
        entry = entry.model_copy(update={"hash": entry.right_hash})
        row = {
            "number": entry.number,
            "subject": subject,
            "hash": entry.hash,
            "body": entry.model_dump_json(),
        }
        self._connection.execute(audit.insert(), row)
        put(
            self._connection,
            audit_head,
            [{"id": 1, "number": entry.number, "hash": entry.hash}],
        )
        return entry

    def of(self, *subjects: str) -> list[AuditEntry]:
        """Entries about these subjects, oldest first."""
        found = [
            AuditEntry.model_validate_json(body)
            for part in chunks(subjects)
            for body in self._connection.scalars(
                select(audit.c.body).where(audit.c.subject.in_(part))
            )
        ]
        return sorted(found, key=lambda one: one.number)

    def since(self, number: int = 0, *, limit: int = PAGE) -> list[AuditEntry]:
        """Entries after a number, oldest first."""
        bodies = self._connection.scalars(
            select(audit.c.body)
            .where(audit.c.number > number)
            .order_by(audit.c.number)
            .limit(limit)
        )
        return [AuditEntry.model_validate_json(body) for body in bodies]

    def verify(self) -> AuditVerdict:
        """Walk the whole chain and its head."""
        number, previous = 0, FIRST_PREVIOUS
        while page := self.since(number):
            for entry in page:
                wrong = _wrong(entry, number, previous)
                if wrong:
                    return AuditVerdict(entries=number, broken_at=number + 1, detail=wrong)
                number, previous = entry.number, entry.hash
        if self._head() != (number, previous):
            return AuditVerdict(
                entries=number, broken_at=number + 1, detail="Entries at the end are missing."
            )
        return AuditVerdict(entries=number)

    def _head(self, *, for_change: bool = False) -> tuple[int, str]:
        query = select(audit_head.c.number, audit_head.c.hash)
        row = self._connection.execute(query.with_for_update() if for_change else query).first()
        return (row[0], row[1]) if row is not None else (0, FIRST_PREVIOUS)


def _wrong(entry: AuditEntry, number: int, previous: str) -> str:
    if entry.number != number + 1:
        return f"Entry {number + 1} is missing."
    if entry.previous != previous:
        return f"Entry {entry.number} does not follow the one before it."
    if entry.hash != entry.right_hash:
        return f"Entry {entry.number} was changed after it was written."
    return ""
