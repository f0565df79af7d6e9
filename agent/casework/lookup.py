"""Look up what went wrong for the reporters: known outcomes first, then what stands out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from agent.casework.diagnose import find_causes, make_case
from agent.casework.outcomes import Outcome, outcomes_of
from agent.casework.proof import to_hypothesis
from agent.casework.relevance import Relevant, relevant_outcomes
from agent.casework.suspects import Suspects, suspected_outcomes
from domain.errors import NotFound
from domain.issues import Hypothesis
from domain.ports import FactTable
from domain.predicates import Every, Field, OneOf, Predicate
from domain.seats import Inquiry

# Reports alone, without a record that went wrong, never prove a cause: under even.
_MOST_FROM_WORDS = 0.4
# Kinds that are searched for what writers share, largest first.
_MOST_KINDS = 4
_STANDING = frozenset({"customer", "account", "contact", "promise", "deploy", "incident"})


class Looked(NamedTuple):
    """Outcomes that the reporters' records show, most so first, and how many were tried."""

    relevant: list[Relevant]
    tried: int


def look_up(inquiry: Inquiry, facts: FactTable) -> Looked:
    """Find the outcomes over-represented among reporters; what nobody foresaw comes last."""
    outcomes = outcomes_of(facts.kinds(), at=inquiry.as_of)
    relevant = _relevant(outcomes, inquiry, facts, tried=len(outcomes))
    suspects = _suspects(inquiry, facts)
    tried = len(outcomes) + suspects.tried
    relevant += _relevant(suspects.outcomes, inquiry, facts, tried=tried)
    return Looked(relevant, tried)


def _suspects(inquiry: Inquiry, facts: FactTable) -> Suspects:
    return suspected_outcomes(
        facts.kinds(),
        inquiry.reporters,
        facts=facts,
        opened_at=inquiry.issue.opened_at,
        as_of=inquiry.as_of,
    )


def _relevant(
    outcomes: Sequence[Outcome], inquiry: Inquiry, facts: FactTable, *, tried: int
) -> list[Relevant]:
    return relevant_outcomes(
        outcomes,
        inquiry.reporters,
        facts=facts,
        opened_at=inquiry.issue.opened_at,
        as_of=inquiry.as_of,
        problem=inquiry.problem,
        tried=tried,
    )


def outcome_behind(hypothesis: Hypothesis, inquiry: Inquiry, facts: FactTable) -> Outcome | None:
    """The outcome that a hypothesis was counted with."""
    known = outcomes_of(facts.kinds(), at=inquiry.as_of)
    found = [one for one in known if _fits(one, hypothesis, facts)]
    if found:
        return found[0]
    suspects = _suspects(inquiry, facts)
    return next((one for one in suspects.outcomes if _fits(one, hypothesis, facts)), None)


def _fits(outcome: Outcome, hypothesis: Hypothesis, facts: FactTable) -> bool:
    """Same unit and words, and the counted rows were hit in this sense."""
    if (outcome.unit, outcome.words) != (hypothesis.unit, hypothesis.outcome):
        return False
    if hypothesis.comparison is None:
        return True
    try:
        counted = facts.recalled(hypothesis.comparison.cohorts[0].hits_query_id)
    except NotFound:
        return True
    terms = _terms(counted.where)
    return all(term in terms for term in _terms(outcome.hit))


def _terms(predicate: Predicate) -> tuple[Predicate, ...]:
    return predicate.terms if isinstance(predicate, Every) else (predicate,)


def shared_by_writers(inquiry: Inquiry, facts: FactTable) -> Hypothesis | None:
    """What those who wrote have in common although no record went wrong; never a proof."""
    best: tuple[float, Hypothesis] | None = None
    for profile in facts.kinds()[: _MOST_KINDS + len(_STANDING)]:
        found = None if profile.kind in _STANDING else _shared(profile.kind, inquiry, facts)
        if found is not None and (best is None or found[0] > best[0]):
            best = found
    return best[1] if best else None


def _shared(kind: str, inquiry: Inquiry, facts: FactTable) -> tuple[float, Hypothesis] | None:
    wrote_it = tuple(sorted(inquiry.reporters))
    wrote = Outcome(
        unit=kind,
        name="wrote",
        words="those of customers who wrote",
        hit=OneOf(field=Field(kind=kind, name="customer_id"), values=wrote_it),
        since=Field(kind=kind, name="at"),
    )
    case = make_case(wrote, inquiry, facts=facts)
    causes, searched = find_causes(case, facts=facts)
    if not causes:
        return None
    hypothesis = to_hypothesis(
        case, causes[0], chance=_MOST_FROM_WORDS, tried=searched.tried, facts=facts
    )
    return causes[0].candidate.score, hypothesis
