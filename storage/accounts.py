"""People, sign-in links, sessions and tokens. Secrets are stored as SHA-256 only."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    Table,
    Text,
    delete,
    func,
    select,
    update,
)

from storage.base import UtcDateTime, metadata
from storage.rows import put

CredentialKind = Literal["link", "session", "token"]

credentials = Table(
    "credentials",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("csrf", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("used_at", UtcDateTime),
)

sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("address", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_sign_in_tries_address", "address", "at"),
)


class Credential(NamedTuple):
    """What a secret stands for."""

    hash: str
    kind: str
    person: str
    role: str
    csrf: str | None
    expires_at: datetime | None
    used_at: datetime | None


class SqlAccountRepo:
    """Credentials on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        *,
        hash_: str,
        kind: CredentialKind,
        person: str,
        role: str,
        at: datetime,
        expires_at: datetime | None = None,
        csrf: str | None = None,
    ) -> None:
        """Keep a credential under the hash of its secret."""
        row = {
            "hash": hash_,
            "kind": kind,
            "person": person,
            "role": role,
            "csrf": csrf,
            "created_at": at,
            "expires_at": expires_at,
            "used_at": None,
        }
        put(self._connection, credentials, [row])

    def find(self, hash_: str, *, kind: CredentialKind, now: datetime) -> Credential | None:
        """Find a credential that has not expired; a used link is found with its `used_at`."""
        row = self._connection.execute(
            select(credentials).where(credentials.c.hash == hash_, credentials.c.kind == kind)
        ).one_or_none()
        if row is None or (row.expires_at is not None and row.expires_at <= now):
            return None
        return Credential(
            row.hash, row.kind, row.person, row.role, row.csrf, row.expires_at, row.used_at
        )

    def use(self, hash_: str, *, at: datetime) -> bool:
        """Use a link; False when it was used before."""
        statement = (
            update(credentials)
            .where(credentials.c.hash == hash_, credentials.c.used_at.is_(None))
            .values(used_at=at)
        )
        return self._connection.execute(statement).rowcount == 1

    def drop(self, hash_: str) -> None:
        """Forget a credential, for signing out."""
        self._connection.execute(delete(credentials).where(credentials.c.hash == hash_))

    def drop_expired(self, *, now: datetime) -> None:
        """Forget what has expired."""
        self._connection.execute(delete(credentials).where(credentials.c.expires_at <= now))

    def tries(self, address: str, *, since: datetime) -> int:
        """How many wrong links came from an address; earlier tries are forgotten."""
        self._connection.execute(delete(sign_in_tries).where(sign_in_tries.c.at < since))
        query = select(func.count()).where(sign_in_tries.c.address == address)
        return self._connection.scalar(query) or 0

    def add_try(self, address: str, *, at: datetime) -> None:
        """Keep that a wrong link came from an address."""
        self._connection.execute(sign_in_tries.insert(), {"address": address, "at": at})
