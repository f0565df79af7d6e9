"""The seat of the inbox: everything that its pages and the API ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from pydantic import JsonValue

from domain.audit import AuditEntry
from domain.delivery import FrozenCopy, ProposalRow, VersionNote
from domain.facts import Case, Fact
from domain.feedback import FeedbackItem, ReadItem
from domain.issues import Casefile, Issue
from domain.predicates import FactQuery
from domain.proposals import (
    Attempt,
    Check,
    Decision,
    DecisionKind,
    Delivery,
    DeliveryState,
    Draft,
    Evidence,
    Proposal,
    ProposalState,
    SavedEdit,
    Switch,
)
from domain.record import DeliveryId, FeedbackKey, IssueId, ProposalId
from domain.search import Found


class Tab(StrEnum):
    """A part of the list."""

    DECIDE = "decide"
    WAY = "way"
    UNKNOWN = "unknown"
    DONE = "done"


TAB_STATES: dict[Tab, tuple[ProposalState, ...]] = {
    Tab.DECIDE: (ProposalState.PROPOSED,),
    Tab.WAY: (ProposalState.REDRAFTING, ProposalState.APPROVED, ProposalState.SENDING),
    Tab.UNKNOWN: (ProposalState.UNKNOWN,),
    Tab.DONE: (
        ProposalState.SENT,
        ProposalState.FAILED,
        ProposalState.REJECTED,
        ProposalState.EXPIRED,
        ProposalState.SUPERSEDED,
    ),
}


def tab_of(state: ProposalState) -> Tab:
    """Give the part of the list in which a state stands."""
    return next(tab for tab, states in TAB_STATES.items() if state in states)


class ListRow(NamedTuple):
    """A proposal in the list, with what became of it."""

    proposal: ProposalRow
    deliveries: Mapping[DeliveryState, int] = {}
    hold_until: datetime | None = None
    decision: Decision | None = None
    """The last one."""
    escalation: Decision | None = None
    """Who escalated it, when and why."""
    found: Found | None = None
    """In a search: which words led to it."""
    report: ReadItem | None = None
    """In a search: the report whose words did."""


class FoundIssue(NamedTuple):
    """An issue without a draft that a search leads to."""

    issue: Issue
    found: Found
    report: ReadItem | None = None


class ListPage(NamedTuple):
    """A part of the list in its order."""

    rows: tuple[ListRow, ...]
    next: ProposalId | None = None
    """Where the next part begins; None at the end."""
    issues: tuple[FoundIssue, ...] = ()
    """In a search: issues that have no draft."""


class Counts(NamedTuple):
    """How many proposals stand in each part of the list."""

    decide: int = 0
    way: int = 0
    unknown: int = 0
    done: int = 0
    newer: int = 0
    """Undecided ones that came after the asked time."""


class Today(NamedTuple):
    """What was decided since midnight."""

    approved: int = 0
    edited: int = 0
    """Of the approved ones, after an edit."""
    rejected: int = 0
    undone: int = 0
    escalated: int = 0
    asked_again: int = 0
    """Times that another draft was asked for."""

    @property
    def decided(self) -> int:
        """Approved and rejected."""
        return self.approved + self.rejected


class Status(NamedTuple):
    """Who is thinking, what it cost, and whether anything can leave."""

    holds_items: bool = False
    """Whether any feedback was brought in."""
    waiting: int = 0
    """Of it, not read yet."""
    model: str | None = None
    spent_usd: float = 0.0
    budget_usd: float = 0.0
    price_known: bool = True
    switch: Switch = Switch()
    missing: Mapping[str, str] = {}
    """Destination → the setting that it lacks, with what to do."""
    undo_seconds: int = 30
    touchpoints: int = 0
    owned: int = 0
    last_read_at: datetime | None = None
    last_draft_at: datetime | None = None


class Item(NamedTuple):
    """One proposal with everything that belongs to it."""

    proposal: Proposal
    original: Proposal
    """The agent's latest version that no person had changed."""
    casefile: Casefile | None
    versions: tuple[VersionNote, ...] = ()
    decisions: tuple[Decision, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    """Of the present version, at most 200; those that need a person first."""
    delivery_counts: Mapping[DeliveryState, int] = {}
    """How many of all deliveries of the present version are in each state."""
    reports_since: int = 0
    """Reports on the issue that came after the snapshot."""


class IssuePage(NamedTuple):
    """An issue with what is known about it, and some of its reports."""

    issue: Issue
    driver: str
    """The driver's label; its name where the taxonomy does not hold it any more."""
    casefile: Casefile | None
    drafts: tuple[ProposalRow, ...]
    reports: tuple[ReadItem, ...]
    """Latest first."""
    total: int
    """Reports that hang on it."""


class FactRows(NamedTuple):
    """Operational rows behind a number."""

    facts: tuple[Fact, ...]
    total: int
    query: FactQuery | None = None
    now_total: int | None = None
    """Rows that the same query finds now."""


class ReportRows(NamedTuple):
    """Reports behind a number or a quote."""

    reports: tuple[ReadItem, ...]
    total: int


class CaseSource(NamedTuple):
    """A solved problem of the past."""

    case: Case


class SettingSource(NamedTuple):
    """A rule that people wrote into a file."""

    file: str
    name: str
    value: str


class PersonSource(NamedTuple):
    """Words that a person wrote or kept."""

    name: str


class GoneSource(NamedTuple):
    """Nothing is behind it any more; the snapshot alone says what was there."""

    reason: str


Source = FactRows | ReportRows | CaseSource | SettingSource | PersonSource | GoneSource


class EditCheck(NamedTuple):
    """What an edit would make of a draft."""

    draft: Draft
    checks: tuple[Check, ...]

    @property
    def open_checks(self) -> tuple[Check, ...]:
        """Checks that keep it from being approved."""
        return tuple(one for one in self.checks if not one.ok)


class Settlement(StrEnum):
    """What a person says about a delivery that nobody knows the end of."""

    FOUND = "found"
    AGAIN = "again"
    GIVE_UP = "give_up"


class InboxBackend(Protocol):
    """What pages and API ask. Every method is one short transaction."""

    # -- looking

    def list_page(self, tab: Tab, *, after: ProposalId | None = None, limit: int = 100) -> ListPage:
        """A part of the list."""

    def search(self, words: str, *, limit: int = 50) -> ListPage:
        """Drafts, and issues without one, that the words lead to."""

    def counts(self, *, since: datetime | None = None) -> Counts:
        """How many stand where."""

    def today(self, *, since: datetime) -> Today:
        """What was decided since a time."""

    def status(self) -> Status:
        """Engine, spend, switch, what is missing."""

    def switch(self) -> Switch:
        """Whether anything may leave."""

    def get_item(self, id_: ProposalId) -> Item:
        """A proposal with all that belongs to it.

        Raises:
            NotFound: There is none.
        """

    def find_version(self, id_: ProposalId, version: int) -> Proposal | None:
        """A version as it was made."""

    def find_copy(
        self, id_: ProposalId, version: int, customer_id: str | None
    ) -> FrozenCopy | None:
        """The frozen bytes for one recipient (None: of the ticket)."""

    def evidence(
        self, proposal: Proposal, evidence: Evidence, *, limit: int = 4, offset: int = 0
    ) -> Source:
        """What a mark leads to, one page of it."""

    def attempts(self, id_: DeliveryId) -> Sequence[Attempt]:
        """Tries on the wire, oldest first."""

    def audit(self, id_: ProposalId) -> Sequence[AuditEntry]:
        """The record about a draft and what became of it, oldest first."""

    def get_issue(self, id_: IssueId, *, limit: int = 25, offset: int = 0) -> IssuePage:
        """An issue with its latest casefile, its drafts, and a page of its reports.

        Raises:
            NotFound: There is none.
        """

    def find_report(self, key: FeedbackKey) -> FeedbackItem | None:
        """A report as the customer wrote it."""

    def find_case(self, id_: str) -> Case | None:
        """A solved case."""

    # -- acting

    def decide(
        self,
        id_: ProposalId,
        kind: DecisionKind,
        *,
        by: str,
        seen_version: int,
        reason: str | None = None,
        changes: Mapping[str, JsonValue] | None = None,
        is_lead: bool = False,
    ) -> Proposal:
        """Decide; gives the proposal as it stands after the commit.

        Raises:
            AlreadyDecided: Somebody was faster.
            StaleVersion: An older version was seen.
            CannotDecide: It is not possible now, and why.
            Forbidden: It was escalated, and the person is no lead.
            InvalidEdit: An edit cannot be applied.
            NotFound: There is none.
        """

    def check_edit(
        self, id_: ProposalId, changes: Mapping[str, JsonValue], *, by: str
    ) -> EditCheck:
        """What an edit would make of the draft; nothing is kept.

        Raises:
            InvalidEdit: It cannot be applied.
        """

    def find_edit(self, id_: ProposalId, person: str) -> SavedEdit | None:
        """What a person typed and has not decided."""

    def save_edit(self, edit: SavedEdit) -> None:
        """Keep what a person typed."""

    def drop_edit(self, id_: ProposalId, person: str) -> None:
        """Forget what a person typed."""

    def settle(self, id_: DeliveryId, choice: Settlement, *, by: str, text: str) -> ProposalId:
        """Settle an unknown delivery; gives its proposal.

        `text` is the id in the tracker, the typed word, or the reason.

        Raises:
            CannotDecide: It is not unknown, or the text does not do.
            NotFound: There is none.
        """

    def turn(self, *, stopped: bool, by: str, reason: str) -> Switch:
        """Stop or resume everything that leaves."""

    # -- for machines

    def export_page(
        self,
        *,
        states: Sequence[ProposalState] | None = None,
        after: ProposalId | None = None,
        limit: int = 100,
    ) -> tuple[list[tuple[Proposal, list[FrozenCopy]]], ProposalId | None]:
        """Proposals with the frozen copy of their first recipient, and where to go on."""
