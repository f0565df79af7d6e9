"""A model's answers recorded once, then replayed without a network and without a key."""

import json
import shutil
import subprocess

import pytest

from tests.journey.test_commands import COMMAND, _environment, _run
from tests.journey.test_evals import a_home
from tests.model_server import called, data_of, is_final, said, scripted_server, status

MODEL = "stub-mini"
SUITES = ("reading", "drafts", "cost")


def colleague(request):
    """Reads everything as a complaint without a driver, sees one thing, words nothing anew."""
    if not is_final(request):
        return (
            said("enough") if len(request["messages"]) > 2 else called(("timeline", {"values": []}))
        )
    name, data = request["response_format"]["json_schema"]["name"], data_of(request)
    if name == "readings":
        reading = {"sentiment": "negative", "score": -0.5, "confidence": 0.9, "drivers": []}
        return said({"readings": [{"id": one["id"], **reading} for one in data["texts"]]})
    if name == "wording":
        return said({"sentences": data["sentences"]})
    return said({"verdict": "unknown", "hypotheses": [], "next_check": ""})


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A home, a world, and the recorded answers of a model to questions about it."""
    folder = tmp_path_factory.mktemp("desk")
    a_home(folder)
    _run("world", "build", "demo", "--size", "tiny", "--seed", "3", "--out", folder / "shop")
    with scripted_server(colleague) as log:
        reached = {"UNDERTONE_MODEL": MODEL, "OPENAI_BASE_URL": log.url}
        told = _run("eval", "record", *SUITES, *given(folder), *kept(folder), **reached)
        live = scores(folder, "--engine", "openai", **reached)
    return folder, told, live


def given(folder):
    return "--smoke", "--world", folder / "shop", "--home", folder / "home"


def kept(folder):
    return "--recordings", folder / "recordings"


def scores(folder, *options, **extra):
    report = folder / "report"
    _run("eval", "run", *SUITES, *given(folder), "--report", report, *options, **extra)
    found = json.loads((report / "results.json").read_text())
    return {
        f"{suite}/{name}": score
        for suite, metrics in found.items()
        for name, score in metrics.items()
        if score["unit"] not in ("seconds", "times")
    }


def test_a_replay_gives_the_figures_of_the_model_with_nobody_there(desk):
    folder, told, live = desk

    replayed = scores(folder, "--engine", "replay", *kept(folder))

    assert replayed == live
    assert replayed["cost/issue_tokens.given"]["value"] > 0
    assert f"answers of '{MODEL}'" in told
    assert "A replay gives the same figures" in told


def test_a_replay_gates(desk):
    folder, _, _ = desk
    options = ("--engine", "replay", *kept(folder), "--baseline", folder / "baseline.json")

    said = _run("eval", "run", "cost", *given(folder), *options, "--gate")

    assert "Gate: green." in said


def test_a_missing_answer_names_suite_case_and_the_command_that_records_it(desk, tmp_path):
    folder, _, _ = desk
    shutil.copytree(folder / "recordings", tmp_path / "recordings")
    answers = sorted((tmp_path / "recordings" / "answers").iterdir())
    wordings = [one for one in answers if '"name": "wording"' in one.read_text()]
    wordings[0].unlink()

    said = _refused("eval", "run", "drafts", *given(folder), "--engine", "replay", *kept(tmp_path))

    assert "No recorded answer for prompt 'word_draft/v1' (suite 'drafts', case '" in said
    assert "Record it with: undertone eval record drafts --smoke" in said


def test_a_recording_that_lacks_answers_is_the_worlds_fault_and_says_how_to_go_on(desk, tmp_path):
    folder, _, _ = desk
    with scripted_server(lambda request: status(401)) as log:
        reached = {"UNDERTONE_MODEL": MODEL, "OPENAI_BASE_URL": log.url}
        command = ("eval", "record", "owner", *given(folder), *kept(tmp_path))

        said = _refused(*command, expect=3, **reached)

    assert "requests got no answer, so a replay stops" in said
    assert "The same command again asks only for what is missing" in said


def test_a_replay_without_a_recording_says_how_to_make_one(desk, tmp_path):
    folder, _, _ = desk

    said = _refused("eval", "run", *given(folder), "--engine", "replay", *kept(tmp_path))

    assert "undertone eval record --recordings" in said


def test_a_recording_holds_no_words_that_a_person_can_be_known_by(desk):
    folder, _, _ = desk
    text = "".join(one.read_text() for one in (folder / "recordings").rglob("*.json"))

    facts = [
        json.loads(line) for line in (folder / "shop" / "facts.jsonl").read_text().splitlines()
    ]
    addresses = {one["attributes"].get("email") for one in facts if one["kind"] == "customer"}
    addresses.discard(None)

    assert addresses
    assert [one for one in addresses if one in text] == []


def _refused(*arguments, expect=2, **extra):
    done = subprocess.run(
        [str(COMMAND), *map(str, arguments)], capture_output=True, text=True, timeout=120,
        env=_environment(**extra), check=False,
    )  # fmt: skip
    assert done.returncode == expect, done.stderr
    return done.stderr
