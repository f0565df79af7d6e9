"""The exact terms by which drafts are known, kept beside them for search.

A term is a recipient's id, address, name, last name or order number, or what a ticket is
called in its tracker. Terms are folded; `shown` is the form that people write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Column, Connection, Index, Integer, Table, Text, and_, delete

from domain.proposals import Delivery, Proposal, Recipient
from domain.search import FoundBy
from storage.base import metadata
from storage.fulltext import fold
from storage.rows import chunks, put_once

terms = Table(
    "search_terms",
    metadata,
    Column("term", Text, primary_key=True),
    Column("proposal_id", Text, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("by", Text, nullable=False),
    Column("shown", Text, nullable=False),
    Index("ix_search_terms_proposal_id", "proposal_id"),
    Index("ix_search_terms_start", "term", postgresql_ops={"term": "text_pattern_ops"}),
)

# Shorter ones are house numbers, days and cents.
_ORDER_NUMBER = re.compile(r"\b(?=[\w-]*\d)[\w-]{5,}\b")


class _Term(NamedTuple):
    by: FoundBy
    shown: str


def put_recipients(connection: Connection, proposal: Proposal) -> None:
    """Keep the terms of a proposal's recipients in place of earlier ones."""
    of_recipients = and_(terms.c.proposal_id == proposal.id, terms.c.by != FoundBy.TICKET.value)
    connection.execute(delete(terms).where(of_recipients))
    rows = [
        _row(proposal.id, place, term)
        for place, recipient in enumerate(proposal.recipients)
        for term in _terms_of(recipient)
    ]
    for part in chunks(rows):
        put_once(connection, terms, part)


def put_ticket(connection: Connection, delivery: Delivery) -> None:
    """Keep what the ticket of a delivery is called in its tracker."""
    if delivery.external_id and delivery.customer_id is None:
        term = _Term(FoundBy.TICKET, delivery.external_id)
        put_once(connection, terms, [_row(delivery.proposal_id, 0, term)])


def _terms_of(recipient: Recipient) -> Iterator[_Term]:
    yield _Term(FoundBy.CUSTOMER, recipient.customer_id)
    yield _Term(FoundBy.RECIPIENT, recipient.address)
    if recipient.name:
        yield _Term(FoundBy.RECIPIENT, recipient.name)
        yield _Term(FoundBy.RECIPIENT, recipient.name.rpartition(" ")[2])
    for value in recipient.values.values():
        for number in _ORDER_NUMBER.findall(value):
            yield _Term(FoundBy.ORDER, number)


def _row(proposal_id: str, place: int, term: _Term) -> dict[str, str | int]:
    return {
        "term": fold(term.shown),
        "proposal_id": proposal_id,
        "place": place,
        "by": term.by.value,
        "shown": term.shown,
    }
