"""One carrier stops delivering in one region."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connectors.demo.company import CARRIERS, REGIONS
from connectors.demo.conversations import complaint
from connectors.demo.operations import Fact, Order, ordinary
from connectors.demo.plan import (
    Context,
    Membership,
    Overlay,
    Plan,
    Planned,
    after,
    place_of,
)
from connectors.demo.planting import elsewhere, is_held, role_at
from connectors.demo.stories import Role, by_size, operational

NAME = "carrier_strike"
CARRIER, REGION = CARRIERS[0], REGIONS[0]
DRIVER = "late_delivery"
PLANNED = by_size(
    Planned(18, 11, 6), Planned(62, 24, 41), Planned(412, 90, 310), Planned(4_120, 900, 3_100)
)


def _faults(context: Context) -> list[Fact]:
    cause = {"carrier": CARRIER, "region": REGION}
    started = context.when.strike
    return [
        operational(NAME, driver=DRIVER, owner="Ines Bergmann", started_at=started, cause=cause)
    ]


def _apply(plan: Plan, context: Context) -> None:
    """Stop the carrier in the region; plant the hit and those at risk."""
    when = context.when
    plan.orders[:] = [_elsewhere(order, plan, context) for order in plan.orders]
    place = place_of(plan, context, classes=(REGIONS.index(REGION),))
    role = role_at(place, PLANNED[context.size.name])
    if role is None:
        return
    span = when.end - when.strike
    if role is Role.AT_RISK:
        promised = when.end + timedelta(hours=plan.draw.uniform(1, 58))
    else:
        share = plan.draw.random() * (0.55 if role is Role.AFFECTED else 0.9)
        promised = when.strike + span * share + timedelta(minutes=20)
    order = _stuck(plan, context, promised)
    plan.orders.append(order)
    plan.members.append(Membership(NAME, plan.customer.id, role.value))
    if role is Role.AFFECTED:
        at = after(plan.draw, promised, mean_hours=span / timedelta(hours=7), before=when.end)
        message = complaint(
            plan.customer,
            plan.draw,
            id_=plan.next_id(),
            at=at,
            names=(DRIVER,),
            part=context.part,
            values={"order": order.id},
            fault_id=NAME,
        )
        plan.messages.append(message)


def _elsewhere(order: Order, plan: Plan, context: Context) -> Order:
    """Give ordinary parcels that the strike would catch to another carrier."""
    stuck = is_held(order, carrier=CARRIER, region=REGION, since=context.when.strike)
    return order._replace(carrier=plan.draw.choice(CARRIERS[1:])) if stuck else order


def _stuck(plan: Plan, context: Context, promised: Any) -> Order:
    at = promised - timedelta(days=3)
    order = ordinary(plan.customer, plan.draw, context.when, len(plan.orders), at)
    method = "card" if order.method == "wallet" else order.method
    return order._replace(
        carrier=CARRIER,
        promised_at=promised.replace(second=0, microsecond=0),
        delivered_at=None,
        planted=NAME,
        method=method,
    )


def _settle(order: Order, context: Context) -> Order:
    return elsewhere(order, carrier=CARRIER, region=REGION, since=context.when.strike)


OVERLAY = Overlay(
    name=NAME,
    drivers={NAME: DRIVER},
    messages=lambda context: PLANNED[context.size.name].wrote,
    faults=_faults,
    apply=_apply,
    settle=_settle,
)
