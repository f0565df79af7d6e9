"""Who cannot change an address calls the order off and places it again; nobody mentions it."""

from __future__ import annotations

from datetime import timedelta

from connectors.demo.operations import Order, customer_fact
from connectors.demo.plan import Context, Overlay, Plan, Planned
from connectors.demo.planting import (
    join,
    moment_of,
    own_draw,
    place_for,
    quiet_order,
    role_at,
    settled_before,
    share_of,
)
from connectors.demo.stories import LoneFault, Role, by_size

NAME = "workaround_loop"
DRIVER = "checkout_failure"
VERSION = "4.23"
FAULT = LoneFault(
    NAME,
    DRIVER,
    owner="Aoife Nolan",
    cause={"version": VERSION},
    days=6,
    planned=by_size(Planned(16, 0, 0), Planned(50, 0, 0), Planned(200, 0, 0), Planned(2_000, 0, 0)),
)
# Orders in the version that are placed once and kept.
_ONCE_SHARE = 0.12


def _apply(plan: Plan, context: Context) -> None:
    """Place an order, call it off and place it again some minutes later."""
    story = FAULT.story(context, until=settled_before(context.when))
    role = role_at(place_for(plan, context, NAME), story.planned)
    if role is None:
        return
    draw = own_draw(plan, context, NAME)
    at = moment_of(draw, story, role)
    first = quiet_order(plan, draw, context, at=at, overlay=NAME)._replace(version=VERSION)
    plan.orders.append(first)
    again = quiet_order(
        plan, draw, context, at=at + timedelta(minutes=draw.randrange(8, 25)), overlay=NAME
    )
    plan.orders.append(again._replace(version=VERSION, amount_minor=first.amount_minor))
    off = first.at + timedelta(minutes=5)
    attributes = {"order_id": first.id, "reason": "wrong address", "outcome": "called off"}
    id_ = f"cancellation-{first.id}"
    plan.facts.append(customer_fact(plan.customer, id_, "cancellation", off, attributes))
    join(plan, story, Role.SILENT)


def _settle(order: Order, context: Context) -> Order:
    """Some place one order in the version and keep it."""
    within = FAULT.since(context) <= order.at < settled_before(context.when)
    once = not order.planted and within and share_of(f"{NAME}:{order.id}") < _ONCE_SHARE
    return order._replace(version=VERSION) if once else order


OVERLAY = Overlay(
    name=NAME,
    drivers={NAME: DRIVER},
    messages=FAULT.messages,
    faults=FAULT.faults,
    apply=_apply,
    settle=_settle,
)
