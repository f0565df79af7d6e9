"""Parcels are stuck, while the records of others come hours late and in the wrong order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from connectors.demo.company import CARRIERS, REGIONS
from connectors.demo.operations import Fact, Order, customer_fact, iso
from connectors.demo.plan import Context, Overlay, Plan, Planned
from connectors.demo.planting import (
    Story,
    by_size,
    elsewhere,
    operational,
    own_draw,
    place_for,
    plant_stuck,
    quiet_order,
    role_at,
    start_of,
)

NAME = "late_events"
DRIVER = "late_delivery"
CARRIER, REGION = CARRIERS[1], REGIONS[1]
PLANNED = by_size(
    Planned(12, 8, 4), Planned(40, 18, 20), Planned(200, 80, 100), Planned(2_000, 800, 1_000)
)
# Customers of the region whose parcel came in time and whose record of that came late.
_RECORDED_LATE = by_size(10, 60, 300, 3_000)


def _story(context: Context) -> Story:
    since = start_of(context, NAME, days=4.5)
    return Story(NAME, NAME, DRIVER, since, context.when.end, PLANNED[context.size.name])


def _faults(context: Context) -> Iterable[Fact]:
    cause = {"carrier": CARRIER, "region": REGION}
    started = _story(context).since
    return [
        operational(NAME, driver=DRIVER, owner="Ines Bergmann", started_at=started, cause=cause)
    ]


def _apply(plan: Plan, context: Context) -> None:
    """Plant the members first, then those whose records are only late."""
    story = _story(context)
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
    return elsewhere(order, carrier=CARRIER, region=REGION, since=_story(context).since)


OVERLAY = Overlay(
    name=NAME,
    drivers={NAME: DRIVER},
    messages=lambda context: PLANNED[context.size.name].wrote,
    faults=_faults,
    apply=_apply,
    settle=_settle,
)
