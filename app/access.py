"""Who may do what: roles, one-time sign-in links, sessions, tokens of machines.

A secret is shown once and kept as its SHA-256. A link opens one session, by a button
and never by being fetched; a session and a token are rows, so signing out is real.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from app.problems import SignedOut, TooManyTries
from domain.errors import Forbidden, InvalidInput
from domain.ports import Clock

if TYPE_CHECKING:
    from storage.accounts import Credential, SqlAccountRepo

LINK_LIVES = timedelta(minutes=15)
SESSION_LIVES = timedelta(hours=12)
TRIES = 10
TRIES_WINDOW = timedelta(minutes=5)


class Role(StrEnum):
    """What somebody may do; each of the first three includes the one before it."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    ADMIN = "admin"
    INGEST = "ingest"
    """Brings records in and sees nothing."""


class Right(StrEnum):
    """One thing that a role may do."""

    SEE = "see"
    DECIDE = "decide"
    LEAD = "lead"
    """Decide what a reviewer escalated."""
    SWITCH = "switch"
    BRING = "bring"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.SEE}),
    Role.REVIEWER: frozenset({Right.SEE, Right.DECIDE}),
    Role.ADMIN: frozenset({Right.SEE, Right.DECIDE, Right.LEAD, Right.SWITCH, Right.BRING}),
    Role.INGEST: frozenset({Right.BRING}),
}
_VERB = {
    Right.SEE: "see drafts",
    Right.DECIDE: "decide drafts",
    Right.LEAD: "decide what was escalated",
    Right.SWITCH: "stop or resume sending",
    Right.BRING: "bring records in",
}


class Person(NamedTuple):
    """Who asks: by a session (with its CSRF token) or by a token."""

    name: str
    role: Role
    csrf: str | None = None

    def may(self, right: Right) -> bool:
        """Whether the role allows it."""
        return right in RIGHTS[self.role]

    def require(self, right: Right) -> None:
        """Let pass what the role allows.

        Raises:
            Forbidden: It does not.
        """
        if not self.may(right):
            raise Forbidden(f"The role {self.role.value!r} may not {_VERB[right]}.")

    @property
    def initials(self) -> str:
        """One or two letters for the corner of the page."""
        parts = [part for part in self.name.replace(".", " ").replace("-", " ").split() if part]
        return "".join(part[0] for part in parts[:2]).upper() or "?"


class Session(NamedTuple):
    """A session just opened; the secret goes into the cookie and nowhere else."""

    secret: str
    person: Person
    expires_at: datetime


class AccountUnit(Protocol):
    """A transaction that reaches the credentials."""

    @property
    def accounts(self) -> SqlAccountRepo: ...  # noqa: D102


class AccountStore(Protocol):
    """A store that holds credentials."""

    def read(self) -> AbstractContextManager[AccountUnit]:
        """A snapshot."""

    def write(self) -> AbstractContextManager[AccountUnit]:
        """The one writer."""


class Access:
    """Opens and checks links, sessions and tokens."""

    def __init__(self, store: AccountStore, *, clock: Clock, new_secret: Callable[[], str]) -> None:
        self._store = store
        self._clock = clock
        self._new_secret = new_secret

    # -- links

    def create_link(self, name: str, role: Role | str, *, lives: timedelta = LINK_LIVES) -> str:
        """Make the secret of a sign-in link that works once.

        Raises:
            InvalidInput: The name is empty, or the role cannot sign in.
        """
        person = _person(name, role)
        if person.role is Role.INGEST:
            raise InvalidInput(
                "The role 'ingest' cannot sign in. Choose viewer, reviewer or admin."
            )
        now = self._clock()
        secret = self._new_secret()
        with self._store.write() as unit:
            unit.accounts.drop_expired(now=now)
            unit.accounts.add(
                hash_=secret_hash(secret),
                kind="link",
                person=person.name,
                role=person.role.value,
                at=now,
                expires_at=now + lives,
            )
        return secret

    def find_link(self, secret: str) -> Credential | None:
        """Find a link that has not expired; looking at it does not use it."""
        with self._store.read() as unit:
            return unit.accounts.find(secret_hash(secret), kind="link", now=self._clock())

    def open_session(self, link: str, *, address: str) -> Session:
        """Use a link and open a session.

        Raises:
            SignedOut: The link was used, has expired or never existed.
            TooManyTries: Too many wrong links came from this address.
        """
        now = self._clock()
        secret, csrf = self._new_secret(), self._new_secret()
        hash_ = secret_hash(link)
        with self._store.write() as unit:
            accounts = unit.accounts
            if accounts.tries(address, since=now - TRIES_WINDOW) >= TRIES:
                raise TooManyTries("Too many wrong sign-in links. Wait five minutes.")
            found = accounts.find(hash_, kind="link", now=now)
            if found is not None and accounts.use(hash_, at=now):
                accounts.add(
                    hash_=secret_hash(secret),
                    kind="session",
                    person=found.person,
                    role=found.role,
                    at=now,
                    expires_at=now + SESSION_LIVES,
                    csrf=csrf,
                )
                person = Person(found.person, Role(found.role), csrf)
                return Session(secret, person, now + SESSION_LIVES)
            accounts.add_try(address, at=now)
        raise SignedOut("This sign-in link was used or has expired.")

    # -- sessions and tokens

    def find_session(self, secret: str) -> Person | None:
        """Find who a session belongs to."""
        with self._store.read() as unit:
            found = unit.accounts.find(secret_hash(secret), kind="session", now=self._clock())
        return Person(found.person, Role(found.role), found.csrf) if found else None

    def close_session(self, secret: str) -> None:
        """Sign out."""
        with self._store.write() as unit:
            unit.accounts.drop(secret_hash(secret))

    def create_token(self, name: str, role: Role | str) -> str:
        """Make a token for a machine that acts for a person.

        Raises:
            InvalidInput: The name is empty, or there is no such role.
        """
        person = _person(name, role)
        secret = "ut_" + self._new_secret()
        with self._store.write() as unit:
            unit.accounts.add(
                hash_=secret_hash(secret),
                kind="token",
                person=person.name,
                role=person.role.value,
                at=self._clock(),
            )
        return secret

    def find_token(self, secret: str) -> Person | None:
        """Find for whom a token acts."""
        with self._store.read() as unit:
            found = unit.accounts.find(secret_hash(secret), kind="token", now=self._clock())
        return Person(found.person, Role(found.role)) if found else None


def check_csrf(person: Person, given: str | None) -> None:
    """Let pass a form that came from our own page.

    Raises:
        Forbidden: The token is absent or another one.
    """
    right = person.csrf or ""
    if not right or not hmac.compare_digest(right.encode(), (given or "").encode()):
        raise Forbidden("This form is not from this session. Reload the page and try again.")


def secret_hash(secret: str) -> str:
    """Give what is stored of a secret. It is long and random, so one round is enough."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _person(name: str, role: Role | str) -> Person:
    name = " ".join(name.split())
    if not name:
        raise InvalidInput("A person needs a name.")
    try:
        return Person(name, Role(role))
    except ValueError as error:
        roles = ", ".join(one.value for one in Role)
        raise InvalidInput(f"There is no role {str(role)!r}. Choose one of: {roles}.") from error
