"""Whether a customer may be written to at this moment: asked last, in the claim."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent.casework.draft_message import suppressed_now
from domain.people import Policy, QuietHours
from domain.ports import FactTable, Unit
from domain.proposals import Delivery


class NotNow(NamedTuple):
    """Why a message may not leave: until a time, or for good when there is none."""

    reason: str
    until: datetime | None = None


def may_not_contact(
    unit: Unit, delivery: Delivery, *, policy: Policy, now: datetime
) -> NotNow | None:
    """Say why a delivery's customer may not be written to now; None when they may.

    Suppression and consent forbid for good; quiet hours and the contact cap only for a while.
    """
    customer_id = delivery.customer_id
    if customer_id is None:
        return None
    reason = suppressed_now(unit.facts, customer_id, policy=policy)
    if reason is not None:
        return NotNow(f"Not sent: {reason}.")
    return _capped(unit, customer_id, policy, now) or _quiet(unit.facts, customer_id, policy, now)


def _capped(unit: Unit, customer_id: str, policy: Policy, now: datetime) -> NotNow | None:
    cap = policy.contact_cap
    if cap is None:
        return None
    window = timedelta(days=cap.days)
    times = unit.outbox.contact_times(customer_id, since=now - window)
    if len(times) < cap.messages:
        return None
    return NotNow(
        f"Waits: {len(times)} messages in {cap.days} days is the cap.",
        times[-cap.messages] + window,
    )


def _quiet(facts: FactTable, customer_id: str, policy: Policy, now: datetime) -> NotNow | None:
    quiet = policy.quiet_hours
    if quiet is None or quiet.start == quiet.end:
        return None
    zone = _zone(facts, customer_id)
    local = now.astimezone(zone)
    end = _quiet_end(local, quiet)
    if end is None:
        return None
    return NotNow(f"Waits: quiet hours until {end:%H:%M} {zone.key}.", end.astimezone(now.tzinfo))


def _quiet_end(local: datetime, quiet: QuietHours) -> datetime | None:
    """Give the end of the quiet hours that `local` lies in, also across midnight."""
    hour = local.hour
    over_midnight = quiet.start > quiet.end
    inside = (
        hour >= quiet.start or hour < quiet.end
        if over_midnight
        else quiet.start <= hour < quiet.end
    )
    if not inside:
        return None
    day = local.date() + timedelta(days=1 if over_midnight and hour >= quiet.start else 0)
    midnight = datetime(day.year, day.month, day.day, tzinfo=local.tzinfo)
    return midnight + timedelta(hours=quiet.end)


def _zone(facts: FactTable, customer_id: str) -> ZoneInfo:
    """Give the customer's zone; UTC where the record names none."""
    known = facts.profile_of(customer_id)
    name = known[-1].attributes.get("time_zone") if known else None
    try:
        return ZoneInfo(str(name)) if name else ZoneInfo("UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
