"""Kill the process between the steps of another draft: the next round picks it up, once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.jobs import Jobs
from domain.proposals import DecisionKind, ProposalState
from tests.builders_inbox import NOW, open_set_up
from tests.clock import FakeClock
from tests.redraft_crash import PLACES, WORDS

pytestmark = [pytest.mark.journey, pytest.mark.filterwarnings("ignore::ResourceWarning")]
ROOT = Path(__file__).parents[2]


def _open(home):
    return open_set_up(home, FakeClock(NOW))


def _killed(home, id_, place):
    command = [sys.executable, "-m", "tests.redraft_crash", str(home), id_, place]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=False)
    return process.returncode == -9


@pytest.fixture
def home(tmp_path, full_home):
    return shutil.copytree(full_home, tmp_path / "home")


@pytest.fixture
def ticket(home):
    installation = _open(home)
    with installation.store.read() as unit:
        rows = unit.proposals.list_rows()
    installation.close()
    return next(row.id for row in rows if row.label == "Late delivery: Parcelo, North")


@pytest.mark.parametrize("place", PLACES)
def test_a_request_survives_a_kill_and_is_answered_once(home, ticket, place):
    assert _killed(home, ticket, place)
    installation = _open(home)
    with installation.store.read() as unit:
        left = unit.proposals.get(ticket)

    with Jobs(installation) as jobs:
        first = jobs.work_once()
        second = jobs.work_once()
    item = installation.backend.get_item(ticket)
    with installation.store.read() as unit:
        verdict = unit.audit.verify()
    installation.close()

    is_made = place == "after_commit"
    assert left.state is (ProposalState.PROPOSED if is_made else ProposalState.REDRAFTING)
    assert (first.redrafted, second.redrafted) == (0 if is_made else 1, 0)
    assert (item.proposal.state, item.proposal.version) == (ProposalState.PROPOSED, 2)
    assert item.proposal.redraft.words == WORDS
    assert [one.kind for one in item.decisions] == [DecisionKind.ANOTHER_DRAFT]
    assert [note.version for note in item.versions] == [1, 2]
    assert verdict.broken_at is None


def test_asking_again_after_a_kill_changes_nothing(home, ticket):
    assert _killed(home, ticket, "after_ask")
    assert _killed(home, ticket, "after_commit")
    installation = _open(home)

    item = installation.backend.get_item(ticket)
    installation.close()

    assert len(item.decisions) == 1
    assert item.proposal.version == 2
