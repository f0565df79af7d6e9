"""A predicate as a function of a row, made once and asked of every row of a kind."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any, Protocol, TypeAlias

from domain.facts import Fact
from domain.predicates import (
    Compare,
    CompareFields,
    Either,
    Every,
    Field,
    Not,
    OneOf,
    Predicate,
    Present,
    Related,
    Repeats,
    Scalar,
)
from storage.linking import Links, attributes_of, columns_of, links_of

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


class Row:
    """One current fact with its comparable fields and what it refers to."""

    __slots__ = ("attributes", "fact", "fields", "linked", "links")

    def __init__(self, fact: Fact) -> None:
        self.fact = fact
        self.links: Links = links_of(fact)
        self.attributes = attributes_of(fact)
        self.fields = self.attributes | columns_of(fact, self.links)
        self.linked: dict[str, Row | None] = {}


Condition: TypeAlias = Callable[[Row], bool]
Value: TypeAlias = Callable[[Row], Scalar | None]


class Rows(Protocol):
    """The rows of one time, and how they hang together."""

    def linked(self, row: Row, kind: str) -> Row | None:
        """The fact of a kind that a row is linked to."""
        ...

    def alike(self, row: Row, same: tuple[Field, ...]) -> Sequence[Row]:
        """Rows of the same kind with the same values, in `at` order; none where one is absent."""
        ...

    def sharing(self, row: Row, kind: str, link: str) -> Iterable[Row]:
        """Rows of a kind that share an entity with a row."""
        ...


def value_of(field: Field, kind: str, rows: Rows) -> Value:
    """Give the function from a row of a kind to the value of a field; None when absent."""
    name = field.name
    if field.kind == kind:
        return lambda row: row.fields.get(name)

    def of_linked(row: Row) -> Scalar | None:
        linked = rows.linked(row, field.kind)
        return linked.fields.get(name) if linked is not None else None

    return of_linked


def condition_of(predicate: Predicate, kind: str, rows: Rows) -> Condition:
    """Give the function that says whether a predicate holds for a row of a kind."""
    match predicate:
        case Every(terms=terms):
            return _every([condition_of(term, kind, rows) for term in terms])
        case Either(terms=terms):
            return _either([condition_of(term, kind, rows) for term in terms])
        case Not(term=term):
            holds = condition_of(term, kind, rows)
            return lambda row: not holds(row)
        case Compare(field=field, op=op, value=value):
            return _compared(field, op, value, value_of(field, kind, rows), kind)
        case CompareFields(left=left, op=op, right=right):
            one, other = value_of(left, kind, rows), value_of(right, kind, rows)
            return lambda row: _compare(op, one(row), other(row))
        case OneOf(field=field, values=values):
            return _one_of(value_of(field, kind, rows), frozenset(values))
        case Present(field=field):
            found = value_of(field, kind, rows)
            return lambda row: found(row) is not None
        case Repeats():
            return _repeats(predicate, kind, rows)
        case Related():
            return _related(predicate, rows)


def _every(conditions: Sequence[Condition]) -> Condition:
    if not conditions:
        return lambda _row: True
    if len(conditions) == 1:
        return conditions[0]
    first, others = conditions[0], _every(conditions[1:])
    return lambda row: first(row) and others(row)


def _either(conditions: Sequence[Condition]) -> Condition:
    return lambda row: any(holds(row) for holds in conditions)


def _compared(field: Field, op: str, wanted: Scalar, value: Value, kind: str) -> Condition:
    name, test, is_text, otherwise = field.name, _OPERATORS[op], isinstance(wanted, str), op == "ne"

    def own(row: Row) -> bool:
        found = row.fields.get(name)
        if found is None:
            return False
        return test(found, wanted) if isinstance(found, str) is is_text else otherwise

    def compared(row: Row) -> bool:
        found = value(row)
        if found is None:
            return False
        return test(found, wanted) if isinstance(found, str) is is_text else otherwise

    # Most comparisons are of the unit itself, and each call counts.
    return own if field.kind == kind else compared


def _compare(op: str, left: Scalar | None, right: Scalar | None) -> bool:
    if left is None or right is None:
        return False
    if isinstance(left, str) != isinstance(right, str):
        return op == "ne"
    return _OPERATORS[op](left, right)


def _one_of(value: Value, values: frozenset[Scalar]) -> Condition:
    # None is no scalar, so what is absent is in no set.
    return lambda row: value(row) in values


def _repeats(predicate: Repeats, kind: str, rows: Rows) -> Condition:
    hours, where = predicate.within_hours, predicate.where
    within = None if hours is None else timedelta(hours=hours)
    holds = None if where is None else condition_of(where, kind, rows)

    def repeats(row: Row) -> bool:
        for other in rows.alike(row, predicate.same):
            if (other.fact.at, other.fact.id) >= (row.fact.at, row.fact.id):
                break
            if within is not None and row.fact.at - other.fact.at > within:
                continue
            if holds is None or holds(other):
                return True
        return False

    return repeats


def _related(predicate: Related, rows: Rows) -> Condition:
    where = predicate.where
    holds = None if where is None else condition_of(where, predicate.kind, rows)

    def related(row: Row) -> bool:
        return any(
            other is not row and (holds is None or holds(other))
            for other in rows.sharing(row, predicate.kind, predicate.link)
        )

    return related
