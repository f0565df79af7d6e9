"""The store: transactions over everything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError

from domain.errors import InvalidConfiguration, StoreBusy, StoreUnavailable
from storage import cases, feedback, issues, proposal_tables
from storage.accounts import SqlAccountRepo
from storage.audit import SqlAuditRepo
from storage.base import metadata, open_engine
from storage.cases import SqlCaseRepo
from storage.facts import FactCache, SqlFactRepo
from storage.feedback import SqlFeedbackRepo
from storage.fulltext import FullText
from storage.issues import SqlIssueRepo
from storage.outbox import SqlOutboxRepo
from storage.proposals import SqlProposalRepo
from storage.search import SqlSearchRepo
from storage.settings import SqlSettingRepo

_FULL_TEXTS = (feedback.SEARCH, cases.SEARCH, issues.LABELS, proposal_tables.DRAFTS)


class SqlUnit:
    """Everything stored, seen through one transaction."""

    def __init__(self, connection: Connection, fact_cache: FactCache) -> None:
        self._connection = connection
        self._fact_cache = fact_cache

    @cached_property
    def feedback(self) -> SqlFeedbackRepo:
        """Feedback and readings."""
        return SqlFeedbackRepo(self._connection)

    @cached_property
    def facts(self) -> SqlFactRepo:
        """Facts."""
        return SqlFactRepo(self._connection, self._fact_cache)

    @cached_property
    def cases(self) -> SqlCaseRepo:
        """Solved cases."""
        return SqlCaseRepo(self._connection)

    @cached_property
    def issues(self) -> SqlIssueRepo:
        """Issues, alarms, casefiles."""
        return SqlIssueRepo(self._connection)

    @cached_property
    def proposals(self) -> SqlProposalRepo:
        """Proposals and decisions."""
        return SqlProposalRepo(self._connection)

    @cached_property
    def outbox(self) -> SqlOutboxRepo:
        """Deliveries and attempts."""
        return SqlOutboxRepo(self._connection)

    @cached_property
    def audit(self) -> SqlAuditRepo:
        """The audit chain."""
        return SqlAuditRepo(self._connection)

    @cached_property
    def search(self) -> SqlSearchRepo:
        """Search over drafts and issues."""
        return SqlSearchRepo(self._connection)

    @cached_property
    def settings(self) -> SqlSettingRepo:
        """Small named values."""
        return SqlSettingRepo(self._connection)

    @cached_property
    def accounts(self) -> SqlAccountRepo:
        """Credentials."""
        return SqlAccountRepo(self._connection)


class SqlStore:
    """The truth behind one database URL."""

    def __init__(self, url: str) -> None:
        """Open lazily.

        Raises:
            InvalidConfiguration: The address is none of a database that can be used.
        """
        self.url = url
        try:
            make_url(url).get_dialect()
        except (ArgumentError, ImportError) as error:
            raise InvalidConfiguration(
                "The address of the database must look like sqlite:///FILE or "
                "postgresql://host/name."
            ) from error
        path = make_url(url).database if url.startswith("sqlite") else None
        if path:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._engine: Engine = open_engine(url)
        self._reader = self._engine.execution_options(read_only=True)
        self._facts = FactCache()

    def prepare(self) -> None:
        """Create what is missing in the database.

        Raises:
            StoreUnavailable: It cannot be opened or written.
        """
        with _translated(), self._engine.begin() as connection:
            metadata.create_all(connection)
            for name in _FULL_TEXTS:
                FullText(connection, name).create()

    def reset(self) -> None:
        """Drop everything. For tests on a shared server."""
        with self._engine.begin() as connection:
            for name in _FULL_TEXTS:
                FullText(connection, name).drop()
            metadata.drop_all(connection)

    @contextmanager
    def read(self) -> Iterator[SqlUnit]:
        """A snapshot that never waits for a writer.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        with _translated(), self._reader.connect() as connection, connection.begin():
            yield SqlUnit(connection, self._facts)

    @contextmanager
    def write(self) -> Iterator[SqlUnit]:
        """The one writer; commits at the end, or nothing.

        Raises:
            StoreBusy: Another writer held the database for longer than 30 seconds.
            StoreUnavailable: It cannot be written.
        """
        with _translated(), self._engine.begin() as connection:
            yield SqlUnit(connection, self._facts)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


# What databases say when their disk, file, age or server is the trouble, not the statement.
_WORLD = re.compile(
    r"not a database|malformed|unable to open|readonly|read-only|disk|connect|server closed|"
    r"terminat|authentication|no space|no such (?:table|column)",
    re.I,
)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        told = str(error.orig).strip()
        if "locked" in told:
            raise StoreBusy("The database is busy; try again.") from error
        if not _WORLD.search(told):
            raise
        raise StoreUnavailable(
            f"The database cannot be used: {told.splitlines()[0]}. Run: undertone doctor"
        ) from error
