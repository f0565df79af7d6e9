"""Faults of the ownership map."""

from __future__ import annotations

from domain.people import Owner
from evals.stages import Chain, Fault, Stage


def _neighbour(owner: Owner | None, chain: Chain) -> Owner | None:
    """The next person on the map is named."""
    people = chain.world.configuration.owners.touchpoints
    if owner is None or not people:
        return owner
    return people[(people.index(owner) + 1) % len(people)]


def _nobody(owner: Owner | None, chain: Chain) -> None:
    del owner, chain


FAULTS = (
    Fault(Stage.OWNER, "the next person on the map", _neighbour),
    Fault(Stage.OWNER, "nobody accountable", _nobody),
)
