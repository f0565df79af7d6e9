"""Which alarm found which fault, by the definitions that every suite shares.

A fault starts with its first labelled report. An alarm finds a fault when at least half of
its members carry that fault's label. It is false when fewer than half carry any one fault's.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import NamedTuple

from domain.issues import Alarm
from evals.stages import Chain
from evals.truth import Fault


class Found(NamedTuple):
    """A fault with reports, and the first alarm that found it."""

    fault: Fault
    alarm: Alarm | None
    reported_at: tuple[datetime, ...]
    """Times of its labelled reports, in order; at least one."""

    @property
    def reports_to_alarm(self) -> float:
        """Labelled reports up to the alarm; infinite where it was not found."""
        if self.alarm is None:
            return float("inf")
        return float(sum(at <= self.alarm.at for at in self.reported_at))

    @property
    def minutes_to_alarm(self) -> float:
        """Minutes from the first labelled report; infinite where it was not found."""
        if self.alarm is None:
            return float("inf")
        return (self.alarm.at - self.reported_at[0]).total_seconds() / 60


class Alarms(NamedTuple):
    """All faults with reports, and the alarms that found none."""

    found: tuple[Found, ...]
    false: tuple[Alarm, ...]


def judged(chain: Chain) -> Alarms:
    """Hold the alarms of a chain against its world's truth."""
    labels = chain.world.truth.labels
    times: dict[str, list[datetime]] = {}
    for item in chain.world.items:
        fault_id = labels[item.key].fault_id
        if fault_id and item.at is not None:
            times.setdefault(fault_id, []).append(item.at)
    first: dict[str, Alarm] = {}
    false = []
    for alarm in chain.heard.alarms:
        about = _about(alarm, chain)
        if about is None:
            false.append(alarm)
        elif about not in first:
            first[about] = alarm
    found = tuple(
        Found(fault, first.get(fault.id), tuple(times[fault.id]))
        for fault in chain.world.truth.faults
        if fault.id in times
    )
    return Alarms(found, tuple(false))


def _about(alarm: Alarm, chain: Chain) -> str | None:
    labels = chain.world.truth.labels
    counted = Counter(labels[key].fault_id for key in alarm.member_keys if key in labels)
    del counted[None]
    if not counted:
        return None
    best, count = counted.most_common(1)[0]
    return best if 2 * count >= len(alarm.member_keys) else None
