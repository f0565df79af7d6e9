"""A search as the list shows it: drafts, and issues that have none, with what led there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.inbox.backend import FoundIssue, ListPage
from app.inbox.listing import list_rows
from domain.feedback import ReadItem
from domain.proposals import ProposalState
from domain.record import FeedbackKey, IssueId
from domain.search import Found, FoundBy
from storage.store import SqlUnit

_DRAFTS = 200
"""Drafts that are shown, whatever was found."""


def search_page(unit: SqlUnit, words: str, *, limit: int) -> ListPage:
    """Give what the words lead to: undecided drafts first where they match alike."""
    found = unit.search.find(words, limit=limit)
    of_drafts = {one.proposal_id: one for one in found if one.proposal_id}
    of_issues = {one.issue_id: one for one in found if one.proposal_id is None}
    rows = unit.proposals.rows_of(list(of_drafts), issues=list(of_issues), limit=_DRAFTS)
    reports = _reports(unit, found)
    places = {place: number for number, place in enumerate(FoundBy)}
    shown = []
    for row in list_rows(unit, rows):
        one = of_drafts.get(row.proposal.id) or of_issues[row.proposal.issue_id]
        shown.append(row._replace(found=one, report=_report_of(one, reports)))
    shown.sort(
        key=lambda row: (
            places[row.found.by] if row.found else 0,
            row.proposal.state is not ProposalState.PROPOSED,
            -row.proposal.priority,
        )
    )
    drafted = {row.issue_id for row in rows}
    return ListPage(tuple(shown), issues=_undrafted(unit, of_issues, drafted, reports))


def _reports(unit: SqlUnit, found: Sequence[Found]) -> Mapping[FeedbackKey, ReadItem]:
    keys = [FeedbackKey(one.text) for one in found if one.by is FoundBy.REPORT]
    return {one.item.key: one for one in unit.feedback.read_items(keys)}


def _report_of(one: Found, reports: Mapping[FeedbackKey, ReadItem]) -> ReadItem | None:
    return reports.get(FeedbackKey(one.text)) if one.by is FoundBy.REPORT else None


def _undrafted(
    unit: SqlUnit,
    found: Mapping[IssueId, Found],
    drafted: set[IssueId],
    reports: Mapping[FeedbackKey, ReadItem],
) -> tuple[FoundIssue, ...]:
    issues = [unit.issues.find(id_) for id_ in found if id_ not in drafted]
    return tuple(
        FoundIssue(issue, found[issue.id], _telling(unit, found[issue.id], reports))
        for issue in issues
        if issue is not None
    )


def _telling(unit: SqlUnit, one: Found, reports: Mapping[FeedbackKey, ReadItem]) -> ReadItem | None:
    """Give the report that tells an issue from others whose label is the same."""
    if one.by is not FoundBy.LABEL:
        return _report_of(one, reports)
    return next(iter(unit.feedback.of_issue(one.issue_id, limit=1)), None)
