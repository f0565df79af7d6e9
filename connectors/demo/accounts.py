"""What the shop records of an account beside its orders: rep, renewal, bills, dealings.

Everything here is drawn from the account's own seed, so that it can grow without
changing an order or a message.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from connectors.demo.company import CARRIERS, PLANS, REPS, Customer, Times
from connectors.demo.operations import (
    NEW_VERSION,
    OLD_VERSION,
    Fact,
    Order,
    customer_fact,
    iso,
    ordinary,
)

_MONTHLY_MINOR = dict(zip(PLANS, (0, 4_90, 9_90), strict=True))
_TERM = timedelta(days=14)
_YEAR = timedelta(days=365)
# Orders that look like the planted ones and are not: paid later, with one of the two
# attributes of a double capture but never with both.
_INVOICED_SHARE = 0.03
_INVOICED = (("wallet", OLD_VERSION), ("card", NEW_VERSION), ("bank_transfer", NEW_VERSION))
# Two digits like every order of a customer, and beyond any count in use.
_INVOICED_NUMBER = 99


def account_draw(one: Customer, seed: int) -> random.Random:
    """The account's own source of chance."""
    return random.Random(f"account:{seed}:{one.number}")  # noqa: S311


def account(one: Customer, draw: random.Random, when: Times) -> Fact:
    """The account itself; subscribers renew once a year."""
    attributes: Fact = {
        "name": one.name,
        "region": one.region,
        "segment": one.segment,
        "plan": one.plan,
        "rep": draw.choice(REPS),
        "since": iso(one.since),
        "value_minor": one.value_minor,
    }
    if one.plan != PLANS[0]:
        passed = (when.end - one.since) // _YEAR
        attributes["renewal_at"] = iso(one.since + (passed + 1) * _YEAR)
    return customer_fact(one, f"account-{one.account_id}", "account", one.since, attributes)


def dealings(one: Customer, draw: random.Random, when: Times) -> Iterator[Fact]:
    """Subscription bills, milestones, contacts, deals and cancellations before the end."""
    if one.plan != PLANS[0]:
        yield from _bills(one, draw, when)
    span = when.end - when.begin
    if draw.random() < 0.1:
        attributes = {"feature": draw.choice(("first_review", "tenth_order")), "count": 1}
        yield _at_some_time(one, draw, when, "milestone", attributes)
    if one.segment == "business" and draw.random() < 0.3:
        outcome = draw.choice(("reached", "reached", "no answer"))
        attributes = {"reason": "check-in", "channel": "call", "outcome": outcome}
        yield _at_some_time(one, draw, when, "contact", attributes)
    if one.segment == "business" and draw.random() < 0.1:
        attributes = {"reason": "larger volume", "outcome": draw.choice(("won", "lost"))}
        yield _at_some_time(one, draw, when, "deal", attributes)
    # 0.6 % of the subscribers leave in a month.
    if one.plan != PLANS[0] and draw.random() < 0.006 * (span / timedelta(days=30)):
        attributes = {"reason": draw.choice(("price", "moving", "no need")), "outcome": "ended"}
        yield _at_some_time(one, draw, when, "cancellation", attributes)


def _bills(one: Customer, draw: random.Random, when: Times) -> Iterator[Fact]:
    """One bill a month, due two weeks later; it is open until it is due, then paid."""
    day, hour = draw.randrange(1, 29), draw.randrange(4, 8)
    at = when.begin.replace(day=day, hour=hour, minute=0, second=0, microsecond=0)
    while at < when.end:
        due_at = at + _TERM
        if at >= when.begin:
            id_ = f"invoice-{one.id}-{at:%Y-%m}"
            attributes = {
                "invoice_id": id_.removeprefix("invoice-"),
                "period": f"{at:%Y-%m}",
                "due_at": iso(due_at),
                "method": one.method,
                "status": "open",
            }
            amount = _MONTHLY_MINOR[one.plan]
            yield customer_fact(one, id_, "invoice", at, attributes, amount=amount)
            if due_at < when.end:
                paid = {**attributes, "status": "paid"}
                yield customer_fact(
                    one, id_, "invoice", at, paid, amount=amount, recorded=due_at
                )  # fmt: skip
        at = (at.replace(day=1) + timedelta(days=32)).replace(day=day)


def invoiced_order(one: Customer, draw: random.Random, when: Times) -> Order | None:
    """Now and then an order with an open invoice that no fault will touch."""
    if draw.random() >= _INVOICED_SHARE:
        return None
    method, version = draw.choice(_INVOICED)
    span = when.end - when.duplicates
    at = when.duplicates + span * (0.1 + 0.85 * draw.random())
    due_at = when.end + timedelta(hours=draw.uniform(2, 240))
    order: Order = ordinary(one, draw, when, _INVOICED_NUMBER, at)
    # Not by the first carrier, so that none of them is also held by a strike.
    return order._replace(
        method=method,
        version=version,
        carrier=draw.choice(CARRIERS[1:]),
        invoice_due_at=due_at.replace(second=0, microsecond=0),
    )


def _at_some_time(
    one: Customer, draw: random.Random, when: Times, kind: str, attributes: Fact
) -> Fact:
    at: datetime = when.begin + (when.end - when.begin) * draw.random()
    return customer_fact(one, f"{kind}-{one.id}", kind, at, attributes)
