"""Both planted faults of small shops are found early and nothing else is, read without error.

Readings come from the truth, so that matching and detection are judged alone.
"""

import csv
import json
from collections import Counter

import pytest

from agent.config.load import load_configuration
from agent.matching.context import ContextBook
from agent.matching.stream import Stream
from connectors.demo.world import DEFAULT_OVERLAYS, build_world
from connectors.files.lines import read_files
from domain.facts import Fact
from domain.feedback import FeedbackItem
from storage.memory_facts import MemoryFactTable
from tests.builders_reports import a_report


def _heard(folder):
    records = [one.record for one in read_files(
        [folder / "feedback.jsonl", folder / "facts.jsonl"], source="files")]  # fmt: skip
    labels = {row["feedback_id"]: row for row in csv.DictReader(
        (folder / "truth" / "labels.csv").read_text().splitlines())}  # fmt: skip
    items = []
    for one in records:
        if isinstance(one, FeedbackItem) and one.author == "customer":
            label = labels[one.id]
            driver = label["drivers"].split(";")[0]
            items.append(
                a_report(
                    one.id, one.at, text=one.text.value, customer=one.customer_id, driver=driver,
                    sentiment=label["sentiment"],
                )
            )  # fmt: skip
    facts = [one for one in records if isinstance(one, Fact)]
    table = MemoryFactTable(facts, latest_feedback_at=max(one.item.at for one in items))
    stream = Stream(taxonomy=load_configuration(folder / "config").taxonomy)
    items.sort(key=lambda one: (one.item.at, one.item.id))
    stream.feed(items, vectors=None, book=ContextBook(table, at=table.world_time()))
    faults = {f"files/{id_}": row["fault_id"] for id_, row in labels.items()}
    times = {one.item.key: one.item.at for one in items}
    return stream, faults, times


def _planted(folder):
    lines = (folder / "truth" / "faults.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    return {row["id"] for row in rows if row["kind"] == "operational"}


@pytest.mark.parametrize("seed", [2, 11])
def test_planted_faults_alarm_within_five_reports_and_none_is_false(tmp_path, seed):
    build_world(tmp_path, size="tiny", seed=seed, overlays=DEFAULT_OVERLAYS)

    stream, faults, times = _heard(tmp_path)

    needed = {}
    for alarm in stream.alarms:
        fault, members = Counter(faults[key] for key in alarm.member_keys).most_common(1)[0]
        assert fault
        assert members >= alarm.size / 2
        assert fault not in needed
        needed[fault] = sum(faults[key] == fault and at <= alarm.at for key, at in times.items())
    for fault in _planted(tmp_path):
        assert needed[fault] <= 5


def test_silent_shop_raises_nothing(tmp_path):
    build_world(tmp_path, size="tiny", seed=6, overlays=())

    stream, _, _ = _heard(tmp_path)

    assert stream.alarms == []
