"""A world read back from its folder, and its members counted again from the facts alone."""

import csv
import json
from collections import defaultdict
from pathlib import Path

import yaml

END = "2026-03-06T12:00:00Z"


class World:
    """A world read back from its folder with nothing but the standard library."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.revisions = self._rows("facts.jsonl")
        self.feedback = self._rows("feedback.jsonl")
        self.cases = self._rows("cases.jsonl")
        self.faults = {one["id"]: one for one in self._rows("truth/faults.jsonl")}
        self.labels = {row["feedback_id"]: row for row in self._table("truth/labels.csv")}
        self.members = defaultdict(dict)
        for row in self._table("truth/members.csv"):
            assert row["customer_id"] not in self.members[row["fault_id"]]
            self.members[row["fault_id"]][row["customer_id"]] = row["state"]
        self.current = {}
        for fact in sorted(self.revisions, key=lambda one: one.get("recorded_at", one["at"])):
            self.current[fact["id"]] = fact

    def _rows(self, name):
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]

    def _table(self, name):
        return list(csv.DictReader((self.folder / name).read_text().splitlines()))

    def expected(self, overlay):
        """The lines of further truth that belong to an overlay."""
        path = self.folder / "truth" / "expected.jsonl"
        rows = self._rows("truth/expected.jsonl") if path.exists() else []
        return [row for row in rows if row["overlay"] == overlay]

    def config(self, name):
        return yaml.safe_load((self.folder / "config" / f"{name}.yaml").read_text())

    def of(self, kind):
        return [fact for fact in self.current.values() if fact["kind"] == kind]

    def written(self, fault):
        """When each customer first wrote about a fault."""
        first = {}
        for row in self.feedback:
            label = self.labels.get(row["id"])
            if label and label["fault_id"] == fault:
                at = row["at"].replace("+00:00", "Z")
                first[row["customer_id"]] = min(at, first.get(row["customer_id"], at))
        return first

    def doubled(self):
        """By the duplicates' rule: when each customer was hit, and who is at risk."""
        fault = self.faults["duplicate_charges"]
        caught = {
            fact["subject"].removeprefix("order:")
            for fact in self.of("order")
            if fact["attributes"]["version"] == fault["cause"]["version"]
            and fact["at"] >= fault["started_at"]
        }
        captured, refunded = defaultdict(list), set()
        for fact in self.of("payment"):
            a = fact["attributes"]
            if a["order_id"] in caught and a["status"] == "refunded":
                refunded.add(a["order_id"])
            if a["order_id"] in caught and a["status"] == "captured":
                captured[a["order_id"], a["method"], fact["amount_minor"]].append(fact)
        hit = {
            facts[1]["customer_id"]: facts[1]["at"]
            for (order, method, _), facts in captured.items()
            if len(facts) == 2 and method == fault["cause"]["method"] and order not in refunded
        }
        risk = {
            fact["customer_id"]
            for fact in self.of("invoice")
            if fact["attributes"].get("order_id") in caught
            and fact["attributes"]["method"] == fault["cause"]["method"]
            and fact["attributes"]["status"] == "open"
            and fact["attributes"]["due_at"] > END
        }
        return hit, risk
