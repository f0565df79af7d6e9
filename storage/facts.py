"""Facts with all their revisions, and the table of questions over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, Index, Integer, Table, Text, and_, func, select

from domain.errors import NotFound
from domain.facts import Fact
from domain.ports import AddCount, KindProfile, Member, Tally
from domain.predicates import FactQuery, Field, Predicate, Scalar
from domain.record import FactId, QueryId, digest
from storage.base import UtcDateTime, metadata
from storage.feedback import feedback
from storage.linking import links_of
from storage.memory_facts import MemoryFactTable
from storage.rows import chunks, put_once

facts = Table(
    "facts",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime),
    Column("customer_id", Text),
    Column("hash", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_facts_id_hash", "id", "hash", unique=True),
    Index("ix_facts_kind_at", "kind", "at"),
    Index("ix_facts_customer_id", "customer_id"),
    Index("ix_facts_at", "at"),
    Index("ix_facts_recorded_at", "recorded_at"),
)

queries = Table(
    "queries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("body", Text, nullable=False),
)


class FactCache:
    """The table of questions of the last snapshot, shared by all connections of a store."""

    def __init__(self) -> None:
        self.stamp: tuple[int, int] | None = None
        self.table: MemoryFactTable | None = None


class SqlFactRepo:
    """`FactRepo` on one connection; rows are loaded once per change of the data."""

    def __init__(self, connection: Connection, cache: FactCache) -> None:
        self._connection = connection
        self._cache = cache

    def add(self, rows: Sequence[Fact]) -> AddCount:
        """Store facts; other content under a known id is a revision."""
        hashed = {(fact.id, digest(fact)): fact for fact in rows}
        known: set[tuple[str, str]] = set()
        for part in chunks([id_ for id_, _hash in hashed]):
            query = select(facts.c.id, facts.c.hash).where(facts.c.id.in_(part))
            known |= {(row.id, row.hash) for row in self._connection.execute(query)}
        fresh = [(key, fact) for key, fact in hashed.items() if key not in known]
        put_once(
            self._connection,
            facts,
            [
                {
                    "id": fact.id,
                    "kind": fact.kind,
                    "at": fact.at,
                    "recorded_at": fact.recorded_at,
                    "customer_id": links_of(fact).customer_id,
                    "hash": hash_,
                    "body": fact.model_dump_json(exclude_defaults=True),
                }
                for (_id, hash_), fact in fresh
            ],
        )
        return AddCount(stored=len(fresh), known=len(rows) - len(fresh))

    def _table(self) -> MemoryFactTable:
        stamp = self._stamp()
        if self._cache.table is None or self._cache.stamp != stamp:
            bodies = self._connection.scalars(select(facts.c.body).order_by(facts.c.seq))
            latest = self._connection.scalar(select(func.max(feedback.c.at)))
            self._cache.table = MemoryFactTable(
                (Fact.model_validate_json(body) for body in bodies), latest_feedback_at=latest
            )
            self._cache.stamp = stamp
        return self._cache.table

    @property
    def is_loaded(self) -> bool:
        """Whether all facts are in memory as they are now, so that counting reads nothing."""
        return self._cache.table is not None and self._cache.stamp == self._stamp()

    def _stamp(self) -> tuple[int, int]:
        return (
            self._connection.scalar(select(func.coalesce(func.max(facts.c.seq), 0))) or 0,
            self._connection.scalar(select(func.coalesce(func.max(feedback.c.seq), 0))) or 0,
        )

    def snapshot(self) -> MemoryFactTable:
        """The table of questions as of now; it stays valid after this transaction."""
        return self._table()

    def remembered(self) -> dict[QueryId, FactQuery]:
        """All kept queries."""
        rows = self._connection.execute(select(queries.c.id, queries.c.body))
        return {QueryId(row.id): FactQuery.model_validate_json(row.body) for row in rows}

    def world_time(self) -> datetime | None:
        """The latest time of anything stored."""
        times = [
            self._connection.scalar(select(func.max(column)))
            for column in (facts.c.at, facts.c.recorded_at, feedback.c.at)
        ]
        return max((time for time in times if time is not None), default=None)

    def total(self) -> int:
        """How many revisions."""
        return self._connection.scalar(select(func.count()).select_from(facts)) or 0

    def kinds(self) -> list[KindProfile]:
        """Profiles of all kinds."""
        return self._table().kinds()

    def count(self, query: FactQuery) -> int:
        """How many units."""
        return self._table().count(query)

    def tally(self, query: FactQuery, *, by: Sequence[Field], hit: Predicate) -> list[Tally]:
        """Units and hits per combination."""
        return self._table().tally(query, by=by, hit=hit)

    def timeline(
        self, query: FactQuery, *, hit: Predicate, width: timedelta
    ) -> list[tuple[datetime, int, int]]:
        """Units and hits per stretch of time."""
        return self._table().timeline(query, hit=hit, width=width)

    def members(self, query: FactQuery) -> list[Member]:
        """All units."""
        return self._table().members(query)

    def values(
        self, query: FactQuery, fields: Sequence[Field]
    ) -> Iterator[tuple[FactId, str | None, tuple[Scalar | None, ...]]]:
        """Values of each unit."""
        return self._table().values(query, fields)

    def rows(self, query: FactQuery, *, limit: int = 200, offset: int = 0) -> list[Fact]:
        """Units as facts."""
        return self._table().rows(query, limit=limit, offset=offset)

    def facts(self, ids: Sequence[FactId]) -> list[Fact]:
        """Current facts with these ids; reads no others."""
        revisions = [
            Fact.model_validate_json(body)
            for part in chunks(ids)
            for body in self._connection.scalars(
                select(facts.c.body).where(facts.c.id.in_(part)).order_by(facts.c.seq)
            )
        ]
        return MemoryFactTable(revisions).facts(ids)

    def facts_of(
        self,
        customer_id: str,
        *,
        kinds: Sequence[str] | None = None,
        as_of: datetime | None = None,
    ) -> list[Fact]:
        """Facts of one customer."""
        return self._table().facts_of(customer_id, kinds=kinds, as_of=as_of)

    def profile_of(self, customer_id: str) -> list[Fact]:
        """Facts of kind `customer` about one customer; reads only theirs."""
        is_theirs = and_(facts.c.customer_id == customer_id, facts.c.kind == "customer")
        ids = select(facts.c.id).where(is_theirs)
        query = select(facts.c.body).where(facts.c.id.in_(ids)).order_by(facts.c.seq)
        bodies = self._connection.scalars(query)
        revisions = [Fact.model_validate_json(body) for body in bodies]
        return MemoryFactTable(revisions).profile_of(customer_id)

    def remember(self, query: FactQuery) -> QueryId:
        """Keep a query."""
        put_once(self._connection, queries, [{"id": query.id, "body": query.model_dump_json()}])
        return query.id

    def recalled(self, query_id: QueryId) -> FactQuery:
        """The query behind an id."""
        body = self._connection.scalar(select(queries.c.body).where(queries.c.id == query_id))
        if body is None:
            raise NotFound("query", query_id)
        return FactQuery.model_validate_json(body)
