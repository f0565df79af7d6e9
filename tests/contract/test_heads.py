"""`fit` and `read --head`: a team's own labels, from a file to answers."""

import csv
import gzip
import json

import pytest
from typer.testing import CliRunner

from agent.reading.taught.file import load_head
from app.cli import application
from domain.errors import InvalidInput
from tests.builders_labelled import labelled_texts, texts_elsewhere
from tests.embedding import MODELS_DIR, shared_embedder


@pytest.fixture
def run(tmp_path):
    """Run a command in a home that uses the shared model; gives what it says."""
    shared_embedder()
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(MODELS_DIR)

    def command(*arguments):
        done = CliRunner().invoke(
            application, [*map(str, arguments), "--home", str(home)], catch_exceptions=False
        )
        assert done.exit_code == 0, done.output
        return done.output

    return command


def _csv_gz(path, rows):
    with gzip.open(path, "wt", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["message", "topic", "day"])
        writer.writerows([*row, "monday"] for row in rows)


def test_a_head_is_taught_on_a_file_and_reads_another(run, tmp_path):
    train, head = tmp_path / "train.csv.gz", tmp_path / "topics.head"
    given, made = tmp_path / "in.csv", tmp_path / "out.jsonl"
    _csv_gz(train, [*labelled_texts(), ("", "login"), ("no label", "")])
    given.write_text("id,message\n1,The courier lost my parcel again.\n2,I was charged twice!\n")

    told = run("fit", train, "--text", "message", "--label", "topic", "--output", head)
    run("read", given, "--text", "message", "--head", head, "--output", made)

    assert "Taught on 60 rows of 3 labels" in told
    assert "macro-F1" in told
    assert "Left out, 1: row has no text" in told
    assert "Left out, 1: row has no label" in told
    lines = [json.loads(line) for line in made.read_text(encoding="utf-8").splitlines()]
    assert [one["id"] for one in lines] == ["1", "2"]
    assert [one["head"]["label"] for one in lines] == ["delivery", "billing"]
    assert all(0 <= one["head"]["confidence"] <= 1 for one in lines)
    assert all(one["sentiment"]["label"] for one in lines)


def test_an_abstention_is_null_with_its_reason(run, tmp_path):
    train, head = tmp_path / "train.jsonl", tmp_path / "topics.head"
    given, made = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    rows = [*labelled_texts(), *((text, "none") for text in texts_elsewhere())]
    train.write_text("\n".join(json.dumps({"text": text, "label": label}) for text, label in rows))
    given.write_text('{"id": "1", "text": "Which river runs through Prague?"}')

    run("fit", train, "--text", "text", "--label", "label", "--output", head,
        "--out-of-scope", "none")  # fmt: skip
    run("read", given, "--head", head, "--output", made)

    (line,) = map(json.loads, made.read_text(encoding="utf-8").splitlines())
    assert line["head"]["label"] is None
    assert line["head"]["reason"]


def test_personal_data_of_the_rows_is_not_in_the_head(run, tmp_path):
    train, head = tmp_path / "train.csv.gz", tmp_path / "topics.head"
    _csv_gz(train, [(f"{text} mara.holt@example.test", label) for text, label in labelled_texts()])

    run("fit", train, "--text", "message", "--label", "topic", "--output", head)

    table = load_head(head).evidence.table
    terms = " ".join((*table.words.terms, *table.pieces.terms))
    assert "email" in terms
    assert "mara" not in terms
    assert "holt" not in terms


def test_a_column_that_is_absent_is_named_with_those_that_are_there(run, tmp_path):
    train = tmp_path / "train.csv.gz"
    _csv_gz(train, labelled_texts())

    with pytest.raises(InvalidInput, match=r"no column 'words'. Columns: message, topic, day"):
        run("fit", train, "--text", "words", "--label", "topic", "--output", tmp_path / "x.head")


def test_a_file_without_a_usable_row_says_why(run, tmp_path):
    train = tmp_path / "train.csv.gz"
    _csv_gz(train, [("", "login"), ("", "billing")])

    with pytest.raises(InvalidInput, match=r"with a text and a label\. 2: row has no text"):
        run("fit", train, "--text", "message", "--label", "topic", "--output", tmp_path / "x.head")
    with pytest.raises(InvalidInput, match="does not exist"):
        run("fit", tmp_path / "no.csv", "--text", "a", "--label", "b", "--output", tmp_path / "x")


def test_a_damaged_head_stops_a_reading_before_it_writes(run, tmp_path):
    given, made, head = tmp_path / "in.jsonl", tmp_path / "out.jsonl", tmp_path / "topics.head"
    given.write_text('{"id": "1", "text": "My parcel never arrived."}')
    head.write_bytes(b"not a head")

    with pytest.raises(InvalidInput, match="damaged or no head"):
        run("read", given, "--head", head, "--output", made)

    assert not made.exists()


@pytest.mark.parametrize("name", [".", "folder"])
def test_a_folder_in_the_place_of_the_head_is_refused_before_anything_is_taught(tmp_path, name):
    train, output = tmp_path / "train.csv.gz", tmp_path / name
    output.mkdir(exist_ok=True)
    _csv_gz(train, labelled_texts())
    command = ["fit", str(train), "--text", "message", "--label", "topic", "--output", str(output)]

    done = CliRunner().invoke(application, command)

    assert isinstance(done.exception, InvalidInput)
    assert "is a folder" in str(done.exception)
