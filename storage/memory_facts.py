"""Questions about facts, answered in memory: the `FactTable` of one snapshot.

Linking: an entity (order, invoice, customer, account ...) is known under its id, its
subject, both without their `kind:` prefix, and the attribute `<kind>_id` of the fact of
that kind. A fact refers to an entity by its attribute `<kind>_id`, by a subject
`<kind>:...`, or by the columns customer_id and account_id. A linked fact is found
directly or over one more hop (a payment's invoice's order, an order's customer's
account).
"""

from __future__ import annotations

import operator
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from domain.errors import NotFound
from domain.facts import Fact
from domain.ports import AttributeProfile, KindProfile, Member, Tally
from domain.predicates import (
    Compare,
    CompareFields,
    Either,
    Every,
    FactQuery,
    Field,
    Not,
    OneOf,
    Predicate,
    Present,
    Related,
    Repeats,
    Scalar,
)
from domain.record import FactId, QueryId, time_text

COLUMNS = frozenset(
    {"id", "at", "recorded_at", "subject", "customer_id", "account_id", "amount_minor", "currency"}
)
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_HOPS = ("order", "invoice", "customer", "account")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def comparable(value: object) -> Scalar | None:
    """Give the form of an attribute in which it is compared: times as `time_text`."""
    if isinstance(value, str):
        return _as_time(value) or value
    if isinstance(value, bool | int | float):
        return value
    return None


def _as_time(value: str) -> str | None:
    if not (10 <= len(value) <= 40 and value[:4].isdigit() and value[4] == "-"):
        return None
    try:
        at = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return None
    return time_text(at if at.tzinfo else at.replace(tzinfo=UTC))


class Row:
    """One current fact with its comparable fields and what it refers to."""

    __slots__ = ("_linked", "fact", "fields", "refs")

    def __init__(self, fact: Fact) -> None:
        self.fact = fact
        self.fields: dict[str, Scalar] = {
            name: found
            for name, value in fact.attributes.items()
            if (found := comparable(value)) is not None
        }
        self.fields |= _columns(fact)
        self.refs = _references(fact)
        self._linked: dict[str, Row | None] = {}

    def remembered(self, kind: str, find: Callable[[], Row | None]) -> Row | None:
        """The linked row of a kind, looked up once."""
        if kind not in self._linked:
            self._linked[kind] = find()
        return self._linked[kind]


def _columns(fact: Fact) -> dict[str, Scalar]:
    values = {
        "id": fact.id,
        "at": time_text(fact.at),
        "recorded_at": time_text(fact.recorded_at or fact.at),
        "subject": fact.subject,
        "customer_id": fact.customer_id,
        "account_id": fact.account_id,
        "amount_minor": fact.amount_minor,
        "currency": fact.currency,
    }
    return {name: value for name, value in values.items() if value is not None}


def _bare(text: str, kind: str) -> str:
    return text.removeprefix(f"{kind}:")


def _references(fact: Fact) -> dict[str, str]:
    refs: dict[str, str] = {}
    subject = fact.subject or ""
    if ":" in subject:
        kind, _, key = subject.partition(":")
        refs[kind] = key
    for name, value in fact.attributes.items():
        if name.endswith("_id") and isinstance(value, str | int) and not isinstance(value, bool):
            kind = name[:-3]
            refs[kind] = _bare(str(value), kind)
    for kind, value in (("customer", fact.customer_id), ("account", fact.account_id)):
        if value is not None:
            refs[kind] = _bare(value, kind)
    return refs


def _own_keys(row: Row) -> set[str]:
    fact = row.fact
    keys = {fact.id, _bare(fact.id, fact.kind)}
    if fact.subject:
        keys |= {fact.subject, _bare(fact.subject, fact.kind)}
    if fact.kind in row.refs:
        keys.add(row.refs[fact.kind])
    return keys


class MemoryFactTable:
    """`FactTable` over the revisions given; the latest `recorded_at` of an id counts."""

    def __init__(
        self, facts: Iterable[Fact], *, latest_feedback_at: datetime | None = None
    ) -> None:
        self._revisions = list(facts)
        self._latest_feedback_at = latest_feedback_at
        self._views: dict[datetime | None, _View] = {}
        self._queries: dict[QueryId, FactQuery] = {}

    def world_time(self) -> datetime | None:
        """The latest time of anything known."""
        times = [max(one.at, one.recorded_at or one.at) for one in self._revisions]
        if self._latest_feedback_at is not None:
            times.append(self._latest_feedback_at)
        return max(times, default=None)

    def kinds(self) -> list[KindProfile]:
        """Profiles of all kinds, largest first."""
        view = self._view(None)
        profiles = [_profile(kind, rows) for kind, rows in view.by_kind.items()]
        return sorted(profiles, key=lambda one: (-one.facts, one.kind))

    def count(self, query: FactQuery) -> int:
        """How many units."""
        return sum(1 for _ in self._units(query))

    def tally(self, query: FactQuery, *, by: Sequence[Field], hit: Predicate) -> list[Tally]:
        """Units and hits per combination of values."""
        view = self._view(query.as_of)
        units: Counter[tuple[Scalar | None, ...]] = Counter()
        hits: Counter[tuple[Scalar | None, ...]] = Counter()
        for row in self._units(query):
            values = tuple(view.value(row, field) for field in by)
            units[values] += 1
            hits[values] += view.holds(hit, row)
        found = [Tally(values, count, hits[values]) for values, count in units.items()]
        return sorted(found, key=lambda one: (-one.units, str(one.values)))

    def timeline(
        self, query: FactQuery, *, hit: Predicate, width: timedelta
    ) -> list[tuple[datetime, int, int]]:
        """Start, units, hits of each stretch."""
        view = self._view(query.as_of)
        bins: dict[datetime, list[int]] = {}
        for row in self._units(query):
            start = _EPOCH + (row.fact.at - _EPOCH) // width * width
            counts = bins.setdefault(start, [0, 0])
            counts[0] += 1
            counts[1] += view.holds(hit, row)
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
        for row in self._units(query):
            yield row.fact.id, view.customer(row), tuple(view.value(row, one) for one in fields)

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
        rows = self._view(as_of).of_customer.get(customer_id, [])
        return [row.fact for row in rows if kinds is None or row.fact.kind in kinds]

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
        for row in view.by_kind.get(query.kind, ()):
            if view.holds(query.where, row):
                yield row

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
            seen = fact.recorded_at or fact.at
            if as_of is not None and seen > as_of:
                continue
            known = current.get(fact.id)
            if known is None or seen >= (known.recorded_at or known.at):
                current[fact.id] = fact
        ordered = sorted(current.values(), key=lambda one: (one.at, one.id))
        rows = [Row(fact) for fact in ordered]
        self.by_id = {row.fact.id: row for row in rows}
        self.by_kind: dict[str, list[Row]] = defaultdict(list)
        self._entities: dict[tuple[str, str], Row] = {}
        self._referring: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        for row in rows:
            self.by_kind[row.fact.kind].append(row)
            for key in _own_keys(row):
                self._entities[row.fact.kind, key] = row
            for kind, key in row.refs.items():
                self._referring[row.fact.kind, kind, key].append(row)
        self.of_customer: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            customer = self.customer(row)
            if customer is not None:
                self.of_customer[customer].append(row)
        self._repeats: dict[tuple[str, tuple[Field, ...]], dict[tuple[Any, ...], list[Row]]] = {}

    def customer(self, row: Row) -> str | None:
        """The customer a row belongs to."""
        if row.fact.customer_id is not None:
            return row.fact.customer_id
        for kind in _HOPS[:2]:
            linked = self.linked(row, kind)
            if linked is not None and linked.fact.customer_id is not None:
                return linked.fact.customer_id
        return None

    def linked(self, row: Row, kind: str) -> Row | None:
        """The fact of a kind that a row is linked to, directly or over one hop."""
        return row.remembered(kind, lambda: self._find_linked(row, kind))

    def _find_linked(self, row: Row, kind: str) -> Row | None:
        direct = self._direct(row, kind)
        if direct is not None:
            return direct
        for hop in _HOPS:
            middle = self._direct(row, hop) if hop not in (kind, row.fact.kind) else None
            if middle is not None:
                found = self._direct(middle, kind) or self._over_customer(middle, kind)
                if found is not None:
                    return found
        return None

    def _over_customer(self, middle: Row, kind: str) -> Row | None:
        customer = self._direct(middle, "customer") if kind == "account" else None
        return self._direct(customer, kind) if customer is not None else None

    def _direct(self, row: Row, kind: str) -> Row | None:
        key = row.refs.get(kind)
        if key is not None:
            return self._entities.get((kind, key))
        return None

    def value(self, row: Row, field: Field) -> Scalar | None:
        """The value of a field for a row; None when absent."""
        if field.kind == row.fact.kind:
            return row.fields.get(field.name)
        linked = self.linked(row, field.kind)
        return linked.fields.get(field.name) if linked is not None else None

    def holds(self, predicate: Predicate, row: Row) -> bool:
        """Whether a predicate holds for a row."""
        match predicate:
            case Every(terms=terms):
                return all(self.holds(term, row) for term in terms)
            case Either(terms=terms):
                return any(self.holds(term, row) for term in terms)
            case Not(term=term):
                return not self.holds(term, row)
            case Compare(field=field, op=op, value=value):
                return _compare(op, self.value(row, field), value)
            case CompareFields(left=left, op=op, right=right):
                return _compare(op, self.value(row, left), self.value(row, right))
            case OneOf(field=field, values=values):
                found = self.value(row, field)
                return found is not None and any(_compare("eq", found, one) for one in values)
            case Present(field=field):
                return self.value(row, field) is not None
            case Repeats():
                return self._repeated(predicate, row)
            case Related():
                return self._related(predicate, row)

    def _repeated(self, predicate: Repeats, row: Row) -> bool:
        same = tuple(self.value(row, field) for field in predicate.same)
        if any(value is None for value in same):
            return False
        index = self._repeat_index(row.fact.kind, predicate.same)
        within = predicate.within_hours
        for other in index.get(same, ()):
            if (other.fact.at, other.fact.id) >= (row.fact.at, row.fact.id):
                break
            if within is not None and row.fact.at - other.fact.at > timedelta(hours=within):
                continue
            if predicate.where is None or self.holds(predicate.where, other):
                return True
        return False

    def _repeat_index(self, kind: str, same: tuple[Field, ...]) -> dict[tuple[Any, ...], list[Row]]:
        if (kind, same) not in self._repeats:
            index: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
            for row in self.by_kind.get(kind, ()):
                index[tuple(self.value(row, field) for field in same)].append(row)
            self._repeats[kind, same] = index
        return self._repeats[kind, same]

    def _related(self, predicate: Related, row: Row) -> bool:
        keys = {row.refs[predicate.link]} if predicate.link in row.refs else set()
        if row.fact.kind == predicate.link:
            keys |= _own_keys(row)
        for key in keys:
            for other in self._referring.get((predicate.kind, predicate.link, key), ()):
                if other is not row and (
                    predicate.where is None or self.holds(predicate.where, other)
                ):
                    return True
        return False


def _compare(op: str, left: Scalar | None, right: Scalar | None) -> bool:
    if left is None or right is None:
        return False
    if isinstance(left, str) != isinstance(right, str):
        return op == "ne"
    return _OPERATORS[op](left, right)


def _profile(kind: str, rows: Sequence[Row]) -> KindProfile:
    counts: dict[str, Counter[Scalar]] = defaultdict(Counter)
    links: set[str] = set()
    for row in rows:
        links |= set(row.refs) - {kind}
        for name in row.fact.attributes:
            if name in row.fields:
                counts[name][row.fields[name]] += 1
    attributes = tuple(
        AttributeProfile(
            name,
            present=sum(values.values()),
            distinct=len(values),
            values=tuple(values.most_common(50)),
            type=_type_of(values),
        )
        for name, values in sorted(counts.items())
    )
    return KindProfile(
        kind,
        facts=len(rows),
        attributes=attributes,
        links=tuple(sorted(links)),
        first_at=rows[0].fact.at,
        last_at=rows[-1].fact.at,
    )


def _type_of(values: Counter[Scalar]) -> Literal["text", "number", "time", "flag"]:
    sample = [value for value, _ in values.most_common(20)]
    if all(isinstance(value, bool) for value in sample):
        return "flag"
    if all(isinstance(value, int | float) for value in sample):
        return "number"
    if all(isinstance(value, str) and len(value) == 27 and _as_time(value) for value in sample):
        return "time"
    return "text"
