"""Search over drafts and issues: ids, exact terms, labels, and the words of reports.

Every question is answered by an index and has a limit; none reads all drafts, recipients or
reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, and_, func, or_, select

from domain.record import IssueId, ProposalId
from domain.search import Found, FoundBy
from storage.facts import facts
from storage.feedback import SEARCH as REPORTS
from storage.feedback import feedback
from storage.fulltext import FullText, fold
from storage.issues import LABELS, issues
from storage.proposal_tables import DRAFTS, proposals
from storage.search_terms import terms

_LATEST = 2_000
"""Reports that are looked at, and terms."""
_SHORTEST_START = 3
"""Letters that must be typed before longer names and ids that begin with them are found."""
_ORDER_KINDS = ("order", "invoice")


class SqlSearchRepo:
    """`SearchRepo` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, words: str, *, limit: int = 50) -> list[Found]:
        """Find what all the words lead to, the most telling place first."""
        wanted = " ".join(words.split())
        found: dict[tuple[IssueId, ProposalId | None], Found] = {}
        for one in self._all(wanted, limit) if wanted else ():
            if (one.issue_id, one.proposal_id) not in found and len(found) < limit:
                found[one.issue_id, one.proposal_id] = one
        return list(found.values())

    def _all(self, wanted: str, limit: int) -> Iterator[Found]:
        yield from self._by_id(wanted, limit)
        yield from self._by_terms(self._is_term(fold(wanted)))
        yield from self._by_labels(wanted, limit)
        yield from self._of_customers(_cases(wanted), FoundBy.CUSTOMER, shown=wanted, limit=limit)
        yield from self._of_orders(wanted, limit)
        yield from self._by_reports(wanted, limit)

    # -- ids and exact terms -----------------------------------------------------------

    def _by_id(self, wanted: str, limit: int) -> Iterator[Found]:
        if len(wanted) < _SHORTEST_START or " " in wanted:
            return
        table = proposals.c
        starts = or_(*(self._starts(table.id, one) for one in (wanted, f"p_{wanted}")))
        rows = self._connection.execute(
            select(table.id, table.issue_id).where(starts).order_by(table.id).limit(limit)
        )
        for id_, issue_id in rows:
            yield Found(FoundBy.ID, id_, IssueId(issue_id), ProposalId(id_))
        starts = or_(*(self._starts(issues.c.id, one) for one in (wanted, f"I-{wanted}")))
        query = select(issues.c.id).where(starts).order_by(issues.c.id).limit(limit)
        for id_ in self._connection.scalars(query):
            yield Found(FoundBy.ID, id_, IssueId(id_))

    def _by_terms(self, condition: ColumnElement[bool]) -> Iterator[Found]:
        rows = self._connection.execute(
            select(terms, proposals.c.issue_id)
            .join(proposals, proposals.c.id == terms.c.proposal_id)
            .where(condition)
            .order_by(terms.c.term)
            .limit(_LATEST)
        )
        for row in rows:
            yield Found(
                FoundBy(row.by),
                row.shown,
                IssueId(row.issue_id),
                ProposalId(row.proposal_id),
                row.place,
            )

    def _is_term(self, wanted: str) -> ColumnElement[bool]:
        """Say that a term is the wanted one, or a name or address that begins with it."""
        same = terms.c.term == wanted
        if len(wanted) < _SHORTEST_START:
            return same
        is_name = terms.c.by == FoundBy.RECIPIENT.value
        return or_(same, and_(is_name, self._starts(terms.c.term, wanted)))

    def _starts(self, column: Column[str], start: str) -> ColumnElement[bool]:
        """Say that a text begins with another, so that an index answers it."""
        if self._connection.dialect.name != "sqlite":
            return column.startswith(start, autoescape=True)
        following = f"{start[:-1]}{chr(ord(start[-1]) + 1)}"
        return and_(column >= start, column < following)

    # -- words -------------------------------------------------------------------------

    def _by_labels(self, wanted: str, limit: int) -> Iterator[Found]:
        ids = FullText(self._connection, DRAFTS).having(wanted, limit=limit)
        table = proposals.c
        query = select(table.id, table.issue_id, table.label).where(table.id.in_(ids))
        for row in self._connection.execute(query):
            yield Found(FoundBy.LABEL, row.label, IssueId(row.issue_id), ProposalId(row.id))
        for id_ in FullText(self._connection, LABELS).having(wanted, limit=limit):
            yield Found(FoundBy.LABEL, id_, IssueId(id_))

    def _by_reports(self, wanted: str, limit: int) -> Iterator[Found]:
        keys = FullText(self._connection, REPORTS).having(wanted, limit=_LATEST)
        yield from self._issues_with(feedback.c.key.in_(keys), FoundBy.REPORT, limit=limit)

    # -- people and orders -------------------------------------------------------------

    def _of_customers(
        self, ids: Iterable[str], by: FoundBy, *, shown: str, limit: int
    ) -> Iterator[Found]:
        own = feedback.c.customer_id.in_(list(ids))
        for one in self._issues_with(own, by, limit=limit):
            yield one._replace(text=shown)

    def _of_orders(self, wanted: str, limit: int) -> Iterator[Found]:
        ids = [
            id_
            for number in _cases(wanted)
            for id_ in (number, *(f"{kind}{to}{number}" for kind in _ORDER_KINDS for to in ":-"))
        ]
        query = select(facts.c.customer_id).where(facts.c.id.in_(ids)).distinct().limit(limit)
        customers = [one for one in self._connection.scalars(query) if one is not None]
        if not customers:
            return
        is_recipient = terms.c.by == FoundBy.CUSTOMER.value
        named = and_(is_recipient, terms.c.term.in_([fold(one) for one in customers]))
        for one in self._by_terms(named):
            yield one._replace(by=FoundBy.ORDER, text=wanted)
        yield from self._of_customers(customers, FoundBy.ORDER, shown=wanted, limit=limit)

    def _issues_with(
        self, condition: ColumnElement[bool], by: FoundBy, *, limit: int
    ) -> list[Found]:
        """Give the issues of the latest reports that a condition holds for, most of them first."""
        table = feedback.c
        latest = (
            select(table.issue_id, table.seq)
            .where(condition, table.issue_id.is_not(None))
            .order_by(table.seq.desc())
            .limit(_LATEST)
            .subquery()
        )
        many = func.count()
        rows: Sequence[Any] = self._connection.execute(
            select(latest.c.issue_id, many.label("reports"), func.max(latest.c.seq).label("seq"))
            .group_by(latest.c.issue_id)
            .order_by(many.desc(), latest.c.issue_id)
            .limit(limit)
        ).all()
        query = select(table.seq, table.key).where(table.seq.in_([row.seq for row in rows]))
        keys = {row.seq: row.key for row in self._connection.execute(query)}
        return [
            Found(by, keys[row.seq], IssueId(row.issue_id), reports=row.reports) for row in rows
        ]


def _cases(wanted: str) -> list[str]:
    return list(dict.fromkeys((wanted, wanted.upper(), wanted.lower())))
