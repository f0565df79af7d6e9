"""Money and token limits: reserve before a call, settle with what was used."""

from __future__ import annotations

import math
import threading
from typing import NamedTuple, Protocol

from domain.errors import ModelUnavailable
from domain.people import ModelPolicy, Price

# 0.65: most tokens per UTF-8 byte seen with o200k over English, German, Chinese, Russian,
# emoji, base64 and JSON (measured 2026-11-24); so a reservation is an upper bound.
TOKENS_PER_BYTE = 0.65
TOKENS_PER_MESSAGE = 8


class Ledger(Protocol):
    """What all work of today has used, shared by every process; each call is atomic."""

    def add_usd(self, amount: float) -> float:
        """Add US dollars; gives the sum of the day."""

    def add_tokens(self, count: int) -> int:
        """Add tokens; gives the sum of the day."""


def most_tokens(texts: list[str]) -> int:
    """Give an upper bound for the tokens of messages."""
    size = sum(len(text.encode("utf-8", "replace")) for text in texts)
    return math.ceil(TOKENS_PER_BYTE * size) + TOKENS_PER_MESSAGE * len(texts)


class Reservation(NamedTuple):
    """What was set aside for one call."""

    tokens_in: int
    tokens_out: int
    cost_usd: float


class Used(NamedTuple):
    """Tokens and US dollars, up to a moment."""

    tokens_in: int
    tokens_out: int
    cost_usd: float

    def since(self, before: Used) -> Used:
        """What was used after an earlier moment."""
        return Used(
            self.tokens_in - before.tokens_in,
            self.tokens_out - before.tokens_out,
            self.cost_usd - before.cost_usd,
        )


class Budget:
    """Limits of one piece of work (an issue, a batch) inside the day's budget.

    A model without a price costs nothing that is known: the tokens of the day are its
    limit instead. Safe for several threads.
    """

    def __init__(
        self, *, model: str, policy: ModelPolicy, ledger: Ledger, limit_usd: float | None = None
    ) -> None:
        self._price: Price | None = policy.prices.get(model)
        self._policy = policy
        self._ledger = ledger
        self._limit_usd = policy.issue_budget_usd if limit_usd is None else limit_usd
        self._lock = threading.Lock()
        self.spent_usd = 0.0
        self.tokens_in = 0
        self.tokens_out = 0

    @property
    def price_known(self) -> bool:
        """Whether the policy has a price for this model."""
        return self._price is not None

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """US dollars for so many tokens; 0 without a price."""
        if self._price is None:
            return 0.0
        return (tokens_in * self._price.input_usd + tokens_out * self._price.output_usd) / 1_000_000

    def reserve(self, texts: list[str], *, max_out: int) -> Reservation:
        """Set aside what a call may cost at most.

        Raises:
            ModelUnavailable: It would pass a limit.
        """
        tokens_in = most_tokens(texts)
        cost = self.cost(tokens_in, max_out)
        with self._lock:
            if self.tokens_in + self.tokens_out + tokens_in + max_out > self._policy.issue_tokens:
                raise ModelUnavailable("the token limit of this work is reached")
            if cost and self.spent_usd + cost > self._limit_usd:
                raise ModelUnavailable("the money limit of this work is reached")
            self._take_of_the_day(tokens_in + max_out, cost)
            self.tokens_in += tokens_in
            self.tokens_out += max_out
            self.spent_usd += cost
        return Reservation(tokens_in, max_out, cost)

    def _take_of_the_day(self, tokens: int, cost: float) -> None:
        """Add first, then look: two processes cannot both take the last of the day."""
        if cost and self._ledger.add_usd(cost) > self._policy.daily_budget_usd:
            self._ledger.add_usd(-cost)
            raise ModelUnavailable("the daily budget is spent")
        if not self.price_known and self._ledger.add_tokens(tokens) > self._policy.daily_tokens:
            self._ledger.add_tokens(-tokens)
            raise ModelUnavailable("the tokens of the day are used up")

    def settle(self, held: Reservation, tokens_in: int | None, tokens_out: int | None) -> float:
        """Replace a reservation by what was used; without usage the reservation stays.

        Gives the cost in US dollars.
        """
        if tokens_in is None or tokens_out is None:
            return held.cost_usd
        cost = self.cost(tokens_in, tokens_out)
        with self._lock:
            self.tokens_in += tokens_in - held.tokens_in
            self.tokens_out += tokens_out - held.tokens_out
            self.spent_usd += cost - held.cost_usd
            if cost != held.cost_usd:
                self._ledger.add_usd(cost - held.cost_usd)
            more = tokens_in + tokens_out - held.tokens_in - held.tokens_out
            if more and not self.price_known:
                self._ledger.add_tokens(more)
        return cost

    def release(self, held: Reservation) -> None:
        """Give a reservation back: the other side said no, so nothing was made."""
        self.settle(held, 0, 0)

    def used(self) -> Used:
        """What the work has used so far; what may have been billed counts as used."""
        with self._lock:
            return Used(self.tokens_in, self.tokens_out, self.spent_usd)
