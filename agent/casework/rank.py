"""How much it matters: reach, money, safety, wanted customers; never loudness."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Literal

from agent.casework import words
from agent.casework.outcomes import Outcome
from domain.issues import Alarm, Impact, Issue, Money, Reach, ReachState, Severity
from domain.people import Wanted
from domain.ports import FactTable

_SAFETY = 1_000_000.0


def impact_of(
    issue: Issue,
    alarm: Alarm,
    reach: Reach,
    outcome: Outcome | None,
    *,
    wanted: Wanted,
    facts: FactTable,
) -> Impact:
    """Weigh an issue; each factor is a clause that a person can check."""
    hit = [one for one in reach.customers if one.state is not ReachState.AT_RISK]
    risk = reach.having(ReachState.AT_RISK)
    money = _money(reach, outcome)
    share = _wanted_share(reach, wanted, facts)
    severity = _severity(issue, alarm, len(hit), len(risk))
    factors = []
    if issue.safety:
        factors.append("safety first")
    if reach.hit_query is not None:
        factors.append(f"{words.count(len(hit))} affected")
    if risk:
        factors.append(f"{words.count(len(risk))} at risk")
    factors += [f"{words.money(one.amount_minor, one.currency)} {one.meaning}" for one in money]
    if not hit:
        factors.append(f"{words.count(issue.customer_count)} wrote")
        factors.append("no record shows a fault")
    if share is not None and hit:
        factors.append(f"{words.percent(share)} of them wanted customers")
    value = sum(one.amount_minor for one in money) / 100
    # Who is hit counts whole, who is at risk half, reports without a fault a tenth.
    size = len(hit) + 0.5 * len(risk) + (0.1 * issue.customer_count if not hit else 0.0)
    priority = size * (1 + (share or 0.0)) + 10 * math.log10(1 + value)
    if issue.safety:
        priority += _SAFETY
    risk_pips: dict[Severity, Literal[1, 2, 3]] = {"low": 1, "medium": 2, "high": 3, "critical": 3}
    return Impact(
        severity=severity,
        risk=risk_pips[severity],
        money=money,
        factors=tuple(factors),
        priority=round(priority, 3),
    )


def _severity(issue: Issue, alarm: Alarm, hit: int, risk: int) -> Severity:
    if issue.safety:
        return "critical"
    if hit == 0:
        return "low"
    reached = hit + risk
    if reached >= 50:
        return "high"
    return "medium" if reached >= 5 or alarm.severity == "high" else "low"


def _money(reach: Reach, outcome: Outcome | None) -> tuple[Money, ...]:
    if outcome is None or outcome.money is None:
        return ()
    sums: dict[str, int] = defaultdict(int)
    for one in reach.customers:
        if one.state is not ReachState.AT_RISK and one.amount_minor and one.currency:
            sums[one.currency] += one.amount_minor
    query = reach.hit_query.id if reach.hit_query else None
    return tuple(
        Money(amount_minor=amount, currency=currency, meaning=outcome.money, query_id=query)
        for currency, amount in sorted(sums.items())
    )


def _wanted_share(reach: Reach, wanted: Wanted, facts: FactTable) -> float | None:
    """Share of the hit whose account is one that we want; None where nothing is said."""
    hit = [one for one in reach.customers if one.state is not ReachState.AT_RISK]
    if not wanted.attributes or not hit:
        return None
    count = 0
    for one in hit:
        accounts = facts.facts_of(one.customer_id, kinds=["account"])
        if accounts and all(
            accounts[-1].attributes.get(name) in values
            for name, values in wanted.attributes.items()
        ):
            count += 1
    return count / len(hit)
