"""What a decision needs beside the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.delivery.faults import Faults, no_faults
from domain.destinations import Destination
from domain.errors import UndertoneError
from domain.people import Owner, Policy
from domain.proposals import Check, Draft, ProposalKind, Recipient


class DraftCheck(Protocol):
    """Runs all checks of a draft."""

    def __call__(
        self, draft: Draft, *, owner: Owner | None, recipients: Sequence[Recipient]
    ) -> tuple[Check, ...]:
        """Give one `Check` per rule."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Destinations, rules and the source of tokens."""

    destinations: Mapping[str, Destination]
    """By name; `tickets/logistics` is the destination `tickets` with the queue `logistics`."""
    check: DraftCheck
    policy: Policy
    undo_seconds: int
    new_token: Callable[[], str]
    """Gives an approval's token: long, random, never the same."""
    faults: Faults = no_faults

    def find_destination(self, name: str) -> Destination | None:
        """Find the destination of a proposal."""
        return self.destinations.get(name.partition("/")[0])

    def run_checks(
        self, draft: Draft, *, owner: Owner | None, recipients: Sequence[Recipient]
    ) -> tuple[Check, ...]:
        """Run all checks. One that cannot run is open."""
        try:
            checks = self.check(draft, owner=owner, recipients=recipients)
        except UndertoneError as error:
            return (Check(key="checks", label="Checks can run", ok=False, detail=str(error)),)
        if draft.kind is ProposalKind.TICKET or recipients:
            return checks
        nobody = Check(
            key="recipients", label="Somebody gets it", ok=False, detail="No recipient is left."
        )
        return (*checks, nobody)
