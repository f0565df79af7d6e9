"""One batch of a product breaks; it comes back, and the rest of it is still out there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from connectors.demo.operations import Fact, Order, customer_fact
from connectors.demo.plan import Context, Overlay, Plan, Planned
from connectors.demo.planting import (
    Role,
    Story,
    by_size,
    join,
    moment_of,
    operational,
    own_draw,
    place_for,
    quiet_order,
    report,
    role_at,
    start_of,
    with_batch,
)

NAME = "batch_defect"
DRIVER = "wrong_or_damaged_item"
BATCH = "B-52"
PLANNED = by_size(
    Planned(12, 8, 10), Planned(40, 22, 60), Planned(180, 80, 300), Planned(1_800, 800, 3_000)
)


def _story(context: Context) -> Story:
    since = start_of(context, NAME, days=9)
    return Story(NAME, NAME, DRIVER, since, context.when.end, PLANNED[context.size.name])


def _faults(context: Context) -> Iterable[Fact]:
    started = _story(context).since
    return [
        operational(
            NAME, driver=DRIVER, owner="Pekka Salo", started_at=started, cause={"batch": BATCH}
        )
    ]


def _apply(plan: Plan, context: Context) -> None:
    """Sell the batch to some, and let the hit send it back as broken."""
    story = _story(context)
    role = role_at(place_for(plan, context, NAME), story.planned)
    if role is None:
        return
    draw = own_draw(plan, context, NAME)
    hit_at = moment_of(draw, story, role)
    order = quiet_order(plan, draw, context, at=hit_at - timedelta(days=4), overlay=NAME)
    order = order._replace(
        ships=True,
        delivered_at=order.at + timedelta(days=2),
        promised_at=order.at + timedelta(days=3),
        extra={"product": "kettle", "batch": BATCH},
    )
    plan.orders.append(order)
    join(plan, story, role)
    if role is Role.AT_RISK:
        return
    attributes = {"order_id": order.id, "reason": "broken", "batch": BATCH}
    plan.facts.append(
        customer_fact(plan.customer, f"return-{order.id}-1", "return", hit_at, attributes)
    )
    if role is Role.AFFECTED:
        report(plan, context, draw, story, hit_at=hit_at, order=order)


def _settle(order: Order, _: Context) -> Order:
    return with_batch(order)


OVERLAY = Overlay(
    name=NAME,
    drivers={NAME: DRIVER},
    messages=lambda context: PLANNED[context.size.name].wrote,
    faults=_faults,
    apply=_apply,
    settle=_settle,
)
