"""One incident breaks parcels and payments at once, and the shop says two different things."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from connectors.demo.company import CARRIERS, REGIONS
from connectors.demo.operations import Fact, Order, iso
from connectors.demo.plan import Context, Overlay, Plan, Planned
from connectors.demo.planting import (
    elsewhere,
    place_for,
    plant_refused,
    plant_stuck,
    role_at,
    with_provider,
)
from connectors.demo.stories import Story, by_size, operational, start_of

NAME = "hot_incident"
PARCELS, PAYMENTS = "hot_incident_delivery", "hot_incident_payment"
CARRIER, REGION, PROVIDER = CARRIERS[2], REGIONS[2], "OstPay"
PLANNED_PARCELS = by_size(
    Planned(12, 8, 5), Planned(40, 18, 20), Planned(160, 60, 80), Planned(1_600, 600, 800)
)
PLANNED_PAYMENTS = by_size(
    Planned(10, 7, 4), Planned(30, 16, 10), Planned(120, 50, 40), Planned(1_200, 500, 400)
)


def _parcels(context: Context) -> Story:
    since = start_of(context, NAME, days=3)
    planned = PLANNED_PARCELS[context.size.name]
    return Story(NAME, PARCELS, "late_delivery", since, context.when.end, planned)


def _payments(context: Context) -> Story:
    since = start_of(context, NAME, days=3)
    planned = PLANNED_PAYMENTS[context.size.name]
    return Story(NAME, PAYMENTS, "checkout_failure", since, context.when.end, planned)


def _faults(context: Context) -> Iterable[Fact]:
    since = _parcels(context).since
    held = {"carrier": CARRIER, "region": REGION}
    return [
        operational(
            PARCELS, driver="late_delivery", owner="Ines Bergmann", started_at=since, cause=held
        ),
        operational(
            PAYMENTS, driver="checkout_failure", owner="Aoife Nolan", started_at=since,
            cause={"provider": PROVIDER},
        ),
    ]  # fmt: skip


def _expected(_: Context) -> Iterable[Fact]:
    return [{"overlay": NAME, "contradicting": [f"promise-{NAME}-1", f"promise-{NAME}-2"]}]


def _shop_facts(context: Context) -> Iterable[Fact]:
    """The incident, and what two channels say about its end: one day apart."""
    since, end = _parcels(context).since, context.when.end
    incident = {"service": "fulfilment", "region": REGION}
    yield {"id": f"incident-{NAME}", "kind": "incident", "at": iso(since), "attributes": incident}
    for number, (source, days) in enumerate((("status page", 1), ("social", 2)), start=1):
        until = end + timedelta(days=days)
        attributes = {
            "source": source,
            "text": f"Everything arrives by {until:%d %B}",
            "channel": source,
            "owner": "delivery",
            "valid_to": iso(until),
        }
        id_ = f"promise-{NAME}-{number}"
        at = iso(since + timedelta(hours=number))
        yield {"id": id_, "kind": "promise", "at": at, "attributes": attributes}


def _apply(plan: Plan, context: Context) -> None:
    """Hit the same customers of the region with both, so that two drafts would meet."""
    place = place_for(plan, context, NAME, classes=(REGIONS.index(REGION),))
    parcels, payments = _parcels(context), _payments(context)
    held, refused = role_at(place, parcels.planned), role_at(place, payments.planned)
    plant_stuck(plan, context, parcels, held, carrier=CARRIER)
    plant_refused(plan, context, payments, refused, change=_by_provider)
    if held is not None and refused is not None:
        row = {"overlay": NAME, "customer_id": plan.customer.id, "messages_at_most": 1}
        plan.expected.append({**row, "faults": [PARCELS, PAYMENTS]})


def _by_provider(order: Order) -> Order:
    return order._replace(money={"provider": PROVIDER})


def _settle(order: Order, context: Context) -> Order:
    since, until = _parcels(context).since, context.when.end
    order = elsewhere(order, carrier=CARRIER, region=REGION, since=since)
    return with_provider(order, faulty=PROVIDER, since=since, until=until)


OVERLAY = Overlay(
    name=NAME,
    drivers={PARCELS: "late_delivery", PAYMENTS: "checkout_failure"},
    messages=lambda context: (
        PLANNED_PARCELS[context.size.name].wrote + PLANNED_PAYMENTS[context.size.name].wrote
    ),
    faults=_faults,
    expected=_expected,
    apply=_apply,
    shop_facts=_shop_facts,
    settle=_settle,
)
