"""What the reading suite asks of a world that somebody else labelled."""

from pathlib import Path

import pytest

from agent.reading.local import LocalReader
from connectors.demo.world import build_world
from evals.scores import Scored, Unscored
from evals.seats import EngineName, Seats
from evals.stages import Chain
from evals.suite import Bench
from evals.suites.reading.measure import measure
from evals.worlds import load_world


@pytest.fixture
def folder(tmp_path):
    build_world(tmp_path / "shop", size="tiny", seed=3)
    return tmp_path / "shop"


def overlap_of(folder):
    seats = Seats(EngineName.LOCAL, None, LocalReader(None), None, None, model_at=None)
    chain = Chain(load_world(folder), seats)
    found = measure(Bench(seats, (chain,), Path(), lambda done, total: None))
    return found.scores["quote_overlap"], len(chain.world.truth.labels)


def test_a_world_that_says_where_drivers_stand_is_asked_for_quotes(folder):
    score, _ = overlap_of(folder)

    assert isinstance(score, Scored)
    assert score.n > 0


def test_a_world_without_these_places_lacks_no_cases_for_a_gate(folder):
    (folder / "truth" / "spans.csv").unlink()

    score, labelled = overlap_of(folder)

    assert isinstance(score, Unscored)
    assert score.n == labelled
