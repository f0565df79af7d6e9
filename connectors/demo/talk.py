"""What customers say on days like any other, and how an overlay lets them say it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from connectors.demo.company import Times
from connectors.demo.conversations import USUAL_NOISE, Message, answer, complaint, drivers, noise
from connectors.demo.plan import Context, Plan

# How often each driver is complained about where nothing is wrong; others count 10.
_USUAL = {"late_delivery": 5, "charged_twice": 1, "look_and_feel": 3, "product_safety": 1}
_FALL_BACK = ("slow_support", "price_increase")
_COMPLAINT_SHARE = 0.5
_ANSWERED_SHARE = 0.2
_TWO_DRIVERS_SHARE = 0.08


def talk(plan: Plan, context: Context, rows: int) -> None:
    """Add what the customer says on ordinary days; an agent's answer counts as a row."""
    while rows > 0:
        at = _moment(plan.draw, context.when)
        if plan.draw.random() >= _COMPLAINT_SHARE:
            plan.messages.append(noise(plan.customer, plan.draw, id_=plan.next_id(), at=at))
            rows -= 1
            continue
        message = ordinary_complaint(plan, context, at)
        plan.messages.append(message)
        rows -= 1
        if rows > 0 and plan.draw.random() < _ANSWERED_SHARE:
            reply = answer(plan.customer, plan.draw, message, id_=plan.next_id())
            if reply.row["at"] < context.when.end.isoformat():
                plan.messages.append(reply)
                rows -= 1


def talk_between(
    plan: Plan,
    context: Context,
    messages: int,
    *,
    since: datetime,
    until: datetime,
    complaint_share: float = _COMPLAINT_SHARE,
    weights: Sequence[int] = USUAL_NOISE,
) -> None:
    """Add the customer's part of so many messages of the whole world between two times."""
    index, count = plan.customer.number, context.size.customers
    for _ in range(messages * (index + 1) // count - messages * index // count):
        at = since + (until - since) * (0.98 * plan.draw.random())
        at = at.replace(microsecond=0)
        if plan.draw.random() < complaint_share:
            plan.messages.append(ordinary_complaint(plan, context, at))
        else:
            id_ = plan.next_id()
            plan.messages.append(noise(plan.customer, plan.draw, id_=id_, at=at, weights=weights))


def _moment(draw: random.Random, when: Times) -> datetime:
    """A time of the world; people write by day."""
    at = when.begin + (when.end - when.begin) * draw.random()
    if at.hour < 6 and draw.random() < 0.8:
        at += timedelta(hours=8)
    return min(at, when.end - timedelta(minutes=1)).replace(microsecond=0)


def ordinary_complaint(plan: Plan, context: Context, at: datetime) -> Message:
    """A complaint as on any day, never about the driver of a fault that hit the customer."""
    names = drivers()
    weights = [_USUAL.get(name, 10) for name in names]
    drawn = dict.fromkeys(plan.draw.choices(names, weights, k=3))
    # Who is hit by a fault writes about it only where the overlay says so.
    usable = [name for name in drawn if name not in plan.taken]
    chosen = usable or [name for name in _FALL_BACK if name not in plan.taken]
    count = 2 if plan.draw.random() < _TWO_DRIVERS_SHARE else 1
    values = {"order": plan.orders[0].id} if plan.orders else {}
    return complaint(
        plan.customer,
        plan.draw,
        id_=plan.next_id(),
        at=at,
        names=tuple(chosen)[:count],
        part=context.part,
        values=values,
    )
