"""What a mark leads to, as a table of rows, quotes, a case, a setting or a name."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

from agent.casework.reach import describe
from app.inbox import words
from app.inbox.backend import (
    CaseSource,
    FactRows,
    GoneSource,
    PersonSource,
    ReportRows,
    SettingSource,
    Source,
)
from app.inbox.views_sentence import mark_href
from domain.facts import Fact
from domain.predicates import (
    Compare,
    CompareFields,
    Either,
    Every,
    Not,
    OneOf,
    Predicate,
    Present,
)
from domain.proposals import Evidence

_IN_FLOAT, _ON_PAGE = 3, 7


class Cell(NamedTuple):
    """A cell, perhaps with a link."""

    text: str
    href: str | None = None


class FloatView(NamedTuple):
    """The opened mark."""

    number: int
    title: str
    explanation: str
    condition: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int
    shown: int
    all_href: str | None
    since: str
    previous: str | None
    following: str | None


def float_of(
    evidence: Evidence, source: Source, *, proposal_id: str, offset: int, limit: int
) -> FloatView:
    """Give the opened mark."""
    head, rows, total, condition, since = _contents(source, limit)
    href = mark_href(proposal_id, evidence.number)
    return FloatView(
        number=evidence.number,
        title=evidence.title,
        explanation=evidence.explanation,
        condition=condition,
        head=head,
        rows=rows,
        total=total,
        shown=len(rows),
        all_href=href if total > len(rows) else None,
        since=since,
        previous=f"{href}?offset={max(0, offset - limit)}" if offset else None,
        following=f"{href}?offset={offset + limit}" if offset + len(rows) < total else None,
    )


_Contents = tuple[tuple[str, ...], tuple[tuple[Cell, ...], ...], int, str, str]


def _contents(source: Source, limit: int) -> _Contents:
    match source:
        case FactRows():
            return _facts(source, _IN_FLOAT if limit < 10 else _ON_PAGE)
        case ReportRows():
            rows = tuple(
                (
                    Cell(one.item.id, f"/reports/{quote(one.item.key)}"),
                    Cell(one.item.customer_id or "not named"),
                    Cell(words.short_moment(one.item.at) if one.item.at else "no time"),
                    Cell(one.redacted.value[:240]),
                )
                for one in source.reports
            )
            return ("Report", "Customer", "When", "Text"), rows, source.total, "", ""
        case CaseSource(case=case):
            lines = (
                ("Symptom", case.symptom),
                ("Cause", case.cause or "not recorded"),
                ("Fix", case.fix or "not recorded"),
                ("Ended", {"held": "held", "returned": "came back"}.get(case.outcome, "not known")),
            )
            table = tuple((Cell(name), Cell(text)) for name, text in lines)
            return ("", case.title), table, len(table), "", ""
        case SettingSource(file=file, name=name, value=value):
            return ("File", "Entry", "Value"), ((Cell(file), Cell(name), Cell(value)),), 1, "", ""
        case PersonSource(name=name):
            return ("Written by",), ((Cell(name),),), 1, "No record shows it.", ""
        case GoneSource(reason=reason):
            return (), (), 0, reason, ""


def _facts(source: FactRows, width: int) -> _Contents:
    names = _columns(source)[:width]
    with_amount = any(one.amount_minor is not None for one in source.facts)
    head = ("Record", "Customer", *(name.replace("_", " ").capitalize() for name in names))
    if with_amount:
        head = (*head, "Amount")
    rows = []
    for one in source.facts:
        cells = [Cell(one.id), Cell(one.customer_id or "")]
        cells += [Cell(_value(one.attributes.get(name))) for name in names]
        if with_amount:
            amount = one.amount_minor
            cells.append(
                Cell(words.money(amount, one.currency or "EUR") if amount is not None else "")
            )
        rows.append(tuple(cells))
    condition = ""
    if source.query is not None:
        condition = f"{source.query.kind.capitalize()}: {describe(source.query.where)}."
    since = ""
    if source.now_total is not None and source.now_total != source.total:
        change = source.now_total - source.total
        since = f"{abs(change):,} {'more' if change > 0 else 'fewer'} since this draft"
    return head, tuple(rows), source.total, condition, since


def _columns(source: FactRows) -> list[str]:
    """Give attributes, first those that the condition compares, last those all rows share."""
    present = dict.fromkeys(name for one in source.facts for name in one.attributes)
    asked = _compared(source.query.where, source.query.kind) if source.query else []
    names = list(dict.fromkeys([*(one for one in asked if one not in _COLUMNS), *present]))
    shared = [name for name in names if len({_value(_of(one, name)) for one in source.facts}) == 1]
    telling = [name for name in names if name not in shared]
    proof = [name for name in asked if name in shared and name.endswith("_at")]
    return list(
        dict.fromkeys([*(one for one in asked if one in telling), *proof, *telling, *names])
    )


_COLUMNS = frozenset({"id", "at", "customer_id", "amount_minor", "currency", "recorded_at"})
"""Fields of a fact that are no attributes."""


def _of(fact: Fact, name: str) -> object:
    return fact.attributes.get(name)


def _compared(predicate: Predicate, kind: str) -> list[str]:
    """Give the unit's own fields that a condition names, fields against fields first."""
    match predicate:
        case CompareFields(left=left, right=right):
            return [one.name for one in (left, right) if one.kind == kind]
        case Compare(field=field) | OneOf(field=field) | Present(field=field):
            return [field.name] if field.kind == kind else []
        case Every(terms=terms) | Either(terms=terms):
            inner = [_compared(one, kind) for one in sorted(terms, key=_is_plain)]
            return list(dict.fromkeys(name for names in inner for name in names))
        case Not(term=term):
            return _compared(term, kind)
        case _:
            return []


def _is_plain(predicate: Predicate) -> bool:
    return isinstance(predicate, Compare | OneOf)


def _value(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, str) and len(value) >= 16 and value[4:5] == "-":
        try:
            return words.short_moment(datetime.fromisoformat(value.replace("Z", "+00:00")))
        except ValueError:
            return value
    return str(value)
