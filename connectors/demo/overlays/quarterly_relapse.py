"""Log-ins of one version fail, are mended, and fail again, told in other words each time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from connectors.demo.conversations import lines
from connectors.demo.operations import Fact, customer_fact
from connectors.demo.plan import Context, Overlay, Plan, Planned
from connectors.demo.planting import join, moment_of, own_draw, place_for, report, role_at
from connectors.demo.stories import Role, Story, by_size, operational

NAME = "quarterly_relapse"
DRIVER = "login_problem"
VERSION = "ios-7"
_VERSIONS = ("web-3", "android-7", VERSION)
# Parts of the time of a world in which it fails: quarters one, two and four of a year.
_EPISODES = ((0.12, 0.17), (0.38, 0.43), (0.93, 1.0))
PLANNED = by_size(
    Planned(10, 6, 0), Planned(30, 14, 0), Planned(120, 50, 0), Planned(1_200, 500, 0)
)


def _stories(context: Context) -> list[Story]:
    begin, span = context.when.begin, context.when.end - context.when.begin
    planned = PLANNED[context.size.name]
    return [
        Story(
            NAME, f"{NAME}_{number}", DRIVER,
            (begin + span * since).replace(minute=0), (begin + span * until).replace(minute=0),
            planned,
        )
        for number, (since, until) in enumerate(_EPISODES, start=1)
    ]  # fmt: skip


def _faults(context: Context) -> Iterable[Fact]:
    return [
        operational(
            story.fault_id, driver=DRIVER, owner="Greta Holm", started_at=story.since,
            ended_at=story.until if story.until < context.when.end else None,
            cause={"version": VERSION},
        )
        for story in _stories(context)
    ]  # fmt: skip


def _expected(context: Context) -> Iterable[Fact]:
    return [{"overlay": NAME, "lineage": [story.fault_id for story in _stories(context)]}]


def _apply(plan: Plan, context: Context) -> None:
    """Let the hit of each episode fail; everybody logs in now and then."""
    stories = _stories(context)
    for number, story in enumerate(stories):
        role = role_at(place_for(plan, context, story.fault_id), story.planned)
        if role is None:
            continue
        draw = own_draw(plan, context, story.fault_id)
        at = moment_of(draw, story, role).replace(second=0, microsecond=0)
        at = min(at, story.until - timedelta(minutes=20))
        _logged_in(plan, number + 1, at, VERSION, "failed")
        join(plan, story, role)
        if role is Role.AFFECTED:
            words = lines(DRIVER, context.part, wide=True)[number :: len(stories)]
            report(plan, context, draw, story, hit_at=at, wordings=words)
    _usual(plan, context, stories)


def _usual(plan: Plan, context: Context, stories: list[Story]) -> None:
    draw = own_draw(plan, context, NAME)
    for number in range(2):
        at = context.when.begin + (context.when.end - context.when.begin) * draw.random()
        within = any(story.since <= at < story.until for story in stories)
        version = draw.choice(_VERSIONS[:2] if within else _VERSIONS)
        status = "failed" if draw.random() < 0.02 else "ok"
        _logged_in(plan, number + 10, at.replace(second=0, microsecond=0), version, status)


def _logged_in(plan: Plan, number: int, at: datetime, version: str, status: str) -> None:
    attributes = {"feature": "login", "version": version, "count": 1, "status": status}
    id_ = f"usage-{plan.customer.id}-login-{number}"
    plan.facts.append(customer_fact(plan.customer, id_, "usage", at, attributes))


OVERLAY = Overlay(
    name=NAME,
    drivers={f"{NAME}_{number}": DRIVER for number in range(1, len(_EPISODES) + 1)},
    messages=lambda context: PLANNED[context.size.name].wrote * len(_EPISODES),
    faults=_faults,
    expected=_expected,
    apply=_apply,
)
