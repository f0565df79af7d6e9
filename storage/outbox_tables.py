"""Tables of the outbox: approvals, deliveries, attempts, the contact ledger, the switch."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

from storage.base import UtcDateTime, metadata

approvals = Table(
    "approvals",
    metadata,
    Column("token", Text, primary_key=True),
    Column("proposal_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("granted_at", UtcDateTime, nullable=False),
    Column("spent_at", UtcDateTime),
    Column("void_at", UtcDateTime),
    Column("body", Text, nullable=False),
    Index("ix_approvals_proposal_id", "proposal_id", "version"),
    Index(
        "uq_approvals_spent",
        "proposal_id",
        "version",
        unique=True,
        sqlite_where=text("spent_at IS NOT NULL"),
        postgresql_where=text("spent_at IS NOT NULL"),
    ),
)

_ON_ITS_WAY = text("state IN ('held', 'sending', 'unknown')")

outbox = Table(
    "outbox",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("approval", Text, ForeignKey("approvals.token"), nullable=False),
    Column("proposal_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("due_at", UtcDateTime),
    Column("lease_until", UtcDateTime),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_outbox_due", "state", "due_at"),
    Index("ix_outbox_changed_at", "state", "changed_at"),
    Index("ix_outbox_proposal_id", "proposal_id", "version"),
    Index(
        "uq_outbox_one_in_flight",
        "key",
        unique=True,
        sqlite_where=_ON_ITS_WAY,
        postgresql_where=_ON_ITS_WAY,
    ),
)

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("body", Text, nullable=False),
)

contacts = Table(
    "contacts",
    metadata,
    Column("customer_id", Text, primary_key=True),
    Column("issue_id", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("delivery_id", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_contacts_delivery_id", "delivery_id"),
    Index("ix_contacts_issue_id", "issue_id", "purpose"),
)

dispatch_switch = Table(
    "dispatch_switch",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("stopped", Boolean, nullable=False),
    Column("body", Text, nullable=False),
)
