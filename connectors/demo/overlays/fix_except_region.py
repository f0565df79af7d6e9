"""A fix of a payment provider lands and holds, except in one region that still fails."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from connectors.demo.company import REGIONS
from connectors.demo.operations import Fact, Order, iso
from connectors.demo.plan import Context, Overlay, Plan, Planned
from connectors.demo.planting import own_draw, place_for, plant_refused, role_at, with_provider
from connectors.demo.stories import Role, Story, by_size, deploy_fact, operational, start_of

NAME = "fix_except_region"
DRIVER = "checkout_failure"
PROVIDER, REGION = "SudPay", REGIONS[3]
_CLASS = REGIONS.index(REGION)
# Before the fix everywhere; after it, and at risk, in the one region.
PLANNED = by_size(
    Planned(12, 8, 0), Planned(36, 16, 0), Planned(150, 60, 0), Planned(1_500, 600, 0)
)
PLANNED_LEFT = by_size(
    Planned(8, 5, 4), Planned(20, 10, 12), Planned(80, 30, 50), Planned(800, 300, 500)
)
_OTHERS = tuple(place for place in range(len(REGIONS)) if place != _CLASS)


def _fixed_at(context: Context) -> datetime:
    return start_of(context, f"{NAME}:fixed", days=5)


def _before(context: Context) -> Story:
    since = start_of(context, NAME, days=10)
    return Story(NAME, NAME, DRIVER, since, _fixed_at(context), PLANNED[context.size.name])


def _left(context: Context) -> Story:
    planned = PLANNED_LEFT[context.size.name]
    return Story(NAME, NAME, DRIVER, _fixed_at(context), context.when.end, planned)


def _faults(context: Context) -> Iterable[Fact]:
    started, cause = _before(context).since, {"provider": PROVIDER}
    return [operational(NAME, driver=DRIVER, owner="Aoife Nolan", started_at=started, cause=cause)]


def _expected(context: Context) -> Iterable[Fact]:
    return [
        {
            "overlay": NAME,
            "fault_id": NAME,
            "fixed_at": iso(_fixed_at(context)),
            "verdict": "does not hold",
            "still": {"region": REGION},
        }
    ]


def _shop_facts(context: Context) -> Iterable[Fact]:
    return [deploy_fact(NAME, _fixed_at(context), service="payments", version="8.4")]


def _apply(plan: Plan, context: Context) -> None:
    """Fail in all other regions before the fix, and in the one region before and after it."""
    before, left = _before(context), _left(context)
    role = role_at(place_for(plan, context, NAME, classes=_OTHERS), before.planned)
    plant_refused(plan, context, before, role, change=_by_provider)
    place = place_for(plan, context, NAME, classes=(_CLASS,))
    role = role_at(place, left.planned)
    early = role is Role.SILENT and own_draw(plan, context, f"{NAME}:early").random() < 0.5
    plant_refused(plan, context, before if early else left, role, change=_by_provider)


def _by_provider(order: Order) -> Order:
    return order._replace(money={"provider": PROVIDER})


def _settle(order: Order, context: Context) -> Order:
    """In the one region the provider fails to the end, elsewhere until the fix."""
    fails_on = order.customer.region == REGION
    until = context.when.end if fails_on else _fixed_at(context)
    return with_provider(order, faulty=PROVIDER, since=_before(context).since, until=until)


OVERLAY = Overlay(
    name=NAME,
    drivers={NAME: DRIVER},
    messages=lambda context: (
        PLANNED[context.size.name].wrote + PLANNED_LEFT[context.size.name].wrote
    ),
    faults=_faults,
    expected=_expected,
    apply=_apply,
    shop_facts=_shop_facts,
    settle=_settle,
)
