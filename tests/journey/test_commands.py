"""The commands as their user runs them, in a process of their own."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.embedding import MODELS_DIR, shared_embedder

COMMAND = Path(sys.executable).with_name("undertone")
ROOT = Path(__file__).parents[2]


def _environment(**extra):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("UNDERTONE_", "OPENAI_"))}
    return kept | extra


def _run(*arguments, expect=0, **extra):
    done = subprocess.run(
        [str(COMMAND), *map(str, arguments)], capture_output=True, text=True, timeout=120,
        env=_environment(**extra), check=False,
    )  # fmt: skip
    assert done.returncode == expect, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def demo_home(tmp_path_factory):
    home = tmp_path_factory.mktemp("demo")
    shared_embedder().embed(["warm"])
    (home / "models").symlink_to(MODELS_DIR)
    _run("demo", "--size", "tiny", "--no-serve", "--home", home)
    return home


def test_a_second_start_finds_everything_done(demo_home):
    assert "0 items read" in _run("demo", "--size", "tiny", "--no-serve", "--home", demo_home)


def test_another_shop_in_the_same_home_is_refused(demo_home):
    _run("demo", "--size", "tiny", "--seed", "99", "--no-serve", "--home", demo_home, expect=2)


@pytest.mark.parametrize("what", ["issues", "alarms", "audiences", "proposals"])
def test_everything_can_be_exported(demo_home, tmp_path, what):
    output = tmp_path / "out.jsonl"
    _run("export", what, "--home", demo_home, "--output", output)
    assert [json.loads(line) for line in output.read_text().splitlines()]


def test_doctor_says_what_is_missing_and_never_a_secret(demo_home):
    text = _run(
        "doctor", "--home", demo_home, UNDERTONE_SMTP_URL="smtp://joe:hushhush@127.0.0.1:25"
    )
    assert "Missing: UNDERTONE_MAIL_FROM" in text
    assert "hushhush" not in text


def test_a_token_alone_is_on_stdout(demo_home):
    assert re.fullmatch(
        r"ut_\S+\n", _run("token", "create", "--role", "viewer", "--home", demo_home)
    )


def test_reading_recall_and_replay_need_no_home(demo_home, tmp_path):
    world = demo_home / "world"
    home = tmp_path / "none"
    home.mkdir()
    (home / "models").symlink_to(MODELS_DIR)
    readings, similar, alarms = (tmp_path / name for name in ("r", "s", "a"))

    _run("read", world / "feedback.jsonl", "--output", readings, "--home", home)
    _run(
        "recall",
        world / "cases.jsonl",
        world / "cases.jsonl",
        "--k",
        "3",
        "--output",
        similar,
        "--home",
        home,
    )
    _run("replay", world, "--output", alarms, "--home", home)

    texts = {
        r["id"]: r["text"]
        for r in map(json.loads, (world / "feedback.jsonl").read_text().splitlines())
    }
    for one in map(json.loads, readings.read_text().splitlines()):
        for driver in one["drivers"]:
            assert texts[one["id"]][driver["start"] : driver["end"]] == driver["quote"]
    first = json.loads(similar.read_text().splitlines()[0])
    assert first["id"] not in [one["id"] for one in first["results"]]
    assert len(alarms.read_text().splitlines()) >= 2


def test_replay_gives_the_same_alarm_minute_again(demo_home, tmp_path):
    for name in "ab":
        _run("replay", demo_home / "world", "--output", tmp_path / name, "--home", demo_home)
    assert (tmp_path / "a").read_text() == (tmp_path / "b").read_text()


@pytest.mark.parametrize("command", [
    (), ("demo",), ("ingest",), ("run",), ("serve",), ("token", "create"), ("doctor",), ("read",),
    ("recall",), ("replay",), ("export",), ("world", "build"), ("fit",),
])  # fmt: skip
def test_help_imports_nothing_heavy(command):
    code = (
        "import sys, app.cli as c\n"
        f"sys.argv = ['undertone', *{list(command)!r}, '--help']\n"
        "try:\n    c.application()\nexcept SystemExit:\n    pass\n"
        "heavy = {'sqlalchemy', 'chromadb', 'sklearn', 'fastapi', 'dbos', 'onnxruntime', 'numpy'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage" in done.stdout
    assert "HEAVY []" in done.stdout


def test_a_wrong_file_is_named_with_exit_2(tmp_path):
    _run("ingest", tmp_path / "absent.jsonl", "--home", tmp_path / "h", expect=2)


def test_the_inbox_is_served_and_stops_in_order(demo_home):
    process = subprocess.Popen(
        [str(COMMAND), "serve", "--home", str(demo_home), "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=_environment(PYTHONUNBUFFERED="1"),
    )  # fmt: skip
    try:
        address = None
        for line in process.stdout:
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found:
                address = found[0]
                break
        with urllib.request.urlopen(f"{address}/healthz", timeout=20) as answer:
            assert json.load(answer) == {"status": "ok"}
        busy = _run("run", "--once", "--home", demo_home, expect=3)
        assert busy == ""
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode in (0, 143, -signal.SIGTERM)
