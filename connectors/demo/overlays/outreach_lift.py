"""Half of some subscribers are written to before their renewal, the others held out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from connectors.demo.company import PLANS
from connectors.demo.operations import Fact, customer_fact
from connectors.demo.plan import Context, Overlay, Plan
from connectors.demo.planting import own_draw, place_for
from connectors.demo.stories import by_size, start_of

NAME = "outreach_lift"
# Customers in each of the two arms.
ARM = by_size(50, 200, 1_000, 10_000)
# Of a hundred subscribers so many renew: who was written to, and who was not.
RENEWED_TOLD, RENEWED_HELD_OUT = 82, 62


def _expected(_: Context) -> Iterable[Fact]:
    told, held_out = RENEWED_TOLD / 100, RENEWED_HELD_OUT / 100
    lift = round(told - held_out, 2)
    return [{"overlay": NAME, "renewed_told": told, "renewed_held_out": held_out, "lift": lift}]


def _apply(plan: Plan, context: Context) -> None:
    """Assign the arm by place, so that the shares come out exactly."""
    place, arm = place_for(plan, context, NAME), ARM[context.size.name]
    if place is None or place >= 2 * arm:
        return
    if plan.customer.plan == PLANS[0]:
        plan.customer = plan.customer._replace(plan=PLANS[1])
    draw = own_draw(plan, context, NAME)
    since = start_of(context, NAME, days=9)
    told = place % 2 == 0
    attributes: Fact = {
        "reason": "outreach",
        "channel": "email",
        "outcome": "sent" if told else "held out",
    }
    at = (since + timedelta(hours=draw.uniform(0, 10))).replace(second=0, microsecond=0)
    one = plan.customer
    plan.facts.append(customer_fact(one, f"contact-{one.id}-told", "contact", at, attributes))
    decided = at + (context.when.end - at) * (0.3 + 0.6 * draw.random())
    renewed = (place // 2) * 100 // arm < (RENEWED_TOLD if told else RENEWED_HELD_OUT)
    outcome = "renewed" if renewed else "lapsed"
    attributes = {"period": f"{decided:%Y-%m}", "plan": one.plan, "outcome": outcome}
    id_ = f"renewal-{one.id}-asked"
    plan.facts.append(customer_fact(one, id_, "renewal", decided, attributes))


OVERLAY = Overlay(
    name=NAME,
    drivers={},
    messages=lambda _: 0,
    expected=_expected,
    apply=_apply,
)
