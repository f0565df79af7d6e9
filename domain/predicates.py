"""A small closed expression language over facts.

A predicate speaks about one *unit*: a current fact of one kind. `Field(kind, name)`
names an attribute of the unit or, when `kind` differs from the unit's kind, of the
fact that the unit is linked to (a payment's order, an order's account ...). Reserved
names are the columns of a fact: id, at, recorded_at, subject, customer_id,
account_id, amount_minor, currency; any other name is an attribute.
A comparison with an absent value is false, never an error.
Times are compared as `domain.record.time_text`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Setting

from domain.record import Instant, QueryId, Record, digest

Scalar = bool | int | float | str
"""A time is its `time_text`."""


class Field(Record):
    """An attribute of the unit or of a linked fact, written `kind.name`."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.name}"


class Compare(Record):
    """The field compared with a value."""

    type: Literal["compare"] = "compare"
    field: Field
    op: Literal["eq", "ne", "lt", "le", "gt", "ge"]
    value: Scalar


class CompareFields(Record):
    """One field compared with another, both of the unit or linked to it."""

    type: Literal["compare_fields"] = "compare_fields"
    left: Field
    op: Literal["eq", "ne", "lt", "le", "gt", "ge"]
    right: Field


class OneOf(Record):
    """The field has one of these values."""

    type: Literal["one_of"] = "one_of"
    field: Field
    values: tuple[Scalar, ...]


class Present(Record):
    """The field has a value."""

    type: Literal["present"] = "present"
    field: Field


class Every(Record):
    """All terms hold; true when empty."""

    type: Literal["every"] = "every"
    terms: tuple[Predicate, ...] = ()


class Either(Record):
    """At least one term holds; false when empty."""

    type: Literal["either"] = "either"
    terms: tuple[Predicate, ...]


class Not(Record):
    """The term does not hold."""

    type: Literal["not"] = "not"
    term: Predicate


class Repeats(Record):
    """Another current fact of the same kind came before this one (in `at`, then `id`)
    with the same values in `same`, all of them present, and satisfies `where` too."""

    type: Literal["repeats"] = "repeats"
    same: tuple[Field, ...]
    where: Predicate | None = None
    within_hours: float | None = None


class Related(Record):
    """A current fact of `kind` that shares the unit's `link` satisfies `where`.

    `link` is the kind of entity both refer to (`order`, `invoice`, `customer`,
    `account`), for example a refunded payment of the same order.
    """

    type: Literal["related"] = "related"
    kind: str
    link: str
    where: Predicate | None = None


Predicate = Annotated[
    Compare | CompareFields | OneOf | Present | Every | Either | Not | Repeats | Related,
    Setting(discriminator="type"),
]

for _model in (Every, Either, Not, Repeats, Related):
    _model.model_rebuild()

ALWAYS = Every()


class FactQuery(Record):
    """A population: current facts of one kind for which `where` holds.

    `as_of` None means with everything recorded; otherwise only revisions whose
    `recorded_at` (or `at`, where absent) is not later count.
    """

    kind: str
    where: Predicate = ALWAYS
    as_of: Instant | None = None

    @property
    def id(self) -> QueryId:
        """The stable id under which a number names the rows behind it."""
        return QueryId("q_" + digest(self)[:16])


def all_of(*terms: Predicate | None) -> Predicate:
    """Join predicates with and, flattening and leaving out None."""
    flat: list[Predicate] = []
    for term in terms:
        if term is None:
            continue
        flat.extend(term.terms if isinstance(term, Every) else (term,))
    return flat[0] if len(flat) == 1 else Every(terms=tuple(flat))


def equals(kind: str, name: str, value: Scalar) -> Compare:
    """Say that an attribute has a value."""
    return Compare(field=Field(kind=kind, name=name), op="eq", value=value)
