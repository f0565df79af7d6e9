"""Feedback as it is brought in, and what was read from it."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field, JsonValue

from domain.provenance import MadeBy
from domain.record import FeedbackKey, Instant, IssueId, Record
from domain.text import CustomerText, RedactedText


class Channel(StrEnum):
    """Where the customer spoke."""

    TICKET = "ticket"
    CHAT = "chat"
    EMAIL = "email"
    REVIEW = "review"
    CALL = "call"
    SOCIAL = "social"
    OTHER = "other"


class Author(StrEnum):
    """Who wrote the text."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SYSTEM = "system"


def feedback_key(source: str, id_: str) -> FeedbackKey:
    """Give the key of an item: unique over all sources."""
    return FeedbackKey(f"{source}/{id_}")


class FeedbackItem(Record):
    """One piece of feedback, as it came."""

    id: str
    source: str
    text: CustomerText
    subject: str | None = Field(default=None, repr=False)
    at: Instant | None = None
    channel: Channel = Channel.OTHER
    customer_id: str | None = None
    account_id: str | None = None
    thread_id: str | None = None
    author: Author = Author.CUSTOMER
    language: str | None = None
    rating: float | None = None
    rating_max: float | None = None
    attributes: dict[str, JsonValue] = Field(default_factory=dict)

    @property
    def key(self) -> FeedbackKey:
        """The key of this item."""
        return feedback_key(self.source, self.id)


class SetAside(Record):
    """An input record that could not be stored, kept with its bytes.

    A record of more bytes than are held at once is kept in pieces: the same line, with
    `part` 0, 1, 2 in the order of the bytes. Only part 0 counts as a record.
    """

    source: str
    line: int
    reason: str
    raw: bytes = Field(repr=False)
    part: int = 0


SentimentLabel = Literal["positive", "neutral", "negative", "mixed"]


class Sentiment(Record):
    """Inferred sentiment. `label` None is an abstention and says why."""

    label: SentimentLabel | None
    score: float = Field(ge=-1, le=1)
    confidence: float = Field(ge=0, le=1)
    reason: str | None = None


class DriverMention(Record):
    """One driver with its verbatim quote; offsets in code points of the stored original."""

    driver: str
    sentiment: SentimentLabel | None
    quote: str
    start: int
    end: int
    confidence: float = Field(ge=0, le=1)


class DriverChance(Record):
    """A driver that was considered and not named, with the chance that it is meant."""

    driver: str
    chance: float = Field(ge=0, le=1)


class Noise(StrEnum):
    """Text that reports no problem."""

    SPAM = "spam"
    AUTO_REPLY = "auto_reply"
    THANKS = "thanks"
    PRAISE = "praise"
    EMPTY = "empty"


class Reading(Record):
    """What was understood of one item."""

    key: FeedbackKey
    language: str | None
    sentiment: Sentiment
    drivers: tuple[DriverMention, ...] = ()
    """Best first; empty when none fits (`reason` says why)."""
    considered: tuple[DriverChance, ...] = ()
    """The next likely drivers, best first, none of them named."""
    noise: Noise | None = None
    problem: str = Field(default="", repr=False)
    """The distilled problem in redacted words: what failed, without greeting and signature."""
    reason: str | None = None
    made_by: MadeBy

    @property
    def complaints(self) -> tuple[str, ...]:
        """Drivers that the words complain about, best first.

        One named without praise or blame counts in a text that complains, and where the
        reader is sure of it: else it is a question.
        """
        blamed = [one.driver for one in self.drivers if one.sentiment in _BLAMED]
        least = 0.0 if self.sentiment.label in ("negative", "mixed") else _NEUTRAL_FROM
        told = [
            one.driver
            for one in self.drivers
            if one.sentiment == "neutral" and one.confidence >= least
        ]
        return (*blamed, *told)


_BLAMED = ("negative", "mixed", None)
# A neutral driver that the reader is less sure of than this is a question, not a report.
_NEUTRAL_FROM = 0.5


class ReadItem(Record):
    """An item with its redacted text and its reading, and the issue it hangs on."""

    item: FeedbackItem
    redacted: RedactedText
    reading: Reading
    issue_id: IssueId | None = None
