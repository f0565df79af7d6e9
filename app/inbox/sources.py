"""What stands behind a mark in the store: rows, reports, a case, a rule, a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from app.inbox.backend import (
    CaseSource,
    FactRows,
    GoneSource,
    PersonSource,
    ReportRows,
    SettingSource,
    Source,
)
from domain.errors import NotFound
from domain.people import Policy
from domain.proposals import Evidence, EvidenceKind
from domain.record import CaseId, FactId, FeedbackKey, QueryId
from storage.store import SqlUnit


class Page(NamedTuple):
    """One page of what is behind a mark."""

    evidence: Evidence
    snapshot_at: datetime
    limit: int
    offset: int


def find_source(unit: SqlUnit, page: Page, *, policy: Policy) -> Source:
    """Give what a mark leads to."""
    evidence = page.evidence
    match evidence.kind:
        case EvidenceKind.CASE:
            case = unit.cases.find(CaseId(evidence.ref))
            return CaseSource(case) if case else GoneSource("The case is gone.")
        case EvidenceKind.POLICY:
            return _setting(evidence.ref, policy)
        case EvidenceKind.PERSON:
            return PersonSource(evidence.ref)
        case EvidenceKind.QUOTE:
            return _reports(unit, page)
        case _ if evidence.ref.startswith("reports:"):
            return _reports(unit, page)
        case _:
            return _facts(unit, page)


def _setting(ref: str, policy: Policy) -> SettingSource:
    file, _, name = ref.partition(": ")
    if name:
        return SettingSource(file, name, name)
    return SettingSource("policy.yaml", ref, str(policy.model_dump(mode="json").get(ref, ref)))


def _reports(unit: SqlUnit, page: Page) -> Source:
    keys = page.evidence.row_ids
    found = unit.feedback.read_items([FeedbackKey(key) for key in keys])
    if not found:
        return _unread(unit, keys)
    return ReportRows(tuple(found[page.offset : page.offset + page.limit]), len(found))


def _unread(unit: SqlUnit, keys: Sequence[str]) -> Source:
    known = [key for key in keys[:1] if unit.feedback.find(FeedbackKey(key)) is not None]
    return GoneSource("The reports are being read again." if known else "The reports are gone.")


def _facts(unit: SqlUnit, page: Page) -> Source:
    try:
        query = unit.facts.recalled(QueryId(page.evidence.ref))
    except NotFound:
        query = None
    ids = [FactId(id_) for id_ in page.evidence.row_ids]
    end = page.offset + page.limit
    if ids:
        facts = unit.facts.facts(ids[page.offset : end])
        world = unit.facts.world_time()
        # Counted again only where something came since and all facts are in memory anyway.
        grown = world is not None and world > page.snapshot_at and unit.facts.is_loaded
        now = unit.facts.count(query) if query and grown else None
        return FactRows(tuple(facts), len(ids), query, now)
    if query is None:
        return GoneSource("The rows are gone.")
    total = unit.facts.count(query)
    rows = unit.facts.rows(query, limit=page.limit, offset=page.offset)
    return FactRows(tuple(rows), total, query, total)
