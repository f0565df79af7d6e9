"""What the app hands in: the engine under test, as the seats it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from agent.llm.recording import Spent
from domain.people import ModelPolicy, Price
from domain.seats import Investigator, Reader, Writer
from domain.vectors import Embedder


class EngineName(StrEnum):
    """Who sits in the seats."""

    LOCAL = "local"
    OPENAI = "openai"
    """The configured model in front of the local engine."""
    REPLAY = "replay"
    """The recorded answers of a model in front of the local engine."""


class ModelSeats(NamedTuple):
    """A model in the seats, with the local engine behind it."""

    reader: Reader
    investigator: Investigator
    writer: Writer


class ModelUse(NamedTuple):
    """What the model in the seats may be asked for, and what it has used."""

    name: str
    price: Price | None
    """US dollars for tokens; None where the policy has none."""
    limits: ModelPolicy
    spent: Callable[[], Spent]
    """What passed on the wire so far."""

    def cost_usd(self, tokens_in: float, tokens_out: float) -> float | None:
        """US dollars for so many tokens; None where the price is not known."""
        if self.price is None:
            return None
        paid = tokens_in * self.price.input_usd + tokens_out * self.price.output_usd
        return paid / 1_000_000


class Seats(NamedTuple):
    """The engine under test."""

    name: EngineName
    embedder: Embedder | None
    """None: words alone."""
    reader: Reader
    investigator: Investigator
    writer: Writer
    model_at: Callable[[str], ModelSeats]
    """Gives the seats of a model that answers at an address; nothing is stored or paid."""
    model: ModelUse | None = None
    """None: no model sits in the seats."""
    timer: Callable[[], float] = time.perf_counter
    """Gives seconds, for the figures of time."""
