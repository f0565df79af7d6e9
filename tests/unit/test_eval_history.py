from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import InvalidInput
from evals.report.history import About, append_run, past_run, read_history
from evals.run import SuiteResult
from evals.scores import Unit, Unscored, share
from evals.suite import Better, Manifest, Metric, Needs

AT = datetime(2026, 3, 6, 9, 30, tzinfo=UTC)


def a_run(*, hits=8, days=0, **about):
    metrics = (
        Metric(name="right", title="Right", unit=Unit.SHARE, better=Better.HIGHER),
        Metric(name="beside", title="Beside", unit=Unit.SHARE, better=Better.NEITHER),
    )
    manifest = Manifest(
        name="toy", title="Toy", purpose="Test.", needs=Needs.WORLDS, metrics=metrics
    )
    scores = {
        "right.gate": share(hits, 10),
        "right.gap": share(1, 10),
        "right.tuning": Unscored(reason="no case"),
        "beside.gate": share(1, 10),
    }
    given = {"at": AT + timedelta(days=days), "engine": "local", "scale": "smoke"} | about
    return past_run(About.model_validate(given), [SuiteResult(manifest, scores)])


def test_a_run_keeps_the_figures_that_a_gate_looks_at():
    assert set(a_run().scores["toy"]) == {"right.gate"}


def _append(path, run):
    return append_run(path, run, earlier=read_history(path))


def test_runs_of_one_kind_come_back_in_their_order(tmp_path):
    path = tmp_path / "deep" / "history.jsonl"

    _append(path, a_run(hits=7))
    _append(path, a_run(hits=1, days=1, engine="replay"))
    _append(path, a_run(hits=1, days=2, world="theirs"))
    found = _append(path, a_run(hits=8, days=3))

    assert [one.scores["toy"]["right.gate"].value for one in found] == [0.7, 0.8]
    assert len(path.read_text().splitlines()) == 4


def test_at_most_thirty_runs_are_shown(tmp_path):
    path = tmp_path / "history.jsonl"
    for number in range(32):
        found = _append(path, a_run(days=number))

    assert len(found) == 30
    assert found[-1].about.at == AT + timedelta(days=31)


def test_a_file_that_is_no_history_is_named(tmp_path):
    path = tmp_path / "history.jsonl"
    path.write_text("a note of mine\n")

    with pytest.raises(InvalidInput, match="is not a history"):
        read_history(path)


@pytest.mark.parametrize("what", ["bytes", "folder"])
def test_what_cannot_be_read_as_a_history_is_named(tmp_path, what):
    path = tmp_path / "history.jsonl"
    path.write_bytes(b"\xff\xfe") if what == "bytes" else path.mkdir()

    with pytest.raises(InvalidInput, match="is not a history"):
        read_history(path)


def test_a_first_run_has_no_history(tmp_path):
    assert read_history(tmp_path / "none.jsonl") == []
