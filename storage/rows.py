"""Small ways in which all repositories write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, bindparam, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

T = TypeVar("T")
CHUNK = 500


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Give parts of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def put(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, replacing those with the same primary key."""
    if not rows:
        return
    statement = _insert(connection, table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    if changed:
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)
    else:
        connection.execute(statement.on_conflict_do_nothing(), rows)


def put_once(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, leaving those that are there as they are."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), rows)


def update_many(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Set columns of the rows whose `key` is `of`; every mapping names the same columns."""
    if not rows:
        return
    changed: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "of"}
    connection.execute(update(table).where(table.c.key == bindparam("of")).values(changed), rows)


def _insert(connection: Connection, table: Table) -> Any:
    if connection.dialect.name == "sqlite":
        return sqlite_insert(table)
    return postgresql_insert(table)
