"""The seats of delivery: what is asked of the store for proposals, outbox and audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from pydantic import JsonValue

from domain.audit import AuditEntry, AuditVerdict
from domain.proposals import (
    Approval,
    Attempt,
    Decision,
    Delivery,
    DeliveryState,
    OutboxRow,
    Proposal,
    ProposalKind,
    ProposalState,
    SavedEdit,
    Switch,
)
from domain.record import DeliveryId, IssueId, ProposalId


class FrozenCopy(NamedTuple):
    """The bytes for one recipient, or of one ticket."""

    customer_id: str | None
    address: str | None
    sha256: str
    frozen: bytes


class VersionNote(NamedTuple):
    """Who made a version of a proposal, when and why."""

    version: int
    by: str
    at: datetime
    why: str


class Standing(NamedTuple):
    """Where a proposal stands, without its contents."""

    version: int
    state: ProposalState


class ProposalRow(NamedTuple):
    """What the list shows of a proposal."""

    id: ProposalId
    kind: ProposalKind
    issue_id: IssueId
    state: ProposalState
    version: int
    label: str
    reason: str
    severity: str
    risk: int
    priority: float
    """`Proposal.rank`: the place in the list."""
    department: str | None
    open_checks: int
    created_at: datetime
    expires_at: datetime
    answer_due_at: datetime | None
    changed_at: datetime


class ProposalRepo(Protocol):
    """Proposals with every version, their frozen bytes, decisions and saved edits."""

    def add_version(
        self, proposal: Proposal, copies: Sequence[FrozenCopy], *, by: str, at: datetime, why: str
    ) -> None:
        """Make this the current record, and keep the version with its bytes for good."""

    def put_state(self, id_: ProposalId, state: ProposalState, *, at: datetime) -> Proposal:
        """Move the current record to a state; gives the moved record.

        Raises:
            ForbiddenMove: The state cannot follow the present one.
        """

    def get(self, id_: ProposalId, *, for_change: bool = False) -> Proposal:
        """The current record; `for_change` keeps other writers out until the commit.

        Raises:
            NotFound: There is none.
        """

    def standing(self, id_: ProposalId) -> Standing:
        """Version and state alone, other writers kept out: cheap also for a large audience.

        Raises:
            NotFound: There is none.
        """

    def find_version(self, id_: ProposalId, version: int) -> Proposal | None:
        """A version as it was made."""

    def original(self, id_: ProposalId) -> Proposal:
        """The agent's latest version that no person had changed."""

    def versions(self, id_: ProposalId) -> list[VersionNote]:
        """Who made each version and why, oldest first."""

    def copies(self, id_: ProposalId, version: int) -> list[FrozenCopy]:
        """The frozen bytes of a version, in the order of its recipients."""

    def find_copy(
        self, id_: ProposalId, version: int, customer_id: str | None
    ) -> FrozenCopy | None:
        """The frozen bytes for one recipient (None: of the ticket)."""

    def hashes(self, id_: ProposalId, version: int) -> list[tuple[str | None, str]]:
        """Address and SHA-256 of each copy as stored, in the order of the recipients."""

    def of_issue(self, issue_id: IssueId) -> list[Proposal]:
        """All proposals of an issue, oldest first."""

    def list_rows(
        self,
        *,
        states: Iterable[ProposalState] | None = None,
        limit: int = 200,
        after: ProposalId | None = None,
    ) -> list[ProposalRow]:
        """Rows in the order of the list (highest priority, then oldest) after a given one."""

    def list_all(
        self,
        *,
        states: Iterable[ProposalState] | None = None,
        limit: int = 200,
        after: ProposalId | None = None,
    ) -> list[Proposal]:
        """Whole records in the order of `list_rows`."""

    def counts(self) -> Mapping[ProposalState, int]:
        """How many proposals are in each state that occurs."""

    def overdue(self, at: datetime) -> list[ProposalId]:
        """Undecided proposals whose time is over."""

    def add_decision(self, decision: Decision) -> None:
        """Keep what a person did."""

    def decisions(self, id_: ProposalId) -> list[Decision]:
        """What people did with a proposal, oldest first."""

    def save_edit(self, edit: SavedEdit) -> None:
        """Keep what a person typed, replacing their earlier text on the same proposal."""

    def find_edit(self, id_: ProposalId, person: str) -> SavedEdit | None:
        """What a person typed and has not decided."""

    def drop_edits(self, id_: ProposalId, person: str | None = None) -> None:
        """Forget saved edits of one person, or of everybody."""


class OutboxRepo(Protocol):
    """Approvals, deliveries on their way, attempts, the contact ledger and the switch."""

    def grant(self, approval: Approval) -> None:
        """Keep an approval that is not spent yet."""

    def spend(self, token: str, *, at: datetime) -> Approval:
        """Spend an approval.

        Raises:
            BrokenInvariant: It does not exist, is void, or was spent before.
        """

    def void(self, proposal_id: ProposalId, *, at: datetime) -> int:
        """Make every approval of a proposal worthless; gives how many were valid."""

    def find_approval(self, token: str) -> Approval | None:
        """Find an approval by its token."""

    def approvals(self, proposal_id: ProposalId, version: int) -> list[Approval]:
        """Valid approvals of a version, oldest first."""

    def add(self, rows: Sequence[OutboxRow]) -> None:
        """Store rows.

        Raises:
            BrokenInvariant: A key is already on its way.
        """

    def find_row(self, id_: DeliveryId, *, for_change: bool = False) -> OutboxRow | None:
        """Find a row; `for_change` keeps other writers out until the commit."""

    def put(self, row: OutboxRow) -> None:
        """Replace a row."""

    def due(self, at: datetime, *, limit: int) -> list[DeliveryId]:
        """Held rows whose hold and pause are over and unknown ones to be looked up."""

    def lost(self, at: datetime) -> list[DeliveryId]:
        """Rows on the wire whose lease is over."""

    def deliveries(self, proposal_id: ProposalId, version: int | None = None) -> list[Delivery]:
        """Deliveries of a proposal (of one version), in the order they were written."""

    def in_states(self, states: Iterable[DeliveryState], *, limit: int = 200) -> list[Delivery]:
        """Deliveries in some states, the longest unchanged first."""

    def state_counts(self, proposal_id: ProposalId, version: int) -> Mapping[DeliveryState, int]:
        """How many deliveries of a version are in each state that occurs."""

    def add_attempt(self, attempt: Attempt) -> None:
        """Keep an attempt before it is made."""

    def put_attempt(self, attempt: Attempt) -> None:
        """Replace an attempt by what is known now."""

    def attempts(self, id_: DeliveryId) -> list[Attempt]:
        """Attempts of a delivery, oldest first."""

    def add_contact(self, delivery: Delivery, *, at: datetime) -> DeliveryId:
        """Enter (customer, issue, purpose) in the ledger unless it is there.

        Gives the delivery that holds the entry.
        """

    def drop_contact(self, id_: DeliveryId) -> None:
        """Take back the entry of a delivery of which nothing was accepted."""

    def contacted(self, issue_id: IssueId, purpose: str) -> frozenset[str]:
        """Customers who were written to about an issue for a purpose."""

    def contact_times(self, customer_id: str, *, since: datetime) -> list[datetime]:
        """When a customer was written to, oldest first."""

    def switch(self) -> Switch:
        """Whether anything may leave."""

    def turn(self, switch: Switch) -> None:
        """Stop or resume everything."""


class AuditRepo(Protocol):
    """The chain of who did what. Entries are added, never changed."""

    def add(
        self,
        what: str,
        subject: str,
        *,
        by: str,
        at: datetime,
        sha256: str | None = None,
        reason: str | None = None,
        details: Mapping[str, JsonValue] | None = None,
    ) -> AuditEntry:
        """Append an entry in this transaction."""

    def of(self, *subjects: str) -> list[AuditEntry]:
        """Entries about these subjects, oldest first."""

    def since(self, number: int = 0, *, limit: int = 1000) -> list[AuditEntry]:
        """Entries after a number, oldest first."""

    def verify(self) -> AuditVerdict:
        """Walk the whole chain and its head."""
