"""The files of a world, written line by line; the truth apart from the rest."""

from __future__ import annotations

import csv
import json
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from connectors.demo.conversations import Message


class WorldFolder:
    """The open files of a world, written line by line."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._stack = ExitStack()
        self.messages = 0
        self.facts = 0
        self.faults = 0
        self._expected: IO[str] | None = None

    def __enter__(self) -> WorldFolder:
        truth = self._out / "truth"
        truth.mkdir(exist_ok=True)
        (truth / "expected.jsonl").unlink(missing_ok=True)
        self._feedback = self._open(self._out / "feedback.jsonl")
        self._facts = self._open(self._out / "facts.jsonl")
        self._cases = self._open(self._out / "cases.jsonl")
        self._faults = self._open(truth / "faults.jsonl")
        self._members = csv.writer(self._open(truth / "members.csv"), lineterminator="\n")
        self._members.writerow(["fault_id", "customer_id", "state", "as_of"])
        self._labels = csv.writer(self._open(truth / "labels.csv"), lineterminator="\n")
        self._labels.writerow(["feedback_id", "fault_id", "sentiment", "drivers"])
        self._spans = csv.writer(self._open(truth / "spans.csv"), lineterminator="\n")
        self._spans.writerow(["feedback_id", "driver", "start", "end"])
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _open(self, path: Path) -> IO[str]:
        return self._stack.enter_context(path.open("w", encoding="utf-8", newline=""))

    def _line(self, handle: IO[str], row: dict[str, Any]) -> None:
        handle.write(json.dumps(row, ensure_ascii=False) + "\n")

    def fact(self, row: dict[str, Any]) -> None:
        """Write a fact."""
        self._line(self._facts, row)
        self.facts += 1

    def case(self, row: dict[str, Any]) -> None:
        """Write a case."""
        self._line(self._cases, row)

    def fault(self, row: dict[str, Any]) -> None:
        """Write a fault of the truth."""
        self._line(self._faults, row)
        self.faults += 1

    def expected(self, row: dict[str, Any]) -> None:
        """Write truth that is neither fault nor member; the file appears with its first line."""
        if self._expected is None:
            self._expected = self._open(self._out / "truth" / "expected.jsonl")
        self._line(self._expected, row)

    def member(self, row: list[str]) -> None:
        """Write a membership of the truth."""
        self._members.writerow(row)

    def message(self, message: Message) -> None:
        """Write a message, and its label unless an agent wrote it."""
        self._line(self._feedback, message.row)
        self.messages += 1
        if message.row["author"] == "customer":
            drivers_ = ";".join(message.drivers)
            self._labels.writerow(
                [message.row["id"], message.fault_id, message.sentiment, drivers_]
            )
        for name, (start, end) in zip(message.drivers, message.spans, strict=True):
            self._spans.writerow([message.row["id"], name, start, end])
