"""Kill the process at every place: nothing leaves twice, nothing is lost.

The judge is the outside: the mail server's log and the folder of tickets.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agent.delivery.faults import FaultPoint
from agent.delivery.settle import FoundIt, SendAgain, settle_unknown, stop_dispatch
from domain.proposals import Delivery, DeliveryState
from tests.delivery_crash import real_world
from tests.delivery_world import (
    MORNING,
    World,
    a_customer,
    a_message,
    a_recipient,
    a_ticket,
    a_ticket_draft,
)
from tests.mail_server import MailLog, mail_server

pytestmark = pytest.mark.journey

ROOT = Path(__file__).parents[2]
ONLY_TRACKER = {FaultPoint.BEFORE_LOOKUP, FaultPoint.AFTER_LOOKUP}
# Where the body may have left for all that the next process can know.
MAY_HAVE_LEFT = {FaultPoint.MID_BODY, FaultPoint.BEFORE_ANSWER, FaultPoint.AFTER_ANSWER}


@pytest.fixture(scope="module")
def server():
    with mail_server() as (log, port):
        yield log, port


@pytest.fixture
def log(server):
    server[0].__dict__.update(MailLog().__dict__)
    return server[0]


@pytest.fixture
def world(tmp_path, server, log):
    return real_world(tmp_path, server[1], now=MORNING, name="parent")


def start(tmp_path: Path, port: int, now: datetime, fault: str = "") -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.delivery_crash", str(tmp_path), str(port)]
    return subprocess.Popen([*command, now.isoformat(), fault], cwd=ROOT, stderr=subprocess.PIPE)


def killed(tmp_path: Path, port: int, now: datetime, fault: FaultPoint) -> bool:
    process = start(tmp_path, port, now, fault.value)
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (0, -9), errors.decode()
    return process.returncode == -9


def run_on(world: World, *, hours: int = 1) -> None:
    """Let a fresh process go on, a minute at a time."""
    for one in world.proposals_waiting():
        world.decide(one.id, "approve", seen=one.version)
    for _ in range(hours * 60):
        world.deliver()
        world.clock.pass_by(minutes=1)


def settle(world: World, delivery: Delivery, *, is_there: bool) -> None:
    """Do what an honest person does after looking outside."""
    answer = FoundIt(external_id="seen outside") if is_there else SendAgain(typed="again")
    with world.store.write() as unit:
        settle_unknown(unit, delivery.id, answer, by="mara", at=world.clock())
    world.deliver()


def ticket_files(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "tickets").rglob("*.md"))


@pytest.mark.parametrize("fault", list(FaultPoint))
def test_a_mail_is_never_sent_twice_and_never_lost(world, tmp_path, server, log, fault):
    world.know(a_customer("ann"))
    message = world.proposed(a_message([a_recipient("ann")]))

    assert killed(tmp_path, server[1], MORNING, fault) == (fault not in ONLY_TRACKER)
    run_on(world)
    (delivery,) = world.deliveries(message.id)
    accepted_alone = len(log.accepted)
    if delivery.state is DeliveryState.UNKNOWN:
        settle(world, delivery, is_there=accepted_alone == 1)

    assert (delivery.state is DeliveryState.UNKNOWN) == (fault in MAY_HAVE_LEFT)
    assert accepted_alone <= 1
    assert [recipient for _, recipient, _ in log.accepted] == ["ann@example.com"]
    assert world.states(message.id) == ["sent"]
    assert world.proposal(message.id).state == "sent"


@pytest.mark.parametrize("fault", list(FaultPoint))
def test_a_ticket_is_never_filed_twice_and_never_lost(world, tmp_path, server, fault):
    ticket = world.proposed(a_ticket())

    assert killed(tmp_path, server[1], MORNING, fault)
    run_on(world)
    (delivery,) = world.deliveries(ticket.id)
    if delivery.state is DeliveryState.UNKNOWN:
        assert ticket_files(tmp_path) == []
        settle(world, delivery, is_there=False)

    (path,) = ticket_files(tmp_path)
    with world.store.read() as unit:
        copy = unit.proposals.find_copy(ticket.id, 1, None)
        verdict = unit.audit.verify()
    assert path.read_bytes() == copy.frozen
    assert world.states(ticket.id) == ["sent"]
    assert world.deliveries(ticket.id)[0].external_id == f"logistics/{path.name}" or (
        fault is FaultPoint.MID_BODY
    )
    assert verdict.broken_at is None


@pytest.mark.parametrize("fault", [FaultPoint.MID_BODY, FaultPoint.BEFORE_ANSWER])
def test_a_killed_update_leaves_one_whole_file_and_peoples_words(world, tmp_path, server, fault):
    world.proposed(a_ticket())
    run_on(world)
    (path,) = ticket_files(tmp_path)
    path.write_text(path.read_text() + "\nInes: on it.\n")
    grown = world.proposed(a_ticket(a_ticket_draft(800)))

    killed(tmp_path, server[1], world.clock(), fault)
    between = path.read_text()
    run_on(world)

    assert ("412" in between) != ("800" in between)
    assert ticket_files(tmp_path) == [path]
    assert "800 affected" in path.read_text()
    assert path.read_text().endswith("\nInes: on it.\n")
    assert world.states(grown.id) == ["sent"]


def test_a_series_of_kills_sends_nothing_twice(world, tmp_path, server, log):
    customers = [f"c{number}" for number in range(len(FaultPoint))]
    world.know(*(a_customer(one) for one in customers))
    message = world.proposed(a_message([a_recipient(one) for one in customers]))
    ticket = world.proposed(a_ticket())
    now = MORNING

    for fault in FaultPoint:
        killed(tmp_path, server[1], now, fault)
        now += timedelta(minutes=7)
    world.clock.now = now
    run_on(world, hours=2)

    counts = Counter(recipient for _, recipient, _ in log.accepted)
    states = {one.address: one.state for one in world.deliveries(message.id)}
    assert set(counts.values()) == {1}
    assert {one for one, state in states.items() if state == "sent"} <= set(counts)
    assert set(states.values()) <= {"sent", "unknown"}
    assert len(states) == len(customers)
    assert len(ticket_files(tmp_path)) == 1
    assert world.states(ticket.id) == ["sent"]


def test_two_processes_at_once_send_each_mail_once(world, tmp_path, server, log):
    customers = [f"c{number}" for number in range(12)]
    world.know(*(a_customer(one) for one in customers))
    message = world.proposed(a_message([a_recipient(one) for one in customers]))
    world.decide(message.id, "approve")

    processes = [start(tmp_path, server[1], MORNING) for _ in range(2)]
    for one in processes:
        _, errors = one.communicate(timeout=60)
        assert one.returncode == 0, errors.decode()

    assert Counter(one for _, one, _ in log.accepted) == {
        f"{one}@example.com": 1 for one in customers
    }
    assert set(world.states(message.id)) == {"sent"}


def test_the_switch_stops_a_running_process_within_one_mail(world, tmp_path, server, log):
    customers = [f"c{number}" for number in range(90)]
    world.know(*(a_customer(one) for one in customers))
    message = world.proposed(a_message([a_recipient(one) for one in customers]))
    world.decide(message.id, "approve")

    process = start(tmp_path, server[1], MORNING)
    assert log.some_came.wait(timeout=60)
    with world.store.write() as unit:
        stop_dispatch(unit, by="mara", at=world.clock(), reason="Wrong numbers")
    at_the_stop = len(log.accepted)
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 0, errors.decode()
    assert len(log.accepted) <= at_the_stop + 1
    assert world.states(message.id).count("sent") == len(log.accepted) < len(customers)
