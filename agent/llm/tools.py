"""The four read-only tools of an investigation. Each result has an id and holds counts only.

A tool answers with compact JSON, at most a page. What customers wrote appears as
redacted quotes alone; no customer, order or amount is named.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import ValidationError

from agent.casework import words
from agent.casework.case import Case, plural, window_of
from agent.casework.claimed import combination_of, count_values, vocabulary_of
from agent.casework.cohorts import Counts, chance_of, ratio_of
from agent.casework.lifespan import Lifespan
from agent.casework.quotes import sample_quotes
from agent.casework.relevance import LOOK_BACK
from agent.casework.search import MOST_VALUES
from agent.llm.schemas import Answer, AttributeValue, strict_schema
from agent.reading.redact import redact
from domain.errors import UndertoneError
from domain.ports import FactTable
from domain.predicates import Compare, FactQuery, Predicate, Scalar, all_of
from domain.provenance import TraceStep
from domain.record import QueryId, canonical
from domain.seats import Inquiry, Recall
from domain.text import CustomerText

FAILED = "tool failed"
# Results of one run; an agent that wants more is told to conclude.
MOST_RESULTS = 16
_MOST_BINS = 21
_MOST_QUOTES = 5
_LONGEST_TEXT = 200
_LONGEST_QUERY = 300


class CohortArgs(Answer):
    """One to three attribute values that are compared with all others."""

    values: list[AttributeValue]


class TimelineArgs(Answer):
    """At most three attribute values; none means all units."""

    values: list[AttributeValue]


class CasesArgs(Answer):
    """A few words that say the problem."""

    problem: str


class QuotesArgs(Answer):
    """How many quotes, one to five."""

    count: int


class ToolSpec(NamedTuple):
    """What a model is told of a tool."""

    name: str
    description: str
    arguments: type[Answer]

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of its arguments."""
        return strict_schema(self.arguments)


SPECS = (
    ToolSpec(
        "compare_cohorts",
        "Units and hits with the given attribute values, against all others, since the days "
        "before the first report. One to three values, named as in `attributes`.",
        CohortArgs,
    ),
    ToolSpec("timeline", "Units and hits per day with the given attribute values.", TimelineArgs),
    ToolSpec("similar_cases", "Solved problems of the past that resemble this one.", CasesArgs),
    ToolSpec("sample_quotes", "What customers wrote, verbatim.", QuotesArgs),
)


class _Found(NamedTuple):
    letter: str
    content: dict[str, Any]
    step: str
    asked: str
    found: str
    query_id: QueryId | None = None


class _Refused(Exception):
    """The arguments cannot be used; the message is ours and holds nothing of theirs."""


class CaseTools:
    """Tools over one case. Safe for several threads: one call at a time."""

    def __init__(
        self,
        case: Case,
        inquiry: Inquiry,
        *,
        facts: FactTable,
        recall: Recall,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._case = case
        self._inquiry = inquiry
        self._facts = facts
        self._recall = recall
        self._timer = timer
        self._lock = threading.Lock()
        self.vocabulary = vocabulary_of(case, facts=facts)
        self.results: dict[str, dict[str, Any]] = {}
        """Id → content, in the order of the calls."""
        self.steps: list[TraceStep] = []

    @property
    def case_id(self) -> str:
        """The issue that the tools are about."""
        return str(self._inquiry.issue.id)

    def call(self, name: str, arguments: Mapping[str, object]) -> str:
        """Run a tool; gives JSON, or `tool failed` with a reason of our own."""
        with self._lock:
            began = self._timer()
            if len(self.results) >= MOST_RESULTS:
                return f"{FAILED}: no further results, conclude with those at hand"
            try:
                found = self._run(name, arguments)
            except _Refused as error:
                return self._failed(name, began, f"{FAILED}: {error}")
            except (UndertoneError, ValidationError):
                return self._failed(name, began, FAILED)
            same = sum(id_.startswith(found.letter) for id_ in self.results)
            id_ = f"{found.letter}{same + 1}"
            self.results[id_] = found.content
            self._step(found.step, found.asked, found.found, began, found.query_id)
            return canonical({"id": id_, **found.content})

    def _failed(self, name: str, began: float, answer: str) -> str:
        known = name if name in {spec.name for spec in SPECS} else "an unknown tool"
        self._step("Tool refused", known, "the arguments cannot be used", began)
        return answer

    def _step(
        self, step: str, asked: str, found: str, began: float, query_id: QueryId | None = None
    ) -> None:
        self.steps.append(
            TraceStep(
                step=step,
                asked=asked,
                found=found,
                by="records",
                seconds=round(self._timer() - began, 3),
                query_id=query_id,
            )
        )

    def _run(self, name: str, arguments: Mapping[str, object]) -> _Found:
        given = dict(arguments)
        if name == "compare_cohorts":
            return self._compare(self.bound(CohortArgs.model_validate(given).values))
        if name == "timeline":
            values = TimelineArgs.model_validate(given).values
            return self._timeline(self.bound(values) if values else {})
        if name == "similar_cases":
            return self._cases(CasesArgs.model_validate(given).problem)
        if name == "sample_quotes":
            return self._quotes(QuotesArgs.model_validate(given).count)
        raise _Refused("there is no such tool")

    def bound(self, values: Sequence[AttributeValue]) -> dict[str, Scalar]:
        """Give attribute values as they stand in the records.

        Raises:
            _Refused: One is in no record, or there are none or too many.
        """
        names = [one.attribute for one in values]
        if not 1 <= len(names) <= MOST_VALUES or len(set(names)) < len(names):
            raise _Refused("give one to three values of different attributes")
        found: dict[str, Scalar] = {}
        for one in values:
            if one.attribute not in self.vocabulary:
                raise _Refused("an attribute is not among those given")
            known = self.vocabulary[one.attribute]
            if one.value not in known:
                raise _Refused("a value is in no record of that attribute")
            found[one.attribute] = known[one.value]
        return found

    def _since(self) -> datetime:
        return self._case.opened_at - LOOK_BACK

    def _matching(self, values: Mapping[str, Scalar]) -> Predicate:
        fields = {field.name: field for field in self._case.fields}
        terms = [
            Compare(field=fields[name], op="eq", value=value) for name, value in values.items()
        ]
        return all_of(*terms, window_of(self._case, self._since()))

    def _compare(self, values: dict[str, Scalar]) -> _Found:
        case = self._case
        counted = count_values(
            case, combination_of(case, values), span=Lifespan(self._since()), facts=self._facts
        )
        exposed, other = counted.exposed, counted.other
        ratio, low, high = ratio_of(exposed, other)
        query = FactQuery(kind=case.outcome.unit, where=self._matching(values))
        return _Found(
            "c",
            {
                "values": values,
                "with": _counts(exposed),
                "without": _counts(other),
                "ratio": round(ratio, 2),
                "ratio_95": [round(low, 2), round(high, 2)],
                "chance_by_luck": float(f"{chance_of(exposed, other):.2g}"),
            },
            "Compare",
            _label(values),
            f"{words.count(exposed.hits)} of {words.count(exposed.units)} hit, against "
            f"{words.count(other.hits)} of {words.count(other.units)}",
            self._facts.remember(query),
        )

    def _timeline(self, values: dict[str, Scalar]) -> _Found:
        case = self._case
        query = FactQuery(kind=case.outcome.unit, where=self._matching(values))
        hit = FactQuery(kind=case.outcome.unit, where=all_of(query.where, case.outcome.hit))
        hits = {one.fact_id for one in self._facts.members(hit)}
        days: dict[str, list[int]] = {}
        for fact_id, _, (since,) in self._facts.values(query, [case.outcome.since]):
            counts = days.setdefault(str(since)[:10], [0, 0])
            counts[0] += 1
            counts[1] += fact_id in hits
        rows = [[day, *days[day]] for day in sorted(days)][-_MOST_BINS:]
        first = next((str(row[0]) for row in rows if row[2]), None)
        return _Found(
            "t",
            {"values": values, "columns": ["day", "units", "hits"], "days": rows},
            "Look at the days",
            _label(values) if values else f"all {plural(case.outcome.unit)}",
            f"{words.counted(len(rows), 'day')}, first hit {_day(first)}"
            if first
            else f"{words.counted(len(rows), 'day')} without a hit",
            self._facts.remember(query),
        )

    def _cases(self, problem: str) -> _Found:
        if not problem.strip() or len(problem) > _LONGEST_QUERY:
            raise _Refused("say the problem in a few words")
        found = self._recall.similar_cases(problem, facts=self._inquiry.issue.slice)
        cases = [
            {
                "title": _safe(one.case.title),
                "cause": _safe(one.case.cause or "not recorded"),
                "likeness": round(one.score, 2),
            }
            for one in found
        ]
        asked = "nearest to the agent's words"
        return _Found(
            "s", {"cases": cases}, "Recall past cases", asked, words.counted(len(cases), "case")
        )

    def _quotes(self, count: int) -> _Found:
        if not 1 <= count <= _MOST_QUOTES:
            raise _Refused("ask for one to five quotes")
        texts = {one.item.key: one.redacted.value for one in self._inquiry.reports}
        chosen = sample_quotes(self._inquiry.reports, driver=self._inquiry.issue.driver, k=count)
        quotes = [one.text for one in chosen if one.text in texts[one.key]]
        return _Found(
            "q",
            {"quotes": [_safe(text) for text in quotes]},
            "Read quotes",
            f"{words.counted(count, 'quote')}, least alike first",
            words.counted(len(quotes), "quote"),
        )


def _counts(counts: Counts) -> dict[str, Any]:
    return {"units": counts.units, "hits": counts.hits, "share": round(counts.rate, 4)}


def _label(values: Mapping[str, Scalar]) -> str:
    return ", ".join(str(value) for value in values.values())


def _day(text: str) -> str:
    return words.day(datetime.fromisoformat(text))


def _safe(text: str) -> str:
    return redact(CustomerText(value=text)).value[:_LONGEST_TEXT]
