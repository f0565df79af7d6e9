"""The facts of one customer: orders with deliveries, payments, invoices, returns, usage."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from connectors.demo.company import CARRIERS, PLANS, PROMOTIONS, Customer, Times

Fact = dict[str, Any]
_NONE: Mapping[str, Any] = MappingProxyType({})
OLD_VERSION, NEW_VERSION = "4.17", "4.18"


def iso(at: datetime) -> str:
    """Give the text of a time as facts carry it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Order(NamedTuple):
    """An order before it becomes facts; overlays replace fields."""

    id: str
    customer: Customer
    at: datetime
    amount_minor: int
    version: str
    promotion: str | None
    carrier: str
    promised_at: datetime
    delivered_at: datetime | None
    method: str
    copies: int = 1
    """How often the payment is captured."""
    refunded: bool = False
    """Whether the second capture was given back."""
    invoice_due_at: datetime | None = None
    """Set when it is paid later, by an open invoice."""
    planted: str = ""
    """The overlay that made it; empty for ordinary ones."""
    ships: bool = True
    returnable: bool = True
    """Whether chance may send it back."""
    fails: bool = False
    """Whether the payment is refused and never captured."""
    extra: Mapping[str, Any] = _NONE
    """Further attributes of the order itself."""
    money: Mapping[str, Any] = _NONE
    """Further attributes of its payments and invoice."""


def profile(one: Customer) -> Iterator[Fact]:
    """Facts about the customer."""
    attributes: dict[str, Any] = {"name": one.name, "locale": "en", "time_zone": "Europe/Berlin"}
    if one.email:
        attributes["email"] = one.email
    if one.consent is not None:
        attributes["consent"] = one.consent
    if one.suppressed:
        attributes["suppressed"] = True
    yield customer_fact(one, f"customer-{one.id}", "customer", one.since, attributes)


def orders(one: Customer, draw: random.Random, when: Times) -> list[Order]:
    """The ordinary orders of a customer: about two in eight weeks."""
    days = (when.end - when.begin).days
    count = draw.choices((0, 1, 2, 3), (1, 4, 4, 2))[0] * max(1, round(days / 56))
    return [
        ordinary(one, draw, when, number, when.begin + (when.end - when.begin) * draw.random())
        for number in range(count)
    ]


def ordinary(one: Customer, draw: random.Random, when: Times, number: int, at: datetime) -> Order:
    """One order as it usually goes: 2.5 % of deliveries are late."""
    at = at.replace(second=0, microsecond=0)
    promised = (at + timedelta(days=draw.choice((2, 3, 4)))).replace(hour=18, minute=0)
    delay = timedelta(hours=-draw.randrange(2, 30))
    if draw.random() < 0.025:
        delay = timedelta(hours=draw.randrange(6, 90))
    delivered = max(promised + delay, at + timedelta(hours=12))
    newer = at >= when.duplicates and draw.random() < 0.5
    return Order(
        id=f"HP-{one.number + 10_000}{number:02d}",
        customer=one,
        at=at,
        amount_minor=draw.randrange(9_90, 240_00, 10),
        version=NEW_VERSION if newer else OLD_VERSION,
        promotion=draw.choice(PROMOTIONS),
        carrier=draw.choice(CARRIERS),
        promised_at=promised,
        delivered_at=delivered,
        method=one.method,
    )


def order_facts(order: Order, draw: random.Random, when: Times) -> Iterator[Fact]:
    """All facts of an order that are recorded before the world ends."""
    one = order.customer
    attributes: dict[str, Any] = {"region": one.region, "version": order.version}
    attributes["items"] = draw.randrange(1, 5)
    if order.promotion:
        attributes["promotion"] = order.promotion
    attributes |= order.extra
    yield customer_fact(
        one, f"order-{order.id}", "order", order.at, attributes,
        subject=f"order:{order.id}", amount=order.amount_minor,
    )  # fmt: skip
    if order.ships:
        yield from _delivery(order, when)
    # A payment follows its order by minutes, and the world may end in between.
    end = iso(when.end)
    yield from (fact for fact in _money(order, draw, when) if fact["recorded_at"] < end)
    if order.delivered_at and order.returnable and draw.random() < 0.05:
        at = order.delivered_at + timedelta(days=3)
        if at < when.end:
            reason = draw.choice(("does not fit", "broken", "other"))
            batch = f"B-{draw.randrange(10, 40)}"
            yield customer_fact(
                one, f"return-{order.id}", "return", at,
                {"order_id": order.id, "reason": reason, "batch": order.extra.get("batch", batch)},
            )  # fmt: skip


def _delivery(order: Order, when: Times) -> Iterator[Fact]:
    shipped = order.at + timedelta(hours=10)
    if shipped >= when.end:
        return
    attributes = {
        "order_id": order.id,
        "carrier": order.carrier,
        "region": order.customer.region,
        "promised_at": iso(order.promised_at),
        "shipped_at": iso(shipped),
        "status": "shipped",
    }
    yield customer_fact(order.customer, f"delivery-{order.id}", "delivery", shipped, attributes)
    if order.delivered_at is not None and order.delivered_at < when.end:
        final = {**attributes, "delivered_at": iso(order.delivered_at), "status": "delivered"}
        yield customer_fact(
            order.customer, f"delivery-{order.id}", "delivery", shipped, final,
            recorded=order.delivered_at,
        )  # fmt: skip


def _money(order: Order, draw: random.Random, when: Times) -> Iterator[Fact]:
    one = order.customer
    if order.invoice_due_at is not None:
        attributes = {
            "order_id": order.id,
            "due_at": iso(order.invoice_due_at),
            "method": order.method,
            **order.money,
            "status": "open",
        }
        yield customer_fact(
            one, f"invoice-{order.id}", "invoice", order.at + timedelta(minutes=1), attributes,
            amount=order.amount_minor,
        )  # fmt: skip
        return
    paid = order.at + timedelta(minutes=2)
    base = {"order_id": order.id, "method": order.method, **order.money}
    if order.fails:
        refused = paid - timedelta(minutes=1)
        yield _payment(order, f"payment-{order.id}-0", refused, {**base, "status": "failed"})
        return
    if draw.random() < 0.02:
        failed = paid - timedelta(minutes=1)
        yield _payment(order, f"payment-{order.id}-0", failed, {**base, "status": "failed"})
    for copy in range(order.copies):
        at = paid + timedelta(minutes=4 * copy)
        id_ = f"payment-{order.id}-{copy + 1}"
        yield _payment(order, id_, at, {**base, "status": "captured"})
        if copy == 1 and order.refunded:
            back = at + timedelta(hours=7)
            if back < when.end:
                yield _payment(order, id_, at, {**base, "status": "refunded"}, recorded=back)


def _payment(
    order: Order, id_: str, at: datetime, attributes: Fact, *, recorded: datetime | None = None
) -> Fact:
    return customer_fact(
        order.customer, id_, "payment", at, attributes, amount=order.amount_minor, recorded=recorded
    )


def habits(one: Customer, draw: random.Random, when: Times) -> Iterator[Fact]:
    """Usage, renewals and hand-offs of a customer."""
    span = when.end - when.begin
    for number in range(draw.choice((0, 1, 2))):
        at = when.begin + span * draw.random()
        feature = draw.choice(("search", "wishlist", "tracking", "reorder"))
        attributes = {"feature": feature, "count": draw.randrange(1, 30)}
        yield customer_fact(one, f"usage-{one.id}-{number}", "usage", at, attributes)
    if one.plan != PLANS[0]:
        at = when.begin + span * draw.random()
        attributes = {"period": at.strftime("%Y-%m"), "outcome": "renewed", "plan": one.plan}
        yield customer_fact(one, f"renewal-{one.id}", "renewal", at, attributes)
    if draw.random() < 0.05:
        at = when.begin + span * draw.random()
        attributes = {
            "from_department": "support",
            "to_department": draw.choice(("payments", "delivery", "returns")),
            "waited_s": draw.randrange(300, 90_000),
            "fields_passed": "order_id,name",
        }
        yield customer_fact(one, f"handoff-{one.id}", "handoff", at, attributes)


def shop_facts(when: Times) -> Iterator[Fact]:
    """Deploys, incidents and promises of the shop itself; one deploy is innocent."""
    begin, fourth = when.begin, when.begin + timedelta(days=4)
    promise = {
        "source": "order confirmation",
        "text": "Delivered on the day we name",
        "owner": "delivery",
    }
    chat = {"service": "chat", "ended_at": iso(fourth + timedelta(hours=2))}
    innocent = when.strike - timedelta(hours=16)
    events: list[tuple[str, str, datetime, Fact]] = [
        ("deploy-1", "deploy", begin + timedelta(days=2), _deploy("web", OLD_VERSION)),
        ("deploy-2", "deploy", when.duplicates, _deploy("checkout", NEW_VERSION)),
        ("deploy-3", "deploy", innocent, _deploy("search", "2.9")),
        ("deploy-4", "deploy", when.cosmetic, _deploy("app", "12.0")),
        ("incident-1", "incident", fourth, chat),
        ("promise-1", "promise", begin + timedelta(hours=1), promise),
    ]
    for id_, kind, at, attributes in events:
        yield {"id": id_, "kind": kind, "at": iso(at), "attributes": attributes}


def _deploy(service: str, version: str) -> Fact:
    return {"service": service, "version": version}


def customer_fact(
    one: Customer,
    id_: str,
    kind: str,
    at: datetime,
    attributes: Fact,
    *,
    subject: str | None = None,
    amount: int | None = None,
    recorded: datetime | None = None,
) -> Fact:
    """A fact that belongs to a customer and the account; recorded when it happens."""
    fact: Fact = {"id": id_, "kind": kind, "at": iso(at), "recorded_at": iso(recorded or at)}
    if subject is not None:
        fact["subject"] = subject
    fact |= {"customer_id": one.id, "account_id": one.account_id, "attributes": attributes}
    if amount is not None:
        fact |= {"amount_minor": amount, "currency": "EUR"}
    return fact
