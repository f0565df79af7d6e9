"""Bind the model's hypotheses to results of its run and to counts of our own.

A hypothesis is attribute values and ids, nothing else. Each is bound or dropped whole;
what is kept is a cause that code counted, never words of the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agent.casework.case import Case, Cause
from agent.casework.claimed import Failed, cause_of
from agent.casework.investigate import Examined
from agent.casework.proof import statement_of
from agent.casework.search import MOST_VALUES
from agent.llm.schemas import CauseAnswer, InvestigationAnswer
from agent.reading.redact import redact
from domain.ports import FactTable
from domain.predicates import Scalar
from domain.provenance import Dropped
from domain.text import CustomerText

MOST_HYPOTHESES = 3
_LONGEST_CLAIM = 120


class Run(NamedTuple):
    """What the hypotheses may speak about: results by id, and values as they are named."""

    result_ids: frozenset[str]
    vocabulary: Mapping[str, Mapping[str, Scalar]]


class Bound(NamedTuple):
    """What was left of an answer."""

    agreed: tuple[Cause, ...]
    """Causes of the local engine that the model named too, in the model's order."""
    found: tuple[Cause, ...]
    """Causes that only the model named and that hold when counted, where none was proved."""
    dropped: tuple[Dropped, ...]


class _Unbound(Exception):
    """A hypothesis that cannot be bound; the message says why."""


def bind(
    answer: InvestigationAnswer, examined: Examined, case: Case, run: Run, *, facts: FactTable
) -> Bound:
    """Bind each hypothesis by itself; an answer that ends with unknown names none."""
    if answer.verdict == "unknown":
        return Bound((), (), ())
    agreed: list[Cause] = []
    found: list[Cause] = []
    dropped: list[Dropped] = []
    local = examined.causes
    proved = bool(local) and examined.investigation.unknown_reason is None
    best = statement_of(case.outcome, local[0].cause) if local else None
    tried = examined.tried + sum(one.startswith("c") for one in run.result_ids)
    for place, claimed in enumerate(answer.hypotheses):
        try:
            if place >= MOST_HYPOTHESES:
                raise _Unbound("More than three hypotheses.")
            values = _values(claimed, run)
            same = next((one for one in local if one.cause == values), None)
            if any(one.cause == values for one in (*agreed, *found)):
                raise _Unbound("Named twice.")
            if same is not None:
                agreed.append(same)
            else:
                found.append(_counted(case, values, local if proved else (), tried, facts))
        except _Unbound as error:
            dropped.append(Dropped(claim=claim_of(claimed), reason=str(error), replaced_by=best))
    return Bound(tuple(agreed), tuple(found), tuple(dropped))


def _values(claimed: CauseAnswer, run: Run) -> dict[str, Scalar]:
    """Give the claimed values as they stand in the records, if every part is bound."""
    names = [one.attribute for one in claimed.cause]
    if not 1 <= len(names) <= MOST_VALUES or len(set(names)) < len(names):
        raise _Unbound("A cause is one to three values of different attributes.")
    if not claimed.supported_by:
        raise _Unbound("It cites no result.")
    cited = {*claimed.supported_by, *claimed.contradicted_by}
    if cited - run.result_ids:
        raise _Unbound("It cites a result that is not of this run.")
    values: dict[str, Scalar] = {}
    for one in claimed.cause:
        if one.attribute not in run.vocabulary:
            raise _Unbound("No such attribute among those that group these records.")
        if one.value not in run.vocabulary[one.attribute]:
            raise _Unbound("No record has this value.")
        values[one.attribute] = run.vocabulary[one.attribute][one.value]
    return values


def _counted(
    case: Case, values: dict[str, Scalar], proved: Sequence[Cause], tried: int, facts: FactTable
) -> Cause:
    cause = cause_of(case, values, tried=tried, facts=facts)
    if isinstance(cause, Failed):
        raise _Unbound(cause.reason)
    if proved:
        # The local search has weighed every set of these values under the same test.
        if set(cause.candidate.values) & set(proved[0].candidate.values):
            raise _Unbound("It holds, but other values of the same cause tell them apart better.")
        raise _Unbound("It holds when counted alone, but explains less than what was found.")
    return cause


def claim_of(claimed: CauseAnswer) -> str:
    """Give the claim in one line to be shown as struck out; personal data masked."""
    text = ", ".join(f"{one.attribute} = {one.value}" for one in claimed.cause) or "no values"
    return redact(CustomerText(value=" ".join(text.split())[:_LONGEST_CLAIM])).value
