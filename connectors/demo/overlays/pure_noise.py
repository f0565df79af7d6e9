"""A storm of automatic replies and spam, with thanks and questions; nobody complains."""

from __future__ import annotations

from datetime import timedelta

from connectors.demo.plan import Context, Overlay, Plan
from connectors.demo.stories import by_size, start_of
from connectors.demo.talk import talk_between

NAME = "pure_noise"
MESSAGES = by_size(80, 800, 4_000, 80_000)
_WEIGHTS = (8, 12, 10, 30, 40)


def _afterwards(plan: Plan, context: Context) -> None:
    since = start_of(context, NAME, days=4)
    talk_between(
        plan, context, MESSAGES[context.size.name], since=since, until=since + timedelta(hours=10),
        complaint_share=0.0, weights=_WEIGHTS,
    )  # fmt: skip


OVERLAY = Overlay(
    name=NAME,
    drivers={},
    messages=lambda context: MESSAGES[context.size.name],
    afterwards=_afterwards,
)
