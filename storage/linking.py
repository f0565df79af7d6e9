"""How facts are compared and what they refer to: one rule for memory and for SQL.

An entity (order, invoice, customer, account ...) is known under *own keys*: its id and
its subject without their `kind:` prefix, and the attribute `<kind>_id` of the fact of that
kind. A fact *refers* to an entity by its attribute `<kind>_id`, by a subject `<kind>:...`,
or by the columns customer_id and account_id. A customer's or account's own key stands in
for a column that is empty, so that every shape of these facts can be asked alike.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import NamedTuple

from domain.facts import Fact
from domain.predicates import Scalar
from domain.record import time_text

COLUMNS = frozenset(
    {"id", "at", "recorded_at", "subject", "customer_id", "account_id", "amount_minor", "currency"}
)

FIRST_HOPS = ("order", "invoice", "customer", "account")
"""Kinds over which a further fact is looked for first; others follow in the alphabet."""

# Doubles count without gaps up to here; both databases compare numbers as doubles.
_EXACT = 2**53
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_PREFIX = re.compile(r"[A-Za-z][A-Za-z_]*")
_TIME_NAME = re.compile(r"(_at|_from|_to|until|since)$")
_SHORTEST_TIME, _LONGEST_TIME = 13, 40
_FIRST_YEAR = 1000


class Links(NamedTuple):
    """Under which keys a fact is known, and what it refers to: kind → key."""

    own: frozenset[str]
    refs: dict[str, str]
    customer_id: str | None
    account_id: str | None


def storable(text: str) -> str:
    """Give the text without what a database cannot hold: NUL and halves of characters."""
    return _UNSTORABLE.sub("\ufffd", text)


def comparable(value: object, name: str = "") -> Scalar | None:
    """Give the form of an attribute in which it is compared; None when it has none.

    A time becomes its `time_text`; a bare date only under a name that says it is a time.
    """
    if isinstance(value, str):
        return _as_time(value, name) or storable(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _EXACT else _as_float(value)
    if isinstance(value, float) and math.isfinite(value):
        return value
    return None


def _as_float(value: int) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None


def _as_time(value: str, name: str) -> str | None:
    if not (10 <= len(value) <= _LONGEST_TIME and value[:4].isdigit() and value[4] == "-"):
        return None
    if len(value) < _SHORTEST_TIME and not _TIME_NAME.search(name):
        return None
    try:
        at = datetime.fromisoformat(value.replace("Z", "+00:00"))
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return time_text(at) if at.year >= _FIRST_YEAR else None


def is_time(value: Scalar) -> bool:
    """Whether a comparable value is a time."""
    return isinstance(value, str) and len(value) == 27 and _as_time(value, "") is not None


def known_at(fact: Fact) -> datetime:
    """When a revision became known."""
    return fact.recorded_at or fact.at


def links_of(fact: Fact) -> Links:
    """See under which keys a fact is known and what it refers to."""
    refs = _references(fact)
    own = {_bare(fact.id, fact.kind)}
    if fact.subject and not _foreign(fact.subject, fact.kind):
        own.add(_bare(fact.subject, fact.kind))
    if fact.kind in refs:
        own.add(refs[fact.kind])
    customer_id = fact.customer_id or _own_key(fact, "customer", refs)
    account_id = fact.account_id or _own_key(fact, "account", refs)
    refs.pop(fact.kind, None)
    return Links(
        frozenset(map(storable, own)),
        {storable(kind): storable(key) for kind, key in refs.items()},
        storable(customer_id) if customer_id else None,
        storable(account_id) if account_id else None,
    )


def _own_key(fact: Fact, kind: str, refs: dict[str, str]) -> str | None:
    if kind in refs:
        return refs[kind]
    if fact.kind != kind:
        return None
    return _bare(fact.subject or fact.id, kind)


def _references(fact: Fact) -> dict[str, str]:
    refs: dict[str, str] = {}
    kind, colon, key = (fact.subject or "").partition(":")
    if colon and key and _PREFIX.fullmatch(kind):
        refs[kind] = key
    for name, value in fact.attributes.items():
        kind = name.removesuffix("_id")
        if kind in ("", name) or isinstance(value, bool) or not isinstance(value, str | int):
            continue
        if value != "":
            refs[kind] = _bare(str(value), kind)
    for kind, column in (("customer", fact.customer_id), ("account", fact.account_id)):
        if column:
            refs[kind] = _bare(column, kind)
    return refs


def _bare(text: str, kind: str) -> str:
    return text.removeprefix(f"{kind}:") or text


def _foreign(subject: str, kind: str) -> bool:
    """Whether a subject names an entity of another kind."""
    prefix, colon, key = subject.partition(":")
    return bool(colon and key and prefix != kind and _PREFIX.fullmatch(prefix))


def columns_of(fact: Fact, links: Links) -> dict[str, Scalar]:
    """The reserved names that have a value."""
    values = {
        "id": fact.id,
        "at": time_text(fact.at),
        "recorded_at": time_text(known_at(fact)),
        "subject": storable(fact.subject) if fact.subject is not None else None,
        "customer_id": links.customer_id,
        "account_id": links.account_id,
        "amount_minor": fact.amount_minor,
        "currency": storable(fact.currency) if fact.currency is not None else None,
    }
    return {name: value for name, value in values.items() if value is not None}


def attributes_of(fact: Fact) -> dict[str, Scalar]:
    """The attributes that can be compared, in their comparable form."""
    return {
        name: found
        for name, value in fact.attributes.items()
        if name not in COLUMNS and (found := comparable(value, name)) is not None
    }


def hop_order(kind: str) -> tuple[int, str]:
    """The place of a kind among those over which a further fact is looked for."""
    place = FIRST_HOPS.index(kind) if kind in FIRST_HOPS else len(FIRST_HOPS)
    return place, kind
