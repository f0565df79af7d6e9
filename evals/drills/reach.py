"""Faults of the lists of customers."""

from __future__ import annotations

from domain.issues import Reach, Reached, ReachState
from evals.stages import Chain, Fault, Stage


def _widened(reach: Reach, chain: Chain) -> Reach:
    """Ten customers whom nothing reaches stand on the list of the hit."""
    if not reach.customers:
        return reach
    known = {one.customer_id for one in reach.customers}
    others = sorted({one.customer_id for one in chain.world.facts if one.customer_id} - known)[:10]
    added = [Reached(customer_id=one, state=ReachState.SILENT, reason="drill") for one in others]
    return reach.model_copy(update={"customers": (*reach.customers, *added)})


def _without_silent(reach: Reach, chain: Chain) -> Reach:
    del chain
    kept = tuple(one for one in reach.customers if one.state is not ReachState.SILENT)
    return reach.model_copy(update={"customers": kept})


def _risk_as_hit(reach: Reach, chain: Chain) -> Reach:
    """Who may be hit is said to be hit."""
    del chain
    moved = tuple(
        one.model_copy(update={"state": ReachState.SILENT, "hours_to_impact": None})
        if one.state is ReachState.AT_RISK
        else one
        for one in reach.customers
    )
    return reach.model_copy(update={"customers": moved})


FAULTS = (
    Fault(Stage.REACH, "affected list widened", _widened),
    Fault(Stage.REACH, "silent customers left out", _without_silent),
    Fault(Stage.REACH, "at risk counted as hit", _risk_as_hit),
)
