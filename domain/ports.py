"""What the rooms ask of the store and of facts, as protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Protocol, TypeVar

from domain.delivery import AuditRepo, OutboxRepo, ProposalRepo
from domain.facts import Case, Fact
from domain.feedback import FeedbackItem, Reading, ReadItem, SetAside
from domain.issues import Alarm, Casefile, Issue, IssueState, Match
from domain.predicates import FactQuery, Field, Predicate, Scalar
from domain.record import CaseId, FactId, FeedbackKey, IssueId, QueryId
from domain.search import SearchRepo
from domain.text import RedactedText

_Id = TypeVar("_Id", bound=str)

Progress = Callable[[int, int], None]
"""Called with (done, total) while long work goes on."""

Clock = Callable[[], datetime]
"""The wall clock, aware, UTC."""


class AttributeProfile(NamedTuple):
    """What one attribute of one kind looks like."""

    name: str
    present: int
    distinct: int
    values: tuple[tuple[Scalar, int], ...]
    """The most frequent values with their counts, at most 50."""
    type: Literal["text", "number", "time", "flag"]


class KindProfile(NamedTuple):
    """What one kind of fact looks like."""

    kind: str
    facts: int
    attributes: tuple[AttributeProfile, ...]
    links: tuple[str, ...]
    """Kinds of entities that facts of this kind refer to: `order`, `customer`, `account` ..."""
    first_at: datetime
    last_at: datetime


class Tally(NamedTuple):
    """Units and hits for one combination of values."""

    values: tuple[Scalar | None, ...]
    units: int
    hits: int


class Member(NamedTuple):
    """A unit of a population and the customer it belongs to."""

    fact_id: FactId
    customer_id: str | None
    at: datetime


class FactTable(Protocol):
    """Questions about current facts. Compiled to SQL; a million rows never travel.

    A unit's customer is its own `customer_id`, or that of the fact it is linked to.
    """

    def world_time(self) -> datetime | None:
        """The latest `at` or `recorded_at` of facts and feedback; None when empty."""

    def kinds(self) -> list[KindProfile]:
        """Profiles of all kinds, largest first."""

    def count(self, query: FactQuery) -> int:
        """How many units."""

    def tally(self, query: FactQuery, *, by: Sequence[Field], hit: Predicate) -> list[Tally]:
        """Units and hits for each combination of `by`; absent values are None."""

    def timeline(
        self, query: FactQuery, *, hit: Predicate, width: timedelta
    ) -> list[tuple[datetime, int, int]]:
        """Start, units, hits of each stretch of `width` in which there are units."""

    def members(self, query: FactQuery) -> list[Member]:
        """All units, in `at` order."""

    def values(
        self, query: FactQuery, fields: Sequence[Field]
    ) -> Iterator[tuple[FactId, str | None, tuple[Scalar | None, ...]]]:
        """Fact id, customer and the values of `fields` for each unit, in `at` order."""

    def rows(self, query: FactQuery, *, limit: int = 200, offset: int = 0) -> list[Fact]:
        """Units as facts, in `at` order."""

    def facts(self, ids: Sequence[FactId]) -> list[Fact]:
        """Current facts with these ids; unknown ones are left out."""

    def facts_of(
        self,
        customer_id: str,
        *,
        kinds: Sequence[str] | None = None,
        as_of: datetime | None = None,
    ) -> list[Fact]:
        """Facts of one customer (and those linked to their orders and account), `at` order."""

    def profile_of(self, customer_id: str) -> list[Fact]:
        """The current facts of kind `customer` about one customer, `at` order.

        Reads nobody else's facts, however many there are.
        """

    def remember(self, query: FactQuery) -> QueryId:
        """Keep a query so that its id can be opened later."""

    def recalled(self, query_id: QueryId) -> FactQuery:
        """The query behind an id.

        Raises:
            NotFound: Nobody remembered it.
        """

    def remembered(self) -> Mapping[QueryId, FactQuery]:
        """All kept queries."""


class AddCount(NamedTuple):
    """What became of a batch."""

    stored: int
    known: int


class Indexed(Protocol[_Id]):
    """What a vector index holds beside SQL, and what it does not hold yet."""

    def unindexed(self, *, limit: int) -> list[tuple[_Id, str]]:
        """Ids and words (a problem, a case) that the vector index does not hold yet."""

    def indexable(self) -> Iterator[tuple[_Id, str]]:
        """Ids and words of all that belongs into the vector index, in a fixed order."""

    def count_indexed(self) -> int:
        """How many the vector index is said to hold."""

    def mark_indexed(self, ids: Sequence[_Id]) -> None:
        """Say that the vector index holds these."""

    def forget_index(self) -> None:
        """Say that the vector index holds nothing (it was lost)."""


class FeedbackRepo(Indexed[FeedbackKey], Protocol):
    """Feedback, its redacted text and its reading."""

    def add(self, items: Sequence[FeedbackItem]) -> AddCount:
        """Store items; one with a known key is counted as known and changes nothing."""

    def set_aside(self, rows: Sequence[SetAside]) -> None:
        """Keep rejected rows with their bytes; the same row once."""

    def list_set_aside(self, *, limit: int = 200) -> list[SetAside]:
        """Rejected rows, newest first."""

    def all_set_aside(self) -> Iterator[SetAside]:
        """All rejected rows, oldest first, one at a time; a row in pieces gives each of them."""

    def find(self, key: FeedbackKey) -> FeedbackItem | None:
        """Find an item."""

    def unread(self, *, limit: int) -> list[FeedbackItem]:
        """Customers' items without a reading made by the current engine, `at` order."""

    def forget_readings(self) -> int:
        """Make every item unread again, for a changed taxonomy; gives their number."""

    def save_readings(self, rows: Sequence[tuple[RedactedText, Reading]]) -> None:
        """Store redacted text and reading of items, replacing earlier ones."""

    def unmatched(self, *, limit: int) -> list[ReadItem]:
        """Read items without a match, in `at` order (items without a time last)."""

    def read_items(self, keys: Sequence[FeedbackKey]) -> list[ReadItem]:
        """Read items with these keys, in `at` order."""

    def since(self, at: datetime | None) -> Iterator[ReadItem]:
        """Read items from a time on, in `at` order."""

    def matched_since(self, at: datetime) -> Iterator[ReadItem]:
        """Read items from a time on that have a match, in `at` order, one at a time."""

    def of_customer(self, customer_id: str) -> list[ReadItem]:
        """Read items of one customer, in `at` order."""

    def search(self, words: str, *, limit: int = 50) -> list[tuple[FeedbackKey, float]]:
        """Full text search over redacted text; best first, higher is better."""

    def counts(self) -> Mapping[str, int]:
        """`items`, `customers_items`, `read`, `matched`, `timed`, `with_customer`, `set_aside`."""


class FactRepo(FactTable, Protocol):
    """Facts with their revisions."""

    def add(self, facts: Sequence[Fact]) -> AddCount:
        """Store facts; the same id with the same content is known, otherwise a revision."""

    def snapshot(self) -> FactTable:
        """The table of questions as of now; it stays valid after the transaction."""


class CaseRepo(Indexed[CaseId], Protocol):
    """Solved cases."""

    def add(self, cases: Sequence[Case]) -> AddCount:
        """Store cases; the same id with other content replaces."""

    def find(self, id_: CaseId) -> Case | None:
        """Find a case."""

    def list_all(self) -> list[Case]:
        """All cases, in id order."""

    def search(self, words: str, *, limit: int = 50) -> list[tuple[CaseId, float]]:
        """Full text search over title, symptom, cause; best first."""


class IssueRepo(Protocol):
    """Issues, matches, alarms, casefiles."""

    def save(self, *changed: Issue) -> None:
        """Store or replace issues, each given once."""

    def find(self, id_: IssueId) -> Issue | None:
        """Find an issue."""

    def list_all(self, *, states: Iterable[IssueState] | None = None) -> list[Issue]:
        """Issues, newest report first."""

    def save_matches(self, matches: Sequence[Match]) -> None:
        """Store why items hang where they hang; one per item."""

    def match_of(self, key: FeedbackKey) -> Match | None:
        """Why an item hangs where it hangs."""

    def report_keys(self, id_: IssueId) -> list[FeedbackKey]:
        """Items on an issue, in `at` order."""

    def save_alarm(self, alarm: Alarm) -> None:
        """Store the alarm of an issue; a second one for the same issue changes nothing."""

    def alarm_of(self, id_: IssueId) -> Alarm | None:
        """The alarm of an issue."""

    def alarms(self) -> list[Alarm]:
        """All alarms in `at` order."""

    def save_casefile(self, casefile: Casefile) -> None:
        """Store a casefile; versions only grow."""

    def find_casefile(self, id_: IssueId, *, version: int | None = None) -> Casefile | None:
        """The latest casefile of an issue, or the one of that version."""


class SettingRepo(Protocol):
    """Small named values: cursors, the kill switch, spend per day."""

    def find(self, name: str) -> str | None:
        """The value of a name."""

    def put(self, name: str, value: str) -> None:
        """Set the value of a name."""

    def add_amount(self, name: str, amount: float) -> float:
        """Add to a numeric value, atomically; gives the sum."""


class Unit(Protocol):
    """One transaction over everything stored."""

    @property
    def feedback(self) -> FeedbackRepo: ...  # noqa: D102
    @property
    def facts(self) -> FactRepo: ...  # noqa: D102
    @property
    def cases(self) -> CaseRepo: ...  # noqa: D102
    @property
    def issues(self) -> IssueRepo: ...  # noqa: D102
    @property
    def settings(self) -> SettingRepo: ...  # noqa: D102
    @property
    def proposals(self) -> ProposalRepo: ...  # noqa: D102
    @property
    def outbox(self) -> OutboxRepo: ...  # noqa: D102
    @property
    def audit(self) -> AuditRepo: ...  # noqa: D102
    @property
    def search(self) -> SearchRepo: ...  # noqa: D102


class Store(Protocol):
    """The truth. `write` commits once at the end, or not at all."""

    def read(self) -> AbstractContextManager[Unit]:
        """A snapshot that never waits for a writer."""

    def write(self) -> AbstractContextManager[Unit]:
        """The one writer (`BEGIN IMMEDIATE` on SQLite)."""
