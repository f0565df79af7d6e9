"""The seats: what the rooms ask of each other, as protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias, TypeVar

from domain.delivery import AuditRepo, OutboxRepo, ProposalRepo
from domain.facts import Case, Fact, SimilarCase
from domain.feedback import Channel, FeedbackItem, Reading, ReadItem, SetAside
from domain.issues import Alarm, Casefile, Hypothesis, Issue, IssueState, Match
from domain.people import Taxonomy
from domain.predicates import FactQuery, Field, Predicate, Scalar
from domain.proposals import Draft
from domain.provenance import MadeBy, Trace
from domain.record import CaseId, FactId, FeedbackKey, Instant, IssueId, QueryId, Record
from domain.search import SearchRepo
from domain.text import RedactedText

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vectors: TypeAlias = npt.NDArray[np.float32]
    """Array of shape (texts, dimensions), unit rows, in the order of the texts."""

_Id = TypeVar("_Id", bound=str)

Progress = Callable[[int, int], None]
"""Called with (done, total) while long work goes on."""

Clock = Callable[[], datetime]
"""The wall clock, aware, UTC."""


# -- vectors ---------------------------------------------------------------------------


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def model_id(self) -> str:
        """Name and hash of the weights; vectors of two models never meet."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        """Embed texts, each distinct one once.

        Raises:
            EmbedderUnavailable: The model cannot be loaded or reached.
        """


class Hit(NamedTuple):
    """A neighbour in the index; similarity is cosine."""

    id: str
    similarity: float


class VectorIndex(Protocol):
    """An index of vectors that may be thrown away at any moment.

    Every method raises `IndexUnavailable` when the index cannot be used.
    """

    def upsert(
        self,
        ids: Sequence[str],
        vectors: Vectors,
        metadatas: Sequence[Mapping[str, str | int | float | bool]],
    ) -> None:
        """Add or replace vectors; every metadata mapping has the same keys."""

    def query(
        self,
        vector: Vectors,
        *,
        k: int,
        where: Mapping[str, str | int | float | bool] | None = None,
    ) -> list[Hit]:
        """Find the `k` nearest, best first, among those whose metadata equals `where`."""

    def delete(self, ids: Sequence[str]) -> None:
        """Remove vectors; unknown ids are ignored."""

    def count(self) -> int:
        """How many vectors it holds."""

    def reset(self) -> None:
        """Throw everything away and start empty, also when the index is broken."""


# -- facts -----------------------------------------------------------------------------


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


# -- storage ---------------------------------------------------------------------------


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

    def since(self, at: datetime | None, *, until: datetime | None = None) -> Iterator[ReadItem]:
        """Read items with a time in [at, until), in `at` order."""

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

    def save(self, issue: Issue) -> None:
        """Store or replace an issue."""

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


# -- the seats of model and local engine -----------------------------------------------


class ReadRequest(Record):
    """What a reader sees of an item: never its author, never its raw text."""

    key: FeedbackKey
    text: RedactedText
    subject: RedactedText | None = None
    channel: Channel
    language: str | None = None
    rating_share: float | None = None
    """Rating divided by its maximum, 0 to 1."""


class Reader(Protocol):
    """Reads items: the local engine, or a model in front of it."""

    def read(
        self,
        requests: Sequence[ReadRequest],
        *,
        taxonomy: Taxonomy,
        progress: Progress | None = None,
    ) -> list[Reading]:
        """Read items; one reading per request, in their order. Never raises for an item."""


class Recall(Protocol):
    """Similar past cases and items: full text and vectors fused."""

    def similar_cases(
        self, problem: str, *, facts: Mapping[str, Scalar] | None = None, k: int = 3
    ) -> list[SimilarCase]:
        """Cases that resemble a problem, best first."""

    def similar_items(self, problem: str, *, k: int = 20) -> list[tuple[FeedbackKey, float]]:
        """Items that resemble a problem, best first."""


class Investigation(Record):
    """What an investigator found; every number in it was counted by code."""

    hypotheses: tuple[Hypothesis, ...] = ()
    unknown_reason: str | None = None
    not_known: float = 1.0
    next_check: str | None = None
    trace: Trace = Trace()
    made_by: MadeBy


class Inquiry(Record):
    """What an investigator is asked."""

    issue: Issue
    alarm: Alarm
    reports: tuple[ReadItem, ...]
    """All reports of the issue, in `at` order."""
    as_of: datetime
    """World time."""
    problem: str
    """The problem in general words, for finding cases that resemble it."""


class Investigator(Protocol):
    """Finds the cause of an alarmed issue: the local engine or the agent."""

    def investigate(self, inquiry: Inquiry, *, facts: FactTable, recall: Recall) -> Investigation:
        """Give at most three hypotheses or unknown, with the trace."""


class WriteRequest(Record):
    """What a writer is given: the casefile's sentences with their evidence, no recipients."""

    casefile: Casefile
    draft: Draft
    """The local draft: facts, marks, order. Wording may change; marks and numbers may not."""


class Written(Record):
    """A worded draft and how it came about."""

    draft: Draft
    trace: Trace = Trace()
    made_by: MadeBy


class Writer(Protocol):
    """Words a draft."""

    def write(self, request: WriteRequest) -> Written:
        """Give the draft worded; falls back to the given draft and says why."""


class ChatMessage(Record):
    """One message of a chat."""

    role: Literal["system", "user"]
    text: str


class ChatRequest(Record):
    """A request for one JSON object under a strict schema."""

    messages: tuple[ChatMessage, ...]
    schema_name: str
    json_schema: dict[str, object]
    max_tokens: int
    prompt: str
    """`name/vN`."""


class ChatAnswer(Record):
    """A complete answer: the JSON text, what it used."""

    text: str
    model: str
    tokens_in: int
    tokens_out: int
    cost_usd: float | None


class ChatModel(Protocol):
    """A model behind one address. No exception of a library leaves it."""

    @property
    def name(self) -> str:
        """The model's name."""

    def complete(self, request: ChatRequest, *, timeout_s: float) -> ChatAnswer:
        """Ask for one JSON object.

        Raises:
            ModelUnavailable: Late, cut, refused, invalid, over budget or unreachable.
        """


# -- delivery --------------------------------------------------------------------------


class TicketAction(Record):
    """A ticket to be filed."""

    key: str
    """Outbox key; the destination derives its marker from it."""
    title: str
    body: str
    queue: str | None = None
    issue_id: IssueId | None = None


class MessageAction(Record):
    """A mail to be sent to one recipient."""

    key: str
    subject: str
    body: str
    address: str
    name: str | None = None
    made_at: Instant | None = None
    """When the words were frozen: the date that the mail bears."""


class Sent(Record):
    """The outside world's answer."""

    external_id: str | None
    detail: str = ""
    sha256: str | None = None
    """Hash of the frozen bytes that lie there, where the destination can tell."""


class WireStep(StrEnum):
    """What a destination reports while it hands bytes over."""

    CONNECTED = "connected"
    BODY_BEGINS = "body_begins"
    """Nothing of the body has left. The listener may still forbid it by raising."""
    MID_BODY = "mid_body"
    BODY_ENDED = "body_ended"
    """Everything has left; the answer has not come."""
    ANSWERED = "answered"


OnStep = Callable[[WireStep], None]


class Destination(Protocol):
    """Where things leave: pure `freeze`, and three functions that touch the world."""

    @property
    def name(self) -> str:
        """`tickets` or `mail`."""

    @property
    def missing(self) -> str | None:
        """The setting that is missing, with what to do; None when ready."""

    def freeze(self, action: TicketAction | MessageAction) -> bytes:
        """Give exactly the bytes that will leave. Pure: no clock, no network."""

    def find(self, key: str) -> Sent | None:
        """Look for what was sent under a key.

        Raises:
            DestinationUnavailable: It cannot be known now; never create then.
        """

    def send(self, frozen: bytes, *, key: str, address: str | None, on_step: OnStep) -> Sent:
        """Hand the bytes over; `on_step` is told how far it got, and may raise to stop it.

        Raises:
            RefusedForNow: Nothing was accepted; later it may be.
            RefusedForGood: Nothing was accepted, and never will be.
            NoAnswer: It may have been accepted.
            BytesChanged: The bytes do not belong to this key and address.
        """
