"""Facts with all their revisions, and snapshots of the questions over them."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from threading import RLock

from sqlalchemy import Column, Connection, Table, Text, select

from domain.errors import NotFound
from domain.facts import Fact
from domain.ports import AddCount, KindProfile, Member, Tally
from domain.predicates import FactQuery, Field, Predicate, Scalar
from domain.record import FactId, QueryId
from storage.base import metadata, snapshots
from storage.fact_rows import add_facts
from storage.fact_table import ProfileCache, SqlFactTable
from storage.rows import put_once

queries = Table(
    "queries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("body", Text, nullable=False),
)


class SqlFactRepo(SqlFactTable):
    """`FactRepo` on one connection."""

    def add(self, batch: Sequence[Fact]) -> AddCount:
        """Store facts; other content under a known id is a revision."""
        # What is not committed yet is not shared.
        self._cache = ProfileCache()
        return add_facts(self._connection, batch)

    def snapshot(self) -> FactSnapshot:
        """The questions over the last commit; it stays as it is after this transaction."""
        return FactSnapshot(self._connection, self._cache)

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

    def remembered(self) -> dict[QueryId, FactQuery]:
        """All kept queries."""
        rows = self._connection.execute(select(queries.c.id, queries.c.body))
        return {QueryId(row.id): FactQuery.model_validate_json(row.body) for row in rows}


class FactSnapshot:
    """`FactTable` over a transaction of its own, which ends when nobody holds it any more.

    It may be asked from several threads, one at a time. What it remembers stays with it;
    who wants to keep it, stores it.
    """

    def __init__(self, near: Connection, cache: ProfileCache) -> None:
        connection = snapshots(near.engine).connect()
        # Closing gives the connection back to the pool; an open one holds old pages.
        self.close = weakref.finalize(self, connection.close)
        self._table = SqlFactTable(connection, cache)
        self._lock = RLock()
        self._queries: dict[QueryId, FactQuery] = {}
        # The first question is what fixes the moment of a transaction.
        self._world_time = self._table.world_time()

    def world_time(self) -> datetime | None:
        """The latest time of anything stored."""
        return self._world_time

    def kinds(self) -> list[KindProfile]:
        """Profiles of all kinds, largest first."""
        with self._lock:
            return self._table.kinds()

    def count(self, query: FactQuery) -> int:
        """How many units."""
        with self._lock:
            return self._table.count(query)

    def tally(self, query: FactQuery, *, by: Sequence[Field], hit: Predicate) -> list[Tally]:
        """Units and hits per combination of values."""
        with self._lock:
            return self._table.tally(query, by=by, hit=hit)

    def timeline(
        self, query: FactQuery, *, hit: Predicate, width: timedelta
    ) -> list[tuple[datetime, int, int]]:
        """Units and hits per stretch of time."""
        with self._lock:
            return self._table.timeline(query, hit=hit, width=width)

    def members(self, query: FactQuery) -> list[Member]:
        """All units in `at` order."""
        with self._lock:
            return self._table.members(query)

    def values(
        self, query: FactQuery, fields: Sequence[Field]
    ) -> Iterator[tuple[FactId, str | None, tuple[Scalar | None, ...]]]:
        """Fact id, customer and values of each unit; read as a whole before the first."""
        with self._lock:
            found = list(self._table.values(query, fields))
        return iter(found)

    def rows(self, query: FactQuery, *, limit: int = 200, offset: int = 0) -> list[Fact]:
        """Units as facts in `at` order."""
        with self._lock:
            return self._table.rows(query, limit=limit, offset=offset)

    def facts(self, ids: Sequence[FactId]) -> list[Fact]:
        """Current facts with these ids."""
        with self._lock:
            return self._table.facts(ids)

    def facts_of(
        self,
        customer_id: str,
        *,
        kinds: Sequence[str] | None = None,
        as_of: datetime | None = None,
    ) -> list[Fact]:
        """Facts of one customer."""
        with self._lock:
            return self._table.facts_of(customer_id, kinds=kinds, as_of=as_of)

    def remember(self, query: FactQuery) -> QueryId:
        """Keep a query with this snapshot."""
        self._queries[query.id] = query
        return query.id

    def recalled(self, query_id: QueryId) -> FactQuery:
        """The query behind an id that was remembered here."""
        if query_id not in self._queries:
            raise NotFound("query", query_id)
        return self._queries[query_id]

    def remembered(self) -> dict[QueryId, FactQuery]:
        """What was remembered here."""
        return dict(self._queries)
