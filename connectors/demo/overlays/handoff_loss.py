"""What the customer told is lost where support hands over to payments, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from connectors.demo.operations import Fact, customer_fact
from connectors.demo.plan import Context, Overlay, Plan, Planned
from connectors.demo.planting import join, moment_of, own_draw, place_for, report, role_at
from connectors.demo.stories import LoneFault, Role, by_size

NAME = "handoff_loss"
DRIVER = "slow_support"
SEAM = {"from_department": "support", "to_department": "payments"}
FAULT = LoneFault(
    NAME,
    DRIVER,
    owner="Maud Laurent",
    cause=SEAM,
    days=6,
    planned=by_size(
        Planned(14, 9, 0), Planned(50, 24, 0), Planned(220, 90, 0), Planned(2_200, 900, 0)
    ),
)
_HEALTHY = (
    ("sales", "payments"),
    ("support", "delivery"),
    ("support", "returns"),
    ("returns", "payments"),
)
_HEALTHY_SHARE = 0.4


def _expected(_: Context) -> Iterable[Fact]:
    return [{"overlay": NAME, "fault_id": NAME, "seam": list(SEAM.values()), "lost": "order_id"}]


def _apply(plan: Plan, context: Context) -> None:
    """Hand the hit over without the order; hand others over, at other seams, with it."""
    story = FAULT.story(context)
    draw = own_draw(plan, context, NAME)
    role = role_at(place_for(plan, context, NAME), story.planned)
    if role is not None:
        at = moment_of(draw, story, role)
        plan.facts.append(_handoff(plan, at, SEAM, "name", waited_s=draw.randrange(3_000, 90_000)))
        join(plan, story, role)
        if role is Role.AFFECTED:
            report(plan, context, draw, story, hit_at=at)
    elif draw.random() < _HEALTHY_SHARE:
        one, other = draw.choice(_HEALTHY)
        at = context.when.begin + (context.when.end - context.when.begin) * draw.random()
        seam = {"from_department": one, "to_department": other}
        passed = "order_id,name"
        plan.facts.append(_handoff(plan, at, seam, passed, waited_s=draw.randrange(300, 90_000)))


def _handoff(plan: Plan, at: datetime, seam: dict[str, str], passed: str, *, waited_s: int) -> Fact:
    one = plan.customer
    attributes: Fact = {**seam, "waited_s": waited_s, "fields_passed": passed}
    attributes["thread_id"] = f"T-handed-{one.number}"
    at = at.replace(microsecond=0) - timedelta(seconds=at.second)
    return customer_fact(one, f"handoff-{one.id}-1", "handoff", at, attributes)


OVERLAY = Overlay(
    name=NAME,
    drivers={NAME: DRIVER},
    messages=FAULT.messages,
    faults=FAULT.faults,
    expected=_expected,
    apply=_apply,
)
