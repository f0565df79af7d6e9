"""Solved cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Boolean, Column, Connection, Table, Text, func, select, update

from domain.facts import Case
from domain.ports import AddCount
from domain.record import CaseId, digest
from storage.base import metadata
from storage.fulltext import FullText
from storage.rows import chunks, put

cases = Table(
    "cases",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("indexed", Boolean, nullable=False, default=False),
)

SEARCH = "cases_fts"


def case_text(case: Case) -> str:
    """The words under which a case is found: title and symptom first."""
    parts = (case.title, case.symptom, case.cause, case.fix)
    return "\n".join(part for part in parts if part)


class SqlCaseRepo:
    """`CaseRepo` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._search = FullText(connection, SEARCH)

    def add(self, rows: Sequence[Case]) -> AddCount:
        """Store cases; other content under a known id replaces."""
        latest = {case.id: case for case in rows}
        known: dict[str, str] = {}
        for part in chunks(list(latest)):
            query = select(cases.c.id, cases.c.hash).where(cases.c.id.in_(part))
            known |= {row.id: row.hash for row in self._connection.execute(query)}
        fresh = [case for case in latest.values() if known.get(case.id) != digest(case)]
        put(
            self._connection,
            cases,
            [
                {
                    "id": case.id,
                    "hash": digest(case),
                    "body": case.model_dump_json(exclude_defaults=True),
                    "indexed": False,
                }
                for case in fresh
            ],
        )
        self._search.put([(case.id, case_text(case)) for case in fresh])
        return AddCount(stored=len(fresh), known=len(rows) - len(fresh))

    def find(self, id_: CaseId) -> Case | None:
        """Find a case."""
        body = self._connection.scalar(select(cases.c.body).where(cases.c.id == id_))
        return Case.model_validate_json(body) if body else None

    def list_all(self) -> list[Case]:
        """All cases."""
        bodies = self._connection.scalars(select(cases.c.body).order_by(cases.c.id))
        return [Case.model_validate_json(body) for body in bodies]

    def search(self, words: str, *, limit: int = 50) -> list[tuple[CaseId, float]]:
        """Full text search."""
        return [(CaseId(id_), score) for id_, score in self._search.search(words, limit=limit)]

    def unindexed(self, *, limit: int) -> list[tuple[CaseId, str]]:
        """Ids and words that the vector index does not hold yet."""
        query = select(cases.c.body).where(cases.c.indexed.is_(False)).limit(limit)
        return [_words(body) for body in self._connection.scalars(query)]

    def indexable(self) -> Iterator[tuple[CaseId, str]]:
        """Ids and words of all that belongs into the vector index."""
        for body in self._connection.scalars(select(cases.c.body).order_by(cases.c.id)):
            yield _words(body)

    def count_indexed(self) -> int:
        """How many cases the vector index is said to hold."""
        query = select(func.count()).where(cases.c.indexed.is_(True))
        return self._connection.scalar(query) or 0

    def mark_indexed(self, ids: Sequence[CaseId]) -> None:
        """Say that the vector index holds these."""
        for part in chunks(ids):
            self._connection.execute(update(cases).where(cases.c.id.in_(part)).values(indexed=True))

    def forget_index(self) -> None:
        """Say that the vector index holds nothing."""
        self._connection.execute(update(cases).values(indexed=False))


def _words(body: str) -> tuple[CaseId, str]:
    case = Case.model_validate_json(body)
    return case.id, f"{case.title}\n{case.symptom}"
