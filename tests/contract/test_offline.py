"""`read`, `recall`, `replay`: files in, files out, whatever the files hold."""

import json

import pytest
from typer.testing import CliRunner

from app.cli import application
from tests.embedding import MODELS_DIR, shared_embedder


@pytest.fixture
def run(tmp_path):
    """Run a command in a home that uses the shared model; gives what it says."""
    shared_embedder()
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(MODELS_DIR)

    def command(*arguments, expect=0):
        done = CliRunner().invoke(
            application, [*map(str, arguments), "--home", str(home)], catch_exceptions=False
        )
        assert done.exit_code == expect, done.output
        return done.output

    return command


def test_no_character_of_a_text_breaks_a_line_of_output(run, tmp_path):
    text = "My parcel never arrived.\u2028The tracking shows nothing\x85 at all\u2029 today."
    given, made = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    given.write_text(json.dumps({"id": "1", "text": text}))

    run("read", given, "--output", made)

    (line,) = made.read_text(encoding="utf-8").splitlines()
    for one in json.loads(line)["drivers"]:
        assert text[one["start"] : one["end"]] == one["quote"]


def test_what_has_no_part_in_the_output_is_counted_and_said(run, tmp_path):
    given, made = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    given.write_text(
        '{"id": "1", "text": "My parcel never arrived."}\nnot json\n'
        '{"id": "d1", "kind": "delivery", "at": "2026-03-03T09:40:00Z"}\n'
    )

    assert "Left out, 1: The line is not valid JSON." in run("read", given, "--output", made)
    assert "Left out, 2: fact has no words" in run("recall", given, given, "--output", made)
    assert "Left out, 1: item has no time" in run("replay", given, "--output", made)
