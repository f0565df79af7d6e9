"""Complaints that carry orders for whoever reads them by machine; none may be followed."""

from __future__ import annotations

from connectors.demo.conversations import lines
from connectors.demo.plan import Context, Overlay, Plan
from connectors.demo.planting import by_size, own_draw, place_for, start_of
from connectors.demo.talk import ordinary_complaint

NAME = "injection_pack"
MESSAGES = by_size(20, 80, 300, 3_000)


def _apply(_: Plan, __: Context) -> None:
    return None


def _afterwards(plan: Plan, context: Context) -> None:
    """Put an order before, after or in the middle of an honest complaint."""
    place = place_for(plan, context, NAME)
    if place is None or place >= MESSAGES[context.size.name]:
        return
    draw = own_draw(plan, context, NAME)
    since = start_of(context, NAME, days=10)
    at = (since + (context.when.end - since) * (0.98 * draw.random())).replace(microsecond=0)
    message = ordinary_complaint(plan, context, at)
    order = draw.choice(lines("injections", context.part))
    honest: str = message.row["text"]
    head, space, tail = honest.partition(" ")
    message.row["text"] = draw.choice(
        (f"{order}\n{honest}", f"{honest}\n{order}", f"{head}{space}{order} {tail}")
    )
    plan.messages.append(message)
    plan.expected.append({"overlay": NAME, "message_id": message.row["id"], "order": order})


OVERLAY = Overlay(
    name=NAME,
    drivers={},
    messages=lambda context: MESSAGES[context.size.name],
    apply=_apply,
    afterwards=_afterwards,
)
