"""Why: the trend, exposed against not, causes, similar cases, the trace."""

from __future__ import annotations

from typing import NamedTuple

from app.inbox import words
from app.inbox.charts import (
    CauseBar,
    Chart,
    Part,
    cause_bars,
    exposed_chart,
    parts_bar,
    trend_chart,
)
from app.inbox.views_sentence import MarkView, Sheet, mark_views
from domain.facts import SimilarCase
from domain.issues import Casefile, ReachState
from domain.proposals import EvidenceKind, Proposal
from domain.provenance import Trace

ENDED = {"held": "held", "returned": "came back", "unknown": "not known"}


class Reaching(NamedTuple):
    """Who is reached, as one bar with its legend."""

    chart: Chart
    parts: tuple[Part, ...]


class Exposed(NamedTuple):
    """The comparison: its chart, and the counts in words."""

    heading: str
    chart: Chart
    counts: str
    ratio: str
    interval: str
    marks: tuple[MarkView, ...]


class PastCase(NamedTuple):
    """A similar case and how it ended."""

    id: str
    title: str
    ended: str
    remark: str


class Reasons(NamedTuple):
    """What stands on grey beside the sheet."""

    trend: Chart | None
    trend_heading: str
    trend_remark: str
    exposed: Exposed | None
    causes: tuple[CauseBar, ...]
    unknown: str
    similar: tuple[PastCase, ...]
    trace: Trace
    trace_remark: str
    dropped_remark: str
    made: str


def reasons_of(proposal: Proposal, casefile: Casefile | None, sheet: Sheet) -> Reasons:
    """Give the reasons of a proposal."""
    trend = casefile.diagnosis.trend if casefile else None
    heading = f"{_topic(casefile)} reports" if casefile else ""
    return Reasons(
        trend=trend_chart(trend, label=heading) if trend else None,
        trend_heading=heading,
        trend_remark=f"per {trend.bin_hours:g} h, hatched: usual" if trend else "",
        exposed=_exposed(casefile, sheet),
        causes=cause_bars(casefile.diagnosis) if casefile else (),
        unknown=words.sentence(casefile.diagnosis.unknown_reason or "") if casefile else "",
        similar=tuple(_past(one) for one in casefile.similar) if casefile else (),
        trace=proposal.trace,
        trace_remark=trace_remark(proposal.trace),
        dropped_remark=_dropped_remark(proposal.trace),
        made=made_by(proposal),
    )


def reaching(casefile: Casefile | None) -> Reaching | None:
    """Give the bar of who wrote, who is silent and who is at risk."""
    if casefile is None or not casefile.reach.customers:
        return None
    reach = casefile.reach
    sizes = [
        (len(reach.having(ReachState.AFFECTED)), "solid", "wrote"),
        (len(reach.having(ReachState.SILENT)), "hatched", "silent"),
        (len(reach.having(ReachState.AT_RISK)), "empty", "at risk"),
    ]
    parts = tuple(Part(size, fill, f"{words.count(size)} {word}") for size, fill, word in sizes)
    return Reaching(parts_bar(parts), parts)


def _topic(casefile: Casefile) -> str:
    return casefile.issue.label.split(":")[0].strip()


def _exposed(casefile: Casefile | None, sheet: Sheet) -> Exposed | None:
    proved = casefile.diagnosis.proved if casefile else None
    comparison = proved.comparison if proved else None
    if comparison is None:
        return None
    first, others = comparison.cohorts[0], comparison.cohorts[1:]
    hits, units = sum(one.hits for one in others), sum(one.exposed for one in others)
    compared = [one.number for one in sheet.draft.evidence if one.kind is EvidenceKind.COMPARISON]
    return Exposed(
        heading=words.sentence(comparison.outcome).rstrip("."),
        chart=exposed_chart(comparison),
        counts=f"{words.count(first.hits)} of {words.count(first.exposed)} against "
        f"{words.count(hits)} of {_counted(units, comparison.unit)}.",
        ratio=f"Ratio {comparison.ratio:.1f}",
        interval=f"95\u00a0% interval {comparison.ratio_low:.1f}–{comparison.ratio_high:.1f}.",
        marks=mark_views(compared[:1], sheet),
    )


def _counted(count: int, unit: str) -> str:
    return words.counted(count, unit, f"{unit[:-1]}ies" if unit.endswith("y") else None)


def _past(one: SimilarCase) -> PastCase:
    fix = (one.case.fix or "No fix on record").rstrip(".")
    return PastCase(
        one.case.id,
        one.case.title,
        ENDED[one.case.outcome],
        f"{fix} · likeness {one.score:.2f}",
    )


def trace_remark(trace: Trace) -> str:
    """Sum the trace up in one line."""
    parts = [
        words.counted(len(trace.steps), "step"),
        words.seconds(sum(step.seconds for step in trace.steps)),
    ]
    if trace.cost_usd:
        parts.append(words.cost(trace.cost_usd))
    elif not trace.price_known:
        parts.append("price not known")
    parts.append(f"{words.count(len(trace.dropped))} dropped" if trace.dropped else "none dropped")
    return ", ".join(parts)


def _dropped_remark(trace: Trace) -> str:
    made = max(trace.claims_made, len(trace.dropped))
    if not trace.dropped:
        return "nothing"
    return f"{words.count(len(trace.dropped))} of {words.counted(made, 'claim')}"


def made_by(proposal: Proposal) -> str:
    """Say what made a draft, in one line."""
    made = proposal.made_by
    engine = "local engine" if made.engine == "local" else made.engine
    prompt = f", prompt {made.prompt}" if made.prompt else ""
    text = f"Made by {engine}, version {made.version}{prompt}; policy {proposal.policy}; "
    note = f" {made.note}" if made.note else ""
    return f"{text}snapshot of {words.moment(proposal.snapshot_at)}.{note}"
