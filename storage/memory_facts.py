"""Questions about facts, answered in memory: the `FactTable` of what it is given.

It is the oracle of the SQL table and serves where there is no store. A linked fact is
found directly or over one more hop (a payment's invoice's order), an account also over
the customer; where several facts are known under a key, the latest is the first choice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from domain.errors import NotFound
from domain.facts import Fact
from domain.ports import KindProfile, Member, Tally
from domain.predicates import FactQuery, Field, Predicate, Scalar
from domain.record import FactId, QueryId
from storage.conditions import Row, condition_of, value_of
from storage.linking import hop_order, known_at
from storage.profiles import profile

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MemoryFactTable:
    """`FactTable` over the revisions given; the latest `recorded_at` of an id counts."""

    def __init__(
        self, facts: Iterable[Fact], *, latest_feedback_at: datetime | None = None
    ) -> None:
        self._revisions = list(facts)
        self._latest_feedback_at = latest_feedback_at
        self._views: dict[datetime | None, _View] = {}
        self._queries: dict[QueryId, FactQuery] = {}
        self._kinds: list[KindProfile] | None = None

    def world_time(self) -> datetime | None:
        """The latest time of anything known."""
        times = [max(one.at, known_at(one)) for one in self._revisions]
        if self._latest_feedback_at is not None:
            times.append(self._latest_feedback_at)
        return max(times, default=None)

    def kinds(self) -> list[KindProfile]:
        """Profiles of all kinds, largest first."""
        if self._kinds is None:
            self._kinds = self._profiled()
        return list(self._kinds)

    def _profiled(self) -> list[KindProfile]:
        view = self._view(None)
        profiles = [
            profile(
                kind,
                attributes=(row.attributes for row in rows),
                links={link for row in rows for link in row.links.refs},
                facts=len(rows),
                span=(rows[0].fact.at, rows[-1].fact.at),
            )
            for kind, rows in view.by_kind.items()
        ]
        return sorted(profiles, key=lambda one: (-one.facts, one.kind))

    def count(self, query: FactQuery) -> int:
        """How many units."""
        return sum(1 for _ in self._units(query))

    def tally(self, query: FactQuery, *, by: Sequence[Field], hit: Predicate) -> list[Tally]:
        """Units and hits per combination of values."""
        view = self._view(query.as_of)
        value = view.values_of(by, query.kind)
        is_hit = condition_of(hit, query.kind, view)
        units: Counter[tuple[Scalar | None, ...]] = Counter()
        hits: Counter[tuple[Scalar | None, ...]] = Counter()
        for row in self._units(query):
            values = value(row)
            units[values] += 1
            hits[values] += is_hit(row)
        found = [Tally(values, count, hits[values]) for values, count in units.items()]
        return sorted(found, key=lambda one: (-one.units, str(one.values)))

    def timeline(
        self, query: FactQuery, *, hit: Predicate, width: timedelta
    ) -> list[tuple[datetime, int, int]]:
        """Start, units, hits of each stretch."""
        view = self._view(query.as_of)
        is_hit = condition_of(hit, query.kind, view)
        bins: dict[datetime, list[int]] = {}
        for row in self._units(query):
            start = _EPOCH + (row.fact.at - _EPOCH) // width * width
            counts = bins.setdefault(start, [0, 0])
            counts[0] += 1
            counts[1] += is_hit(row)
        return [(start, *bins[start]) for start in sorted(bins)]  # type: ignore[misc]

    def members(self, query: FactQuery) -> list[Member]:
        """All units in `at` order."""
        view = self._view(query.as_of)
        return [Member(row.fact.id, view.customer(row), row.fact.at) for row in self._units(query)]

    def values(
        self, query: FactQuery, fields: Sequence[Field]
    ) -> Iterator[tuple[FactId, str | None, tuple[Scalar | None, ...]]]:
        """Fact id, customer and values of each unit."""
        view = self._view(query.as_of)
        value = view.values_of(fields, query.kind)
        for row in self._units(query):
            yield row.fact.id, view.customer(row), value(row)

    def rows(self, query: FactQuery, *, limit: int = 200, offset: int = 0) -> list[Fact]:
        """Units as facts."""
        found = [row.fact for row in self._units(query)]
        return found[offset : offset + limit]

    def facts(self, ids: Sequence[FactId]) -> list[Fact]:
        """Current facts with these ids."""
        view = self._view(None)
        return [view.by_id[id_].fact for id_ in dict.fromkeys(ids) if id_ in view.by_id]

    def facts_of(
        self,
        customer_id: str,
        *,
        kinds: Sequence[str] | None = None,
        as_of: datetime | None = None,
    ) -> list[Fact]:
        """Facts of one customer in `at` order."""
        rows = self._view(as_of).rows_of(customer_id)
        return [row.fact for row in rows if kinds is None or row.fact.kind in kinds]

    def profile_of(self, customer_id: str) -> list[Fact]:
        """Facts of kind `customer` about one customer."""
        return [row.fact for row in self._view(None).profiles.get(customer_id, ())]

    def remember(self, query: FactQuery) -> QueryId:
        """Keep a query."""
        self._queries[query.id] = query
        return query.id

    def recalled(self, query_id: QueryId) -> FactQuery:
        """The query behind an id."""
        if query_id not in self._queries:
            raise NotFound("query", query_id)
        return self._queries[query_id]

    def remembered(self) -> dict[QueryId, FactQuery]:
        """All kept queries."""
        return dict(self._queries)

    def _units(self, query: FactQuery) -> Iterator[Row]:
        view = self._view(query.as_of)
        return filter(condition_of(query.where, query.kind, view), view.by_kind.get(query.kind, ()))

    def _view(self, as_of: datetime | None) -> _View:
        if as_of not in self._views:
            if len(self._views) > 4:
                self._views = {key: view for key, view in self._views.items() if key is None}
            self._views[as_of] = _View(self._revisions, as_of)
        return self._views[as_of]


class _View:
    """Current rows at one time, with their indexes."""

    def __init__(self, revisions: Sequence[Fact], as_of: datetime | None) -> None:
        current: dict[FactId, Fact] = {}
        for fact in revisions:
            seen = known_at(fact)
            if as_of is not None and seen > as_of:
                continue
            known = current.get(fact.id)
            if known is None or seen >= known_at(known):
                current[fact.id] = fact
        self.rows = [Row(one) for one in sorted(current.values(), key=lambda one: (one.at, one.id))]
        self.by_id = {row.fact.id: row for row in self.rows}
        self.by_kind: dict[str, list[Row]] = defaultdict(list)
        # Latest first: where a key is shared, the latest fact is meant.
        self._known_as: dict[tuple[str, str], list[Row]] = defaultdict(list)
        self._naming: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        self._repeats: dict[tuple[str, tuple[Field, ...]], dict[tuple[Any, ...], list[Row]]] = {}
        self._of_customer: dict[str | None, list[Row]] | None = None
        for row in self.rows:
            self.by_kind[row.fact.kind].append(row)
        for row in reversed(self.rows):
            for key in row.links.own:
                self._known_as[row.fact.kind, key].append(row)
            for kind, key in _names(row):
                self._naming[row.fact.kind, kind, key].append(row)

    @cached_property
    def profiles(self) -> dict[str | None, list[Row]]:
        """Customer id → the facts of kind `customer` about them, in `at` order."""
        found: dict[str | None, list[Row]] = defaultdict(list)
        for row in self.by_kind.get("customer", ()):
            found[row.links.customer_id].append(row)
        return dict(found)

    def customer(self, row: Row) -> str | None:
        """The customer a row belongs to: its own, or that of a fact it is linked to."""
        if row.links.customer_id is not None:
            return row.links.customer_id
        direct = list(self._neighbours(row))
        further = (far for near in direct for far in self._neighbours(near))
        for linked in (*direct, *further):
            if linked.links.customer_id is not None:
                return linked.links.customer_id
        return None

    def _neighbours(self, row: Row) -> Iterator[Row]:
        for kind in sorted(row.links.refs, key=hop_order):
            yield from self._direct(row, kind)

    def rows_of(self, customer_id: str) -> list[Row]:
        """Rows of a customer, and those of nobody that name one of their accounts."""
        if self._of_customer is None:
            self._of_customer = defaultdict(list)
            for row in self.rows:
                self._of_customer[self.customer(row)].append(row)
        own = self._of_customer.get(customer_id, [])
        accounts = {
            key
            for row in own
            if row.links.customer_id == customer_id
            for kind, key in _names(row)
            if kind == "account"
        }
        shared = [
            row
            for row in self._of_customer.get(None, [])
            if any(kind == "account" and key in accounts for kind, key in _names(row))
        ]
        return sorted((*own, *shared), key=lambda row: (row.fact.at, row.fact.id))

    def linked(self, row: Row, kind: str) -> Row | None:
        """The fact of a kind that a row is linked to."""
        if kind not in row.linked:
            row.linked[kind] = self._find_linked(row, kind)
        return row.linked[kind]

    def _find_linked(self, row: Row, kind: str) -> Row | None:
        direct = self._direct(row, kind)
        if direct:
            return direct[0]
        for near in self._neighbours(row):
            further = self._direct(near, kind)
            if further:
                return further[0]
        customer = self.linked(row, "customer") if kind == "account" else None
        further = self._direct(customer, kind) if customer is not None else []
        return further[0] if further else None

    def _direct(self, row: Row, kind: str) -> list[Row]:
        key = row.links.refs.get(kind)
        return self._known_as.get((kind, key), []) if key is not None else []

    def values_of(
        self, fields: Sequence[Field], kind: str
    ) -> Callable[[Row], tuple[Scalar | None, ...]]:
        """The function from a row of a kind to the values of fields."""
        values = [value_of(field, kind, self) for field in fields]
        return lambda row: tuple([value(row) for value in values])

    def alike(self, row: Row, same: tuple[Field, ...]) -> Sequence[Row]:
        """Rows of the same kind with the same values, in `at` order; none where one is absent."""
        kind = row.fact.kind
        if (kind, same) not in self._repeats:
            values = self.values_of(same, kind)
            index: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
            for one in self.by_kind.get(kind, ()):
                index[values(one)].append(one)
            self._repeats[kind, same] = dict(index)
        wanted = self.values_of(same, kind)(row)
        return () if None in wanted else self._repeats[kind, same].get(wanted, ())

    def sharing(self, row: Row, kind: str, link: str) -> Iterator[Row]:
        """Rows of a kind that share an entity with a row."""
        for entity, key in _names(row):
            if entity == link:
                yield from self._naming.get((kind, entity, key), ())


def _names(row: Row) -> Iterator[tuple[str, str]]:
    """Every entity that a row is or refers to."""
    yield from ((row.fact.kind, key) for key in row.links.own)
    yield from row.links.refs.items()
