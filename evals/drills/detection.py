"""Faults of detection."""

from __future__ import annotations

from datetime import timedelta

from domain.issues import Alarm
from domain.record import IssueId
from evals.stages import Chain, Fault, Heard, Stage


def _late(heard: Heard, chain: Chain) -> Heard:
    del chain
    alarms = [one.model_copy(update={"at": one.at + timedelta(hours=1)}) for one in heard.alarms]
    return heard._replace(alarms=alarms)


def _deaf(heard: Heard, chain: Chain) -> Heard:
    del chain
    return heard._replace(alarms=[])


def _nervous(heard: Heard, chain: Chain) -> Heard:
    """Three messages about nothing raise an alarm, twice a world."""
    labels = chain.world.truth.labels
    quiet = [one for one in chain.world.items if not labels[one.key].fault_id][:6]
    false = [
        Alarm(
            issue_id=IssueId(f"drill-{place}"),
            at=one.at,
            label="drill",
            terms=(),
            member_keys=tuple(some.key for some in quiet[place : place + 3]),
            size=3,
            severity="low",
            window_hours=1.0,
            expected=0.0,
            p_value=0.0,
            reason="drill",
        )
        for place, one in enumerate(quiet)
        if place % 3 == 0 and one.at is not None
    ]
    return heard._replace(alarms=[*heard.alarms, *false])


FAULTS = (
    Fault(Stage.DETECTION, "alarm an hour late", _late),
    Fault(Stage.DETECTION, "no alarm at all", _deaf),
    Fault(Stage.DETECTION, "two alarms about nothing", _nervous),
)
