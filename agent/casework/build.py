"""Put a casefile together: investigate, reach, rank, quote, recall, assign."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from textwrap import shorten
from typing import NamedTuple

from agent.casework import words
from agent.casework.assign import assign
from agent.casework.letters import Around
from agent.casework.lookup import outcome_behind
from agent.casework.outcomes import Outcome
from agent.casework.quotes import sample_quotes
from agent.casework.rank import impact_of
from agent.casework.reach import reach_of
from agent.casework.trend import trend_of
from domain.feedback import ReadItem
from domain.issues import Casefile, Diagnosis, Hypothesis, Issue, Reach, ReachState
from domain.people import Configuration
from domain.ports import FactTable
from domain.provenance import Trace, TraceStep
from domain.seats import Inquiry, Investigation, Investigator, Recall

QUOTES = 3
AROUND = timedelta(days=21)
"""How long before an issue its material begins."""


class Material(NamedTuple):
    """What a casefile is built from."""

    inquiry: Inquiry
    around: Around
    version: int


def build_casefile(
    material: Material,
    *,
    investigator: Investigator,
    configuration: Configuration,
    facts: FactTable,
    recall: Recall,
) -> Casefile:
    """Work an alarmed issue as far as the records at hand allow."""
    inquiry = material.inquiry
    investigation = investigator.investigate(inquiry, facts=facts, recall=recall)
    diagnosis = _diagnosis(investigation)
    proved = diagnosis.proved
    outcome = find_outcome(proved, facts, inquiry)
    profiles = facts.kinds()
    reach = reach_of(
        proved,
        outcome,
        driver=inquiry.issue.driver,
        letters=material.around.letters,
        reporters=inquiry.reporters,
        profiles=profiles,
        as_of=inquiry.as_of,
        facts=facts,
    )
    issue = _named(inquiry.issue, reach.driver, configuration)
    keys = {one.item.key for one in inquiry.reports}
    trend = trend_of(
        material.around.about(issue.driver),
        keys,
        alarm=inquiry.alarm,
        proved=proved,
        opened_at=issue.opened_at,
        as_of=inquiry.as_of,
        facts=facts,
    )
    owner = assign(
        driver=issue.driver, taxonomy=configuration.taxonomy, owners=configuration.owners
    )
    known = dict(proved.cause or {}) if proved else dict(inquiry.issue.slice)
    impact = impact_of(
        issue,
        inquiry.alarm,
        reach,
        outcome,
        wanted=configuration.wanted,
        facts=facts,
    )
    return Casefile(
        issue=issue,
        version=material.version,
        as_of=inquiry.as_of,
        alarm=inquiry.alarm,
        diagnosis=diagnosis.model_copy(update={"trend": trend}),
        reach=reach,
        impact=impact,
        owner=owner.owner,
        owner_rule=owner.rule,
        quotes=sample_quotes(inquiry.reports, driver=issue.driver, k=QUOTES),
        report_keys=tuple(one.item.key for one in inquiry.reports),
        reporter_count=len(inquiry.reporters) or len(inquiry.reports),
        similar=tuple(recall.similar_cases(inquiry.problem, facts=known)),
        trace=_traced(investigation.trace, reach) if proved else investigation.trace,
        made_by=investigation.made_by,
    )


def _diagnosis(investigation: Investigation) -> Diagnosis:
    return Diagnosis(
        hypotheses=investigation.hypotheses,
        unknown_reason=investigation.unknown_reason,
        not_known=investigation.not_known,
        next_check=investigation.next_check,
    )


def _traced(trace: Trace, reach: Reach) -> Trace:
    """The trace of the investigation and the step that follows from its cause."""
    who = reach.having(ReachState.AT_RISK)
    step = TraceStep(
        step="Find who is next",
        asked="hit, silent and open records of the same cause",
        found=f"{len(reach.customers) - len(who):,} hit, {len(who):,} at risk",
        by="records",
        seconds=0.0,
    )
    return trace.model_copy(update={"steps": (*trace.steps, step)})


def _named(issue: Issue, driver: str | None, configuration: Configuration) -> Issue:
    """The issue by the driver that those hit write about; its first reports may be misread.

    An issue of a dangerous product stays one, with its owner, unless another danger is meant.
    """
    if driver is None or driver == issue.driver:
        return issue
    known = configuration.taxonomy.find_driver(driver)
    before = configuration.taxonomy.find_driver(issue.driver)
    if known is None or (before is not None and before.safety and not known.safety):
        return issue
    said = before.label if before is not None else issue.driver
    start = len(said) if issue.label.startswith(said) else 0
    _, colon, shared = issue.label[start:].partition(":")
    return issue.model_copy(
        update={
            "driver": driver,
            "label": f"{known.label}{colon}{shared}",
            "safety": issue.safety or known.safety,
        }
    )


def problem_words(issue: Issue, reports: Sequence[ReadItem], configuration: Configuration) -> str:
    """Say the problem in general words: what the driver means, and two short reports."""
    driver = configuration.taxonomy.find_driver(issue.driver)
    general = f"{driver.label}. {driver.description}" if driver else issue.label
    short = sorted(
        (one.reading.problem for one in reports if len(one.reading.problem) > 20), key=len
    )
    return " ".join([general, *short[:2]])[:600]


def find_outcome(proved: Hypothesis | None, facts: FactTable, inquiry: Inquiry) -> Outcome | None:
    """The outcome that a hypothesis is about."""
    if proved is None:
        return None
    return outcome_behind(proved, inquiry, facts)


def reason_line(casefile: Casefile) -> str:
    """One line for the list: size, money, department."""
    impact = casefile.impact
    parts = [", ".join(impact.factors[:2])]
    if casefile.owner is not None:
        parts.append(casefile.owner.department)
    else:
        parts.append("no owner")
    return " · ".join(parts)


_LABEL = 38
"""Characters of a label: a line of the list holds no more beside the time that is left."""


def label_of(casefile: Casefile) -> str:
    """At most 38 characters for the list, cut between words."""
    return _short(casefile.issue.label, _LABEL)


def message_label(casefile: Casefile, audience: str) -> str:
    """At most 38 characters for the message in the list."""
    end = ": what we know" if audience == "affected" else ": heads-up"
    return _short(casefile.issue.label.split(":")[0], _LABEL - len(end)) + end


def _short(label: str, room: int) -> str:
    short = shorten(label, room, placeholder="…")
    # One word that is longer than the room leaves nothing else.
    return short if short != "…" else f"{label[: room - 1]}…"


def message_reason(casefile: Casefile, audience: str, recipients: int) -> str:
    """One line for the message in the list."""
    whom = "hit" if audience == "affected" else "at risk"
    del casefile
    return f"{words.counted(recipients, 'customer')} {whom}, first word"
