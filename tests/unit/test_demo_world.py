"""The example shop: the same bytes again, the counts, and a truth that can be counted again."""

import csv
import json
from collections import defaultdict

import pytest
import yaml

from connectors.demo.conversations import drivers, lines
from connectors.demo.world import build_world


def _facts(folder):
    current = {}
    for line in (folder / "facts.jsonl").read_text().splitlines():
        fact = json.loads(line)
        known = current.get(fact["id"])
        if known is None or fact["recorded_at"] >= known["recorded_at"]:
            current[fact["id"]] = fact
    return list(current.values())


def _members(folder, fault):
    rows = csv.DictReader((folder / "truth" / "members.csv").read_text().splitlines())
    return {(row["customer_id"], row["state"]) for row in rows if row["fault_id"] == fault}


@pytest.fixture(scope="module", params=[1, 2, 3])
def tiny(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(f"tiny{request.param}")
    build_world(folder, size="tiny", seed=request.param)
    return folder


def test_the_same_arguments_give_the_same_bytes(tmp_path):
    for name in "ab":
        build_world(tmp_path / name, size="tiny", seed=5)
    for path in (tmp_path / "a").rglob("*"):
        if path.is_file():
            assert (
                path.read_bytes()
                == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()
            )


def test_it_has_the_stated_number_of_messages_and_all_overlays(tiny):
    assert len((tiny / "feedback.jsonl").read_text().splitlines()) == 300
    faults = [
        json.loads(line) for line in (tiny / "truth" / "faults.jsonl").read_text().splitlines()
    ]
    assert {one["id"] for one in faults} == {
        "carrier_strike", "duplicate_charges", "cosmetic_complaint",
    }  # fmt: skip
    owners = yaml.safe_load((tiny / "config" / "owners.yaml").read_text())["touchpoints"]
    assert {one["owner"] for one in faults} <= {one["person"] for one in owners}


def test_the_strike_can_be_counted_again_from_the_facts(tiny):
    end = "2026-03-06T12:00:00Z"
    hit, risk = set(), set()
    for fact in _facts(tiny):
        a = fact["attributes"]
        caught = (a.get("carrier"), a.get("region")) == ("Swiftline", "North")
        if fact["kind"] == "delivery" and caught and "delivered_at" not in a:
            (hit if a["promised_at"] <= end else risk).add(fact["customer_id"])
    truth = _members(tiny, "carrier_strike")
    assert {c for c, state in truth if state != "at_risk"} == hit
    assert {c for c, state in truth if state == "at_risk"} == risk


def test_duplicates_can_be_counted_again_from_the_facts(tiny):
    facts = _facts(tiny)
    version = {f["subject"][6:]: f["attributes"]["version"] for f in facts if f["kind"] == "order"}
    captured, refunded = defaultdict(set), set()
    for fact in facts:
        if fact["kind"] == "payment":
            a = fact["attributes"]
            if a["status"] == "captured":
                captured[a["order_id"], fact["amount_minor"], fact["customer_id"]].add(fact["id"])
            if a["status"] == "refunded":
                refunded.add(a["order_id"])
    twice = {key for key, ids in captured.items() if len(ids) > 1 and key[0] not in refunded}
    truth = _members(tiny, "duplicate_charges")
    assert {c for c, state in truth if state != "at_risk"} == {key[2] for key in twice}
    assert {version[key[0]] for key in twice} == {"4.18"}


def test_every_driver_has_twenty_phrasings_in_two_parts_that_do_not_meet():
    for driver in drivers():
        tuning, gate = set(lines(driver, "tuning")), set(lines(driver, "gate"))
        assert len(tuning) + len(gate) >= 20
        assert not tuning & gate


def test_taxonomy_examples_are_no_phrasings(tiny):
    taxonomy = yaml.safe_load((tiny / "config" / "taxonomy.yaml").read_text())
    for driver in taxonomy["drivers"]:
        assert not set(driver["examples"]) & set(lines(driver["name"], "both"))
