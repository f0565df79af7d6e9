"""Tables of proposals: the current record, its versions and bytes, decisions, saved edits."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, Table, Text, text

from storage.base import UtcDateTime, metadata

proposals = Table(
    "proposals",
    metadata,
    Column("id", Text, primary_key=True),
    Column("issue_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("priority", Float, nullable=False),
    Column("risk", Integer, nullable=False),
    Column("severity", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("department", Text),
    Column("open_checks", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("answer_due_at", UtcDateTime),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_proposals_list", "state", text("priority DESC"), "created_at", "id"),
    Index("ix_proposals_all", text("priority DESC"), "created_at", "id"),
    Index("ix_proposals_issue_id", "issue_id"),
    Index("ix_proposals_expires_at", "state", "expires_at"),
)

proposal_versions = Table(
    "proposal_versions",
    metadata,
    Column("proposal_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("made_by", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("why", Text, nullable=False),
    Column("edited_by", Text),
    Column("body", Text, nullable=False),
)

renderings = Table(
    "renderings",
    metadata,
    Column("proposal_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("customer_id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("address", Text),
    Column("sha256", Text, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("proposal_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("uq_decisions_once", "proposal_id", "version", "kind", "person", unique=True),
)

saved_edits = Table(
    "saved_edits",
    metadata,
    Column("proposal_id", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

DRAFTS = "proposals_fts"
"""The full text of labels, reasons and subjects."""
TICKET = ""
"""What stands as customer in a ticket's rendering: a key column cannot be null."""
