"""Refunds of one warehouse stay unpaid because a daily check did not run; some escalate."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from connectors.demo.operations import Fact, customer_fact, iso
from connectors.demo.plan import Context, Overlay, Plan, Planned
from connectors.demo.planting import (
    healthy_return,
    own_draw,
    place_for,
    plant_unpaid_return,
    role_at,
)
from connectors.demo.stories import LoneFault, Role, by_size

NAME = "escalation"
DRIVER = "slow_refund"
WAREHOUSE, CONTROL = "Gdansk", "refund_age_check"
FAULT = LoneFault(
    NAME,
    DRIVER,
    owner="Yusuf Demir",
    cause={"warehouse": WAREHOUSE},
    days=6,
    planned=by_size(
        Planned(12, 8, 5), Planned(40, 18, 20), Planned(160, 60, 80), Planned(1_600, 600, 800)
    ),
)
# Every fourth of those who wrote also goes to the management.
_ESCALATES = 4
_HEALTHY_SHARE = 0.2


def _missed_from(context: Context) -> datetime:
    return (FAULT.since(context) - timedelta(days=1)).replace(hour=4, minute=0)


def _expected(context: Context) -> Iterable[Fact]:
    missed = iso(_missed_from(context))
    return [{"overlay": NAME, "fault_id": NAME, "failed_control": CONTROL, "missed_from": missed}]


def _shop_facts(context: Context) -> Iterable[Fact]:
    """The daily run of the control: it passed until the day before, then it was missed."""
    at, missed = context.when.begin.replace(hour=4, minute=0), _missed_from(context)
    while at < context.when.end:
        attributes = {"name": CONTROL, "status": "missed" if at >= missed else "passed"}
        if at >= context.when.begin:
            id_ = f"control-{CONTROL}-{at:%Y-%m-%d}"
            yield {"id": id_, "kind": "control", "at": iso(at), "attributes": attributes}
        at += timedelta(days=1)


def _apply(plan: Plan, context: Context) -> None:
    story = FAULT.story(context)
    place = place_for(plan, context, NAME)
    role = role_at(place, story.planned)
    plant_unpaid_return(plan, context, story, role, warehouse=WAREHOUSE)
    if role is None:
        healthy_return(
            plan, context, overlay=NAME, warehouses=("Porto", "Malmo"), share=_HEALTHY_SHARE
        )
    elif role is Role.AFFECTED and place is not None and place % _ESCALATES == 0:
        _escalate(plan, context)


def _escalate(plan: Plan, context: Context) -> None:
    written = datetime.fromisoformat(plan.messages[-1].row["at"])
    hours = own_draw(plan, context, f"{NAME}:up").uniform(0.2, 3)
    at = min(written + timedelta(hours=hours), context.when.end - timedelta(minutes=1))
    at = at.replace(second=0, microsecond=0)
    attributes = {"reason": "escalation", "channel": "management", "outcome": "open"}
    id_ = f"contact-{plan.customer.id}-escalation"
    plan.facts.append(customer_fact(plan.customer, id_, "contact", at, attributes))
    plan.expected.append({"overlay": NAME, "escalated_by": plan.customer.id})


OVERLAY = Overlay(
    name=NAME,
    drivers={NAME: DRIVER},
    messages=FAULT.messages,
    faults=FAULT.faults,
    expected=_expected,
    apply=_apply,
    shop_facts=_shop_facts,
)
