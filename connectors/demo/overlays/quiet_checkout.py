"""Business customers cannot pay in a version rolled out to them; hardly anybody writes."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.demo.operations import Fact, Order
from connectors.demo.plan import Context, Overlay, Plan, Planned
from connectors.demo.planting import place_for, plant_refused, role_at, settled_before, share_of
from connectors.demo.stories import LoneFault, by_size, deploy_fact

NAME = "quiet_checkout"
DRIVER = "checkout_failure"
VERSION = "4.19"
FAULT = LoneFault(
    NAME,
    DRIVER,
    owner="Aoife Nolan",
    cause={"version": VERSION},
    days=5,
    planned=by_size(
        Planned(16, 4, 6), Planned(60, 9, 25), Planned(240, 24, 100), Planned(2_400, 240, 1_000)
    ),
)
# Orders of business customers that go through in the faulty version all the same.
_SPARED_SHARE = 0.25


def _shop_facts(context: Context) -> Iterable[Fact]:
    return [deploy_fact(NAME, FAULT.since(context), service="checkout", version=VERSION)]


def _apply(plan: Plan, context: Context) -> None:
    story = FAULT.story(context)
    role = role_at(place_for(plan, context, NAME), story.planned)
    if role is not None:
        plan.customer = plan.customer._replace(segment="business")
    plant_refused(plan, context, story, role, change=_in_version)


def _in_version(order: Order) -> Order:
    return order._replace(version=VERSION)


def _settle(order: Order, context: Context) -> Order:
    """Roll the version out to some of the business customers for whom it works."""
    spared = (
        not order.planted
        and order.invoice_due_at is None
        and order.customer.segment == "business"
        and FAULT.since(context) <= order.at < settled_before(context.when)
        and share_of(f"{NAME}:{order.id}") < _SPARED_SHARE
    )
    return _in_version(order) if spared else order


OVERLAY = Overlay(
    name=NAME,
    drivers={NAME: DRIVER},
    messages=FAULT.messages,
    faults=FAULT.faults,
    apply=_apply,
    shop_facts=_shop_facts,
    settle=_settle,
)
