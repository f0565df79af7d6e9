"""Two or three people are hurt by one batch; many others have it at home."""

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

NAME = "safety_report"
DRIVER = "product_safety"
BATCH = "B-91"
PLANNED = by_size(Planned(2, 2, 12), Planned(3, 3, 40), Planned(3, 3, 120), Planned(3, 3, 1_200))


def _story(context: Context) -> Story:
    since = start_of(context, NAME, days=3)
    return Story(NAME, NAME, DRIVER, since, context.when.end, PLANNED[context.size.name])


def _faults(context: Context) -> Iterable[Fact]:
    started, cause = _story(context).since, {"batch": BATCH}
    return [operational(NAME, driver=DRIVER, owner="Hans Keller", started_at=started, cause=cause)]


def _expected(_: Context) -> Iterable[Fact]:
    return [{"overlay": NAME, "ranked_first": NAME}]


def _apply(plan: Plan, context: Context) -> None:
    story = _story(context)
    role = role_at(place_for(plan, context, NAME), story.planned)
    if role is None:
        return
    draw = own_draw(plan, context, NAME)
    hit_at = moment_of(draw, story, role)
    order = quiet_order(plan, draw, context, at=hit_at - timedelta(days=5), overlay=NAME)
    order = order._replace(
        ships=True,
        delivered_at=order.at + timedelta(days=2),
        promised_at=order.at + timedelta(days=3),
        extra={"product": "toaster", "batch": BATCH},
    )
    plan.orders.append(order)
    join(plan, story, role)
    if role is Role.AT_RISK:
        return
    attributes = {"order_id": order.id, "reason": "dangerous", "batch": BATCH}
    plan.facts.append(
        customer_fact(plan.customer, f"return-{order.id}-1", "return", hit_at, attributes)
    )
    report(plan, context, draw, story, hit_at=hit_at, order=order)


def _settle(order: Order, _: Context) -> Order:
    return with_batch(order)


OVERLAY = Overlay(
    name=NAME,
    drivers={NAME: DRIVER},
    messages=lambda context: PLANNED[context.size.name].wrote,
    faults=_faults,
    expected=_expected,
    apply=_apply,
    settle=_settle,
)
