"""Reports over time with the usual level and what happened beside them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from agent.casework.letters import Named
from domain.issues import Alarm, Bin, Hypothesis, MarkKind, TimeMark, Trend
from domain.ports import FactTable
from domain.predicates import Compare, FactQuery, Field, all_of
from domain.record import FeedbackKey, time_text

_WIDTHS = (1, 3, 6, 12, 24)
_MOST_BINS = 40
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def trend_of(
    texts: Sequence[Named],
    members: Collection[FeedbackKey],
    *,
    alarm: Alarm,
    proved: Hypothesis | None,
    opened_at: datetime,
    as_of: datetime,
    facts: FactTable,
) -> Trend:
    """Bin texts on the driver; the band is the 80 % range of the time before the issue."""
    began = min(opened_at, proved.started_at if proved and proved.started_at else opened_at)
    before = (as_of - began) * 0.6
    start = began - max(before, timedelta(hours=12))
    hours = next(
        (one for one in _WIDTHS if (as_of - start) / timedelta(hours=one) <= _MOST_BINS), 24
    )
    width = timedelta(hours=hours)
    first = _EPOCH + (start - _EPOCH) // width * width
    count = max(1, math.ceil((as_of - first) / width))
    totals, inside = [0] * count, [0] * count
    for one in texts:
        if not first <= one.at <= as_of:
            continue
        place = min(count - 1, int((one.at - first) / width))
        totals[place] += 1
        inside[place] += one.key in members
    bins = tuple(
        Bin(at=first + place * width, reports=totals[place], in_issue=inside[place])
        for place in range(count)
    )
    usual = sorted(one.reports for one in bins if one.at + width <= began) or [0]
    high = usual[min(len(usual) - 1, int(0.9 * len(usual)))]
    return Trend(
        bin_hours=hours,
        bins=bins,
        usual_low=float(usual[int(0.1 * len(usual))]),
        usual_high=float(high),
        marks=_marks(alarm, proved, first, as_of, facts),
    )


def _marks(
    alarm: Alarm, proved: Hypothesis | None, first: datetime, as_of: datetime, facts: FactTable
) -> tuple[TimeMark, ...]:
    marks = [TimeMark(at=alarm.at, kind=MarkKind.ALARM, label="alarm")]
    if proved is not None and proved.started_at is not None:
        label = "begins"
        marks.append(TimeMark(at=proved.started_at, kind=MarkKind.CAUSE, label=label))
    for kind, mark in (("deploy", MarkKind.DEPLOY), ("incident", MarkKind.INCIDENT)):
        at = Field(kind=kind, name="at")
        where = all_of(
            Compare(field=at, op="ge", value=time_text(first)),
            Compare(field=at, op="le", value=time_text(as_of)),
        )
        for fact in facts.rows(FactQuery(kind=kind, where=where), limit=4):
            named = [fact.attributes.get(name) for name in ("service", "version")]
            label = " ".join(str(one) for one in named if one) or kind
            ending = "deployed" if kind == "deploy" else kind
            marks.append(
                TimeMark(at=fact.at, kind=mark, label=f"{label} {ending}", fact_id=fact.id)
            )
    return tuple(sorted((one for one in marks if one.at >= first), key=lambda one: one.at))
