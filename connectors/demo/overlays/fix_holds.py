"""One payment provider refuses for days; then a fix lands and it holds everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from connectors.demo.operations import Fact, Order, iso
from connectors.demo.plan import Context, Overlay, Plan, Planned
from connectors.demo.planting import (
    Story,
    by_size,
    operational,
    place_for,
    plant_refused,
    role_at,
    start_of,
    with_provider,
)

NAME = "fix_holds"
DRIVER = "checkout_failure"
PROVIDER = "NordPay"
PLANNED = by_size(
    Planned(14, 9, 0), Planned(45, 20, 0), Planned(180, 70, 0), Planned(1_800, 700, 0)
)


def _fixed_at(context: Context) -> datetime:
    return start_of(context, f"{NAME}:fixed", days=5)


def _story(context: Context) -> Story:
    since = start_of(context, NAME, days=10)
    return Story(NAME, NAME, DRIVER, since, _fixed_at(context), PLANNED[context.size.name])


def _faults(context: Context) -> Iterable[Fact]:
    return [
        operational(
            NAME, driver=DRIVER, owner="Aoife Nolan", started_at=_story(context).since,
            ended_at=_fixed_at(context), cause={"provider": PROVIDER},
        )
    ]  # fmt: skip


def _expected(context: Context) -> Iterable[Fact]:
    fixed = iso(_fixed_at(context))
    return [{"overlay": NAME, "fault_id": NAME, "fixed_at": fixed, "verdict": "holds"}]


def _shop_facts(context: Context) -> Iterable[Fact]:
    attributes = {"service": "payments", "version": "8.3"}
    at = iso(_fixed_at(context))
    return [{"id": f"deploy-{NAME}", "kind": "deploy", "at": at, "attributes": attributes}]


def _apply(plan: Plan, context: Context) -> None:
    story = _story(context)
    role = role_at(place_for(plan, context, NAME), story.planned)
    plant_refused(plan, context, story, role, change=_by_provider)


def _by_provider(order: Order) -> Order:
    return order._replace(money={"provider": PROVIDER})


def _settle(order: Order, context: Context) -> Order:
    story = _story(context)
    return with_provider(order, faulty=PROVIDER, since=story.since, until=story.until)


OVERLAY = Overlay(
    name=NAME,
    drivers={NAME: DRIVER},
    messages=lambda context: PLANNED[context.size.name].wrote,
    faults=_faults,
    expected=_expected,
    apply=_apply,
    shop_facts=_shop_facts,
    settle=_settle,
)
