"""What work took: seconds of our own code, seconds waited for a model, its tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from agent.llm.recording import Spent
from domain.record import IssueId
from evals.seats import Seats


class Effort(NamedTuple):
    """One piece of work."""

    code_s: float
    model_s: float
    """In a replay what the model took when it was recorded."""
    tokens_in: int
    tokens_out: int

    @property
    def tokens(self) -> int:
        """Both ways."""
        return self.tokens_in + self.tokens_out


class Efforts(NamedTuple):
    """What a chain took."""

    reading: list[Effort]
    issues: dict[IssueId, list[Effort]]
    """The casefile of an issue, then its drafts."""


def summed(efforts: Sequence[Effort]) -> Effort:
    """Give what pieces of work took together."""
    return Effort(
        sum(one.code_s for one in efforts),
        sum(one.model_s for one in efforts),
        sum(one.tokens_in for one in efforts),
        sum(one.tokens_out for one in efforts),
    )


@contextmanager
def effort_of(seats: Seats, efforts: list[Effort]) -> Iterator[None]:
    """Add to a list what the work in this block takes."""
    began, before = seats.timer(), _spent(seats)
    yield
    used = _spent(seats).since(before)
    waited = used.seconds - used.replayed_s
    code_s = max(0.0, seats.timer() - began - waited)
    efforts.append(Effort(code_s, used.seconds, used.tokens_in, used.tokens_out))


def _spent(seats: Seats) -> Spent:
    return seats.model.spent() if seats.model is not None else Spent()
