"""Gift cards are refused, and nobody is responsible for gift cards."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.demo.operations import Fact, Order
from connectors.demo.plan import Context, Overlay, Plan, Planned
from connectors.demo.planting import place_for, plant_refused, role_at
from connectors.demo.stories import LoneFault, by_size

NAME = "unowned_touchpoint"
DRIVER = "gift_card_trouble"
METHOD = "gift_card"
FAULT = LoneFault(
    NAME,
    DRIVER,
    owner=None,
    cause={"method": METHOD},
    days=6,
    planned=by_size(
        Planned(12, 9, 4), Planned(36, 18, 16), Planned(140, 60, 60), Planned(1_400, 600, 600)
    ),
)


def _expected(_: Context) -> Iterable[Fact]:
    return [{"overlay": NAME, "fault_id": NAME, "nobody_owns": "gift_cards"}]


def _apply(plan: Plan, context: Context) -> None:
    story = FAULT.story(context)
    role = role_at(place_for(plan, context, NAME), story.planned)
    plant_refused(plan, context, story, role, change=_by_card)


def _by_card(order: Order) -> Order:
    return order._replace(method=METHOD)


OVERLAY = Overlay(
    name=NAME,
    drivers={NAME: DRIVER},
    messages=FAULT.messages,
    faults=FAULT.faults,
    expected=_expected,
    apply=_apply,
    own_drivers=(DRIVER,),
)
