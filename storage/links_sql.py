"""Linked facts as SQL: which row a unit is linked to, and whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    func,
    or_,
    select,
)

from storage.fact_rows import fact_links, facts
from storage.linking import FIRST_HOPS

if TYPE_CHECKING:
    from sqlalchemy.sql.selectable import NamedFromClause

Rows: TypeAlias = "NamedFromClause[Any]"
"""An alias of `facts` or of `fact_links`."""


def current(row: Rows, as_of: str | None) -> ColumnElement[bool]:
    """Whether a revision is the one that counts, at a time or with everything known."""
    lasts: ColumnElement[bool] = row.c.until_at.is_(None)
    if as_of is None:
        return lasts
    return and_(row.c.known_at <= as_of, or_(lasts, row.c.until_at > as_of))


def directly(row: Rows, kind: str, as_of: str | None) -> ColumnElement[Any]:
    """The `seq` of the fact of a kind that a row refers to; NULL when there is none."""
    ref, own = fact_links.alias(), fact_links.alias()
    target = facts.alias()
    query = (
        select(target.c.seq)
        .select_from(ref.join(own, _same_entity(ref, own)).join(target, target.c.seq == own.c.seq))
        .where(ref.c.seq == row.c.seq, ref.c.kind == kind, ref.c.own == 0)
        .where(current(target, as_of))
        .order_by(target.c.at.desc(), target.c.id.desc())
    )
    return query.limit(1).correlate(row).scalar_subquery()


def over_one_hop(row: Rows, kind: str, as_of: str | None) -> ColumnElement[Any]:
    """The `seq` of the fact of a kind to which a fact that the row refers to refers."""
    query, middle, ref = _neighbours(row, as_of)
    further, own = fact_links.alias(), fact_links.alias()
    target = facts.alias()
    query = (
        query.with_only_columns(target.c.seq)
        .join(further, and_(further.c.seq == middle.c.seq, further.c.own == 0))
        .join(own, _same_entity(further, own))
        .join(target, target.c.seq == own.c.seq)
        .where(further.c.kind == kind, current(target, as_of))
        .order_by(*_in_hop_order(ref, middle), target.c.at.desc(), target.c.id.desc())
    )
    return query.limit(1).correlate(row).scalar_subquery()


def customer_of(row: Rows, as_of: str | None) -> ColumnElement[Any]:
    """The customer a row belongs to: its own, or that of a fact it is linked to."""
    near, middle, ref = _neighbours(row, as_of)
    direct = (
        near.with_only_columns(middle.c.customer_id)
        .where(middle.c.customer_id.is_not(None))
        .order_by(*_in_hop_order(ref, middle))
        .limit(1)
    )
    far, middle, ref = _neighbours(row, as_of)
    further, own = fact_links.alias(), fact_links.alias()
    target = facts.alias()
    over_hop = (
        far.with_only_columns(target.c.customer_id)
        .join(further, and_(further.c.seq == middle.c.seq, further.c.own == 0))
        .join(own, _same_entity(further, own))
        .join(target, target.c.seq == own.c.seq)
        .where(current(target, as_of), target.c.customer_id.is_not(None))
        .order_by(*_in_hop_order(ref, middle), *_in_hop_order(further, target))
        .limit(1)
    )
    return func.coalesce(
        row.c.customer_id,
        direct.correlate(row).scalar_subquery(),
        over_hop.correlate(row).scalar_subquery(),
    )


def _neighbours(row: Rows, as_of: str | None) -> tuple[Select[Any], Rows, Rows]:
    """The facts that a row refers to, and the links over which."""
    ref, own = fact_links.alias(), fact_links.alias()
    middle = facts.alias()
    query = (
        select(middle.c.seq)
        .select_from(ref.join(own, _same_entity(ref, own)).join(middle, middle.c.seq == own.c.seq))
        .where(ref.c.seq == row.c.seq, ref.c.own == 0, current(middle, as_of))
    )
    return query, middle, ref


def _same_entity(ref: Rows, own: Rows) -> ColumnElement[bool]:
    return and_(own.c.kind == ref.c.kind, own.c.key == ref.c.key, own.c.own == 1)


def _in_hop_order(ref: Rows, target: Rows) -> tuple[ColumnElement[Any], ...]:
    place = case(
        {kind: place for place, kind in enumerate(FIRST_HOPS)},
        value=ref.c.kind,
        else_=len(FIRST_HOPS),
    )
    return place, ref.c.kind, target.c.at.desc(), target.c.id.desc()
