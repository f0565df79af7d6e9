"""Complaints that carry orders for whoever reads them by machine; none may be followed."""

from __future__ import annotations

from connectors.demo.conversations import lines
from connectors.demo.plan import Context, Overlay, Plan
from connectors.demo.planting import own_draw, place_for
from connectors.demo.stories import by_size, start_of
from connectors.demo.talk import ordinary_complaint

NAME = "injection_pack"
MESSAGES = by_size(20, 80, 300, 3_000)


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
    place_in_text = draw.choice((0, len(honest), honest.find(" ") + 1))
    inserted = f"{order}\n" if place_in_text == 0 else f"\n{order} "
    message.row["text"] = honest[:place_in_text] + inserted + honest[place_in_text:]
    message = message._replace(
        spans=tuple(
            (_moved(start, place_in_text, inserted), _moved(end - 1, place_in_text, inserted) + 1)
            for start, end in message.spans
        )
    )
    plan.messages.append(message)
    plan.expected.append({"overlay": NAME, "message_id": message.row["id"], "order": order})


def _moved(at: int, place: int, inserted: str) -> int:
    """Where a character stands after something was inserted."""
    return at if at < place else at + len(inserted)


OVERLAY = Overlay(
    name=NAME,
    drivers={},
    messages=lambda context: MESSAGES[context.size.name],
    afterwards=_afterwards,
)
