"""The commands in the documentation are run as they stand."""

import csv
import gzip
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.builders_labelled import labelled_texts, texts_elsewhere
from tests.embedding import MODELS_DIR, shared_embedder
from tests.journey.test_commands import COMMAND, ROOT, _environment

DOCUMENTS = ["README.md", "docs/formats.md", "docs/evals.md", "docs/heads.md"]


def _blocks(name, language):
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with the files that the documents speak of."""
    folder = tmp_path_factory.mktemp("desk")
    tickets = [
        {"id": str(n), "text": f"My parcel {n} is late.", "at": f"2026-03-0{1 + n % 5}T10:00:00Z"}
        for n in range(6)
    ]
    (folder / "tickets.jsonl").write_text("\n".join(map(json.dumps, tickets)))
    with gzip.open(folder / "orders.csv.gz", "wt") as handle:
        handle.write("id,kind,at,customer_id\no1,order,2026-03-01T00:00:00Z,c1\n")
    case = {"id": "k1", "title": "Late parcels", "symptom": "Parcels came late."}
    (folder / "cases.jsonl").write_text(json.dumps(case))
    (folder / "tweets.csv").write_text("tweet_text,created\nlate again,2026-03-01 10:00:00 +0000\n")
    labelled = [*labelled_texts(), *((text, "other") for text in texts_elsewhere())]
    with (folder / "labelled.csv").open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([("message", "topic"), *labelled])
    (folder / "tweets.map.yaml").write_text(_blocks("docs/formats.md", "yaml")[0])
    shared_embedder().embed(["warm"])
    home = folder / "data" / "undertone"
    home.mkdir(parents=True)
    (home / "models").symlink_to(MODELS_DIR)
    return folder


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_of_a_document_run(desk, name):
    commands = [line for block in _blocks(name, "sh") for line in block.splitlines() if line]
    assert commands
    for line in commands:
        words = shlex.split(line)
        assert words[0] == "undertone"
        done = subprocess.run(
            [str(COMMAND), *words[1:]], cwd=desk, capture_output=True, text=True, timeout=120,
            env=_environment(XDG_DATA_HOME=str(desk / "data")), check=False,
        )  # fmt: skip
        assert done.returncode == 0, (line, done.stderr)


def test_the_two_commands_of_the_readme_are_targets():
    block = _blocks("README.md", "console")[0]
    targets = re.findall(r"\$ make (\w+)", block)
    assert targets == ["demo", "test"]
    for target in targets:
        done = subprocess.run(
            [shutil.which("make"), "-n", target],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_every_link_of_the_documents_leads_somewhere():
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), (path.name, target)


def test_the_wheel_runs_from_another_folder(tmp_path):
    source = tmp_path / "source"
    shutil.copytree(
        ROOT, source,
        ignore=shutil.ignore_patterns(
            ".git", ".venv", ".cache", ".demo", "*.egg-info", "build", ".*_cache"
        ),
    )  # fmt: skip
    python = Path(COMMAND).with_name("python")
    subprocess.run(
        [python, "-m", "uv", "build", "--wheel", "--no-build-isolation", "--quiet", "--out-dir",
         tmp_path / "dist", source],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    target = tmp_path / "installed"
    subprocess.run(
        [python, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--target", target, wheel],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    code = (
        f"import sys; sys.path.insert(0, {str(target)!r})\n"
        "import app.cli, sys\nassert app.cli.__file__.startswith(sys.path[0])\n"
        "sys.argv = ['undertone', 'world', 'build', 'demo', '--size', 'tiny', '--out', 'w']\n"
        "app.cli.main()\n"
    )
    done = subprocess.run(
        [python, "-P", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "w" / "truth" / "faults.jsonl").is_file()
