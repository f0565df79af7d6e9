"""The inbox's seat over the store and the engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from pydantic import JsonValue

from agent.delivery import settle as settling
from agent.delivery.decide import edited_version
from agent.delivery.desk import Desk
from agent.delivery.settle import resume_dispatch, settle_unknown, stop_dispatch
from agent.engine import Engine
from app.inbox.backend import (
    TAB_STATES,
    Counts,
    EditCheck,
    IssuePage,
    Item,
    ListPage,
    Settlement,
    Source,
    Status,
    Tab,
    Today,
)
from app.inbox.listing import list_rows
from app.inbox.searching import search_page
from app.inbox.sources import Page, find_source
from domain.audit import AuditEntry
from domain.delivery import FrozenCopy
from domain.errors import CannotDecide, NotFound
from domain.facts import Case
from domain.feedback import FeedbackItem
from domain.people import Configuration
from domain.proposals import (
    Attempt,
    DecisionKind,
    Evidence,
    Proposal,
    ProposalState,
    SavedEdit,
    Switch,
)
from domain.record import CaseId, DeliveryId, FeedbackKey, IssueId, ProposalId
from storage.store import SqlStore, SqlUnit

SPEND = "spend:"
"""Name of the day's spend in the settings table, followed by the day."""


_DELIVERIES = 200


class ModelInUse(NamedTuple):
    """The configured model, for the top bar."""

    name: str
    price_known: bool


class SqlBackend:
    """`InboxBackend` on SQL. Every method is one short transaction."""

    def __init__(
        self,
        store: SqlStore,
        *,
        engine: Engine,
        desk: Desk,
        configuration: Configuration,
        model: ModelInUse | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._engine = engine
        self._desk = desk
        self._configuration = configuration
        self._model = model
        self._clock = clock

    # -- looking -----------------------------------------------------------------------

    def list_page(self, tab: Tab, *, after: ProposalId | None = None, limit: int = 100) -> ListPage:
        """A part of the list; what is decided stands latest first."""
        with self._store.read() as unit:
            proposals = unit.proposals
            listing = proposals.list_rows if tab is Tab.DECIDE else proposals.list_latest
            rows = listing(states=TAB_STATES[tab], after=after, limit=limit + 1)
            following = rows[limit - 1].id if len(rows) > limit else None
            return ListPage(tuple(list_rows(unit, rows[:limit])), following)

    def search(self, words: str, *, limit: int = 50) -> ListPage:
        """Drafts, and issues without one, that the words lead to."""
        with self._store.read() as unit:
            return search_page(unit, words, limit=limit)

    def counts(self, *, since: datetime | None = None) -> Counts:
        """How many stand where."""
        with self._store.read() as unit:
            states = unit.proposals.counts()
            newer = 0
            if since is not None:
                rows = unit.proposals.list_rows(states=TAB_STATES[Tab.DECIDE], limit=200)
                newer = sum(row.changed_at > since for row in rows)
        sums = [sum(states.get(state, 0) for state in TAB_STATES[tab]) for tab in Tab]
        decide, way, unknown, done = sums
        return Counts(decide, way, unknown, done, newer)

    def today(self, *, since: datetime) -> Today:
        """What was decided since a time."""
        with self._store.read() as unit:
            kinds: Counter[str] = Counter()
            edited: set[str] = set()
            for decision in unit.proposals.decisions_since(since):
                kinds[decision.kind.value] += 1
                if decision.kind is DecisionKind.EDIT:
                    edited.add(decision.proposal_id)
        return Today(
            approved=kinds["approve"],
            edited=min(len(edited), kinds["approve"]),
            rejected=kinds["reject"],
            undone=kinds["undo"],
            escalated=kinds["escalate"],
            asked_again=kinds["another_draft"],
        )

    def status(self) -> Status:
        """Engine, spend, switch, what is missing."""
        configuration = self._configuration
        now = self._clock()
        with self._store.read() as unit:
            holds_items, waiting = unit.feedback.has_items(), unit.feedback.count_unread()
            switch = unit.outbox.switch()
            spent = float(unit.settings.find(f"{SPEND}{now:%Y-%m-%d}") or 0.0)
            rows = unit.proposals.list_rows(limit=1)
        missing = {
            name: problem
            for name, destination in self._desk.destinations.items()
            if (problem := destination.missing) is not None
        }
        touchpoints = {one.touchpoint or one.name for one in configuration.taxonomy.drivers}
        owned = {
            one.touchpoint or one.name
            for one in configuration.taxonomy.drivers
            if configuration.owners.find_owner(driver=one.name, touchpoint=one.touchpoint)
        }
        return Status(
            holds_items=holds_items,
            waiting=waiting,
            model=self._model.name if self._model else None,
            spent_usd=spent,
            budget_usd=configuration.policy.model.daily_budget_usd,
            price_known=self._model.price_known if self._model else True,
            switch=switch,
            missing=missing,
            undo_seconds=self._desk.undo_seconds,
            touchpoints=len(touchpoints),
            owned=len(owned),
            last_draft_at=rows[0].changed_at if rows else None,
        )

    def switch(self) -> Switch:
        """Whether anything may leave."""
        with self._store.read() as unit:
            return unit.outbox.switch()

    def get_item(self, id_: ProposalId) -> Item:
        """A proposal with all that belongs to it."""
        with self._store.read() as unit:
            proposal = unit.proposals.get(id_)
            version = proposal.version
            known = unit.issues.count_reports(proposal.issue_id)
            casefile = unit.issues.find_casefile(
                proposal.issue_id, version=proposal.casefile_version
            )
            return Item(
                proposal=proposal,
                original=unit.proposals.original(id_) if proposal.edited_by else proposal,
                casefile=casefile,
                versions=tuple(unit.proposals.versions(id_)),
                decisions=tuple(unit.proposals.decisions(id_)),
                deliveries=tuple(unit.outbox.first_deliveries(id_, version, limit=_DELIVERIES)),
                delivery_counts=unit.outbox.state_counts(id_, version),
                reports_since=max(0, known - len(casefile.report_keys)) if casefile else 0,
            )

    def find_version(self, id_: ProposalId, version: int) -> Proposal | None:
        """A version as it was made."""
        with self._store.read() as unit:
            return unit.proposals.find_version(id_, version)

    def find_copy(
        self, id_: ProposalId, version: int, customer_id: str | None
    ) -> FrozenCopy | None:
        """The frozen bytes for one recipient."""
        with self._store.read() as unit:
            return unit.proposals.find_copy(id_, version, customer_id)

    def evidence(
        self, proposal: Proposal, evidence: Evidence, *, limit: int = 4, offset: int = 0
    ) -> Source:
        """What a mark leads to, one page of it."""
        page = Page(evidence, proposal.snapshot_at, limit, offset)
        with self._store.read() as unit:
            return find_source(unit, page, policy=self._configuration.policy)

    def attempts(self, id_: DeliveryId) -> Sequence[Attempt]:
        """Tries on the wire."""
        with self._store.read() as unit:
            return unit.outbox.attempts(id_)

    def audit(self, id_: ProposalId) -> Sequence[AuditEntry]:
        """The record about a draft and its first deliveries."""
        with self._store.read() as unit:
            subjects: list[str] = [id_]
            for version in range(1, unit.proposals.get(id_).version + 1):
                some = unit.outbox.first_deliveries(id_, version, limit=_DELIVERIES)
                subjects += [one.id for one in some]
            return unit.audit.of(*subjects)

    def get_issue(self, id_: IssueId, *, limit: int = 25, offset: int = 0) -> IssuePage:
        """An issue with its latest casefile, its drafts, and a page of its reports."""
        with self._store.read() as unit:
            issue = unit.issues.find(id_)
            if issue is None:
                raise NotFound("issue", id_)
            casefile = unit.issues.find_casefile(id_)
            named = casefile.named(issue) if casefile is not None else issue
            return IssuePage(
                named,
                self._driver_label(named.driver),
                casefile,
                tuple(unit.proposals.rows_of((), issues=(id_,))),
                tuple(unit.feedback.of_issue(id_, limit=limit, offset=offset)),
                unit.issues.count_reports(id_),
            )

    def _driver_label(self, name: str) -> str:
        driver = self._configuration.taxonomy.find_driver(name)
        return driver.label if driver else f"{name.replace('_', ' ')}, not in the taxonomy"

    def find_report(self, key: FeedbackKey) -> FeedbackItem | None:
        """A report as the customer wrote it."""
        with self._store.read() as unit:
            return unit.feedback.find(key)

    def find_case(self, id_: str) -> Case | None:
        """A solved case."""
        with self._store.read() as unit:
            return unit.cases.find(CaseId(id_))

    # -- acting ------------------------------------------------------------------------

    def decide(
        self,
        id_: ProposalId,
        kind: DecisionKind,
        *,
        by: str,
        seen_version: int,
        reason: str | None = None,
        changes: Mapping[str, JsonValue] | None = None,
        is_lead: bool = False,
    ) -> Proposal:
        """Decide; gives the proposal as it stands after the commit."""
        return self._engine.decide(
            id_,
            kind,
            by=by,
            seen_version=seen_version,
            reason=reason,
            changes=changes,
            is_lead=is_lead,
        )

    def check_edit(
        self, id_: ProposalId, changes: Mapping[str, JsonValue], *, by: str
    ) -> EditCheck:
        """What an edit would make of the draft."""
        with self._store.read() as unit:
            proposal = unit.proposals.get(id_)
        edited, _ = edited_version(proposal, changes, by=by, at=self._clock(), desk=self._desk)
        return EditCheck(edited.draft, edited.checks)

    def find_edit(self, id_: ProposalId, person: str) -> SavedEdit | None:
        """What a person typed and has not decided."""
        with self._store.read() as unit:
            return unit.proposals.find_edit(id_, person)

    def save_edit(self, edit: SavedEdit) -> None:
        """Keep what a person typed."""
        with self._store.write() as unit:
            standing = unit.proposals.standing(edit.proposal_id)
            if standing.state is not ProposalState.PROPOSED:
                raise CannotDecide("The draft was decided meanwhile; this text was not kept.")
            unit.proposals.save_edit(edit)

    def drop_edit(self, id_: ProposalId, person: str) -> None:
        """Forget what a person typed."""
        with self._store.write() as unit:
            unit.proposals.drop_edits(id_, person)

    def settle(self, id_: DeliveryId, choice: Settlement, *, by: str, text: str) -> ProposalId:
        """Settle an unknown delivery; gives its proposal."""
        settlement: settling.Settlement
        if choice is Settlement.FOUND:
            settlement = settling.FoundIt(external_id=text)
        elif choice is Settlement.AGAIN:
            settlement = settling.SendAgain(typed=text)
        else:
            settlement = settling.GiveUp()
        with self._store.write() as unit:
            settled = settle_unknown(
                unit, id_, settlement, by=by, at=self._clock(), reason=text or None
            )
        return settled.proposal_id

    def turn(self, *, stopped: bool, by: str, reason: str) -> Switch:
        """Stop or resume everything that leaves."""
        with self._store.write() as unit:
            if stopped:
                return stop_dispatch(unit, by=by, at=self._clock(), reason=reason)
            return resume_dispatch(unit, by=by, at=self._clock(), reason=reason or None)

    # -- for machines ------------------------------------------------------------------

    def export_page(
        self,
        *,
        states: Sequence[ProposalState] | None = None,
        after: ProposalId | None = None,
        limit: int = 100,
    ) -> tuple[list[tuple[Proposal, list[FrozenCopy]]], ProposalId | None]:
        """Proposals with the frozen copy of their first recipient."""
        with self._store.read() as unit:
            found = unit.proposals.list_all(states=states, after=after, limit=limit + 1)
            page = [(one, _first_copy(unit, one)) for one in found[:limit]]
        return page, (found[limit - 1].id if len(found) > limit else None)


def _first_copy(unit: SqlUnit, proposal: Proposal) -> list[FrozenCopy]:
    first = proposal.recipients[0].customer_id if proposal.recipients else None
    copy = unit.proposals.find_copy(proposal.id, proposal.version, first)
    return [copy] if copy else []
