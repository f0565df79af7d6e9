"""Predicates compiled to SQL: comparisons, linked facts as joins, relations as EXISTS.

`Scope` is one unit in a query: an alias of `facts`, and the facts linked to it, joined
when a predicate or a column first asks for them. What it all means is defined by
`memory_facts`, against which the tests hold it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Double,
    FromClause,
    Text,
    and_,
    case,
    cast,
    collate,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB

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
from storage.fact_rows import fact_links, facts, field_key
from storage.linking import COLUMNS
from storage.links_sql import Rows, current, customer_of, directly, over_one_hop

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_MICROSECOND = timedelta(microseconds=1)
Condition = ColumnElement[bool]


class Operand(NamedTuple):
    """A field as SQL: what it is as text, as a number, and as it is shown."""

    text: ColumnElement[Any] | None
    number: ColumnElement[Any] | None
    shown: ColumnElement[Any]
    is_json: bool
    """Whether `shown` is a JSON text."""

    @property
    def present(self) -> Condition:
        """Whether it has a value."""
        return self.shown.is_not(None)

    @property
    def typed(self) -> list[ColumnElement[Any]]:
        """The columns that are equal exactly when two values are."""
        return [one for one in (self.text, self.number) if one is not None]


class Scope:
    """One unit of a kind in a query."""

    def __init__(self, kind: str, as_of: str | None, *, is_sqlite: bool) -> None:
        self.kind = kind
        self.row: Rows = facts.alias()
        self._as_of = as_of
        self._is_sqlite = is_sqlite
        self._linked: dict[str, Rows] = {}
        self._joins: list[tuple[Rows, ColumnElement[Any]]] = []

    @property
    def is_unit(self) -> Condition:
        """Whether the row is a current fact of the kind."""
        return and_(self.row.c.kind == self.kind, current(self.row, self._as_of))

    @property
    def customer(self) -> ColumnElement[Any]:
        """The customer of the unit."""
        return customer_of(self.row, self._as_of)

    def source(self, base: FromClause | None = None) -> FromClause:
        """The row (already in `base`, if given) with everything joined that was asked for."""
        joined: FromClause = self.row if base is None else base
        for target, seq in self._joins:
            joined = joined.outerjoin(target, target.c.seq == seq)
        return joined

    def operand(self, field: Field) -> Operand:
        """A field of the unit or of a fact linked to it."""
        row = self.row if field.kind == self.kind else self._link(field.kind)
        if field.name in COLUMNS:
            return _column(row, field.name)
        return _attribute(row, field.name, is_sqlite=self._is_sqlite)

    def _link(self, kind: str) -> Rows:
        if kind in self._linked:
            return self._linked[kind]
        ways = [directly(self.row, kind, self._as_of), over_one_hop(self.row, kind, self._as_of)]
        if kind == "account" and self.kind != "customer":
            ways.append(directly(self._link("customer"), kind, self._as_of))
        target = facts.alias()
        self._linked[kind] = target
        self._joins.append((target, func.coalesce(*ways)))
        return target

    def holds(self, predicate: Predicate) -> Condition:
        """The predicate as a condition; NULL where it does not hold for want of a value."""
        match predicate:
            case Every(terms=terms):
                return and_(true(), *(self.holds(term) for term in terms))
            case Either(terms=terms):
                return or_(false(), *(self.holds(term) for term in terms))
            case Not(term=term):
                return not_(func.coalesce(self.holds(term), false()))
            case Present(field=field):
                return self.operand(field).present
            case Repeats():
                return self._repeats(predicate)
            case Related():
                return self._related(predicate)
            case _:
                return self._compares(predicate)

    def _compares(self, predicate: Compare | CompareFields | OneOf) -> Condition:
        match predicate:
            case Compare(field=field, op=op, value=value):
                return _compare_value(self.operand(field), op, value)
            case CompareFields(left=left, op=op, right=right):
                return _compare(self.operand(left), op, self.operand(right))
            case OneOf(field=field, values=values):
                return _one_of(self.operand(field), values)

    def _scope(self, kind: str) -> Scope:
        return Scope(kind, self._as_of, is_sqlite=self._is_sqlite)

    def _repeats(self, predicate: Repeats) -> Condition:
        """One pass over all units, sorted by what must be the same: never a row by a row."""
        scope = self._scope(self.kind)
        same = [scope.operand(field) for field in predicate.same]
        counts = true() if predicate.where is None else scope.holds(predicate.where)
        before = func.max(case((counts, scope.row.c.at_us))).over(
            partition_by=[column for one in same for column in one.typed] or None,
            order_by=[scope.row.c.at, scope.row.c.id],
            rows=(None, -1),
        )
        ranked = (
            select(scope.row.c.seq, scope.row.c.at_us, before.label("before"))
            .select_from(scope.source())
            .where(scope.is_unit, *(one.present for one in same))
            .subquery()
        )
        found = select(ranked.c.seq).where(ranked.c.before.is_not(None))
        if predicate.within_hours is not None:
            within = timedelta(hours=predicate.within_hours) // _MICROSECOND
            found = found.where(ranked.c.at_us - ranked.c.before <= within)
        repeated: Condition = self.row.c.seq.in_(found)
        return repeated

    def _related(self, predicate: Related) -> Condition:
        other = self._scope(predicate.kind)
        ours, theirs = fact_links.alias(), fact_links.alias()
        wanted = [] if predicate.where is None else [other.holds(predicate.where)]
        base = ours.join(
            theirs, and_(theirs.c.kind == ours.c.kind, theirs.c.key == ours.c.key)
        ).join(other.row, other.row.c.seq == theirs.c.seq)
        query = (
            select(literal(1))
            .select_from(other.source(base))
            .where(ours.c.seq == self.row.c.seq, ours.c.kind == predicate.link)
            .where(other.is_unit, other.row.c.seq != self.row.c.seq, *wanted)
        )
        return exists(query.correlate(self.row))


def _column(row: Rows, name: str) -> Operand:
    column: ColumnElement[Any] = row.c.known_at if name == "recorded_at" else row.c[name]
    if name == "amount_minor":
        return Operand(None, cast(column, Double), column, is_json=False)
    return Operand(column, None, column, is_json=False)


def _attribute(row: Rows, name: str, *, is_sqlite: bool) -> Operand:
    key = field_key(name)
    if is_sqlite:
        path = f'$."{key}"'
        value = func.json_extract(row.c.fields, path)
        type_ = func.typeof(value)
        return Operand(
            text=case((type_ == "text", value)),
            number=case((type_.in_(("integer", "real")), value)),
            shown=type_coerce(row.c.fields.op("->")(literal(path, Text)), Text),
            is_json=True,
        )
    found = row.c.fields.op("->", return_type=JSONB())(literal(key, Text))
    plain = func.jsonb_extract_path_text(row.c.fields, key)
    type_ = func.jsonb_typeof(found)
    return Operand(
        text=case((type_ == "string", collate(plain, "C"))),
        number=case(
            (type_ == "number", cast(plain, Double)),
            (type_ == "boolean", case((plain == "true", 1.0), else_=0.0)),
        ),
        shown=cast(found, Text),
        is_json=True,
    )


def _number(value: float) -> ColumnElement[Any]:
    return literal(float(value), Double)


def _compare_value(left: Operand, op: str, value: Scalar) -> Condition:
    if isinstance(value, str):
        return _compare(left, op, Operand(literal(value, Text), None, true(), is_json=False))
    return _compare(left, op, Operand(None, _number(value), true(), is_json=False))


def _compare(left: Operand, op: str, right: Operand) -> Condition:
    """Compare like with like; text and number are never equal and have no order."""
    compare = _OPERATORS[op]
    ways: list[Condition] = []
    if left.text is not None and right.text is not None:
        ways.append(compare(left.text, right.text))
    if left.number is not None and right.number is not None:
        ways.append(compare(left.number, right.number))
    if op == "ne":
        ways += [
            and_(one.is_not(None), two.is_not(None))
            for one, two in ((left.text, right.number), (left.number, right.text))
            if one is not None and two is not None
        ]
    return or_(false(), *ways)


def _one_of(left: Operand, values: Sequence[Scalar]) -> Condition:
    texts = [value for value in values if isinstance(value, str)]
    numbers = [float(value) for value in values if not isinstance(value, str)]
    ways: list[Condition] = []
    if texts and left.text is not None:
        ways.append(left.text.in_(texts))
    if numbers and left.number is not None:
        ways.append(left.number.in_(numbers))
    return or_(false(), *ways)
