"""Two or three people are hurt by one batch; many others have it at home."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.demo.operations import Fact, Order
from connectors.demo.plan import Context, Overlay, Plan, Planned
from connectors.demo.planting import (
    place_for,
    plant_defect,
    role_at,
    with_batch,
)
from connectors.demo.stories import LoneFault, by_size

NAME = "safety_report"
DRIVER = "product_safety"
BATCH = "B-91"
FAULT = LoneFault(
    NAME,
    DRIVER,
    owner="Hans Keller",
    cause={"batch": BATCH},
    days=3,
    planned=by_size(Planned(2, 2, 12), Planned(3, 3, 40), Planned(3, 3, 120), Planned(3, 3, 1_200)),
)


def _expected(_: Context) -> Iterable[Fact]:
    return [{"overlay": NAME, "ranked_first": NAME}]


def _apply(plan: Plan, context: Context) -> None:
    """Sell the batch to some, and let the hit send it back as dangerous."""
    story = FAULT.story(context)
    role = role_at(place_for(plan, context, NAME), story.planned)
    plant_defect(
        plan, context, story, role, days=5, product="toaster", batch=BATCH, reason="dangerous"
    )


def _settle(order: Order, _: Context) -> Order:
    return with_batch(order)


OVERLAY = Overlay(
    name=NAME,
    drivers={NAME: DRIVER},
    messages=FAULT.messages,
    faults=FAULT.faults,
    expected=_expected,
    apply=_apply,
    settle=_settle,
)
