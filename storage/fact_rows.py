"""The tables of facts: every revision with its span of validity, and its link keys.

A revision counts from `known_at` until `until_at`, when the next one became known; it is
current while `until_at` is empty. Times are `time_text`, so that text order is time order
and columns compare with attributes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    and_,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from domain.facts import Fact
from domain.ports import AddCount
from domain.record import canonical, time_text
from storage.base import metadata
from storage.linking import attributes_of, known_at, links_of, storable
from storage.rows import chunks, lock, put_once
from storage.settings import SqlSettingRepo

PLAIN = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by code points on both databases."""

_BIG = BigInteger().with_variant(Integer(), "sqlite")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
LATEST = "facts_latest_at"
"""The setting that keeps the latest time of any fact."""

facts = Table(
    "facts",
    metadata,
    Column("seq", _BIG, primary_key=True, autoincrement=False),
    Column("id", PLAIN, nullable=False),
    Column("kind", PLAIN, nullable=False),
    Column("at", PLAIN, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("known_at", PLAIN, nullable=False),
    Column("until_at", PLAIN),
    Column("subject", PLAIN),
    Column("customer_id", PLAIN),
    Column("account_id", PLAIN),
    Column("amount_minor", BigInteger),
    Column("currency", PLAIN),
    Column("hash", PLAIN, nullable=False),
    Column("fields", JSON(none_as_null=True).with_variant(JSONB(), "postgresql"), nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_facts_id_hash", "id", "hash", unique=True),
    Index("ix_facts_kind", "kind", "until_at", "at", "id"),
    # All three are compared with `=`, which lets the planner prefer it to the one above.
    Index("ix_facts_customer", "customer_id", "kind", "until_at"),
)

fact_links = Table(
    "fact_links",
    metadata,
    Column("seq", _BIG, primary_key=True, autoincrement=False),
    Column("kind", PLAIN, primary_key=True),
    Column("key", PLAIN, primary_key=True),
    # 1: the fact is this entity; 0: it refers to it.
    Column("own", SmallInteger, nullable=False),
    Index("ix_fact_links_entity", "kind", "key", "own", "seq"),
    sqlite_with_rowid=False,
)


# SQLite has no way to quote these inside a path.
_NOT_IN_A_PATH = re.compile(r'["\\%\x00-\x1f]')


def field_key(name: str) -> str:
    """The key under which an attribute lies in `fields`."""
    return _NOT_IN_A_PATH.sub(lambda found: f"%{ord(found[0]):02X}", storable(name))


def field_name(key: str) -> str:
    """The name of the attribute that lies under a key."""
    return unquote(key)


def microseconds(at: datetime) -> int:
    """Whole microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def moment(us: int) -> datetime:
    """The time of so many microseconds since 1970."""
    return _EPOCH + us * _MICROSECOND


def add_facts(connection: Connection, batch: Sequence[Fact]) -> AddCount:
    """Store facts; other content under a known id is a revision."""
    if not batch:
        return AddCount(stored=0, known=0)
    lock(connection, "facts")
    hashed = {(fact.id, hash_): (fact, body) for fact, hash_, body in map(_hashed, batch)}
    known = _known(connection, {fact.id for fact in batch})
    fresh = {key: value for key, value in hashed.items() if key not in known}
    start = (connection.scalar(select(func.max(facts.c.seq))) or 0) + 1
    rows: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []
    for seq, ((_, hash_), (fact, body)) in enumerate(fresh.items(), start):
        row, own_links = _rows(seq, fact, hash_, body)
        rows.append(row)
        links.extend(own_links)
    put_once(connection, facts, rows)
    put_once(connection, fact_links, links)
    seen = {id_ for id_, _ in known}
    ids = [id_ for id_, _ in fresh]
    _close_spans(connection, _repeated(ids) | (seen & set(ids)))
    _keep_latest(connection, [fact for fact, _ in fresh.values()])
    return AddCount(stored=len(fresh), known=len(batch) - len(fresh))


def _hashed(fact: Fact) -> tuple[Fact, str, str]:
    body = canonical(fact.model_dump(mode="json", exclude_defaults=True))
    return fact, sha256(body.encode()).hexdigest()[:32], body


def _known(connection: Connection, ids: set[str]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for part in chunks(sorted(ids), 10_000):
        query = select(facts.c.id, facts.c.hash).where(facts.c.id.in_(part))
        found |= {(row.id, row.hash) for row in connection.execute(query)}
    return found


def _rows(seq: int, fact: Fact, hash_: str, body: str) -> tuple[dict[str, Any], list[Any]]:
    links = links_of(fact)
    row = {
        "seq": seq,
        "id": fact.id,
        "kind": fact.kind,
        "at": time_text(fact.at),
        "at_us": microseconds(fact.at),
        "known_at": time_text(known_at(fact)),
        "until_at": None,
        "subject": storable(fact.subject) if fact.subject is not None else None,
        "customer_id": links.customer_id,
        "account_id": links.account_id,
        "amount_minor": fact.amount_minor,
        "currency": storable(fact.currency) if fact.currency is not None else None,
        "hash": hash_,
        "fields": {field_key(name): value for name, value in attributes_of(fact).items()},
        "body": body,
    }
    refs = [{"seq": seq, "kind": kind, "key": key, "own": 0} for kind, key in links.refs.items()]
    own = [{"seq": seq, "kind": fact.kind, "key": key, "own": 1} for key in sorted(links.own)]
    return row, refs + own


def _repeated(ids: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    return {id_ for id_ in ids if id_ in seen or seen.add(id_)}  # type: ignore[func-returns-value]


def _close_spans(connection: Connection, ids: set[str]) -> None:
    """Let each revision of these ids last until the next one became known."""
    later = facts.alias()
    following = (
        select(later.c.known_at)
        .where(
            later.c.id == facts.c.id,
            or_(
                later.c.known_at > facts.c.known_at,
                and_(later.c.known_at == facts.c.known_at, later.c.seq > facts.c.seq),
            ),
        )
        .order_by(later.c.known_at, later.c.seq)
        .limit(1)
        .correlate(facts)
        .scalar_subquery()
    )
    for part in chunks(sorted(ids), 10_000):
        connection.execute(update(facts).where(facts.c.id.in_(part)).values(until_at=following))


def _keep_latest(connection: Connection, fresh: Sequence[Fact]) -> None:
    settings = SqlSettingRepo(connection)
    before = settings.find(LATEST) or ""
    latest = max((time_text(max(one.at, known_at(one))) for one in fresh), default="")
    if latest > before:
        settings.put(LATEST, latest)
