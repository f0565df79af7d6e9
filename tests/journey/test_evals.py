"""`eval run` as its user runs it."""

import json

from tests.embedding import MODELS_DIR, shared_embedder
from tests.journey.test_commands import _run


def a_home(tmp_path):
    shared_embedder().embed(["warm"])
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(MODELS_DIR)
    return home


def test_a_given_world_is_scored_and_a_baseline_of_it_gates(tmp_path):
    home, world, baseline = a_home(tmp_path), tmp_path / "shop", tmp_path / "baseline.json"
    _run("world", "build", "demo", "--size", "tiny", "--seed", "3", "--out", world)
    given = ("eval", "run", "owner", "--smoke", "--world", world, "--home", home)

    said = _run(*given, "--baseline", baseline, "--accept", "First.", "--report", tmp_path / "r")
    refused = _run(*given, "--baseline", baseline, "--gate", expect=2)

    results = json.loads((tmp_path / "r" / "results.json").read_text())
    assert set(results["owner"]) == {"right_owner.given", "wrong_owner.given"}
    assert "Faults whose issue names the right person" in said
    assert "too few cases" in refused
    assert f"eval run owner --smoke --world {world}" in refused


def test_an_engine_or_suite_that_does_not_exist_is_wrong_usage(tmp_path):
    home = a_home(tmp_path)

    _run("eval", "run", "--engine", "nonsense", "--home", home, expect=2)
    _run("eval", "run", "nonsense", "--home", home, expect=2)
    _run("eval", "run", "--engine", "openai", "--home", home, expect=2)


def test_a_drill_of_a_stage_is_noticed_and_says_by_which_metric(tmp_path):
    said = _run("eval", "drill", "owner", "--home", a_home(tmp_path))

    assert "owner/right_owner" in said
    assert "2 faults, 0 slipped through." in said


def test_a_new_folder_for_own_cases_can_be_scored_at_once(tmp_path):
    home, folder = a_home(tmp_path), tmp_path / "evaluation"

    _run("eval", "init", folder)
    said = _run("eval", "run", "reading", "--world", folder / "world", "--smoke", "--home", home)
    _run("eval", "init", folder, expect=2)

    assert "Sentiment, share right" in said
    assert {one.name for one in folder.iterdir()} == {"README.md", "workflow.yml", "world"}
