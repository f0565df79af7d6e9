"""One sender writes again and again on every channel; it is one voice, not many."""

from __future__ import annotations

from datetime import timedelta

from connectors.demo.conversations import complaint, lines
from connectors.demo.plan import Context, Overlay, Plan
from connectors.demo.planting import own_draw, place_for
from connectors.demo.stories import by_size, start_of

NAME = "brigade"
DRIVER = "slow_support"
MESSAGES = by_size(14, 60, 200, 2_000)


def _afterwards(plan: Plan, context: Context) -> None:
    """Let the one customer send everything within six hours."""
    if place_for(plan, context, NAME) != 0:
        return
    draw = own_draw(plan, context, NAME)
    since = start_of(context, NAME, days=3)
    driver = DRIVER if DRIVER not in plan.taken else "price_increase"
    for _ in range(MESSAGES[context.size.name]):
        plan.messages.append(
            complaint(
                plan.customer,
                draw,
                id_=plan.next_id(),
                at=since + timedelta(seconds=draw.randrange(6 * 3600)),
                names=(driver,),
                part=context.part,
                values={},
                wordings=[
                    line for line in lines(driver, context.part, wide=True) if "{" not in line
                ],
            )
        )


OVERLAY = Overlay(
    name=NAME,
    drivers={},
    messages=lambda context: MESSAGES[context.size.name],
    afterwards=_afterwards,
)
