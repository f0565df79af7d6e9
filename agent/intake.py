"""Bring records in: batches, one transaction each, counts that add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from domain.facts import Case, Fact
from domain.feedback import FeedbackItem, SetAside
from domain.incoming import Incoming
from domain.ports import Store, Unit

BATCH = 1000
# A batch is held in memory: so many bytes end it, however few records they are.
BATCH_BYTES = 4 * 2**20
# Sentences told apart; a file in which every line is wrong in its own way has more.
_SENTENCES = 200
_SHOWN = 20
_OTHERS = "other reasons"


class IntakeReport(NamedTuple):
    """What became of every line; `read` is the sum of the others."""

    read: int
    stored: int
    known: int
    set_aside: int
    stored_by_kind: dict[str, int]
    reasons: dict[str, int]
    zones_assumed: int
    remarks: dict[str, int]
    """What was stored but not understood, with the number of records."""

    def lines(self) -> list[str]:
        """Say it to a person."""
        parts = ", ".join(f"{count:,} {kind}" for kind, count in self.stored_by_kind.items())
        lines = [
            f"{self.read:,} lines read = {self.stored:,} stored + {self.known:,} known "
            f"+ {self.set_aside:,} set aside." + (f" Stored: {parts}." if parts else "")
        ]
        if self.zones_assumed:
            lines.append(f"{self.zones_assumed:,} lines had a time without a zone; taken as UTC.")
        lines += [f"Note, {count:,}: {remark}" for remark, count in self.remarks.items()]
        lines += [f"Set aside, {count:,}: {reason}" for reason, count in self.reasons.items()]
        return lines


class _Tally:
    """Counts sentences, in bounded memory."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, sentence: str) -> None:
        known = sentence in self._counts or len(self._counts) < _SENTENCES
        self._counts[sentence if known else _OTHERS] += 1

    def total(self) -> int:
        return self._counts.total()

    def shown(self) -> dict[str, int]:
        """The most frequent ones; the counts add up to the total."""
        ranked = [one for one in self._counts.most_common() if one[0] != _OTHERS]
        shown = dict(ranked[:_SHOWN])
        rest = self.total() - sum(shown.values())
        return shown | ({_OTHERS: rest} if rest else {})


class _Counts:
    """What became of the records so far."""

    def __init__(self) -> None:
        self.stored: Counter[str] = Counter()
        self.read = self.known = self.zones = 0
        self.reasons, self.remarks = _Tally(), _Tally()

    def add(self, batch: Sequence[Incoming]) -> None:
        for one in batch:
            self.zones += one.zone_assumed
            for remark in one.remarks:
                self.remarks.add(remark)
            if not isinstance(one.record, SetAside):
                self.read += 1
            elif one.record.part == 0:
                self.read += 1
                self.reasons.add(one.record.reason)

    def report(self) -> IntakeReport:
        return IntakeReport(
            read=self.read,
            stored=self.stored.total(),
            known=self.known,
            set_aside=self.reasons.total(),
            stored_by_kind={kind: count for kind, count in sorted(self.stored.items()) if count},
            reasons=self.reasons.shown(),
            zones_assumed=self.zones,
            remarks=self.remarks.shown(),
        )


def intake(records: Iterable[Incoming], *, store: Store) -> IntakeReport:
    """Store records in batches; a batch is there as a whole or not at all.

    Interrupted and run again it loses nothing and doubles nothing.
    """
    counts = _Counts()
    for batch in _batches(records):
        with store.write() as unit:
            stored, known = _store(unit, [one.record for one in batch])
        counts.stored.update(stored)
        counts.known += known
        counts.add(batch)
    return counts.report()


def _batches(records: Iterable[Incoming]) -> Iterator[list[Incoming]]:
    batch: list[Incoming] = []
    size = 0
    for one in records:
        batch.append(one)
        size += one.size
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _store(
    unit: Unit, records: list[FeedbackItem | Fact | Case | SetAside]
) -> tuple[dict[str, int], int]:
    items = [one for one in records if isinstance(one, FeedbackItem)]
    facts = [one for one in records if isinstance(one, Fact)]
    cases = [one for one in records if isinstance(one, Case)]
    unit.feedback.set_aside([one for one in records if isinstance(one, SetAside)])
    counts = {
        "feedback": unit.feedback.add(items),
        "facts": unit.facts.add(facts),
        "cases": unit.cases.add(cases),
    }
    return (
        {kind: count.stored for kind, count in counts.items()},
        sum(count.known for count in counts.values()),
    )
