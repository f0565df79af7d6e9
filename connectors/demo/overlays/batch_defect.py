"""One batch of a product breaks; it comes back, and the rest of it is still out there."""

from __future__ import annotations

from connectors.demo.operations import Order
from connectors.demo.plan import Context, Overlay, Plan, Planned
from connectors.demo.planting import (
    place_for,
    plant_defect,
    role_at,
    with_batch,
)
from connectors.demo.stories import LoneFault, by_size

NAME = "batch_defect"
DRIVER = "wrong_or_damaged_item"
BATCH = "B-52"
FAULT = LoneFault(
    NAME,
    DRIVER,
    owner="Pekka Salo",
    cause={"batch": BATCH},
    days=9,
    planned=by_size(
        Planned(12, 8, 10), Planned(40, 22, 60), Planned(180, 80, 300), Planned(1_800, 800, 3_000)
    ),
)


def _apply(plan: Plan, context: Context) -> None:
    """Sell the batch to some, and let the hit send it back as broken."""
    story = FAULT.story(context)
    role = role_at(place_for(plan, context, NAME), story.planned)
    plant_defect(plan, context, story, role, days=4, product="kettle", batch=BATCH, reason="broken")


def _settle(order: Order, _: Context) -> Order:
    return with_batch(order)


OVERLAY = Overlay(
    name=NAME,
    drivers={NAME: DRIVER},
    messages=FAULT.messages,
    faults=FAULT.faults,
    apply=_apply,
    settle=_settle,
)
