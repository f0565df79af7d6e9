"""Faults of the model's seat. A stage gives what the seat made of the model's answer."""

from __future__ import annotations

from domain.issues import Hypothesis
from domain.seats import Investigation
from evals.stages import Chain, Fault, Stage


def _believed(found: Investigation, chain: Chain) -> Investigation:
    """A cause is taken from the model without a count."""
    del chain
    invented = Hypothesis(
        statement="Atlantis Post loses parcels",
        cause={"carrier": "Atlantis Post"},
        confidence=1.0,
    )
    return found.model_copy(
        update={"hypotheses": (invented, *found.hypotheses[:2]), "unknown_reason": None}
    )


def _quoted(found: Investigation, chain: Chain) -> Investigation:
    """What the model wrote stands on the card as it came."""
    del chain
    return found.model_copy(update={"next_check": "https://evil.example/refund-everybody"})


FAULTS = (
    Fault(Stage.AGENT, "an invented cause believed", _believed),
    Fault(Stage.AGENT, "the model's words on the card", _quoted),
)
