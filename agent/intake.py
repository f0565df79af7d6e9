"""Bring records in: batches, one transaction each, counts that add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from domain.facts import Case, Fact
from domain.feedback import FeedbackItem, SetAside
from domain.ports import Store, Unit

BATCH = 1000

Incoming = tuple[FeedbackItem | Fact | Case | SetAside, bool]
"""A record or a row set aside, and whether a time had no zone."""


class IntakeReport(NamedTuple):
    """What became of every line; `read` is the sum of the others."""

    read: int
    stored: int
    known: int
    set_aside: int
    stored_by_kind: dict[str, int]
    reasons: dict[str, int]
    zones_assumed: int

    def lines(self) -> list[str]:
        """Say it to a person."""
        parts = ", ".join(f"{count:,} {kind}" for kind, count in self.stored_by_kind.items())
        lines = [
            f"{self.read:,} lines read = {self.stored:,} stored + {self.known:,} known "
            f"+ {self.set_aside:,} set aside." + (f" Stored: {parts}." if parts else "")
        ]
        if self.zones_assumed:
            lines.append(f"{self.zones_assumed:,} lines had a time without a zone; taken as UTC.")
        lines += [f"Set aside, {count:,}: {reason}" for reason, count in self.reasons.items()]
        return lines


def intake(records: Iterable[Incoming], *, store: Store) -> IntakeReport:
    """Store records in batches; a batch is there as a whole or not at all.

    Interrupted and run again it loses nothing and doubles nothing.
    """
    stored: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    read = known = zones = 0
    for batch in _batches(records):
        with store.write() as unit:
            counts, batch_known = _store(unit, [record for record, _ in batch])
        stored.update(counts)
        known += batch_known
        read += len(batch)
        zones += sum(assumed for _, assumed in batch)
        reasons.update(record.reason for record, _ in batch if isinstance(record, SetAside))
    return IntakeReport(
        read=read,
        stored=sum(stored.values()),
        known=known,
        set_aside=sum(reasons.values()),
        stored_by_kind={kind: count for kind, count in sorted(stored.items()) if count},
        reasons=dict(reasons.most_common(20)),
        zones_assumed=zones,
    )


def _batches(records: Iterable[Incoming]) -> Iterator[list[Incoming]]:
    iterator = iter(records)
    while batch := list(islice(iterator, BATCH)):
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
