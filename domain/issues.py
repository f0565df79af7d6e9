"""Issues, alarms, diagnosis, reach: what is known about one problem."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from domain.facts import SimilarCase
from domain.people import Owner
from domain.predicates import FactQuery, Predicate, Scalar
from domain.provenance import MadeBy, Trace
from domain.record import FactId, FeedbackKey, Instant, IssueId, QueryId, Record

NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the times of an issue while none of its reports has one."""


class MatchMethod(StrEnum):
    """How an item came to its issue."""

    OPENED = "opened"
    RULE = "rule"
    NEAREST = "nearest"
    CONTEXT = "context"
    MODEL = "model"
    PERSON = "person"
    UNMATCHED = "unmatched"


class Match(Record):
    """Why an item hangs on an issue, or on none."""

    key: FeedbackKey
    issue_id: IssueId | None
    method: MatchMethod
    score: float = Field(ge=0, le=1)
    runner_up: IssueId | None = None
    runner_up_score: float | None = None
    agrees: tuple[str, ...] = ()
    """Words and `attribute = value` pairs that speak for the match."""
    reason: str | None = None


class IssueState(StrEnum):
    """Where an issue stands; `ISSUE_MOVES` in `lifecycle` says what may follow."""

    OPEN = "open"
    ALARMED = "alarmed"
    PROPOSED = "proposed"
    CLOSED = "closed"


class Issue(Record):
    """One problem that customers report."""

    id: IssueId
    label: str
    driver: str
    state: IssueState = IssueState.OPEN
    opened_at: Instant
    last_report_at: Instant
    report_count: int = 0
    customer_count: int = 0
    slice: dict[str, Scalar] = Field(default_factory=dict)
    """Attribute values that the reporters' facts share."""
    terms: tuple[str, ...] = ()
    safety: bool = False


Severity = Literal["low", "medium", "high", "critical"]


class Alarm(Record):
    """The first moment at which an issue is known to emerge. One per issue, never changed."""

    issue_id: IssueId
    at: Instant
    label: str
    terms: tuple[str, ...]
    member_keys: tuple[FeedbackKey, ...]
    size: int
    slice: dict[str, Scalar] = Field(default_factory=dict)
    severity: Severity
    window_hours: float
    expected: float
    """Reports of this kind that the same window usually brings."""
    p_value: float
    """Chance of so many by luck, after correction for everything that was watched."""
    reason: str


class Cohort(Record):
    """One group in the comparison: how many units, how many of them hit."""

    label: str
    is_exposed: bool
    exposed: int
    hits: int
    rate: float
    low: float
    high: float
    query_id: QueryId
    """All units of the group."""
    hits_query_id: QueryId


class Comparison(Record):
    """Exposed against not exposed."""

    unit: str
    """Kind of the unit, for example `delivery`."""
    outcome: str
    """What a hit means, in words: `not delivered when promised`."""
    cohorts: tuple[Cohort, ...]
    """The exposed group first, then the groups it is compared with, then the rest."""
    ratio: float
    ratio_low: float
    ratio_high: float
    p_value: float
    """Adjusted for the number of combinations tried."""
    combinations_tried: int


class Finding(Record):
    """One statement for or against a hypothesis, with what it rests on."""

    text: str
    query_id: QueryId | None = None
    fact_ids: tuple[FactId, ...] = ()
    keys: tuple[FeedbackKey, ...] = ()


class Hypothesis(Record):
    """A possible cause."""

    statement: str
    """One sentence without a full stop, for example `NordPost does not deliver in North`."""
    cause: dict[str, Scalar] | None
    """Smallest set of attribute values that tells exposed from not; None for "not known"."""
    predicate: Predicate | None = None
    """The exposed units, with the time bound, without the outcome."""
    unit: str | None = None
    outcome: str | None = None
    confidence: float = Field(ge=0, le=1)
    findings_for: tuple[Finding, ...] = ()
    findings_against: tuple[Finding, ...] = ()
    comparison: Comparison | None = None
    started_at: Instant | None = None
    refuted: bool = False


class MarkKind(StrEnum):
    """What stands on the time axis."""

    CAUSE = "cause"
    DEPLOY = "deploy"
    INCIDENT = "incident"
    PROMOTION = "promotion"
    ALARM = "alarm"


class TimeMark(Record):
    """A vertical mark in the trend."""

    at: Instant
    kind: MarkKind
    label: str
    fact_id: FactId | None = None


class Bin(Record):
    """Reports in one stretch of time."""

    at: Instant
    reports: int
    in_issue: int


class Trend(Record):
    """Reports over time with the usual level."""

    bin_hours: float
    bins: tuple[Bin, ...]
    usual_low: float
    usual_high: float
    marks: tuple[TimeMark, ...] = ()


class Diagnosis(Record):
    """Why it happens: at most three hypotheses, best first, or unknown and why."""

    hypotheses: tuple[Hypothesis, ...] = ()
    unknown_reason: str | None = None
    """Set when no hypothesis is proved."""
    not_known: float = Field(default=1.0, ge=0, le=1)
    """Chance that none of the hypotheses is right; all chances add up to 1."""
    next_check: str | None = None
    """The cheapest thing a person could look at next."""
    trend: Trend | None = None

    @property
    def proved(self) -> Hypothesis | None:
        """The hypothesis that is proved and not refuted, if there is one."""
        if self.unknown_reason is not None or not self.hypotheses:
            return None
        best = self.hypotheses[0]
        return best if best.cause and not best.refuted else None


class ReachState(StrEnum):
    """One state per customer and issue."""

    AFFECTED = "affected"
    """Hit, and wrote about it."""
    SILENT = "silent"
    """Hit, did not write about it."""
    AT_RISK = "at_risk"


class Reached(Record):
    """One customer whom the issue reaches."""

    customer_id: str
    state: ReachState
    reason: str
    hours_to_impact: float | None = None
    """Set for at risk only; world time."""
    fact_ids: tuple[FactId, ...] = ()
    """Facts through which the customer is reached, first one first."""
    amount_minor: int | None = None
    """Money of the hit units: owed for duplicate charges, value of goods otherwise."""
    currency: str | None = None


class Reach(Record):
    """Whom the issue reaches, each customer once, in order of customer id."""

    customers: tuple[Reached, ...] = ()
    hit_query: FactQuery | None = None
    risk_query: FactQuery | None = None
    driver: str | None = None
    """The driver that those hit write about; None while nobody is known to be hit."""
    reporters_only: int = 0
    """Reporters for whom no fact shows the hit; not counted as hit."""

    def having(self, state: ReachState) -> tuple[Reached, ...]:
        """Customers in one state."""
        return tuple(one for one in self.customers if one.state is state)


class Money(Record):
    """An amount in minor units of one currency, and what it counts."""

    amount_minor: int
    currency: str
    meaning: str
    query_id: QueryId | None = None


class Impact(Record):
    """How much it matters, with each factor shown."""

    severity: Severity
    risk: Literal[1, 2, 3]
    """Pips in the list."""
    money: tuple[Money, ...] = ()
    factors: tuple[str, ...] = ()
    """Each one short clause, most important first."""
    priority: float
    """Higher is first; safety is above everything."""


class Quote(Record):
    """A verbatim part of a report, redacted, with its source."""

    key: FeedbackKey
    feedback_id: str
    text: str
    customer_id: str | None
    channel: str
    at: Instant | None
    thread_id: str | None = None


class Casefile(Record):
    """Everything known about an alarmed issue at one world time."""

    issue: Issue
    version: int
    as_of: Instant
    alarm: Alarm
    diagnosis: Diagnosis
    reach: Reach
    impact: Impact
    owner: Owner | None
    """None is a gap: nothing can be filed."""
    owner_rule: str | None = None
    quotes: tuple[Quote, ...] = ()
    report_keys: tuple[FeedbackKey, ...] = ()
    reporter_count: int = 0
    similar: tuple[SimilarCase, ...] = ()
    trace: Trace = Trace()
    made_by: MadeBy

    @property
    def wrote_elsewhere(self) -> int:
        """How many of those affected wrote about it in texts that are not on this issue."""
        on_issue = self.reporter_count - self.reach.reporters_only
        return max(0, len(self.reach.having(ReachState.AFFECTED)) - on_issue)

    def named(self, issue: Issue) -> Issue:
        """The issue as it stands now, under the driver and label that its drafts have."""
        own = self.issue
        return issue.model_copy(
            update={"driver": own.driver, "label": own.label, "safety": own.safety}
        )
