"""Parcels are stuck, while the records of others come hours late and in the wrong order."""

from __future__ import annotations

from datetime import timedelta

from connectors.demo.company import CARRIERS, REGIONS
from connectors.demo.operations import Order, customer_fact, iso
from connectors.demo.plan import Context, Overlay, Plan, Planned
from connectors.demo.planting import (
    elsewhere,
    own_draw,
    place_for,
    plant_stuck,
    quiet_order,
    role_at,
)
from connectors.demo.stories import LoneFault, Story, by_size

NAME = "late_events"
DRIVER = "late_delivery"
CARRIER, REGION = CARRIERS[1], REGIONS[1]
FAULT = LoneFault(
    NAME,
    DRIVER,
    owner="Ines Bergmann",
    cause={"carrier": CARRIER, "region": REGION},
    days=4.5,
    planned=by_size(
        Planned(12, 8, 4), Planned(40, 18, 20), Planned(200, 80, 100), Planned(2_000, 800, 1_000)
    ),
)
# Customers of the region whose parcel came in time and whose record of that came late.
_RECORDED_LATE = by_size(10, 60, 300, 3_000)


def _apply(plan: Plan, context: Context) -> None:
    """Plant the members first, then those whose records are only late."""
    story = FAULT.story(context)
    place = place_for(plan, context, NAME, classes=(REGIONS.index(REGION),))
    if place is None:
        return
    planned = story.planned.hit + story.planned.at_risk
    plant_stuck(plan, context, story, role_at(place, story.planned), carrier=CARRIER)
    if planned <= place < planned + _RECORDED_LATE[context.size.name]:
        _arrived(plan, context, story)


def _arrived(plan: Plan, context: Context, story: Story) -> None:
    """Write that a parcel arrived before that it was shipped, and that twice."""
    draw = own_draw(plan, context, NAME)
    latest = context.when.end - timedelta(hours=4)
    delivered = story.since + (latest - story.since) * draw.random()
    order = quiet_order(plan, draw, context, at=delivered - timedelta(days=3), overlay=NAME)
    plan.orders.append(order)
    shipped = {
        "order_id": order.id,
        "carrier": CARRIER,
        "region": REGION,
        "promised_at": iso(delivered + timedelta(hours=1)),
        "shipped_at": iso(order.at + timedelta(hours=10)),
        "status": "shipped",
    }
    final = {**shipped, "delivered_at": iso(delivered), "status": "delivered"}
    recorded = delivered + (context.when.end - delivered) * (0.2 + 0.75 * draw.random())
    id_, at = f"delivery-{order.id}", order.at + timedelta(hours=10)
    arrival = customer_fact(
        plan.customer, id_, "delivery", at, final, recorded=recorded
    )  # fmt: skip
    first = customer_fact(
        plan.customer, id_, "delivery", at, shipped, recorded=at + timedelta(hours=30)
    )
    plan.facts += [arrival, first, arrival]


def _settle(order: Order, context: Context) -> Order:
    return elsewhere(order, carrier=CARRIER, region=REGION, since=FAULT.since(context))


OVERLAY = Overlay(
    name=NAME,
    drivers={NAME: DRIVER},
    messages=FAULT.messages,
    faults=FAULT.faults,
    apply=_apply,
    settle=_settle,
)
