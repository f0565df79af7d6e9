"""An advertisement names five minutes; nine of ten pick-ups take longer, as they always did."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from connectors.demo.operations import Fact, customer_fact, iso
from connectors.demo.plan import Context, Overlay, Plan, Planned
from connectors.demo.planting import join, moment_of, own_draw, place_for, report, role_at
from connectors.demo.stories import LoneFault, Role, by_size

NAME = "five_minute_ad"
DRIVER = "misleading_ad"
FEATURE, OTHER_FEATURE = "counter_pickup", "locker_pickup"
# Nine of ten of these are above five; the ninth of ten, the P90, is 47.
MINUTES = (12, 17, 21, 26, 30, 34, 39, 47, 58)
_KEPT_MINUTES = 4
FAULT = LoneFault(
    NAME,
    DRIVER,
    owner="Jonas Feld",
    cause={"feature": FEATURE},
    days=5,
    planned=by_size(
        Planned(36, 10, 0), Planned(90, 24, 0), Planned(360, 80, 0), Planned(3_600, 800, 0)
    ),
)
_LOCKER_SHARE = 0.3


def _expected(_: Context) -> Iterable[Fact]:
    counts = {"kept_share": 0.1, "p50": 26, "p90": 47}
    return [{"overlay": NAME, "promise_id": f"promise-{NAME}", "unit": "minutes", **counts}]


def _shop_facts(context: Context) -> Iterable[Fact]:
    since = FAULT.since(context)
    text = {"text": "Ready at the counter in five minutes", "channel": "billboard"}
    bound = {"metric": FEATURE, "threshold": 5, "unit": "minutes", "audience": "everyone"}
    locker = {"text": "Ready in the locker within two hours", "channel": "order page"}
    kept = {"metric": OTHER_FEATURE, "threshold": 120, "unit": "minutes", "audience": "everyone"}
    ad: Fact = {"source": "ad", **text, "owner": "marketing", **bound, "valid_from": iso(since)}
    page: Fact = {"source": "page", **locker, "owner": "web", **kept, "valid_from": iso(since)}
    return [
        {"id": f"promise-{NAME}", "kind": "promise", "at": iso(since), "attributes": ad},
        {"id": f"promise-{NAME}-kept", "kind": "promise", "at": iso(since), "attributes": page},
    ]


def _apply(plan: Plan, context: Context) -> None:
    """Let people fetch their order: too slow, just in time, or from a locker."""
    story = FAULT.story(context)
    draw = own_draw(plan, context, NAME)
    place = place_for(plan, context, NAME)
    role = role_at(place, story.planned)
    kept = story.planned.hit // (len(MINUTES))
    if place is not None and role is not None:
        at = moment_of(draw, story, role)
        _fetched(plan, at, FEATURE, MINUTES[place % len(MINUTES)])
        join(plan, story, role)
        if role is Role.AFFECTED:
            report(plan, context, draw, story, hit_at=at)
    elif place is not None and place < story.planned.hit + kept:
        _fetched(plan, moment_of(draw, story, Role.SILENT), FEATURE, _KEPT_MINUTES)
    elif draw.random() < _LOCKER_SHARE:
        at = moment_of(draw, story, Role.SILENT)
        _fetched(plan, at, OTHER_FEATURE, draw.randrange(10, 110))


def _fetched(plan: Plan, at: datetime, feature: str, minutes: int) -> None:
    id_ = f"milestone-{plan.customer.id}-pickup"
    attributes = {"feature": feature, "count": minutes}
    at -= timedelta(seconds=at.second, microseconds=at.microsecond)
    plan.facts.append(customer_fact(plan.customer, id_, "milestone", at, attributes))


OVERLAY = Overlay(
    name=NAME,
    drivers={NAME: DRIVER},
    messages=FAULT.messages,
    faults=FAULT.faults,
    expected=_expected,
    apply=_apply,
    shop_facts=_shop_facts,
    own_drivers=(DRIVER,),
)
