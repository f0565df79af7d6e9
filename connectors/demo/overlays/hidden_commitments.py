"""Agents promise things in their threads; some are kept in time, some are forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors.demo.conversations import answer, lines
from connectors.demo.operations import customer_fact, iso
from connectors.demo.plan import Context, Overlay, Plan
from connectors.demo.planting import own_draw, place_for
from connectors.demo.stories import by_size, start_of
from connectors.demo.talk import ordinary_complaint

NAME = "hidden_commitments"
COMMITMENTS = by_size(12, 60, 240, 2_400)
# Of three promises one is forgotten.
_FORGOTTEN = 3


def _afterwards(plan: Plan, context: Context) -> None:
    """Let a customer complain, an agent promise a day, and perhaps somebody call by then."""
    place = place_for(plan, context, NAME)
    if place is None or place >= COMMITMENTS[context.size.name]:
        return
    draw = own_draw(plan, context, NAME)
    since = start_of(context, NAME, days=12)
    latest = context.when.end - timedelta(days=3)
    at = (since + (latest - since) * draw.random()).replace(microsecond=0)
    asked = ordinary_complaint(plan, context, at)
    plan.messages.append(asked)
    due = (at + timedelta(days=2)).replace(hour=18, minute=0, second=0)
    words = [
        line.replace("{day}", f"{due:%A, %d %B}") for line in lines("commitments", context.part)
    ]
    reply = answer(plan.customer, draw, asked, id_=plan.next_id(), wordings=words)
    plan.messages.append(reply)
    kept = place % _FORGOTTEN != 0
    if kept:
        said = datetime.fromisoformat(reply.row["at"])
        when = said + (due - said) * (0.2 + 0.6 * draw.random())
        attributes = {"reason": "call back", "channel": "call", "outcome": "reached"}
        attributes["thread_id"] = reply.row["thread_id"]
        id_ = f"contact-{plan.customer.id}-back"
        plan.facts.append(customer_fact(plan.customer, id_, "contact", when, attributes))
    row = {"overlay": NAME, "message_id": reply.row["id"], "due_at": iso(due), "kept": kept}
    plan.expected.append(row)


OVERLAY = Overlay(
    name=NAME,
    drivers={},
    messages=lambda context: 2 * COMMITMENTS[context.size.name],
    afterwards=_afterwards,
)
