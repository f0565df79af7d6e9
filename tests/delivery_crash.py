"""One process that approves and delivers, and kills itself where it is told to.

`python -m tests.delivery_crash HOME PORT NOW [FAULT]`
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from agent.delivery.faults import FaultPoint
from connectors.smtp.actions import MailDestination
from connectors.smtp.settings import Sender, Server
from connectors.ticket_files.actions import TicketFiles
from domain.proposals import ProposalState
from tests.clock import FakeClock
from tests.delivery_world import SECRET, World


def real_world(home: Path, port: int, *, now: datetime, name: str) -> World:
    """A world whose destinations are a real folder and a real server."""
    return World(
        home,
        destinations=(
            MailDestination(
                server=Server("127.0.0.1", port, tls=False),
                sender=Sender("help@shop.example"),
                secret=SECRET,
            ),
            TicketFiles(home / "tickets", secret=SECRET),
        ),
        undo_seconds=0,
        clock=FakeClock(now),
        name=name,
    )


def main(home: str, port: str, now: str, fault: str = "") -> None:
    """Approve what waits, deliver what is due."""

    def die(point: FaultPoint) -> None:
        if point == fault:
            os.kill(os.getpid(), signal.SIGKILL)

    world = real_world(
        Path(home), int(port), now=datetime.fromisoformat(now), name=f"process-{os.getpid()}"
    )
    with world.store.read() as unit:
        waiting = unit.proposals.list_rows(states=[ProposalState.PROPOSED])
    for one in waiting:
        world.decide(one.id, "approve", seen=one.version, faults=die)
    world.deliver(faults=die)


if __name__ == "__main__":
    main(*sys.argv[1:])
