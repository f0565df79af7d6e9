"""Time to alarm and false alarms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from evals.found import Alarms, Found, judged
from evals.measures import median, upper_tenth
from evals.scores import Score, Unit, bootstrap, rate, share
from evals.stages import Chain
from evals.suite import Bench, CaseResult, Curve, Measured
from evals.truth import FaultKind

_MOST_REPORTS = 5
_MOST_MINUTES = 10
_NEVER = "a fault in the middle or the slowest tenth was never found"


def measure(bench: Bench) -> Measured:
    """Score the alarms of one part."""
    worlds = [(chain, judged(chain)) for chain in bench.chains]
    faults = [(chain, one) for chain, alarms in worlds for one in _operational(alarms)]
    reports = [one.reports_to_alarm for _, one in faults]
    minutes = [one.minutes_to_alarm for _, one in faults]
    quiet = [(chain, alarms) for chain, alarms in worlds if not chain.world.truth.faults]
    return Measured(
        scores={
            "found": share(sum(map(math.isfinite, reports)), len(reports)),
            "in_time": share(sum(_is_in_time(one) for _, one in faults), len(faults)),
            "reports_to_alarm_median": bootstrap(
                reports, median, unit=Unit.REPORTS, none=_none(reports)
            ),
            "reports_to_alarm_p90": bootstrap(
                reports, upper_tenth, unit=Unit.REPORTS, none=_none(reports)
            ),
            "minutes_to_alarm_median": bootstrap(
                minutes, median, unit=Unit.MINUTES, none=_none(minutes)
            ),
            "minutes_to_alarm_p90": bootstrap(
                minutes, upper_tenth, unit=Unit.MINUTES, none=_none(minutes)
            ),
            "false_alarms": _false_rate(worlds),
            "false_alarms_no_fault": _false_rate(quiet),
        },
        cases=[
            *(case for chain, one in faults for case in _fault_cases(chain, one)),
            *(_world_case(chain, alarms) for chain, alarms in worlds),
        ],
        plots=(_curve(reports),),
        notes=[f"{len(worlds)} worlds with {len(faults)} operational faults."],
    )


def _none(times: Sequence[float]) -> str:
    return _NEVER if times else "no operational fault has a report"


def _operational(alarms: Alarms) -> list[Found]:
    return [one for one in alarms.found if one.fault.kind is FaultKind.OPERATIONAL]


def _is_in_time(one: Found) -> bool:
    return one.reports_to_alarm <= _MOST_REPORTS or one.minutes_to_alarm <= _MOST_MINUTES


def _false_rate(worlds: Sequence[tuple[Chain, Alarms]]) -> Score:
    false = sum(len(alarms.false) for _, alarms in worlds)
    messages = sum(len(chain.world.items) for chain, _ in worlds)
    return rate(false, messages, per=10_000, unit=Unit.PER_10000)


def _fault_cases(chain: Chain, one: Found) -> Iterator[CaseResult]:
    case_id = f"{chain.world.name}/{one.fault.id}"
    got = (
        f"{one.reports_to_alarm:.0f} reports, {one.minutes_to_alarm:.0f} minutes"
        if one.alarm
        else "never"
    )
    for metric, loss in (
        ("found", float(one.alarm is None)),
        ("in_time", float(not _is_in_time(one))),
        ("reports_to_alarm_p90", one.reports_to_alarm),
        ("minutes_to_alarm_p90", round(one.minutes_to_alarm, 1)),
    ):
        yield CaseResult(metric, case_id, "an early alarm", got, min(loss, 1e9))


def _world_case(chain: Chain, alarms: Alarms) -> CaseResult:
    labels = ", ".join(f"{one.label} ({one.at:%d %b %H:%M})" for one in alarms.false)
    return CaseResult(
        "false_alarms", chain.world.name, "no false alarm", labels, float(len(alarms.false))
    )


def _curve(reports: Sequence[float]) -> Curve:
    finite = sorted(one for one in reports if math.isfinite(one))
    points = tuple(
        (float(count), sum(one <= count for one in finite) / max(1, len(reports)))
        for count in range(1, int(max(finite, default=0)) + 2)
    )
    return Curve("Faults alarmed after so many reports", "labelled reports", "found", points)
