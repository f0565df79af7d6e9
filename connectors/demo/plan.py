"""What an overlay is, and what it works on: one customer's plan in the world around it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from connectors.demo.company import Customer, Size, Times
from connectors.demo.conversations import Message
from connectors.demo.operations import Fact, Order


class Membership(NamedTuple):
    """A line of `truth/members.csv`."""

    fault_id: str
    customer_id: str
    state: str


class Planned(NamedTuple):
    """Customers hit by a fault, those of them who wrote, and customers at risk."""

    hit: int
    wrote: int
    at_risk: int


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
    facts: list[Fact] = field(default_factory=list)
    """Facts beside those of orders and habits."""
    expected: list[Fact] = field(default_factory=list)
    """Truth beside faults and members: lines of `truth/expected.jsonl`."""

    taken: frozenset[str] = frozenset()
    """Drivers of the faults that hit this customer, known once all overlays were applied."""

    def next_id(self) -> str:
        """An id for the next message."""
        return f"M-{self.customer.number}-{len(self.messages) + 1}"


def _none(_: Context) -> Iterable[Fact]:
    return ()


def _silent(_: Plan, __: Context) -> None:
    return None


def _as_it_is(order: Order, _: Context) -> Order:
    return order


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """A story that can be planted in a world, alone or with others."""

    name: str
    drivers: Mapping[str, str]
    """For each of its faults the driver; its members write about that nowhere else."""
    messages: Callable[[Context], int]
    """How many messages it brings, those of agents included."""
    apply: Callable[[Plan, Context], None] = _silent
    """Changes the plan of one customer; draws from `plan.draw` or a draw of its own."""
    faults: Callable[[Context], Iterable[Fact]] = _none
    """Its lines in `truth/faults.jsonl`; none where nothing is wrong."""
    expected: Callable[[Context], Iterable[Fact]] = _none
    """Its lines in `truth/expected.jsonl` that belong to no single customer."""
    shop_facts: Callable[[Context], Iterable[Fact]] = _none
    afterwards: Callable[[Plan, Context], None] = _silent
    """Lets a customer speak who may be hit by any of the faults; see `Plan.taken`."""
    settle: Callable[[Order, Context], Order] = _as_it_is
    """Gives orders that others made the attributes of this story, and keeps its cause off them."""
    own_drivers: tuple[str, ...] = ()
    """Drivers that join the configuration with it."""


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
