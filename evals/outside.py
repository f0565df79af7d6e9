"""A world outside that keeps what it got, refuses some and answers some too late."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from domain.destinations import MessageAction, OnStep, Sent, TicketAction, WireStep
from domain.errors import DestinationUnavailable, NoAnswer, RefusedForNow
from domain.record import canonical


class Arrived(NamedTuple):
    """What came over the wire."""

    key: str
    sha256: str


class Outside:
    """A destination in memory. Every third first try is refused, every fourth gets no answer.

    Tickets can be looked up; mail cannot, so a mail without an answer must not go again.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._tries: Iterator[int] = count(1)
        self._tried: set[str] = set()
        self.arrived: list[Arrived] = []

    @property
    def name(self) -> str:
        """`tickets` or `mail`."""
        return self._name

    @property
    def missing(self) -> str | None:
        """Nothing: it is always ready."""
        return None

    def freeze(self, action: TicketAction | MessageAction) -> bytes:
        """Give the action itself as bytes."""
        return canonical(action).encode("utf-8", "surrogatepass")

    def find(self, key: str) -> Sent | None:
        """Look among tickets; mail cannot be asked."""
        if self._name == "mail":
            raise DestinationUnavailable("Mail that was sent cannot be asked for.")
        known = next((one for one in self.arrived if one.key == key), None)
        return Sent(external_id=key, sha256=known.sha256) if known else None

    def send(self, frozen: bytes, *, key: str, address: str | None, on_step: OnStep) -> Sent:
        """Take the bytes, refuse them once, or take them and fall silent."""
        del address
        number = next(self._tries) if key not in self._tried else 0
        self._tried.add(key)
        on_step(WireStep.CONNECTED)
        if number and number % 3 == 0:
            raise RefusedForNow("Come back later.")
        on_step(WireStep.BODY_BEGINS)
        on_step(WireStep.MID_BODY)
        self.arrived.append(Arrived(key, hashlib.sha256(frozen).hexdigest()))
        on_step(WireStep.BODY_ENDED)
        if number and number % 4 == 0:
            raise NoAnswer("The line fell silent.")
        on_step(WireStep.ANSWERED)
        return Sent(external_id=key, sha256=self.arrived[-1].sha256)
