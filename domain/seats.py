"""The seats that the local engine and a model share: reader, investigator, writer; and recall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

from domain.facts import SimilarCase
from domain.feedback import Channel, Reading, ReadItem
from domain.issues import Alarm, Casefile, Hypothesis, Issue
from domain.people import Taxonomy
from domain.ports import FactTable, Progress
from domain.predicates import Scalar
from domain.proposals import Draft, Wish
from domain.provenance import MadeBy, Trace
from domain.record import FeedbackKey, Record
from domain.text import RedactedText


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

    @property
    def reporters(self) -> frozenset[str]:
        """Customers who wrote; reports without one do not count."""
        return frozenset(one.item.customer_id for one in self.reports if one.item.customer_id)


class Investigator(Protocol):
    """Finds the cause of an alarmed issue: the local engine or the agent."""

    def investigate(self, inquiry: Inquiry, *, facts: FactTable, recall: Recall) -> Investigation:
        """Give at most three hypotheses or unknown, with the trace."""


class Guidance(Record):
    """What a reviewer asks of another draft."""

    words: RedactedText
    """In their own words; data to a model, never an instruction that lifts a rule."""
    wishes: tuple[Wish, ...] = ()


class WriteRequest(Record):
    """What a writer is given: the casefile's sentences with their evidence, no recipients."""

    casefile: Casefile
    draft: Draft
    """The local draft: facts, marks, order. Wording may change; marks and numbers may not."""
    guidance: Guidance | None = None
    """For another draft: what the reviewer of the last one asked for."""


class Written(Record):
    """A worded draft and how it came about."""

    draft: Draft
    trace: Trace = Trace()
    made_by: MadeBy
    on_wishes: tuple[str, ...] = ()
    """What came of each wish, a sentence each."""
    on_words: str = ""
    """What came of the reviewer's own words, in one sentence."""


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
    case: str
    """What is asked about, for errors; never sent."""


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
            NotRecorded: In a replay, an answer that was not recorded; it goes to the caller
                of the seat.
        """
