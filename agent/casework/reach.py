"""Whom the proved cause reaches: hit and wrote, hit and silent, at risk and when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from agent.casework import words
from agent.casework.letters import Letter, driver_of, of_hits, who_wrote
from agent.casework.outcomes import Outcome
from domain.issues import Hypothesis, Reach, Reached, ReachState
from domain.ports import FactTable, KindProfile
from domain.predicates import (
    Compare,
    CompareFields,
    Either,
    Every,
    FactQuery,
    Field,
    Not,
    OneOf,
    Predicate,
    Present,
    Related,
    Repeats,
    Scalar,
    all_of,
)
from domain.record import FactId, time_of


class _Hit(NamedTuple):
    since: str
    fact_ids: list[FactId]
    amount: int
    currency: str | None


def reach_of(
    proved: Hypothesis | None,
    outcome: Outcome | None,
    *,
    driver: str,
    letters: Sequence[Letter],
    reporters: Collection[str],
    profiles: Sequence[KindProfile],
    as_of: datetime,
    facts: FactTable,
) -> Reach:
    """List the customers, each with one state; empty while the cause is not known.

    `driver` is that of the issue, `letters` were written in the time around it, `reporters`
    are on it.
    """
    if proved is None or outcome is None or proved.predicate is None:
        return Reach(reporters_only=len(set(reporters)))
    hit_query = FactQuery(kind=outcome.unit, where=all_of(proved.predicate, outcome.hit))
    facts.remember(hit_query)
    hits = _hits(outcome, hit_query, facts)
    written = of_hits(letters, hit_since={customer: hit.since for customer, hit in hits.items()})
    driver = driver_of(written, driver=driver)
    told = who_wrote(written, driver=driver, hit=hits, reporters=reporters)
    customers = [
        Reached(
            customer_id=customer,
            state=ReachState.AFFECTED if customer in told else ReachState.SILENT,
            reason=f"{outcome.unit} {outcome.words}",
            fact_ids=tuple(hit.fact_ids),
            amount_minor=hit.amount or None,
            currency=hit.currency,
        )
        for customer, hit in hits.items()
    ]
    risk_query = at_risk_query(proved, outcome, profiles)
    if risk_query is not None:
        facts.remember(risk_query)
        customers += _at_risk(outcome, risk_query, set(hits), as_of, facts)
    return Reach(
        customers=tuple(sorted(customers, key=lambda one: one.customer_id)),
        hit_query=hit_query,
        risk_query=risk_query,
        driver=driver,
        reporters_only=len(set(reporters) - set(hits)),
    )


def _hits(outcome: Outcome, query: FactQuery, facts: FactTable) -> dict[str, _Hit]:
    own = Field(kind=outcome.unit, name="amount_minor")
    goods = Field(kind="order", name="amount_minor")
    fields = [
        outcome.since,
        own,
        Field(kind=outcome.unit, name="currency"),
        goods,
        Field(kind="order", name="currency"),
    ]
    found: dict[str, _Hit] = {}
    for fact_id, customer, values in facts.values(query, fields):
        if customer is None:
            continue
        amount, currency = _amount(values[1:])
        since = str(values[0] or "")
        known = found.get(customer, _Hit(since, [], 0, currency))
        found[customer] = _Hit(
            min(known.since, since),
            [*known.fact_ids, fact_id],
            known.amount + amount,
            known.currency or currency,
        )
    return found


def _amount(values: tuple[Scalar | None, ...]) -> tuple[int, str | None]:
    for place in (0, 2):
        amount, currency = values[place], values[place + 1]
        if isinstance(amount, int) and isinstance(currency, str):
            return amount, currency
    return 0, None


def at_risk_query(
    proved: Hypothesis, outcome: Outcome, profiles: Sequence[KindProfile]
) -> FactQuery | None:
    """Units of the same cause that are not decided yet; None where no kind has such."""
    if outcome.open_unit is None or outcome.open_where is None or proved.predicate is None:
        return None
    terms = proved.predicate.terms if isinstance(proved.predicate, Every) else (proved.predicate,)
    named = [
        _moved(term, outcome, profiles)
        for term in terms
        if not (isinstance(term, Compare) and term.field == outcome.since and term.op == "ge")
    ]
    if any(term is None for term in named) or _is_over(terms, outcome):
        return None
    return FactQuery(kind=outcome.open_unit, where=all_of(*named, outcome.open_where))


def _is_over(terms: Sequence[Predicate], outcome: Outcome) -> bool:
    """A cause with an end reaches nobody any more."""
    return any(
        isinstance(term, Compare) and term.field == outcome.since and term.op == "le"
        for term in terms
    )


def _moved(term: Predicate, outcome: Outcome, profiles: Sequence[KindProfile]) -> Predicate | None:
    """The same condition on the open unit: its own attribute of that name, else the linked one."""
    if outcome.open_unit == outcome.unit or not isinstance(term, Compare):
        return term
    own = {
        attribute.name
        for profile in profiles
        if profile.kind == outcome.open_unit
        for attribute in profile.attributes
    }
    if term.field.name in own:
        field = Field(kind=str(outcome.open_unit), name=term.field.name)
        return term.model_copy(update={"field": field})
    return None if term.field.kind == outcome.unit else term


def _at_risk(
    outcome: Outcome, query: FactQuery, hit: Collection[str], as_of: datetime, facts: FactTable
) -> list[Reached]:
    due = outcome.due or outcome.since
    found: dict[str, tuple[datetime, FactId]] = {}
    for fact_id, customer, (at,) in facts.values(query, [due]):
        moment = time_of(at)
        if customer is None or customer in hit or moment is None:
            continue
        if customer not in found or moment < found[customer][0]:
            found[customer] = (moment, fact_id)
    reached = []
    for customer, (moment, fact_id) in found.items():
        hours = (moment - as_of).total_seconds() / 3600
        reached.append(
            Reached(
                customer_id=customer,
                state=ReachState.AT_RISK,
                reason=f"{outcome.open_unit} due {words.moment(moment)}, same cause",
                hours_to_impact=round(hours, 2),
                fact_ids=(fact_id,),
            )
        )
    return reached


def describe(predicate: Predicate) -> str:
    """Say a predicate in words, for the person who opens a number."""
    match predicate:
        case Every(terms=terms):
            return ", ".join(describe(term) for term in terms) or "all"
        case Not(term=term):
            return f"not ({describe(term)})"
        case Compare(field=field, op=op, value=value):
            sign = {"eq": "is", "ne": "is not", "lt": "before", "le": "up to", "gt": "after"}
            shown = str(value)[:16].replace("T", " ") if _is_time(value) else value
            return f"{field.name.replace('_', ' ')} {sign.get(op, 'from')} {shown}"
        case CompareFields(left=left, op=op, right=right):
            sign = {"gt": "after", "ge": "at or after", "lt": "before", "le": "up to"}
            names = [one.name.removesuffix("_at").replace("_", " ") for one in (left, right)]
            return f"{names[0]} {sign.get(op, op)} {names[1]}"
        case Either(terms=terms):
            return " or ".join(describe(term) for term in terms)
        case OneOf(field=field, values=values):
            return f"{field.name} is {', '.join(str(value) for value in values)}"
        case Present(field=field):
            return f"has {field.name.removesuffix('_at').replace('_', ' ')}"
        case Repeats():
            return "not the first of its kind"
        case Related(kind=kind):
            return f"has a {kind}"


def _is_time(value: Scalar) -> bool:
    return isinstance(value, str) and len(value) == 27 and value.endswith("Z")
