"""A launch brings questions, praise and the usual share of complaints; nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from connectors.demo.operations import Fact, customer_fact
from connectors.demo.plan import Context, Overlay, Plan
from connectors.demo.planting import own_draw
from connectors.demo.stories import by_size, deploy_fact, start_of
from connectors.demo.talk import talk_between

NAME = "launch_spike"
FEATURE, VERSION = "room_planner", "12.4"
MESSAGES = by_size(80, 700, 3_000, 60_000)
_TRIED_SHARE = 0.5
# Two of ten messages on the days of a launch are complaints, as on quiet days of praise.
_COMPLAINT_SHARE = 0.2
# Questions and praise; little else.
_WEIGHTS = (50, 10, 35, 3, 2)


def _shop_facts(context: Context) -> Iterable[Fact]:
    return [deploy_fact(NAME, start_of(context, NAME, days=4), service="app", version=VERSION)]


def _apply(plan: Plan, context: Context) -> None:
    """Let half of the customers try what is new."""
    draw = own_draw(plan, context, NAME)
    if draw.random() < _TRIED_SHARE:
        since = start_of(context, NAME, days=4)
        at = since + (context.when.end - since) * (0.95 * draw.random())
        attributes = {"feature": FEATURE, "version": VERSION, "count": draw.randrange(1, 9)}
        id_ = f"usage-{plan.customer.id}-planner"
        plan.facts.append(customer_fact(plan.customer, id_, "usage", at, attributes))


def _afterwards(plan: Plan, context: Context) -> None:
    since = start_of(context, NAME, days=4)
    talk_between(
        plan, context, MESSAGES[context.size.name], since=since, until=since + timedelta(days=1),
        complaint_share=_COMPLAINT_SHARE, weights=_WEIGHTS,
    )  # fmt: skip


OVERLAY = Overlay(
    name=NAME,
    drivers={},
    messages=lambda context: MESSAGES[context.size.name],
    apply=_apply,
    shop_facts=_shop_facts,
    afterwards=_afterwards,
)
