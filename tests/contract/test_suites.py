"""One contract for every suite folder; adding a suite adds nothing here."""

import shutil
from pathlib import Path

import pytest

from agent.casework.investigate import LocalInvestigator
from agent.casework.write import LocalWriter
from agent.reading.local import LocalReader
from app.engines import scripted_seats
from connectors.demo.world import build_world
from domain.errors import InvalidInput, Misuse
from evals.found import judged
from evals.run import Order, SuiteResult, complete, run
from evals.scores import Unscored
from evals.seats import EngineName, Seats
from evals.stages import Chain
from evals.suite import Bench, Better, Needs, find_suites
from evals.worlds import Part, Scale, load_world, planned
from tests.embedding import MODELS_DIR, shared_embedder
from tests.progress import watch
from vectorstore.cached import CachedEmbedder

SUITES = find_suites()
ON_WORLDS = [one for one in SUITES if one.manifest.needs is Needs.WORLDS]
ON_DATA = [one for one in SUITES if one.manifest.needs is Needs.DATA]


def names(suites):
    return [one.manifest.name for one in suites]


@pytest.fixture(scope="module")
def seats():
    embedder = CachedEmbedder(shared_embedder(), MODELS_DIR.parent / "vectors.sqlite")
    yield Seats(
        EngineName.LOCAL,
        embedder,
        LocalReader(embedder),
        LocalInvestigator(),
        LocalWriter(),
        model_at=scripted_seats,
    )
    embedder.close()


@pytest.fixture(scope="module")
def chain(seats, tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    build_world(folder, size="tiny", seed=101)
    return Chain(load_world(folder), seats)


@pytest.mark.parametrize("suite", SUITES, ids=names(SUITES))
def test_a_manifest_says_what_a_suite_measures(suite):
    manifest = suite.manifest

    metrics = [one.name for one in manifest.metrics]

    assert len(set(metrics)) == len(metrics)
    assert all("." not in name for name in metrics)
    assert any(one.better is not Better.NEITHER for one in manifest.metrics)
    assert bool(manifest.data) == (manifest.needs is Needs.DATA)
    assert manifest.purpose.endswith(".")


@pytest.mark.parametrize("suite", ON_WORLDS, ids=names(ON_WORLDS))
def test_without_a_case_every_metric_says_why_it_has_no_figure(suite, seats):
    found = suite.measure(Bench(seats, (), Path(), lambda done, total: None))

    assert set(found.scores) == {one.name for one in suite.manifest.metrics}
    assert all(isinstance(score, Unscored) and score.reason for score in found.scores.values())


@pytest.mark.parametrize("suite", ON_WORLDS, ids=names(ON_WORLDS))
def test_a_suite_scores_its_metrics_and_names_their_cases(suite, seats, chain):
    found = suite.measure(Bench(seats, (chain,), Path(), lambda done, total: None))

    gated = {one.name for one in suite.manifest.metrics if one.better is not Better.NEITHER}
    with_cases = {one.metric for one in found.cases}
    exempt = {one.name for one in suite.manifest.metrics if one.bar is not None}
    assert set(found.scores) == {one.name for one in suite.manifest.metrics}
    assert with_cases <= gated
    assert gated - exempt - with_cases <= {"false_alarms_no_fault"}
    assert all(one.loss >= 0 for one in found.cases)
    ids = [(one.metric, one.id) for one in found.cases]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("suite", ON_DATA, ids=names(ON_DATA))
def test_a_suite_without_its_data_is_skipped_and_says_what_to_do(suite, seats, tmp_path):
    without = run(Order([suite]), seats, watch=watch)
    elsewhere = run(Order([suite], data=tmp_path), seats, watch=watch)

    assert "--data" in without[0].skipped
    assert "lacks" in elsewhere[0].skipped
    assert without[0].scores == {}


def test_a_metric_that_a_suite_forgets_is_unscored():
    suite = ON_WORLDS[0]

    scores = complete(suite.measure.__globals__["Measured"]({}), suite.manifest)

    assert all(isinstance(score, Unscored) for score in scores.values())


def test_a_suite_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(Misuse, match=r"No suite is named nonsense\. Suites: .*reading"):
        find_suites(["nonsense"])


def test_a_given_world_is_scored_as_one_part(seats, tmp_path):
    world = tmp_path / "theirs"
    build_world(world, size="tiny", seed=101)
    (world / "truth" / "spans.csv").unlink()

    found = run(Order(find_suites(["reading"]), world=world), seats, watch=watch)

    result: SuiteResult = found[0]
    assert {name.partition(".")[2] for name in result.scores} == {"given"}
    assert isinstance(result.scores["quote_overlap.given"], Unscored)


def test_a_folder_that_is_no_world_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match=r"feedback\.jsonl"):
        load_world(tmp_path)


def test_a_world_without_truth_is_refused(tmp_path):
    build_world(tmp_path, size="tiny", seed=101)
    shutil.rmtree(tmp_path / "truth")

    with pytest.raises(InvalidInput, match=r"labels\.csv"):
        load_world(tmp_path)


def test_every_scale_has_both_parts_of_the_same_worlds():
    for scale in Scale:
        tuning, gate = planned(scale, Part.TUNING), planned(scale, Part.GATE)

        assert [one.seed for one in tuning] == [one.seed for one in gate]
        assert len({one.name for one in [*tuning, *gate]}) == len(tuning) + len(gate)


def test_the_chain_gives_what_the_product_gives(shop, seats):
    """A figure is about what ships: same alarms, same customers reached, same owners."""
    chain = Chain(load_world(shop.settings.home / "world"), seats)

    with shop.store.read() as unit:
        alarms = unit.issues.alarms()
        shipped = [unit.issues.find_casefile(one.issue_id) for one in alarms]

    assert chain.heard.alarms == alarms
    files = [chain.casefiles[one.issue_id] for one in alarms]
    assert [one.reach.customers for one in files] == [one.reach.customers for one in shipped]
    assert [one.owner for one in files] == [one.owner for one in shipped]
    assert [one.diagnosis.proved for one in files] == [one.diagnosis.proved for one in shipped]


def test_an_alarm_finds_a_fault_with_half_of_its_members(chain):
    found = judged(chain).found

    assert {one.fault.id for one in found} == {one.id for one in chain.world.truth.faults}
    assert all(one.reports_to_alarm >= 2 for one in found)
