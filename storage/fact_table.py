"""The table of questions over facts, answered by the database."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    case,
    func,
    or_,
    select,
    union,
)

from domain.facts import Fact
from domain.ports import KindProfile, Member, Tally
from domain.predicates import FactQuery, Field, Predicate, Scalar
from domain.record import FactId, time_text
from storage.fact_rows import LATEST, fact_links, facts, field_name, moment
from storage.feedback import feedback
from storage.links_sql import current, customer_of
from storage.predicates import Operand, Scope
from storage.profiles import profile
from storage.rows import chunks
from storage.settings import SqlSettingRepo

# Facts of a kind, the newest, by which it is described; more tell nothing else.
_DESCRIBED = 50_000
_PAGE = 5_000


class ProfileCache:
    """The profiles of the last state of the facts, shared by all connections of a store."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._stamp = -1
        self._profiles: list[KindProfile] = []

    def find(self, stamp: int) -> list[KindProfile] | None:
        """The profiles of a state."""
        with self._lock:
            return list(self._profiles) if stamp == self._stamp else None

    def put(self, stamp: int, profiles: list[KindProfile]) -> None:
        """Keep the profiles of a state."""
        with self._lock:
            self._stamp, self._profiles = stamp, list(profiles)


class SqlFactTable:
    """The questions of `FactTable` on one connection."""

    def __init__(self, connection: Connection, cache: ProfileCache) -> None:
        self._connection = connection
        self._cache = cache

    def world_time(self) -> datetime | None:
        """The latest time of anything stored."""
        latest = SqlSettingRepo(self._connection).find(LATEST)
        times = [
            datetime.fromisoformat(latest.replace("Z", "+00:00")) if latest else None,
            self._connection.scalar(select(func.max(feedback.c.at))),
        ]
        return max((time for time in times if time is not None), default=None)

    def kinds(self) -> list[KindProfile]:
        """Profiles of all kinds, largest first; of a large kind, of its newest facts."""
        stamp = self._stamp()
        known = self._cache.find(stamp)
        if known is not None:
            return known
        spans = select(
            facts.c.kind,
            func.count().label("facts"),
            func.min(facts.c.at_us).label("first"),
            func.max(facts.c.at_us).label("last"),
        ).where(facts.c.until_at.is_(None))
        found = [
            profile(
                row.kind,
                attributes=self._fields(row.kind),
                links=self._connection.scalars(_links(row.kind)),
                facts=row.facts,
                span=(moment(row.first), moment(row.last)),
            )
            for row in self._connection.execute(spans.group_by(facts.c.kind)).all()
        ]
        found.sort(key=lambda one: (-one.facts, one.kind))
        self._cache.put(stamp, found)
        return found

    def _stamp(self) -> int:
        return self._connection.scalar(select(func.max(facts.c.seq))) or 0

    def _fields(self, kind: str) -> Iterator[dict[str, Scalar]]:
        for fields in self._connection.scalars(_newest(kind, facts.c.fields)):
            yield {field_name(key): value for key, value in fields.items()}

    def count(self, query: FactQuery) -> int:
        """How many units."""
        scope = self._scope(query)
        return self._connection.scalar(self._units(query, scope, func.count())) or 0

    def tally(self, query: FactQuery, *, by: Sequence[Field], hit: Predicate) -> list[Tally]:
        """Units and hits per combination of values."""
        scope = self._scope(query)
        operands = [scope.operand(field) for field in by]
        columns = [one.shown.label(f"v{place}") for place, one in enumerate(operands)]
        hits = case((scope.holds(hit), 1), else_=0).label("hit")
        units = self._units(query, scope, *columns, hits).subquery()
        keys = [units.c[column.name] for column in columns]
        counted = select(*keys, func.count().label("units"), func.sum(units.c.hit).label("hits"))
        totals: dict[tuple[Scalar | None, ...], tuple[int, int]] = {}
        for row in self._connection.execute(counted.group_by(*keys) if keys else counted):
            # Numbers may be written in more than one way: 1, 1.0.
            values = _values(operands, row)
            before = totals.get(values, (0, 0))
            totals[values] = (before[0] + row.units, before[1] + int(row.hits or 0))
        found = [Tally(values, *both) for values, both in totals.items() if both[0]]
        return sorted(found, key=lambda one: (-one.units, str(one.values)))

    def timeline(
        self, query: FactQuery, *, hit: Predicate, width: timedelta
    ) -> list[tuple[datetime, int, int]]:
        """Units and hits per stretch of time."""
        scope = self._scope(query)
        step = width // timedelta(microseconds=1)
        at = scope.row.c.at_us
        start = (at - ((at % step) + step) % step).label("start")
        hits = case((scope.holds(hit), 1), else_=0).label("hit")
        units = self._units(query, scope, start, hits).subquery()
        counted = select(units.c.start, func.count(), func.sum(units.c.hit))
        rows = self._connection.execute(counted.group_by(units.c.start).order_by(units.c.start))
        return [(moment(us), count, int(hit_count)) for us, count, hit_count in rows]

    def members(self, query: FactQuery) -> list[Member]:
        """All units in `at` order."""
        scope = self._scope(query)
        columns = (scope.row.c.id, scope.customer.label("customer"), scope.row.c.at_us)
        found = self._connection.execute(self._ordered(query, scope, *columns))
        return [Member(FactId(id_), customer, moment(us)) for id_, customer, us in found]

    def values(
        self, query: FactQuery, fields: Sequence[Field]
    ) -> Iterator[tuple[FactId, str | None, tuple[Scalar | None, ...]]]:
        """Fact id, customer and values of each unit."""
        scope = self._scope(query)
        operands = [scope.operand(field) for field in fields]
        shown = [one.shown.label(f"v{place}") for place, one in enumerate(operands)]
        columns = (*shown, scope.row.c.id, scope.customer.label("customer"))
        found = self._connection.execute(self._ordered(query, scope, *columns))
        for row in found.yield_per(_PAGE):
            yield FactId(row.id), row.customer, _values(operands, row)

    def rows(self, query: FactQuery, *, limit: int = 200, offset: int = 0) -> list[Fact]:
        """Units as facts in `at` order."""
        scope = self._scope(query)
        found = self._ordered(query, scope, scope.row.c.body).limit(limit).offset(offset)
        return [Fact.model_validate_json(body) for body in self._connection.scalars(found)]

    def facts(self, ids: Sequence[FactId]) -> list[Fact]:
        """Current facts with these ids, in their order."""
        wanted = list(dict.fromkeys(ids))
        found: dict[str, str] = {}
        for part in chunks(wanted, 10_000):
            query = select(facts.c.id, facts.c.body).where(
                facts.c.id.in_(part), facts.c.until_at.is_(None)
            )
            found |= {row.id: row.body for row in self._connection.execute(query)}
        return [Fact.model_validate_json(found[id_]) for id_ in wanted if id_ in found]

    def facts_of(
        self,
        customer_id: str,
        *,
        kinds: Sequence[str] | None = None,
        as_of: datetime | None = None,
    ) -> list[Fact]:
        """Facts of one customer, and those of nobody that name one of their accounts."""
        at = time_text(as_of) if as_of is not None else None
        row = facts.alias()
        near, shared = _candidates(customer_id)
        customer = customer_of(row, at)
        theirs = or_(
            row.c.customer_id == customer_id,
            row.c.seq.in_(near) & (customer == customer_id),
            row.c.seq.in_(shared) & customer.is_(None),
        )
        query = select(row.c.body).where(
            row.c.seq.in_(union(_own(customer_id), near, shared)), current(row, at), theirs
        )
        if kinds is not None:
            query = query.where(row.c.kind.in_(kinds))
        found = self._connection.scalars(query.order_by(row.c.at, row.c.id))
        return [Fact.model_validate_json(body) for body in found]

    def _scope(self, query: FactQuery) -> Scope:
        return Scope(
            query.kind,
            time_text(query.as_of) if query.as_of is not None else None,
            is_sqlite=self._connection.dialect.name == "sqlite",
        )

    def _units(self, query: FactQuery, scope: Scope, *columns: ColumnElement[Any]) -> Select[Any]:
        where = scope.holds(query.where)
        return select(*columns).select_from(scope.source()).where(scope.is_unit, where)

    def _ordered(self, query: FactQuery, scope: Scope, *columns: Any) -> Select[Any]:
        return self._units(query, scope, *columns).order_by(scope.row.c.at, scope.row.c.id)


def _values(operands: Sequence[Operand], row: Any) -> tuple[Scalar | None, ...]:
    return tuple(
        json.loads(value) if operand.is_json and value is not None else value
        for operand, value in zip(operands, row, strict=False)
    )


def _newest(kind: str, column: Any) -> Select[Any]:
    return (
        select(column)
        .where(facts.c.kind == kind, facts.c.until_at.is_(None))
        .order_by(facts.c.at.desc(), facts.c.id.desc())
        .limit(_DESCRIBED)
    )


def _links(kind: str) -> Select[Any]:
    newest = _newest(kind, facts.c.seq).subquery()
    joined = newest.join(fact_links, fact_links.c.seq == newest.c.seq)
    return select(fact_links.c.kind).select_from(joined).where(fact_links.c.own == 0).distinct()


def _own(customer_id: str) -> Select[Any]:
    return select(facts.c.seq).where(facts.c.customer_id == customer_id)


def _candidates(customer_id: str) -> tuple[Select[Any], Select[Any]]:
    """Facts within two references of a customer's, and those that name their accounts."""
    near = _referring(_own(customer_id))
    further = _referring(near)
    ours, theirs = fact_links.alias(), fact_links.alias()
    shared = (
        select(theirs.c.seq)
        .select_from(
            ours.join(theirs, (theirs.c.kind == ours.c.kind) & (theirs.c.key == ours.c.key))
        )
        .where(ours.c.seq.in_(_own(customer_id)), ours.c.kind == "account")
    )
    both = union(near, further).subquery()
    return select(both.c.seq), shared


def _referring(targets: Select[Any]) -> Select[Any]:
    own, ref = fact_links.alias(), fact_links.alias()
    return (
        select(ref.c.seq)
        .select_from(own.join(ref, (ref.c.kind == own.c.kind) & (ref.c.key == own.c.key)))
        .where(own.c.seq.in_(targets), own.c.own == 1, ref.c.own == 0)
    )
