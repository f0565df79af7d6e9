"""What the app hands in: the engine under test, as the seats it takes."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from domain.seats import Investigator, Reader, Writer
from domain.vectors import Embedder


class EngineName(StrEnum):
    """Who sits in the seats."""

    LOCAL = "local"
    OPENAI = "openai"
    """The configured model in front of the local engine."""


class ModelSeats(NamedTuple):
    """A model in the seats, with the local engine behind it."""

    reader: Reader
    investigator: Investigator
    writer: Writer


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
