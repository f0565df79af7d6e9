"""One payment provider refuses for days; then a fix lands and it holds everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from connectors.demo.operations import Fact, Order, iso
from connectors.demo.plan import Context, Overlay, Plan, Planned
from connectors.demo.planting import place_for, plant_refused, role_at, with_provider
from connectors.demo.stories import LoneFault, by_size, deploy_fact, start_of

NAME = "fix_holds"
DRIVER = "checkout_failure"
PROVIDER = "NordPay"
FAULT = LoneFault(
    NAME,
    DRIVER,
    owner="Aoife Nolan",
    cause={"provider": PROVIDER},
    days=10,
    planned=by_size(
        Planned(14, 9, 0), Planned(45, 20, 0), Planned(180, 70, 0), Planned(1_800, 700, 0)
    ),
)


def _fixed_at(context: Context) -> datetime:
    return start_of(context, f"{NAME}:fixed", days=5)


def _expected(context: Context) -> Iterable[Fact]:
    fixed = iso(_fixed_at(context))
    return [{"overlay": NAME, "fault_id": NAME, "fixed_at": fixed, "verdict": "holds"}]


def _shop_facts(context: Context) -> Iterable[Fact]:
    return [deploy_fact(NAME, _fixed_at(context), service="payments", version="8.3")]


def _apply(plan: Plan, context: Context) -> None:
    story = FAULT.story(context, until=_fixed_at(context))
    role = role_at(place_for(plan, context, NAME), story.planned)
    plant_refused(plan, context, story, role, change=_by_provider)


def _by_provider(order: Order) -> Order:
    return order._replace(money={"provider": PROVIDER})


def _settle(order: Order, context: Context) -> Order:
    story = FAULT.story(context, until=_fixed_at(context))
    return with_provider(order, faulty=PROVIDER, since=story.since, until=story.until)


OVERLAY = Overlay(
    name=NAME,
    drivers={NAME: DRIVER},
    messages=FAULT.messages,
    faults=lambda context: FAULT.faults(context, ended_at=_fixed_at(context)),
    expected=_expected,
    apply=_apply,
    shop_facts=_shop_facts,
    settle=_settle,
)
