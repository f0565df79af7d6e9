"""What a search over drafts and issues finds, and by which of their words."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from domain.record import IssueId, ProposalId


class FoundBy(StrEnum):
    """Where the searched words stand, the most telling place first."""

    ID = "id"
    TICKET = "ticket"
    """What the ticket is called in the tracker."""
    LABEL = "label"
    CUSTOMER = "customer"
    RECIPIENT = "recipient"
    ORDER = "order"
    REPORT = "report"


class Found(NamedTuple):
    """A draft or an issue that the searched words lead to."""

    by: FoundBy
    text: str
    """What matched: an id, a label, a name, an order number; for reports the latest one's key."""
    issue_id: IssueId
    proposal_id: ProposalId | None = None
    """None where the words belong to the issue, and so to all its drafts."""
    place: int = 0
    """The recipient's place among the recipients, from 0."""
    reports: int = 1
    """How many of the latest reports match."""


class SearchRepo(Protocol):
    """Drafts and issues by ids, labels, people, orders and the words of their reports."""

    def find(self, words: str, *, limit: int = 50) -> Sequence[Found]:
        """Find what all the words lead to, at most `limit`, the most telling place first.

        A word of letters also finds longer ones that begin with it. Of reports the latest
        2,000 that hold the words are looked at. Each draft, and each issue, stands once.
        """
