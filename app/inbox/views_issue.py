"""One issue: what is known about it, its drafts, and its reports in their own words."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, urlencode

from app.inbox import words
from app.inbox.backend import IssuePage
from app.inbox.views import draft_href
from domain.delivery import ProposalRow
from domain.feedback import ReadItem
from domain.issues import Casefile, Issue
from domain.proposals import ProposalKind, ProposalState

STATES = {
    "open": "watched, no alarm yet",
    "alarmed": "alarmed, being worked",
    "proposed": "drafts made",
    "closed": "closed",
}


class ReportLine(NamedTuple):
    """A report in its redacted words, and who wrote it when and where."""

    href: str
    text: str
    source: str


class DraftLine(NamedTuple):
    """A draft of the issue and where it stands."""

    href: str
    icon: str
    label: str
    state: str
    shape: str


class IssueView(NamedTuple):
    """Everything on the right side of the inbox when an issue is opened."""

    id: str
    short: str
    state: str
    label: str
    facts: tuple[tuple[str, str], ...]
    drafts: tuple[DraftLine, ...]
    reports: tuple[ReportLine, ...]
    shown: str
    """Which of how many reports are shown."""
    earlier: str | None
    further: str | None
    back: str
    back_words: str


def issue_view(
    page: IssuePage, *, offset: int, limit: int, query: str = "", opened_from: str = ""
) -> IssueView:
    """Give an issue as it is shown, a page of its reports from `offset` on."""
    issue = page.issue
    end = offset + len(page.reports)
    draft = next((row for row in page.drafts if row.id == opened_from), None)
    kept = {"q": query} if query else {"from": draft.id} if draft else {}
    return IssueView(
        id=issue.id,
        short=words.short_id(issue.id),
        state=STATES[issue.state.value],
        label=issue.label,
        facts=tuple(_facts(issue, page.driver, page.casefile)),
        drafts=tuple(_draft_line(row) for row in page.drafts),
        reports=tuple(_report_line(one) for one in page.reports),
        shown=f"{words.count(offset + 1)} to {words.count(end)} of {words.count(page.total)}"
        if page.reports
        else f"{words.count(page.total)}, none read here",
        earlier=_href(issue, {**kept, "offset": max(0, offset - limit)}) if offset else None,
        further=_href(issue, {**kept, "offset": end}) if end < page.total else None,
        back=draft_href(draft.id) if draft else f"/?{urlencode({'q': query})}" if query else "/",
        back_words="Back to the draft" if draft else "Back to the list",
    )


def _href(issue: Issue, pairs: dict[str, str | int]) -> str:
    return f"/issues/{quote(issue.id)}?{urlencode(pairs)}"


def _facts(issue: Issue, driver: str, casefile: Casefile | None) -> list[tuple[str, str]]:
    customers = words.counted(issue.customer_count, "customer")
    facts = [
        ("Driver", driver),
        ("Reports", f"{words.count(issue.report_count)} from {customers}"),
        ("Since", f"{words.moment(issue.opened_at)}, last {words.moment(issue.last_report_at)}"),
    ]
    if casefile is None:
        return [*facts, ("Alarm", "None: too few reports, or no more than usual.")]
    proved, owner = casefile.diagnosis.proved, casefile.owner
    unknown = f"Not known. {words.sentence(casefile.diagnosis.unknown_reason or '')}"
    alarm = casefile.alarm
    return [
        *facts,
        ("Alarm", f"{words.moment(alarm.at)}. {words.sentence(alarm.reason)}"),
        ("Cause", words.sentence(proved.statement) if proved else unknown),
        ("Matters", words.sentence(", ".join(casefile.impact.factors))),
        (
            "Owner",
            f"{owner.person}, {owner.department}" if owner else f"Nobody. {casefile.owner_rule}",
        ),
    ]


def _draft_line(row: ProposalRow) -> DraftLine:
    shape, word = words.PROPOSAL[row.state]
    if row.state is ProposalState.PROPOSED:
        word = "Needs an edit" if row.open_checks else "To decide"
    kind = "Ticket" if row.kind is ProposalKind.TICKET else "Message"
    return DraftLine(
        draft_href(row.id), words.kind_icon(row.kind), f"{kind}: {row.label}", word, shape
    )


def _report_line(one: ReadItem) -> ReportLine:
    item = one.item
    who = f"Customer {item.customer_id}" if item.customer_id else "Customer not named"
    at = words.moment(item.at) if item.at else "no time"
    return ReportLine(
        f"/reports/{quote(item.key)}",
        one.redacted.value,
        f"{who}, {item.channel.value}, {at}",
    )
