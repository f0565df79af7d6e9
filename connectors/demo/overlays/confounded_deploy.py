"""A deploy and a promotion begin in the same hour; the promotion is the guilty one."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.demo.operations import Fact, Order
from connectors.demo.plan import Context, Overlay, Plan, Planned
from connectors.demo.planting import place_for, plant_refused, role_at, settled_before, share_of
from connectors.demo.stories import LoneFault, by_size, deploy_fact

NAME = "confounded_deploy"
DRIVER = "checkout_failure"
VERSION, PROMOTION = "4.21", "HARVEST25"
FAULT = LoneFault(
    NAME,
    DRIVER,
    owner="Aoife Nolan",
    cause={"promotion": PROMOTION},
    days=5.5,
    planned=by_size(
        Planned(16, 9, 5), Planned(50, 20, 20), Planned(200, 70, 80), Planned(2_000, 700, 800)
    ),
)
# The campaign runs mostly where the new version is, so that both look alike at first.
_TOGETHER_SHARE = 0.65
_NEW_VERSION_SHARE = 0.5
_SPARED_SHARE = 0.04


def _expected(_: Context) -> Iterable[Fact]:
    return [{"overlay": NAME, "fault_id": NAME, "not_the_cause": {"version": VERSION}}]


def _shop_facts(context: Context) -> Iterable[Fact]:
    return [deploy_fact(NAME, FAULT.since(context), service="checkout", version=VERSION)]


def _apply(plan: Plan, context: Context) -> None:
    story = FAULT.story(context)
    role = role_at(place_for(plan, context, NAME), story.planned)
    plant_refused(plan, context, story, role, change=_promoted)


def _promoted(order: Order) -> Order:
    together = share_of(f"{NAME}:{order.id}") < _TOGETHER_SHARE
    version = VERSION if together else order.version
    return order._replace(version=version, promotion=PROMOTION)


def _settle(order: Order, context: Context) -> Order:
    """Most orders in the new version carry no code and are paid; a few codes work in either."""
    since = FAULT.since(context)
    if order.planted or not since <= order.at < settled_before(context.when):
        return order
    if share_of(f"{NAME}:{order.id}") < _NEW_VERSION_SHARE:
        order = order._replace(version=VERSION)
    is_spared = share_of(f"{NAME}:spared:{order.id}") < _SPARED_SHARE
    if is_spared and order.invoice_due_at is None:
        return order._replace(promotion=PROMOTION)
    return order


OVERLAY = Overlay(
    name=NAME,
    drivers={NAME: DRIVER},
    messages=FAULT.messages,
    faults=FAULT.faults,
    expected=_expected,
    apply=_apply,
    shop_facts=_shop_facts,
    settle=_settle,
)
