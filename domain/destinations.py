"""Where approved bytes leave: actions, steps on the wire, and the protocol."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from domain.record import Instant, IssueId, Record


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
