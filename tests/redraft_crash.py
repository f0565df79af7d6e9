"""One process that asks for another draft and makes it, and kills itself where it is told to.

`python -m tests.redraft_crash HOME ID [PLACE]`
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from agent.casework.write import LocalWriter
from agent.redraft import redraft
from agent.review import Bench
from domain.errors import AlreadyDecided, StaleVersion
from domain.people import Owner
from domain.proposals import Check, DecisionKind, Draft, Recipient
from domain.record import ProposalId
from domain.seats import WriteRequest, Written
from tests.builders_inbox import NOW, open_set_up
from tests.clock import FakeClock

PLACES = ("after_ask", "while_writing", "before_commit", "after_commit")
WORDS = "Say less."


class _DyingWriter:
    """A local writer that kills its process before it answers."""

    def __init__(self, place: str) -> None:
        self._place = place

    def write(self, request: WriteRequest) -> Written:
        die(self._place, "while_writing")
        return LocalWriter().write(request)


def die(place: str, here: str) -> None:
    """Kill this process if this is the place."""
    if place == here:
        os.kill(os.getpid(), signal.SIGKILL)


def main(home: str, id_: str, place: str = "") -> None:
    """Ask, and work one round."""
    installation = open_set_up(Path(home), FakeClock(NOW))
    try:
        installation.engine.decide(
            ProposalId(id_),
            DecisionKind.ANOTHER_DRAFT,
            by="Mara",
            seen_version=1,
            reason=WORDS,
            changes={"wishes": ["shorter"]},
        )
    except (AlreadyDecided, StaleVersion):
        sys.stdout.write("asked before\n")
    die(place, "after_ask")

    def check(
        draft: Draft, *, owner: Owner | None, recipients: Sequence[Recipient]
    ) -> tuple[Check, ...]:
        # The checks run inside the transaction that stores the new draft.
        die(place, "before_commit")
        return installation.desk.check(draft, owner=owner, recipients=recipients)

    bench = Bench(
        installation.seats()[1],
        _DyingWriter(place),
        installation.recall,
        installation.configuration,
        replace(installation.desk, check=check),
    )
    redraft(installation.store, ProposalId(id_), bench=bench, clock=installation.clock)
    die(place, "after_commit")


if __name__ == "__main__":
    main(*sys.argv[1:])
