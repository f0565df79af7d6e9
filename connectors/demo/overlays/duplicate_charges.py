"""From a deploy on, payments by wallet in the new checkout version are captured twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connectors.demo.conversations import complaint
from connectors.demo.operations import NEW_VERSION, OLD_VERSION, Fact, Order, ordinary
from connectors.demo.plan import (
    Context,
    Membership,
    Overlay,
    Plan,
    Planned,
    after,
    place_of,
)
from connectors.demo.stories import by_size, operational

NAME = "duplicate_charges"
METHOD = "wallet"
DRIVER = "charged_twice"
PLANNED = by_size(
    Planned(14, 10, 6), Planned(37, 14, 22), Planned(150, 48, 96), Planned(1_500, 480, 960)
)
_CLASSES = (1, 2, 3)
# Duplicates that were given back before the world ends, as a share of those hit.
_REFUNDED_SHARE = 0.15


def _faults(context: Context) -> list[Fact]:
    cause = {"method": METHOD, "version": NEW_VERSION}
    started = context.when.duplicates
    return [operational(NAME, driver=DRIVER, owner="Tomasz Wilk", started_at=started, cause=cause)]


def _apply(plan: Plan, context: Context) -> None:
    """Plant the hit, those whose duplicate was given back, and those with an open invoice."""
    plan.orders[:] = [_old_checkout(order) for order in plan.orders]
    place = place_of(plan, context, classes=_CLASSES)
    planned = PLANNED[context.size.name]
    refunded = max(1, round(planned.hit * _REFUNDED_SHARE))
    if place is None or place >= planned.hit + planned.at_risk + refunded:
        return
    if place < planned.hit:
        _hit(plan, context, wrote=place < planned.wrote)
    elif place < planned.hit + planned.at_risk:
        _open_invoice(plan, context)
    else:
        span = context.when.end - context.when.duplicates - timedelta(hours=20)
        at = context.when.duplicates + span * plan.draw.random()
        plan.orders.append(_order(plan, context, at)._replace(copies=2, refunded=True))


def _hit(plan: Plan, context: Context, *, wrote: bool) -> None:
    when = context.when
    span = when.end - when.duplicates
    share = plan.draw.random() * (0.6 if wrote else 0.95)
    at = when.duplicates + span * share + timedelta(minutes=10)
    order = _order(plan, context, at)._replace(copies=2)
    plan.orders.append(order)
    plan.members.append(Membership(NAME, plan.customer.id, "affected" if wrote else "silent"))
    if wrote:
        written = after(plan.draw, at, mean_hours=span / timedelta(hours=8), before=when.end)
        plan.messages.append(
            complaint(
                plan.customer,
                plan.draw,
                id_=plan.next_id(),
                at=written,
                names=(DRIVER,),
                part=context.part,
                values={"order": order.id, "amount": f"{order.amount_minor / 100:.2f} EUR"},
                fault_id=NAME,
            )
        )


def _open_invoice(plan: Plan, context: Context) -> None:
    when = context.when
    span = when.end - when.duplicates
    at = when.duplicates + span * (0.1 + 0.85 * plan.draw.random())
    due = when.end + timedelta(hours=plan.draw.uniform(2, 240))
    order = _order(plan, context, at)._replace(invoice_due_at=due.replace(second=0, microsecond=0))
    plan.orders.append(order)
    plan.members.append(Membership(NAME, plan.customer.id, "at_risk"))


def _order(plan: Plan, context: Context, at: Any) -> Order:
    order = ordinary(plan.customer, plan.draw, context.when, len(plan.orders), at)
    return order._replace(method=METHOD, version=NEW_VERSION, planted=NAME)


def _old_checkout(order: Order) -> Order:
    """Let ordinary wallet payments go through the old version."""
    caught = order.method == METHOD and order.version == NEW_VERSION
    return order._replace(version=OLD_VERSION) if caught else order


def _settle(order: Order, _: Context) -> Order:
    return order if order.planted else _old_checkout(order)


OVERLAY = Overlay(
    name=NAME,
    drivers={NAME: DRIVER},
    messages=lambda context: PLANNED[context.size.name].wrote,
    faults=_faults,
    apply=_apply,
    settle=_settle,
)
