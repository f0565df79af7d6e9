"""Two faults with as many reports; one hits ten times as many customers."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.demo.company import CARRIERS, REGIONS
from connectors.demo.operations import Fact, Order
from connectors.demo.plan import Context, Overlay, Plan, Planned
from connectors.demo.planting import (
    elsewhere,
    healthy_return,
    place_for,
    plant_stuck,
    plant_unpaid_return,
    role_at,
)
from connectors.demo.stories import Story, by_size, operational, start_of

NAME = "equal_reports"
FEW, MANY = "equal_reports_few", "equal_reports_many"
CARRIER, REGION, WAREHOUSE = CARRIERS[2], REGIONS[3], "Leipzig"
PLANNED_FEW = by_size(
    Planned(7, 6, 3), Planned(16, 14, 8), Planned(60, 50, 30), Planned(600, 500, 300)
)
PLANNED_MANY = by_size(
    Planned(70, 6, 10), Planned(160, 14, 40), Planned(600, 50, 150), Planned(6_000, 500, 1_500)
)
_HEALTHY_SHARE = 0.2


def _few(context: Context) -> Story:
    since = start_of(context, NAME, days=5)
    planned = PLANNED_FEW[context.size.name]
    return Story(NAME, FEW, "late_delivery", since, context.when.end, planned)


def _many(context: Context) -> Story:
    since = start_of(context, NAME, days=5)
    planned = PLANNED_MANY[context.size.name]
    return Story(NAME, MANY, "slow_refund", since, context.when.end, planned)


def _faults(context: Context) -> Iterable[Fact]:
    few, many = _few(context), _many(context)
    held = {"carrier": CARRIER, "region": REGION}
    return [
        operational(
            FEW, driver=few.driver, owner="Ines Bergmann", started_at=few.since, cause=held
        ),
        operational(
            MANY, driver=many.driver, owner="Yusuf Demir", started_at=many.since,
            cause={"warehouse": WAREHOUSE},
        ),
    ]  # fmt: skip


def _expected(_: Context) -> Iterable[Fact]:
    return [{"overlay": NAME, "ranked_first": MANY, "ranked_second": FEW, "times": 10}]


def _apply(plan: Plan, context: Context) -> None:
    few, many = _few(context), _many(context)
    place = place_for(plan, context, FEW, classes=(REGIONS.index(REGION),))
    plant_stuck(plan, context, few, role_at(place, few.planned), carrier=CARRIER)
    role = role_at(place_for(plan, context, MANY), many.planned)
    plant_unpaid_return(plan, context, many, role, warehouse=WAREHOUSE)
    if role is None:
        healthy_return(
            plan, context, overlay=NAME, warehouses=("Hamburg", "Ulm"), share=_HEALTHY_SHARE
        )


def _settle(order: Order, context: Context) -> Order:
    return elsewhere(order, carrier=CARRIER, region=REGION, since=_few(context).since)


OVERLAY = Overlay(
    name=NAME,
    drivers={FEW: "late_delivery", MANY: "slow_refund"},
    messages=lambda context: (
        PLANNED_FEW[context.size.name].wrote + PLANNED_MANY[context.size.name].wrote
    ),
    faults=_faults,
    expected=_expected,
    apply=_apply,
    settle=_settle,
)
