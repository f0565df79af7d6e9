"""Loud complaints about a redesign: many words, no operational fault."""

from __future__ import annotations

from datetime import timedelta

from connectors.demo.conversations import complaint
from connectors.demo.operations import Fact, iso
from connectors.demo.plan import Context, Overlay, Plan, place_of
from connectors.demo.stories import by_size

NAME = "cosmetic_complaint"
DRIVER = "look_and_feel"
MESSAGES = by_size(14, 66, 302, 3_020)


def _faults(context: Context) -> list[Fact]:
    """The truth about the distractor."""
    return [
        {
            "id": NAME,
            "kind": "distractor",
            "started_at": iso(context.when.cosmetic),
            "ended_at": None,
            "cause": None,
            "driver": DRIVER,
            "owner": "Livia Conti",
        }
    ]


def _apply(plan: Plan, context: Context) -> None:
    """Let the first so many customers, region by region, write about the new look."""
    place = place_of(plan, context, classes=(0, 1, 2, 3))
    # From the far end, so that few of them are also hit by a fault.
    if place is None or context.size.customers - 1 - place >= MESSAGES[context.size.name]:
        return
    when = context.when
    span = (when.end - when.cosmetic) * 0.9
    at = when.cosmetic + min(
        timedelta(hours=plan.draw.expovariate(1 / (span / timedelta(hours=3)))), span
    )
    plan.messages.append(
        complaint(
            plan.customer,
            plan.draw,
            id_=plan.next_id(),
            at=at + timedelta(minutes=plan.draw.randrange(10, 60)),
            names=(DRIVER,),
            part=context.part,
            values={},
            fault_id=NAME,
        )
    )


OVERLAY = Overlay(
    name=NAME,
    drivers={NAME: DRIVER},
    messages=lambda context: MESSAGES[context.size.name],
    faults=_faults,
    apply=_apply,
)
