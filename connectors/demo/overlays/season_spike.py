"""Before the holidays everybody buys and writes more, about everything; nothing is wrong."""

from __future__ import annotations

from datetime import timedelta

from connectors.demo.operations import ordinary
from connectors.demo.plan import Context, Overlay, Plan
from connectors.demo.planting import own_draw
from connectors.demo.stories import by_size, start_of
from connectors.demo.talk import talk_between

NAME = "season_spike"
MESSAGES = by_size(90, 900, 6_000, 120_000)
_DAYS = 6
_ORDER_SHARE = 0.5


def _apply(plan: Plan, context: Context) -> None:
    """Add orders of the season, which go as orders usually go."""
    draw = own_draw(plan, context, NAME)
    if draw.random() < _ORDER_SHARE:
        since = start_of(context, NAME, days=_DAYS)
        at = since + (context.when.end - since) * (0.9 * draw.random())
        number = len(plan.orders)
        order = ordinary(plan.customer, draw, context.when, number, at - timedelta(days=1))
        plan.orders.append(order._replace(method="card"))


def _afterwards(plan: Plan, context: Context) -> None:
    since = start_of(context, NAME, days=_DAYS)
    talk_between(plan, context, MESSAGES[context.size.name], since=since, until=context.when.end)


OVERLAY = Overlay(
    name=NAME,
    drivers={},
    messages=lambda context: MESSAGES[context.size.name],
    apply=_apply,
    afterwards=_afterwards,
)
