"""The frame around everything: top bar, tabs, list, footer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import NamedTuple
from urllib.parse import quote, urlencode

from markupsafe import Markup

from app.access import Person, Right
from app.inbox import words
from app.inbox.backend import Counts, FoundIssue, ListPage, ListRow, Status, Tab, Today
from app.inbox.svg import pips, share_bar
from app.inbox.views_found import fitting, found_words, told
from domain.delivery import ProposalRow
from domain.proposals import DecisionKind, DeliveryState, ProposalKind, ProposalState
from domain.record import ProposalId

TAB_WORDS = {
    Tab.DECIDE: "To decide",
    Tab.WAY: "On the way",
    Tab.UNKNOWN: "Unknown",
    Tab.DONE: "Done",
}
_GO = {Tab.DECIDE: "i", Tab.WAY: "w", Tab.UNKNOWN: "u", Tab.DONE: "d"}


class TabView(NamedTuple):
    """One tab with its count."""

    tab: Tab
    words: str
    amount: str
    href: str
    key: str
    is_open: bool


class RowView(NamedTuple):
    """One line of the list."""

    id: str
    href: str
    icon: str
    label: str
    risk: Markup
    reason: str
    time: str
    is_over: bool
    state: str
    shape: str
    is_alert: bool
    is_selected: bool
    hold_until: str
    is_issue: bool = False


class EngineView(NamedTuple):
    """Who is thinking, and what it cost today."""

    local: str
    model: str | None
    spend: str
    bar: Markup | None


class SendingView(NamedTuple):
    """Whether anything can leave, in words."""

    words: str
    stopped: bool
    notice: str
    reason: str
    may_switch: bool


class StripView(NamedTuple):
    """A held draft over the list's footer, with its seconds and Undo."""

    id: ProposalId
    version: int
    label: str
    href: str
    left: str
    until: str
    total: int


class Shell(NamedTuple):
    """What every page of the inbox has."""

    person: Person
    may_decide: bool
    tabs: tuple[TabView, ...]
    rows: tuple[RowView, ...]
    issues: tuple[RowView, ...]
    """In a search: issues that have no draft."""
    tab: Tab
    query: str
    more: str | None
    empty: str
    """What stands in a list without a line."""
    hint: str
    """What stands beside it."""
    engine: EngineView
    sending: SendingView
    strips: tuple[StripView, ...]
    footer: str
    as_of: str
    next_draft: ProposalRow | None
    """What waits first, for those who look at something decided."""


def start_of_day(now: datetime) -> datetime:
    """Midnight in UTC."""
    return datetime.combine(now.date(), time(), UTC)


class Listed(NamedTuple):
    """What the list shows, and of which part it is."""

    tab: Tab
    page: ListPage
    query: str = ""
    selected: str | None = None
    """Id of the draft or issue that is open."""


def shell(
    person: Person,
    listed: Listed,
    *,
    counts: Counts,
    today: Today,
    status: Status,
    held: tuple[ListRow, ...],
    next_draft: ProposalRow | None = None,
    now: datetime,
) -> Shell:
    """Give the frame of a page."""
    strips = tuple(_strip(row, status, now) for row in held if row.hold_until)
    return Shell(
        person=person,
        may_decide=person.may(Right.DECIDE),
        tabs=tabs(counts, listed.tab if not listed.query else None),
        rows=tuple(row_view(row, listed, now=now) for row in listed.page.rows),
        issues=tuple(issue_row(one, listed, now=now) for one in listed.page.issues),
        tab=listed.tab,
        query=listed.query,
        more=_more(listed),
        empty=_empty(listed, status),
        hint=_SEARCHED if listed.query else _HINTS[listed.tab],
        engine=engine_view(status),
        sending=sending_view(status, person, now=now),
        strips=strips,
        footer=_footer(today),
        as_of=now.isoformat(),
        next_draft=next_draft,
    )


def draft_href(id_: str, tab: Tab | None = None, **query: str | int) -> str:
    """Give the address of a draft's card."""
    pairs: dict[str, str | int] = {"tab": tab.value} if tab and tab is not Tab.DECIDE else {}
    pairs |= query
    return f"/drafts/{quote(id_)}" + (f"?{urlencode(pairs)}" if pairs else "")


def tabs(counts: Counts, open_tab: Tab | None) -> tuple[TabView, ...]:
    """Give the tabs with their counts."""
    amounts = (counts.decide, counts.way, counts.unknown, counts.done)
    return tuple(
        TabView(
            tab,
            TAB_WORDS[tab],
            words.count(amount),
            "/" if tab is Tab.DECIDE else f"/?tab={tab.value}",
            _GO[tab],
            tab is open_tab,
        )
        for tab, amount in zip(Tab, amounts, strict=True)
    )


def row_view(row: ListRow, listed: Listed, *, now: datetime) -> RowView:
    """Give a line of the list."""
    proposal = row.proposal
    waits = proposal.state is ProposalState.PROPOSED
    time, over = words.time_left(words.decide_by(proposal), now=now)
    shape, state = row_state(row)
    reason = _why_it_waits(row, state) if waits else _became(row)
    return RowView(
        id=proposal.id,
        href=_row_href(row, listed),
        icon=words.kind_icon(proposal.kind),
        label=proposal.label,
        risk=pips(proposal.risk),
        reason=found_words(row.found, row.report, listed.query, beside=state)
        if row.found
        else reason,
        time=time if waits else words.when(proposal.changed_at, now=now),
        is_over=waits and over,
        state=state,
        shape=shape,
        is_alert=shape in words.ALERTS,
        is_selected=proposal.id == listed.selected,
        hold_until=_hold(row),
    )


def _why_it_waits(row: ListRow, state: str) -> str:
    if row.escalation is not None:
        return told(row.escalation, beside=state)
    return fitting(row.proposal.reason, beside=state)


def _row_href(row: ListRow, listed: Listed) -> str:
    if not listed.query:
        return draft_href(row.proposal.id, listed.tab)
    if row.found and row.found.place:
        return draft_href(row.proposal.id, q=listed.query, to=row.found.place)
    return draft_href(row.proposal.id, q=listed.query)


def issue_row(one: FoundIssue, listed: Listed, *, now: datetime) -> RowView:
    """Give the line of an issue that has no draft."""
    issue = one.issue
    state = words.counted(issue.report_count, "report")
    return RowView(
        id=issue.id,
        href=f"/issues/{quote(issue.id)}?{urlencode({'q': listed.query})}",
        icon="issue",
        label=issue.label,
        risk=Markup(),
        reason=found_words(one.found, one.report, listed.query, beside=state),
        time=words.when(issue.last_report_at, now=now),
        is_over=False,
        state=state,
        shape="",
        is_alert=False,
        is_selected=issue.id == listed.selected,
        hold_until="",
        is_issue=True,
    )


def _hold(row: ListRow) -> str:
    held = row.proposal.state is ProposalState.APPROVED and row.hold_until
    return row.hold_until.isoformat() if held and row.hold_until else ""


def row_state(row: ListRow) -> tuple[str, str]:
    """Give the shape and the word that stand on the right of a line."""
    proposal = row.proposal
    if proposal.state is ProposalState.PROPOSED:
        if row.escalation is not None:
            return "escalated", "Escalated"
        if proposal.open_checks:
            return "", f"{words.counted(proposal.open_checks, 'check')} open"
        approved = row.decision is not None and row.decision.kind is DecisionKind.APPROVE
        current = row.decision is not None and row.decision.seen_version == proposal.version
        return "", "Needs a second" if approved and current else ""
    return deliveries_state(proposal.state, row.deliveries)


def deliveries_state(
    state: ProposalState, deliveries: Mapping[DeliveryState, int]
) -> tuple[str, str]:
    """Give shape and word of a proposal on its way; what needs a person comes first."""
    several = sum(deliveries.values()) > 1
    for alert in (DeliveryState.UNKNOWN, DeliveryState.FAILED, DeliveryState.BOUNCED):
        number = deliveries.get(alert, 0)
        if number:
            word = words.DELIVERY[alert]
            return alert.value, f"{number:,} {word.lower()}" if several else word
    if state is ProposalState.FAILED and deliveries.get(DeliveryState.CANCELLED):
        return "cancelled", "Cancelled"
    return words.PROPOSAL[state]


def _became(row: ListRow) -> str:
    """Say in one line what became of a decided draft."""
    proposal, decision = row.proposal, row.decision
    by = decision.by if decision else ""
    if proposal.kind is ProposalKind.MESSAGE and row.deliveries:
        total = sum(row.deliveries.values())
        gone = row.deliveries.get(DeliveryState.SENT, 0)
        parts = [f"{gone:,} of {words.counted(total, 'copy', 'copies')} handed over", by]
        return " · ".join(part for part in parts if part)
    if proposal.state is ProposalState.REDRAFTING and decision:
        return told(decision, beside="Redrafting")
    if proposal.state is ProposalState.REJECTED and decision and decision.reason:
        return f"{decision.reason[:60]} · {by}"
    if proposal.state in (ProposalState.EXPIRED, ProposalState.SUPERSEDED):
        return "nobody decided it" if proposal.state is ProposalState.EXPIRED else "draft replaced"
    return " · ".join(part for part in (_where(proposal), by) if part)


def _where(proposal: ProposalRow) -> str:
    if proposal.kind is ProposalKind.MESSAGE:
        return "Mail"
    return f"Ticket, {proposal.department}" if proposal.department else "Ticket"


def _more(listed: Listed) -> str | None:
    if listed.page.next is None:
        return None
    return "/?" + urlencode({"tab": listed.tab.value, "after": listed.page.next})


_SEARCHED = (
    "Searched are the words of reports and titles, recipients, customers, order numbers, "
    "and the ids of drafts, issues and tickets. All words must stand in one place."
)
_HINTS = {
    Tab.DECIDE: "",
    Tab.WAY: "What you approve is held here first, then handed over. "
    "What was asked for again waits here for its next draft.",
    Tab.UNKNOWN: "A delivery whose end nobody knows would stand here until a person settles it.",
    Tab.DONE: "What was sent, failed, rejected, expired or replaced stands here, the latest first.",
}


def _empty(listed: Listed, status: Status) -> str:
    if listed.tab is Tab.DECIDE and not status.holds_items:
        return "Drafts that wait for you appear here, most urgent first."
    return {
        Tab.DECIDE: "No draft waits. New ones appear here by themselves; "
        "the list never jumps while you read.",
        Tab.WAY: "Nothing is on the way.",
        Tab.UNKNOWN: "Every delivery has an answer.",
        Tab.DONE: "Nothing has been decided yet.",
    }[listed.tab]


def engine_view(status: Status) -> EngineView:
    """Say who is thinking."""
    waiting = status.waiting
    local = "ready" if not status.holds_items else "reading, nothing waits"
    if waiting:
        local = f"reading, {words.count(waiting)} wait"
    if status.model is None:
        return EngineView(local, None, "No model outside this machine", None)
    if not status.price_known:
        return EngineView(local, status.model, "price not known", None)
    spend = f"{words.dollars(status.spent_usd)} of {words.dollars(status.budget_usd)} today"
    share = status.spent_usd / status.budget_usd if status.budget_usd else 1.0
    return EngineView(local, status.model, spend, share_bar(share, width=36, height=4))


def sending_view(status: Status, person: Person, *, now: datetime) -> SendingView:
    """Say whether anything can leave."""
    switch = status.switch
    may = person.may(Right.SWITCH)
    if switch.stopped:
        at = f" at {words.when(switch.at, now=now)}" if switch.at else ""
        notice = f"Sending stopped by {switch.by or 'the system'}{at}"
        return SendingView("Sending is stopped", True, notice, switch.reason or "", may)
    missing = len(status.missing)
    if missing and "mail" in status.missing and missing == 1:
        return SendingView("Mail is not set up", False, "", "", may)
    text = "Sending is not set up" if missing else "Sending is on"
    return SendingView(text, False, "", "", may)


def _strip(row: ListRow, status: Status, now: datetime) -> StripView:
    assert row.hold_until is not None  # noqa: S101
    return StripView(
        id=row.proposal.id,
        version=row.proposal.version,
        label=row.proposal.label,
        href=draft_href(row.proposal.id, Tab.WAY),
        left=words.countdown(row.hold_until - now),
        until=row.hold_until.isoformat(),
        total=status.undo_seconds,
    )


def _footer(today: Today) -> str:
    return f"{words.count(today.decided)} decided today · times in UTC"
