"""The local investigator: the steps of an analyst, each counted and on the trace."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from agent.casework import words
from agent.casework.diagnose import (
    PROVED_FROM,
    Case,
    Cause,
    chances,
    explained_share,
    find_causes,
    make_case,
    plural,
    to_hypothesis,
)
from agent.casework.outcomes import outcomes_of
from agent.casework.relevance import Relevant, relevant_outcomes
from domain.issues import Hypothesis
from domain.ports import FactTable, Inquiry, Investigation, Recall
from domain.provenance import MadeBy, Trace, TraceStep

VERSION = "1"


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
        reporters = _reporters(inquiry)
        tracer.step(
            "Read reports",
            f"all on this issue since {words.moment(inquiry.issue.opened_at)}",
            f"{words.counted(len(inquiry.reports), 'report')}, "
            f"{words.counted(len(reporters), 'customer')}",
            by="local",
        )
        cases = recall.similar_cases(inquiry.problem, facts=inquiry.issue.slice)
        tracer.step(
            "Recall past cases",
            "nearest to the first reports",
            words.counted(len(cases), "case") + (f", best: {cases[0].case.title}" if cases else ""),
            by="local",
        )
        relevant = self._relevant(inquiry, reporters, facts, tracer)
        if not relevant:
            return Examined(self._unknown(tracer, _why_nothing(inquiry, reporters)))
        return self._explain(inquiry, reporters, relevant[0], facts, tracer)

    def _relevant(
        self, inquiry: Inquiry, reporters: frozenset[str], facts: FactTable, tracer: Tracer
    ) -> list[Relevant]:
        outcomes = outcomes_of(facts.kinds(), at=inquiry.as_of)
        relevant = relevant_outcomes(
            outcomes,
            reporters,
            facts=facts,
            opened_at=inquiry.issue.opened_at,
            as_of=inquiry.as_of,
        )
        found = "nothing that others do not have as well"
        if relevant:
            best = relevant[0]
            found = (
                f"{best.reporters_hit} of {best.reporters} reporters: "
                f"{best.outcome.unit} {best.outcome.words}"
            )
        asked = f"what went wrong for reporters, {len(outcomes)} kinds of outcome"
        tracer.step("Look up records", asked, found)
        return relevant

    def _explain(
        self,
        inquiry: Inquiry,
        reporters: frozenset[str],
        relevant: Relevant,
        facts: FactTable,
        tracer: Tracer,
    ) -> Examined:
        case = make_case(
            relevant.outcome,
            facts.kinds(),
            opened_at=inquiry.issue.opened_at,
            as_of=inquiry.as_of,
            reporters=reporters,
            facts=facts,
        )
        causes, searched = find_causes(case, facts=facts)
        names = ", ".join(field.name for field in case.fields)
        tracer.step(
            "Split by attribute",
            names or "no attribute groups these records",
            _named(causes[0]) if causes else "no combination separates them",
            detail=f"{words.counted(searched.tried, 'combination')} tried.",
        )
        if not causes:
            reason = (
                f"{plural(relevant.outcome.unit)} are {relevant.outcome.words}, "
                "but no attribute tells which"
            )
            return Examined(self._unknown(tracer, reason), case, tried=searched.tried)
        share = explained_share(case, causes[0], facts=facts)
        odds = chances(causes, share)
        hypotheses = [
            to_hypothesis(case, cause, chance=chance, tried=searched.tried, facts=facts)
            for cause, chance in zip(causes, odds, strict=True)
        ]
        self._trace_comparison(hypotheses[0], tracer)
        concluded = conclude(
            case,
            hypotheses,
            trace=Trace(steps=tuple(tracer.steps), claims_made=len(hypotheses)),
            made_by=MadeBy(engine="local", version=VERSION),
        )
        return Examined(concluded, case, tuple(causes), searched.tried)

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

    def _unknown(self, tracer: Tracer, reason: str) -> Investigation:
        return Investigation(
            unknown_reason=reason,
            not_known=1.0,
            next_check="ask three of the reporters what they did just before, 15 minutes",
            trace=Trace(steps=tuple(tracer.steps)),
            made_by=MadeBy(engine="local", version=VERSION),
        )


def conclude(
    case: Case, hypotheses: Sequence[Hypothesis], *, trace: Trace, made_by: MadeBy
) -> Investigation:
    """Say whether the best of the counted hypotheses is proved, and what to look at next."""
    best = hypotheses[0]
    unknown = None
    if best.confidence < PROVED_FROM:
        unknown = "two explanations fit about equally well"
        if len(hypotheses) == 1:
            unknown = "the best explanation covers too few of the reporters"
    exposed = best.comparison.cohorts[0] if best.comparison else None
    return Investigation(
        hypotheses=tuple(hypotheses),
        unknown_reason=unknown,
        not_known=round(max(0.0, 1 - sum(one.confidence for one in hypotheses)), 2),
        next_check=(
            f"open five of the {plural(case.outcome.unit)} with {exposed.label} and ask who "
            "handles them what changed, 10 minutes"
            if exposed
            else None
        ),
        trace=trace,
        made_by=made_by,
    )


def _reporters(inquiry: Inquiry) -> frozenset[str]:
    return frozenset(
        one.item.customer_id for one in inquiry.reports if one.item.customer_id is not None
    )


def _why_nothing(inquiry: Inquiry, reporters: frozenset[str]) -> str:
    if not reporters:
        return "the reports name no customer, so no record can be compared"
    del inquiry
    return "no record of the reporters went wrong more often than those of others"


def _named(cause: Cause) -> str:
    return " and ".join(f"{name} {value}" for name, value in cause.cause.items()) + " together"
