"""The main path: a pile of words and rows becomes an approved ticket and message, sent once."""

import csv
import json
import re
import shutil

import pytest

from app.export_files import export_file
from domain.proposals import DecisionKind
from tests.mail_server import mail_server
from tests.shop import open_home, worked_home


def _exported(installation, what, tmp_path):
    output = tmp_path / f"{what}.jsonl"
    export_file(installation, what, output)
    return [json.loads(line) for line in output.read_text().splitlines()]


def _truth(home, name):
    path = home / "world" / "truth" / name
    if name.endswith(".jsonl"):
        return [json.loads(line) for line in path.read_text().splitlines()]
    return list(csv.DictReader(path.read_text().splitlines()))


@pytest.mark.parametrize("seed", [1, 3, 7])
def test_both_faults_end_with_a_ticket_and_a_message(tmp_path, shops, seed):
    home = worked_home(tmp_path, shops, seed=seed)
    installation = open_home(home)
    issues = [one for one in _exported(installation, "issues", tmp_path) if one["cause"]]
    proposals = _exported(installation, "proposals", tmp_path)
    faults = [one for one in _truth(home, "faults.jsonl") if one["kind"] == "operational"]

    for fault in faults:
        issue = next(one for one in issues if one["cause"] == fault["cause"])
        own = [one for one in proposals if one["issue_id"] == issue["id"]]
        assert issue["owner"] == fault["owner"]
        assert {one["kind"] for one in own} == {"ticket", "message"}
    with installation.store.read() as unit:
        assert not [one for one in unit.proposals.list_all() if one.open_checks]
    installation.close()


def test_alarms_hold_the_fault_and_none_is_false(tmp_path, shops):
    home = worked_home(tmp_path, shops)
    installation = open_home(home)
    labels = {row["feedback_id"]: row["fault_id"] for row in _truth(home, "labels.csv")}
    alarms = _exported(installation, "alarms", tmp_path)
    assert len(alarms) >= 2
    for alarm in alarms:
        faults = [labels[id_] for id_ in alarm["member_ids"]]
        most = max(set(faults), key=faults.count)
        assert most
        assert faults.count(most) >= len(faults) / 2
    installation.close()


def test_working_again_changes_nothing(shop, tmp_path):
    before = _exported(shop, "proposals", tmp_path)
    shop.engine.read()
    assert shop.engine.waiting_issues() == []
    assert _exported(shop, "proposals", tmp_path) == before


def test_what_is_approved_is_what_leaves(tmp_path, shops):
    home = worked_home(tmp_path, shops)
    with mail_server() as (log, port):
        installation = open_home(
            home, UNDERTONE_UNDO_SECONDS="0", UNDERTONE_SMTP_URL=f"smtp://127.0.0.1:{port}",
            UNDERTONE_MAIL_FROM="Help <help@shop.example>",
        )  # fmt: skip
        installation.engine.deliver()
        proposals = _exported(installation, "proposals", tmp_path)
        for one in proposals:
            installation.engine.decide(
                one["id"], DecisionKind.APPROVE, by="mara", seen_version=one["version"]
            )
        for _ in range(4):
            installation.engine.deliver(limit=500)
        after = _exported(installation, "proposals", tmp_path)
        installation.close()

    assert {one["state"] for one in after} == {"sent"}
    expected = sorted(r["address"] for one in proposals for r in one["recipients"])
    assert sorted(to for _, to, _ in log.accepted) == expected
    tickets = list((home / "tickets").rglob("*.md"))
    assert len(tickets) == sum(one["kind"] == "ticket" for one in proposals)
    bodies = {path.read_text() for path in tickets}
    assert {one["body"] for one in after if one["kind"] == "ticket"} == bodies


def test_the_vector_index_may_be_deleted_while_it_runs(shop):
    cases = shop.recall.similar_cases(
        "parcels of one carrier stayed in the depot, customers waited"
    )
    shutil.rmtree(shop.settings.chroma_dir)

    without = shop.recall.similar_cases(
        "parcels of one carrier stayed in the depot, customers waited"
    )
    shop.engine.read()
    again = shop.recall.similar_cases(
        "parcels of one carrier stayed in the depot, customers waited"
    )

    assert [one.case.id for one in cases] == [one.case.id for one in again]
    assert cases[0].case.id == "case-01"
    assert isinstance(without, list)


def test_no_personal_data_reaches_the_index_or_the_log(shop, caplog):
    shop.engine.read()
    text = "".join(record.getMessage() for record in caplog.records)
    assert not re.search(r"@post\.example|4111", text)
    for path in shop.settings.chroma_dir.rglob("*"):
        if path.is_file():
            assert b"@post.example" not in path.read_bytes()
