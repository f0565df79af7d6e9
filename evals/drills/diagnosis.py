"""Faults of the investigator."""

from __future__ import annotations

from domain.issues import Hypothesis
from domain.seats import Investigation
from evals.stages import Chain, Fault, Stage


def _half_a_cause(found: Investigation, chain: Chain) -> Investigation:
    """The first attribute of every cause is lost."""
    del chain
    return found.model_copy(update={"hypotheses": tuple(map(_halved, found.hypotheses))})


def _halved(one: Hypothesis) -> Hypothesis:
    if not one.cause or len(one.cause) < 2:
        return one
    kept = dict(sorted(one.cause.items())[1:])
    return one.model_copy(update={"cause": kept})


def _never_sure(found: Investigation, chain: Chain) -> Investigation:
    del chain
    return found.model_copy(update={"hypotheses": (), "unknown_reason": "drill", "not_known": 1.0})


FAULTS = (
    Fault(Stage.DIAGNOSIS, "half of the cause lost", _half_a_cause),
    Fault(Stage.DIAGNOSIS, "every cause unknown", _never_sure),
)
