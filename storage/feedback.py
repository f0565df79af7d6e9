"""Feedback, its redacted text and its reading."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    Select,
    Table,
    Text,
    and_,
    case,
    func,
    select,
    text,
    update,
)

from domain.feedback import FeedbackItem, Reading, ReadItem, SetAside
from domain.ports import AddCount
from domain.record import FeedbackKey, IssueId, digest
from domain.text import RedactedText
from storage.base import UtcDateTime, metadata
from storage.fulltext import FullText
from storage.rows import chunks, put_once, update_many

_UNREAD = text("reading IS NULL")

feedback = Table(
    "feedback",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True),
    Column("at", UtcDateTime),
    Column("author", Text, nullable=False),
    Column("customer_id", Text),
    Column("body", Text, nullable=False),
    Column("redacted", Text),
    Column("reading", Text),
    Column("problem", Text),
    Column("sentiment", Text),
    Column("score", Float),
    Column("driver", Text),
    Column("indexed", Boolean, nullable=False, default=False),
    Column("issue_id", Text),
    Column("matched", Boolean, nullable=False, default=False),
    Index("ix_feedback_at", "at"),
    Index("ix_feedback_customer_id", "customer_id"),
    Index("ix_feedback_of_issue", "issue_id", "at", "seq"),
    Index("ix_feedback_waiting", "author", "matched"),
    Index(
        "ix_feedback_unread",
        "author",
        sqlite_where=_UNREAD,
        postgresql_where=_UNREAD,
    ),
)

set_aside = Table(
    "set_aside",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("part", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
)

SEARCH = "feedback_fts"
# Rows fetched at once where many are read; each is some 3 kB.
_AT_ONCE = 200


def _read_item(row: Any) -> ReadItem:
    return ReadItem(
        item=FeedbackItem.model_validate_json(row.body),
        redacted=RedactedText.model_validate_json(row.redacted),
        reading=Reading.model_validate_json(row.reading),
        issue_id=IssueId(row.issue_id) if row.issue_id else None,
    )


# Items without a time come last, in the order in which they arrived.
_IN_ORDER = (case((feedback.c.at.is_(None), 1), else_=0), feedback.c.at, feedback.c.seq)


class SqlFeedbackRepo:
    """`FeedbackRepo` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._search = FullText(connection, SEARCH)

    def add(self, items: Sequence[FeedbackItem]) -> AddCount:
        """Store items; known keys change nothing."""
        distinct = {item.key: item for item in reversed(items)}
        known = self._known(list(distinct))
        fresh = [item for key, item in distinct.items() if key not in known]
        put_once(
            self._connection,
            feedback,
            [
                {
                    "key": item.key,
                    "at": item.at,
                    "author": item.author.value,
                    "customer_id": item.customer_id,
                    "body": item.model_dump_json(exclude_defaults=True),
                    "indexed": False,
                    "matched": False,
                }
                for item in reversed(fresh)
            ],
        )
        return AddCount(stored=len(fresh), known=len(items) - len(fresh))

    def _known(self, keys: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for part in chunks(keys):
            query = select(feedback.c.key).where(feedback.c.key.in_(part))
            found |= set(self._connection.scalars(query))
        return found

    def set_aside(self, rows: Sequence[SetAside]) -> None:
        """Keep rejected rows; the same row once."""
        start = self._connection.scalar(select(func.count()).select_from(set_aside)) or 0
        put_once(
            self._connection,
            set_aside,
            [
                {
                    "hash": digest(
                        [row.source, row.line, row.part, hashlib.sha256(row.raw).hexdigest()]
                    ),
                    "seq": start + place,
                    "source": row.source,
                    "line": row.line,
                    "part": row.part,
                    "reason": row.reason,
                    "raw": row.raw,
                }
                for place, row in enumerate(rows)
            ],
        )

    def list_set_aside(self, *, limit: int = 200) -> list[SetAside]:
        """Rejected rows, newest first."""
        query = select(set_aside).order_by(set_aside.c.seq.desc()).limit(limit)
        return list(self._aside(query))

    def all_set_aside(self) -> Iterator[SetAside]:
        """All rejected rows, oldest first, one at a time."""
        return self._aside(select(set_aside).order_by(set_aside.c.seq))

    def _aside(self, query: Select[Any]) -> Iterator[SetAside]:
        for row in self._connection.execute(query.execution_options(yield_per=10)):
            yield SetAside(
                source=row.source, line=row.line, reason=row.reason, raw=row.raw, part=row.part
            )

    def find(self, key: FeedbackKey) -> FeedbackItem | None:
        """Find an item."""
        body = self._connection.scalar(select(feedback.c.body).where(feedback.c.key == key))
        return FeedbackItem.model_validate_json(body) if body else None

    def unread(self, *, limit: int) -> list[FeedbackItem]:
        """Customers' items without a reading, `at` order."""
        query = (
            select(feedback.c.body)
            .where(feedback.c.author == "customer", feedback.c.reading.is_(None))
            .order_by(*_IN_ORDER)
            .limit(limit)
        )
        return [FeedbackItem.model_validate_json(body) for body in self._connection.scalars(query)]

    def forget_readings(self) -> int:
        """Make every item unread and unmatched again."""
        cleared = {"reading": None, "matched": False, "issue_id": None, "indexed": False}
        statement = update(feedback).where(feedback.c.reading.is_not(None)).values(**cleared)
        return self._connection.execute(statement).rowcount

    def save_readings(self, rows: Sequence[tuple[RedactedText, Reading]]) -> None:
        """Store redacted text and reading."""
        if not rows:
            return
        made = [
            {
                "of": reading.key,
                "redacted": redacted.model_dump_json(),
                "reading": reading.model_dump_json(exclude_defaults=True),
                "problem": reading.problem,
                "sentiment": reading.sentiment.label,
                "score": reading.sentiment.score,
                "driver": reading.drivers[0].driver if reading.drivers else None,
                "indexed": False,
            }
            for redacted, reading in rows
        ]
        update_many(self._connection, feedback, made)
        self._search.put([(reading.key, redacted.value) for redacted, reading in rows])

    def _items(self, query: Select[Any]) -> Iterator[ReadItem]:
        for row in self._connection.execute(query.execution_options(yield_per=_AT_ONCE)):
            yield _read_item(row)

    def _read(self) -> Select[Any]:
        return (
            select(feedback.c.body, feedback.c.redacted, feedback.c.reading, feedback.c.issue_id)
            .where(feedback.c.reading.is_not(None))
            .order_by(*_IN_ORDER)
        )

    def unmatched(self, *, limit: int) -> list[ReadItem]:
        """Read items without a match."""
        query = self._read().where(feedback.c.author == "customer", feedback.c.matched.is_(False))
        return list(self._items(query.limit(limit)))

    def read_items(self, keys: Sequence[FeedbackKey]) -> list[ReadItem]:
        """Read items with these keys, in `at` order."""
        found = [
            item
            for part in chunks(list(dict.fromkeys(keys)))
            for item in self._items(self._read().where(feedback.c.key.in_(part)))
        ]
        return sorted(found, key=lambda one: (one.item.at is None, one.item.at, one.item.id))

    def since(self, at: datetime | None) -> Iterator[ReadItem]:
        """Read items from a time on."""
        query = self._read().where(feedback.c.at.is_not(None))
        if at is not None:
            query = query.where(feedback.c.at >= at)
        return self._items(query)

    def matched_since(self, at: datetime) -> Iterator[ReadItem]:
        """Read items from a time on that have a match."""
        query = self._read().where(feedback.c.at >= at, feedback.c.matched.is_(True))
        return self._items(query)

    def of_customer(self, customer_id: str) -> list[ReadItem]:
        """Read items of one customer."""
        return list(self._items(self._read().where(feedback.c.customer_id == customer_id)))

    def of_issue(self, id_: IssueId, *, limit: int, offset: int = 0) -> list[ReadItem]:
        """Read items on an issue, the latest first."""
        query = self._read().where(feedback.c.issue_id == id_).order_by(None)
        query = query.order_by(feedback.c.at.desc(), feedback.c.seq.desc())
        return list(self._items(query.limit(limit).offset(offset)))

    def search(self, words: str, *, limit: int = 50) -> list[tuple[FeedbackKey, float]]:
        """Full text search over redacted text."""
        return [(FeedbackKey(id_), score) for id_, score in self._search.search(words, limit=limit)]

    def has_items(self) -> bool:
        """Whether anything is stored."""
        return self._connection.scalar(select(feedback.c.seq).limit(1)) is not None

    def count_unread(self) -> int:
        """How many customers' items have no reading."""
        unread = and_(feedback.c.author == "customer", feedback.c.reading.is_(None))
        query = select(func.count()).select_from(feedback).where(unread)
        return self._connection.scalar(query) or 0

    def unindexed(self, *, limit: int) -> list[tuple[FeedbackKey, str]]:
        """Keys and problems that the vector index does not hold yet."""
        query = (
            select(feedback.c.key, feedback.c.problem)
            .where(
                feedback.c.indexed.is_(False),
                feedback.c.problem.is_not(None),
                feedback.c.problem != "",
            )
            .order_by(feedback.c.seq)
            .limit(limit)
        )
        return [(FeedbackKey(row.key), row.problem) for row in self._connection.execute(query)]

    def indexable(self) -> Iterator[tuple[FeedbackKey, str]]:
        """Keys and problems of all that belongs into the vector index."""
        query = (
            select(feedback.c.key, feedback.c.problem)
            .where(feedback.c.problem.is_not(None), feedback.c.problem != "")
            .order_by(feedback.c.seq)
        )
        for row in self._connection.execute(query):
            yield FeedbackKey(row.key), row.problem

    def mark_indexed(self, ids: Sequence[FeedbackKey]) -> None:
        """Say that the vector index holds these."""
        for part in chunks(ids):
            self._connection.execute(
                update(feedback).where(feedback.c.key.in_(part)).values(indexed=True)
            )

    def forget_index(self) -> None:
        """Say that the vector index holds nothing."""
        self._connection.execute(
            update(feedback).where(feedback.c.indexed.is_(True)).values(indexed=False)
        )

    def count_indexed(self) -> int:
        """How many items the vector index is said to hold."""
        query = select(func.count()).where(feedback.c.indexed.is_(True))
        return self._connection.scalar(query) or 0

    def counts(self) -> Mapping[str, int]:
        """How many items in which state."""
        customers = feedback.c.author == "customer"
        query = select(
            func.count().label("items"),
            func.count(case((customers, 1))).label("customers_items"),
            func.count(feedback.c.reading).label("read"),
            func.count(case((feedback.c.matched.is_(True), 1))).label("matched"),
            func.count(feedback.c.at).label("timed"),
            func.count(feedback.c.customer_id).label("with_customer"),
        )
        row = self._connection.execute(query).one()
        aside = self._connection.scalar(select(func.count()).where(set_aside.c.part == 0)) or 0
        return {**row._asdict(), "set_aside": aside}
