"""The verbs of the engine: intake, read, review, decide, redraft, deliver.

Each loads, calls its steps, commits and returns; run again on the same input it changes
nothing. Jobs and pages call these and nothing below them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from pydantic import JsonValue

from agent.delivery.claim import Rules
from agent.delivery.decide import decide
from agent.delivery.dispatch import DeliverReport, deliver
from agent.delivery.renew import expire_overdue, refreeze
from agent.intake import IntakeReport, intake
from agent.listening import Listened, check_index, index_new, match_new, read_new
from agent.redraft import Redrafted, redraft, waiting_redrafts
from agent.review import Bench, Reviewed, review_issue, waiting_issues
from domain.incoming import Incoming
from domain.ports import Progress, Store
from domain.proposals import DecisionKind, Proposal
from domain.record import IssueId, ProposalId
from domain.seats import Reader
from domain.vectors import Embedder, VectorIndex

TAXONOMY_SETTING = "taxonomy_read_with"


class Indexes(NamedTuple):
    """The vector indexes; None where none can be had."""

    items: VectorIndex | None
    cases: VectorIndex | None


class Engine:
    """Everything the product does, behind its verbs."""

    def __init__(
        self,
        store: Store,
        *,
        reader: Reader,
        bench: Bench,
        embedder: Embedder | None,
        indexes: Indexes,
        rules: Rules,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._reader = reader
        self._bench = bench
        self._embedder = embedder
        self._indexes = indexes
        self._rules = rules
        self._clock = clock

    def intake(
        self, records: Iterable[Incoming], *, progress: Progress | None = None
    ) -> IntakeReport:
        """Store what is brought in."""
        report = intake(records, store=self._store)
        if progress is not None:
            progress(report.read, report.read)
        return report

    def read(
        self, *, progress: Progress | None = None, matching: Progress | None = None
    ) -> Listened:
        """Read what is new, index it, match it in event time, raise alarms."""
        taxonomy = self._bench.configuration.taxonomy
        self._reread_for(taxonomy.hash)
        read = read_new(self._store, self._reader, taxonomy, progress=progress)
        check_index(self._store, items=self._indexes.items, cases=self._indexes.cases)
        index_new(self._store, self._embedder, items=self._indexes.items, cases=self._indexes.cases)
        matched, touched, alarms = match_new(
            self._store, taxonomy, embedder=self._embedder, progress=matching
        )
        return Listened(read, matched, touched, alarms)

    def _reread_for(self, hash_: str) -> None:
        """Let an edited taxonomy read everything again that has no alarm yet."""
        with self._store.write() as unit:
            before = unit.settings.find(TAXONOMY_SETTING)
            if before is not None and before != hash_:
                unit.feedback.forget_readings()
            if before != hash_:
                unit.settings.put(TAXONOMY_SETTING, hash_)

    def waiting_issues(self) -> list[IssueId]:
        """Issues that a review would work."""
        return waiting_issues(self._store)

    def review(self, issue_id: IssueId) -> Reviewed | None:
        """Work one alarmed issue and propose what comes of it."""
        return review_issue(self._store, issue_id, bench=self._bench, clock=self._clock)

    def decide(
        self,
        proposal_id: ProposalId,
        decision: DecisionKind,
        *,
        by: str,
        seen_version: int,
        reason: str | None = None,
        changes: Mapping[str, JsonValue] | None = None,
        is_lead: bool = False,
    ) -> Proposal:
        """Do what a person says; see `agent.delivery.decide` for what it may raise."""
        with self._store.write() as unit:
            return decide(
                unit,
                proposal_id,
                decision,
                desk=self._bench.desk,
                by=by,
                at=self._clock(),
                seen_version=seen_version,
                reason=reason,
                changes=changes,
                is_lead=is_lead,
            )

    def waiting_redrafts(self) -> list[ProposalId]:
        """Proposals that were put aside for another draft."""
        return waiting_redrafts(self._store)

    def redraft(self, proposal_id: ProposalId) -> Redrafted | None:
        """Make another draft, or put the old one back with the reason."""
        return redraft(self._store, proposal_id, bench=self._bench, clock=self._clock)

    def deliver(self, *, limit: int = 100) -> DeliverReport:
        """Carry out what is approved and due; let the overdue expire."""
        with self._store.write() as unit:
            expire_overdue(unit, at=self._clock())
            refreeze(unit, desk=self._bench.desk, at=self._clock())
        return deliver(self._store, self._rules, clock=self._clock, limit=limit)
