"""What an overlay works on: one customer's plan, and the world around it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from connectors.demo.company import Customer, Size, Times
from connectors.demo.conversations import Message
from connectors.demo.operations import Order


class Membership(NamedTuple):
    """A line of `truth/members.csv`."""

    fault_id: str
    customer_id: str
    state: str


class Context(NamedTuple):
    """The world around a customer."""

    size: Size
    when: Times
    part: str
    seed: int


@dataclass
class Plan:
    """Everything that one customer does in the world."""

    customer: Customer
    draw: random.Random
    orders: list[Order]
    messages: list[Message] = field(default_factory=list)
    members: list[Membership] = field(default_factory=list)

    def next_id(self) -> str:
        """An id for the next message."""
        return f"M-{self.customer.number}-{len(self.messages) + 1}"


def place_of(plan: Plan, context: Context, *, classes: tuple[int, ...]) -> int | None:
    """A shuffled place of the customer among those whose number modulo 4 is in `classes`.

    Places go from 0 without gaps, so that an overlay takes the first so many.
    """
    group, residue = divmod(plan.customer.number, 4)
    if residue not in classes:
        return None
    per_class = context.size.customers // 4
    # 7,919 is prime and larger than any common factor with the class sizes in use.
    shuffled = (group * 7_919 + context.seed * 31) % per_class
    return shuffled * len(classes) + classes.index(residue)


def after(draw: random.Random, at: datetime, *, mean_hours: float, before: datetime) -> datetime:
    """A time after `at`, exponentially distributed, and before the end of the world."""
    hours = min(draw.expovariate(1 / mean_hours), mean_hours * 4) + 0.3
    latest = before - timedelta(minutes=5)
    return min(at + timedelta(hours=hours), latest)
