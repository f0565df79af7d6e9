"""Drafts, proposals, decisions, deliveries: from words to what has left."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field, JsonValue

from domain.issues import ReachState, Severity
from domain.people import Owner
from domain.provenance import MadeBy, Trace
from domain.record import DeliveryId, Instant, IssueId, ProposalId, Record


class EvidenceKind(StrEnum):
    """What a mark leads to."""

    ROWS = "rows"
    """`ref` is the id of a stored `FactQuery`."""
    QUOTE = "quote"
    """`ref` is a feedback id as brought in."""
    FACT = "fact"
    """`ref` is a fact id."""
    CASE = "case"
    """`ref` is a case id."""
    COMPARISON = "comparison"
    """`ref` is the id of the exposed group's query."""
    POLICY = "policy"
    """`ref` is the name of a setting in policy.yaml or owners.yaml."""
    PERSON = "person"
    """`ref` is the name of the person who wrote or kept it."""


class Evidence(Record):
    """One numbered mark."""

    number: int
    claim: str
    """The words that it carries, for example `412 affected`."""
    kind: EvidenceKind
    ref: str
    title: str
    explanation: str = ""
    """How it was found, in one or two sentences."""
    row_ids: tuple[str, ...] = ()
    """Snapshot of the rows (fact ids) or reports (feedback keys) behind it."""


class Sentence(Record):
    """One sentence. `$name` in a message is a slot that differs per recipient."""

    text: str
    marks: tuple[int, ...] = ()
    remark: str | None = None
    """Source line under a quote."""
    written_by: str | None = None
    """Set when a person wrote or kept it."""


class SectionRole(StrEnum):
    """How a section is shown and rendered."""

    LINE = "line"
    """One of the five lines that carry: symptom, who, money, cause, ask."""
    QUOTES = "quotes"
    FOR = "for"
    AGAINST = "against"
    CHECK = "check"
    TABLE = "table"
    CASES = "cases"
    WHY_YOU = "why_you"
    PARAGRAPH = "paragraph"
    """A paragraph of a message."""


class Section(Record):
    """A part of a draft that can be edited by itself under its `key`."""

    key: str
    heading: str | None
    role: SectionRole
    sentences: tuple[Sentence, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    """For tables: the header row first."""


class ProposalKind(StrEnum):
    """What leaves."""

    TICKET = "ticket"
    MESSAGE = "message"


class Draft(Record):
    """Structured text with its evidence; everything on the white sheet."""

    kind: ProposalKind
    subject: str
    sections: tuple[Section, ...]
    evidence: tuple[Evidence, ...]


class Recipient(Record):
    """One recipient and the values of the slots in their copy."""

    customer_id: str
    address: str
    name: str | None = None
    state: ReachState
    values: dict[str, str] = Field(default_factory=dict)


class LeftOut(Record):
    """A customer of the audience who gets nothing, and why."""

    customer_id: str
    reason: Literal[
        "no address",
        "consent is false",
        "consent is not understood",
        "suppressed",
        "removed by a reviewer",
    ]


class Check(Record):
    """One rule that a draft must satisfy before it can be approved."""

    key: str
    label: str
    ok: bool
    detail: str = ""
    """What is wrong, in one line."""
    section: str | None = None
    text: str | None = None
    """The words that break the rule, verbatim part of the draft."""
    safe_wording: str | None = None
    may_be_kept: bool = False
    """Whether a person may keep it under their own name."""


class Rendering(Record):
    """The frozen bytes for one recipient; the bytes themselves lie in the store."""

    customer_id: str | None
    """None for a ticket."""
    address: str | None = None
    sha256: str
    size: int


class Wish(StrEnum):
    """What a reviewer can ask of another draft by a tick; code follows each."""

    SHORTER = "shorter"
    WITHOUT_CASES = "without_cases"
    FEWER_FIGURES = "fewer_figures"
    NEXT_FIRST = "next_first"
    """What is asked, or what happens next, stands first."""


class Redraft(Record):
    """Another draft that a reviewer asked for, and what came of it."""

    by: str
    at: Instant
    words: str
    """What should change, in the reviewer's own words."""
    wishes: tuple[Wish, ...] = ()
    """What holds for this draft: what it and the drafts before it were asked for by ticks."""
    of_version: int
    """The draft that the reviewer saw."""
    is_made: bool
    """False: no other draft came of it, and the old one stands again."""
    answer: tuple[str, ...] = ()
    """What came of it, a sentence each."""


class Escalation(Record):
    """A reviewer's word that the decision is not theirs; it is never taken back."""

    by: str
    at: Instant
    reason: str


class ProposalState(StrEnum):
    """Where a proposal stands; `PROPOSAL_MOVES` in `lifecycle` says what may follow."""

    PROPOSED = "proposed"
    REDRAFTING = "redrafting"
    """Put aside: another draft was asked for and is not made yet."""
    APPROVED = "approved"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


# Far above a safety report, whose priority is a million and a customer count.
_ESCALATED = 1e9


class Proposal(Record):
    """A frozen draft for one destination."""

    id: ProposalId
    kind: ProposalKind
    issue_id: IssueId
    casefile_version: int
    audience: Literal["affected", "at_risk"] | None = None
    """For messages; `affected` are all who are hit, the silent included."""
    state: ProposalState = ProposalState.PROPOSED
    version: int = 1
    destination: str
    """`tickets` or `tickets/<queue>`, `mail`."""
    label: str
    """At most 38 characters, for the list."""
    reason: str
    """One line under the label: size, money, owner's department."""
    draft: Draft
    owner: Owner | None = None
    severity: Severity
    risk: Literal[1, 2, 3]
    priority: float
    answer_due_at: Instant | None = None
    recipients: tuple[Recipient, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    checks: tuple[Check, ...] = ()
    renderings: tuple[Rendering, ...] = ()
    sha256: str
    """Ticket: of its bytes. Message: of the canonical list of (address, SHA-256)."""
    policy: str
    created_at: Instant
    expires_at: Instant
    snapshot_at: Instant
    """World time of the evidence."""
    edited_by: str | None = None
    redraft: Redraft | None = None
    """The last time that another draft was asked for."""
    escalation: Escalation | None = None
    trace: Trace = Trace()
    made_by: MadeBy

    @property
    def rank(self) -> float:
        """Place in the list, higher first: what was escalated stands above all priorities."""
        return self.priority + (_ESCALATED if self.escalation else 0.0)

    @property
    def open_checks(self) -> tuple[Check, ...]:
        """Checks that keep it from being approved."""
        return tuple(check for check in self.checks if not check.ok)


class DecisionKind(StrEnum):
    """What a person can do."""

    APPROVE = "approve"
    EDIT = "edit"
    REJECT = "reject"
    UNDO = "undo"
    ANOTHER_DRAFT = "another_draft"
    ESCALATE = "escalate"


class Decision(Record):
    """What a person did, as it stands in the record."""

    proposal_id: ProposalId
    kind: DecisionKind
    by: str
    at: Instant
    seen_version: int
    sha256: str
    reason: str | None = None
    changes: dict[str, JsonValue] = Field(default_factory=dict)


class DeliveryState(StrEnum):
    """One recipient's copy, or one ticket, on its way."""

    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    BOUNCED = "bounced"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Delivery(Record):
    """An outbox row. `key` never changes over all attempts."""

    id: DeliveryId
    proposal_id: ProposalId
    version: int
    issue_id: IssueId
    purpose: str
    """`ticket`, `affected` or `at_risk`: with customer and issue the key of D2."""
    destination: str
    customer_id: str | None = None
    address: str | None = None
    key: str
    sha256: str
    state: DeliveryState
    hold_until: Instant
    attempts: int = 0
    next_at: Instant | None = None
    external_id: str | None = None
    detail: str | None = None
    """What happened last, in one line."""
    approved_by: str
    approved_at: Instant
    changed_at: Instant


class Attempt(Record):
    """One try on the wire, written before it is made."""

    delivery_id: DeliveryId
    number: int
    at: Instant
    body_at: Instant | None = None
    """Written before the body may leave: without it nothing can have been accepted."""
    ended_at: Instant | None = None
    result: str | None = None


class Approval(Record):
    """A token for exactly the frozen bytes of one version, spent once."""

    token: str
    proposal_id: ProposalId
    version: int
    action: ProposalKind
    destination: str
    sha256: str
    policy: str
    approver: str
    granted_at: Instant
    expires_at: Instant
    spent_at: Instant | None = None
    void_at: Instant | None = None


class OutboxRow(Record):
    """A delivery with what only the dispatcher needs."""

    delivery: Delivery
    approval: str
    """The token that was spent to write it."""
    lease_by: str | None = None
    lease_until: Instant | None = None
    looks: int = 0
    """Look-ups made since it became unknown."""
    retries: int = 0
    """Refusals since it was last released."""


class SavedEdit(Record):
    """What a person typed and has not decided yet."""

    proposal_id: ProposalId
    person: str
    changes: dict[str, JsonValue]
    at: Instant


class Switch(Record):
    """Whether anything may leave at all."""

    stopped: bool = False
    by: str | None = None
    at: Instant | None = None
    reason: str | None = None
