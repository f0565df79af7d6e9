"""The local investigator: the steps of an analyst, each counted and on the trace."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from agent.casework import words
from agent.casework.case import Case, Cause, plural
from agent.casework.contest import Contest, contests, events_near
from agent.casework.diagnose import PROVED_FROM, chances, explained_share, find_causes, make_case
from agent.casework.lookup import look_up, shared_by_writers
from agent.casework.proof import to_hypothesis
from agent.casework.relevance import Relevant, speaks_of
from domain.facts import Fact
from domain.issues import Finding, Hypothesis
from domain.ports import FactTable
from domain.provenance import MadeBy, Trace, TraceStep
from domain.seats import Inquiry, Investigation, Recall

VERSION = "2"
# Outcomes of which a cause is searched; the first by far explains most (all example shops
# and 16 other companies of the tests need at most two).
_MOST_OUTCOMES = 4
# How much more a cause counts whose records the problem speaks of: where two troubles strike
# the same people at once, only their words tell which they wrote about (an assumption).
_NAMED = 3.0


class Tracer:
    """Collects the steps of an investigation with their time."""

    def __init__(self, timer: Callable[[], float] = time.perf_counter) -> None:
        self._timer = timer
        self._last = timer()
        self.steps: list[TraceStep] = []

    def step(
        self, name: str, asked: str, found: str, *, by: str = "records", detail: str | None = None
    ) -> None:
        """Add a step that took the time since the last one."""
        now = self._timer()
        self.steps.append(
            TraceStep(
                step=name,
                asked=asked,
                found=found,
                by=by,
                seconds=round(now - self._last, 3),
                detail=detail,
            )
        )
        self._last = now


class Examined(NamedTuple):
    """An investigation with what it worked on, for who goes on from there."""

    investigation: Investigation
    case: Case | None = None
    """None where no record of the reporters went wrong."""
    causes: tuple[Cause, ...] = ()
    tried: int = 0
    """Combinations that were counted."""


class _Explained(NamedTuple):
    """One outcome with what explains it."""

    case: Case
    causes: list[Cause]
    tried: int
    share: float
    is_named: bool
    """Whether the words of the problem name this kind of record."""


def _explain(inquiry: Inquiry, relevant: Relevant, facts: FactTable) -> _Explained:
    case = make_case(relevant.outcome, inquiry, facts=facts)
    causes, searched = find_causes(case, facts=facts)
    share = explained_share(case, causes[0], facts=facts) if causes else 0.0
    people = relevant.reporters_hit / max(relevant.reporters, 1)
    return _Explained(
        case,
        causes,
        searched.tried,
        share * min(1.0, 2 * people),
        speaks_of(inquiry.problem, relevant.outcome.unit),
    )


def _worth(one: _Explained) -> tuple[bool, float]:
    """A cause is worth more than none, then the one that explains and separates most."""
    if not one.causes:
        return False, 0.0
    weight = _NAMED if one.is_named else 1.0
    return True, weight * one.causes[0].candidate.score * one.share


class LocalInvestigator:
    """Finds the cause with counts alone."""

    def __init__(self, timer: Callable[[], float] = time.perf_counter) -> None:
        self._timer = timer

    def investigate(self, inquiry: Inquiry, *, facts: FactTable, recall: Recall) -> Investigation:
        """Give at most three hypotheses or unknown, with the trace."""
        return self.examine(inquiry, facts=facts, recall=recall).investigation

    def examine(self, inquiry: Inquiry, *, facts: FactTable, recall: Recall) -> Examined:
        """Investigate, and keep the case and the causes that were counted."""
        tracer = Tracer(self._timer)
        tracer.step(
            "Read reports",
            f"all on this issue since {words.moment(inquiry.issue.opened_at)}",
            f"{words.counted(len(inquiry.reports), 'report')}, "
            f"{words.counted(len(inquiry.reporters), 'customer')}",
            by="local",
        )
        cases = recall.similar_cases(inquiry.problem, facts=inquiry.issue.slice)
        tracer.step(
            "Recall past cases",
            "nearest to the first reports",
            words.counted(len(cases), "case") + (f", best: {cases[0].case.title}" if cases else ""),
            by="local",
        )
        relevant = self._relevant(inquiry, facts, tracer)
        explained = [_explain(inquiry, one, facts) for one in relevant[:_MOST_OUTCOMES]]
        if not explained:
            return self._told(inquiry, facts, tracer)
        best = max(explained, key=_worth)
        self._trace_search(best, tracer)
        if not best.causes:
            reason = (
                f"{plural(best.case.outcome.unit)} are {best.case.outcome.words}, "
                "but no attribute tells which"
            )
            return Examined(self._unknown(tracer, reason), best.case, tried=best.tried)
        return self._prove(best, facts, tracer)

    def _relevant(self, inquiry: Inquiry, facts: FactTable, tracer: Tracer) -> list[Relevant]:
        looked = look_up(inquiry, facts)
        found = "nothing that others do not have as well"
        if looked.relevant:
            best = looked.relevant[0]
            found = (
                f"{best.reporters_hit} of {best.reporters} reporters: "
                f"{best.outcome.unit} {best.outcome.words}"
            )
        asked = f"what went wrong for reporters, {words.counted(looked.tried, 'way')} it could"
        tracer.step("Look up records", asked, found)
        return looked.relevant

    def _trace_search(self, best: _Explained, tracer: Tracer) -> None:
        names = ", ".join(field.name.replace("_", " ") for field in best.case.fields)
        tracer.step(
            "Split by attribute",
            names or "no attribute groups these records",
            _named(best.causes[0]) if best.causes else "no combination separates them",
            detail=f"{words.counted(best.tried, 'combination')} tried.",
        )

    def _prove(self, best: _Explained, facts: FactTable, tracer: Tracer) -> Examined:
        case, causes, tried = best.case, best.causes, best.tried
        held = contests(case, causes[0], causes[1:], facts)
        ranked = [causes[0], *(one.rival for one in held)][:3]
        refuted = {place for place, one in enumerate(held, 1) if one.is_refuted}
        odds = chances(ranked, best.share, refuted=refuted)
        hypotheses = [
            to_hypothesis(case, cause, chance=chance, tried=tried, facts=facts)
            for cause, chance in zip(ranked, odds, strict=True)
        ]
        nearby = events_near(causes[0], facts)
        hypotheses = _argued(hypotheses, held, _timing(causes[0], nearby))
        self._trace_comparison(hypotheses[0], tracer)
        self._trace_rivals(hypotheses[1:], tracer)
        concluded = conclude(
            case,
            hypotheses,
            trace=Trace(steps=tuple(tracer.steps), claims_made=len(hypotheses)),
            made_by=MadeBy(engine="local", version=VERSION),
            nearby=nearby,
        )
        return Examined(concluded, case, tuple(causes), tried)

    def _trace_rivals(self, rivals: Sequence[Hypothesis], tracer: Tracer) -> None:
        if not rivals:
            return
        labels = ", ".join(", ".join(map(str, (one.cause or {}).values())) for one in rivals)
        out = sum(one.refuted for one in rivals)
        tracer.step(
            "Weigh other causes",
            labels,
            f"{out} of {len(rivals)} refuted by a slice of the records",
        )

    def _trace_comparison(self, best: Hypothesis, tracer: Tracer) -> None:
        comparison = best.comparison
        if comparison is None:
            return
        exposed = comparison.cohorts[0]
        tracer.step(
            "Compare",
            f"{exposed.label}, against all others",
            f"{words.percent(exposed.rate)}, ratio {comparison.ratio:.1f}",
            detail=f"{exposed.hits} of {exposed.exposed} hit in the group.",
        )
        against = "; ".join(one.text for one in best.findings_against) or "nothing found"
        tracer.step("Argue against it", "hits outside, before, and exposed without harm", against)

    def _told(self, inquiry: Inquiry, facts: FactTable, tracer: Tracer) -> Examined:
        """No record went wrong; say at least what those who wrote have in common."""
        shared = shared_by_writers(inquiry, facts)
        if shared is None:
            return Examined(self._unknown(tracer, _why_nothing(inquiry)))
        common = ", ".join(str(value) for value in (shared.cause or {}).values())
        tracer.step("Compare who wrote", "attributes of their records", common)
        reason = f"{_why_nothing(inquiry)}; those who wrote have {common} in common"
        unknown = self._unknown(tracer, reason)
        return Examined(
            unknown.model_copy(
                update={
                    "hypotheses": (shared,),
                    "not_known": round(1 - shared.confidence, 2),
                }
            )
        )

    def _unknown(self, tracer: Tracer, reason: str) -> Investigation:
        return Investigation(
            unknown_reason=reason,
            not_known=1.0,
            next_check="ask three of the reporters what they did just before, 15 minutes",
            trace=Trace(steps=tuple(tracer.steps)),
            made_by=MadeBy(engine="local", version=VERSION),
        )


def conclude(
    case: Case,
    hypotheses: Sequence[Hypothesis],
    *,
    trace: Trace,
    made_by: MadeBy,
    nearby: Sequence[Fact] = (),
) -> Investigation:
    """Say whether the best of the counted hypotheses is proved, and what to look at next."""
    best = hypotheses[0]
    unknown = None
    if best.confidence < PROVED_FROM:
        unknown = "two explanations fit about equally well"
        if len(hypotheses) == 1 or all(one.refuted for one in hypotheses[1:]):
            unknown = "the best explanation covers too few of the reporters"
    return Investigation(
        hypotheses=tuple(hypotheses),
        unknown_reason=unknown,
        not_known=round(max(0.0, 1 - sum(one.confidence for one in hypotheses)), 2),
        next_check=_next_check(case, hypotheses, nearby),
        trace=trace,
        made_by=made_by,
    )


def _next_check(case: Case, hypotheses: Sequence[Hypothesis], nearby: Sequence[Fact]) -> str | None:
    """The cheapest look that could change the verdict."""
    best = hypotheses[0]
    open_rivals = [one for one in hypotheses[1:] if not one.refuted]
    if best.confidence < PROVED_FROM and open_rivals:
        this, that = (_values(one) for one in (best, open_rivals[0]))
        return f"find five {plural(case.outcome.unit)} with {this} but not {that}, 10 minutes"
    if nearby:
        named = [nearby[0].attributes.get(name) for name in ("service", "version", "name")]
        what = " ".join(str(one) for one in named if one) or nearby[0].id
        return (
            f"ask who made the {nearby[0].kind} of {what} on {words.moment(nearby[0].at)} "
            f"what it touched for {_values(best)}, 10 minutes"
        )
    return (
        f"open five of the {plural(case.outcome.unit)} with {_values(best)} and ask who "
        "handles them what changed, 10 minutes"
    )


def _values(hypothesis: Hypothesis) -> str:
    return ", ".join(str(value) for value in (hypothesis.cause or {}).values())


def _timing(best: Cause, nearby: Sequence[Fact]) -> Finding | None:
    """What happened just before it began, when the cause names it."""
    values = {str(value) for value in best.cause.values()}
    for event in nearby:
        if event.at <= best.started_at and values & {str(v) for v in event.attributes.values()}:
            hours = (best.started_at - event.at).total_seconds() / 3600
            return Finding(
                text=f"It began {words.span(hours)} after the {event.kind} of "
                f"{', '.join(sorted(values & {str(v) for v in event.attributes.values()}))}",
                fact_ids=(event.id,),
            )
    return None


def _argued(
    hypotheses: Sequence[Hypothesis], held: Sequence[Contest], timing: Finding | None
) -> list[Hypothesis]:
    """Give each hypothesis what the contests and the clock say for and against it."""
    best, *others = hypotheses
    slices = [one.speaks_for_best for one in held if one.speaks_for_best is not None]
    more = ([timing] if timing else []) + slices[:2]
    argued = [best.model_copy(update={"findings_for": (*best.findings_for, *more)})]
    for hypothesis, contest in zip(others, held, strict=False):
        against = hypothesis.findings_against
        if contest.speaks_against_rival is not None and contest.is_refuted:
            against = (contest.speaks_against_rival, *against)
        argued.append(
            hypothesis.model_copy(
                update={"findings_against": against, "refuted": contest.is_refuted}
            )
        )
    return argued


def _why_nothing(inquiry: Inquiry) -> str:
    if not inquiry.reporters:
        return "the reports name no customer, so no record can be compared"
    return "no record of the reporters went wrong more often than those of others"


def _named(cause: Cause) -> str:
    named = " and ".join(f"{name} {value}" for name, value in cause.cause.items())
    return f"{named} together" if len(cause.cause) > 1 else named
