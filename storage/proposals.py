"""Proposals: the current record, every version with its bytes, decisions, saved edits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    and_,
    delete,
    func,
    or_,
    select,
    update,
)

from domain.delivery import FrozenCopy, ProposalRow, Standing, VersionNote
from domain.errors import NotFound
from domain.lifecycle import PROPOSAL_MOVES, moved
from domain.proposals import (
    Decision,
    DecisionKind,
    Proposal,
    ProposalKind,
    ProposalState,
    SavedEdit,
)
from domain.record import IssueId, ProposalId
from storage.fulltext import FullText
from storage.proposal_tables import (
    DRAFTS,
    TICKET,
    decisions,
    proposal_versions,
    proposals,
    renderings,
    saved_edits,
)
from storage.rows import chunks, put
from storage.search_terms import put_recipients

_ROW = tuple(proposals.c[name] for name in ProposalRow._fields)


class SqlProposalRepo:
    """`ProposalRepo` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_version(
        self, proposal: Proposal, copies: Sequence[FrozenCopy], *, by: str, at: datetime, why: str
    ) -> None:
        """Make this the current record, and keep the version with its bytes for good."""
        body = proposal.model_dump_json()
        put(self._connection, proposals, [_columns(proposal, body, at)])
        version = {
            "proposal_id": proposal.id,
            "version": proposal.version,
            "made_by": by,
            "made_at": at,
            "why": why,
            "edited_by": proposal.edited_by,
            "body": body,
        }
        self._connection.execute(proposal_versions.insert(), version)
        rows = [
            {
                "proposal_id": proposal.id,
                "version": proposal.version,
                "customer_id": one.customer_id or TICKET,
                "position": position,
                "address": one.address,
                "sha256": one.sha256,
                "bytes": one.frozen,
            }
            for position, one in enumerate(copies)
        ]
        for part in chunks(rows):
            self._connection.execute(renderings.insert(), list(part))
        words = f"{proposal.label}\n{proposal.reason}\n{proposal.draft.subject}"
        FullText(self._connection, DRAFTS).put([(proposal.id, words)])
        put_recipients(self._connection, proposal)

    def put_state(self, id_: ProposalId, state: ProposalState, *, at: datetime) -> Proposal:
        """Move the current record to a state; gives the moved record."""
        proposal = self.get(id_, for_change=True)
        if proposal.state is state:
            return proposal
        to = moved(PROPOSAL_MOVES, proposal.state, state)
        changed = proposal.model_copy(update={"state": to})
        self._connection.execute(
            update(proposals)
            .where(proposals.c.id == id_)
            .values(state=to.value, changed_at=at, body=changed.model_dump_json())
        )
        return changed

    def get(self, id_: ProposalId, *, for_change: bool = False) -> Proposal:
        """The current record; `for_change` keeps other writers out until the commit."""
        query = select(proposals.c.body).where(proposals.c.id == id_)
        body = self._connection.scalar(query.with_for_update() if for_change else query)
        if body is None:
            raise NotFound("proposal", id_)
        return Proposal.model_validate_json(body)

    def standing(self, id_: ProposalId) -> Standing:
        """Version and state alone, other writers kept out."""
        query = select(proposals.c.version, proposals.c.state).where(proposals.c.id == id_)
        row = self._connection.execute(query.with_for_update()).first()
        if row is None:
            raise NotFound("proposal", id_)
        return Standing(row.version, ProposalState(row.state))

    def find_version(self, id_: ProposalId, version: int) -> Proposal | None:
        """A version as it was made."""
        body = self._connection.scalar(
            select(proposal_versions.c.body).where(
                proposal_versions.c.proposal_id == id_, proposal_versions.c.version == version
            )
        )
        return Proposal.model_validate_json(body) if body is not None else None

    def original(self, id_: ProposalId) -> Proposal:
        """The agent's latest version that no person had changed."""
        body = self._connection.scalar(
            select(proposal_versions.c.body)
            .where(proposal_versions.c.proposal_id == id_, proposal_versions.c.edited_by.is_(None))
            .order_by(proposal_versions.c.version.desc())
            .limit(1)
        )
        if body is None:
            raise NotFound("proposal", id_)
        return Proposal.model_validate_json(body)

    def versions(self, id_: ProposalId) -> list[VersionNote]:
        """Who made each version and why, oldest first."""
        table = proposal_versions.c
        query = select(table.version, table.made_by, table.made_at, table.why)
        rows = self._connection.execute(
            query.where(table.proposal_id == id_).order_by(table.version)
        )
        return [VersionNote(*row) for row in rows]

    def copies(self, id_: ProposalId, version: int) -> list[FrozenCopy]:
        """The frozen bytes of a version, in the order of its recipients."""
        rows = self._connection.execute(_copies(id_, version).order_by(renderings.c.position))
        return [_to_copy(row) for row in rows]

    def find_copy(
        self, id_: ProposalId, version: int, customer_id: str | None
    ) -> FrozenCopy | None:
        """The frozen bytes for one recipient (None: of the ticket)."""
        query = _copies(id_, version).where(renderings.c.customer_id == (customer_id or TICKET))
        row = self._connection.execute(query).first()
        return _to_copy(row) if row is not None else None

    def hashes(self, id_: ProposalId, version: int) -> list[tuple[str | None, str]]:
        """Address and SHA-256 of each copy as stored, in the order of the recipients."""
        rows = self._connection.execute(
            select(renderings.c.address, renderings.c.sha256)
            .where(renderings.c.proposal_id == id_, renderings.c.version == version)
            .order_by(renderings.c.position)
        )
        return [(address, sha256) for address, sha256 in rows]

    def of_issue(self, issue_id: IssueId) -> list[Proposal]:
        """All proposals of an issue, oldest first."""
        bodies = self._connection.scalars(
            select(proposals.c.body)
            .where(proposals.c.issue_id == issue_id)
            .order_by(proposals.c.created_at, proposals.c.id)
        )
        return [Proposal.model_validate_json(body) for body in bodies]

    def list_rows(
        self,
        *,
        states: Iterable[ProposalState] | None = None,
        limit: int = 200,
        after: ProposalId | None = None,
    ) -> list[ProposalRow]:
        """Rows in the order of the list (highest priority, then oldest) after a given one."""
        query = self._in_order(select(*_ROW), states, limit, after)
        return [_to_row(row) for row in self._connection.execute(query)]

    def list_latest(
        self,
        *,
        states: Iterable[ProposalState],
        limit: int = 200,
        after: ProposalId | None = None,
    ) -> list[ProposalRow]:
        """Rows that changed last, the latest first, after a given one."""
        table = proposals.c
        query = select(*_ROW).where(table.state.in_([one.value for one in states]))
        if after is not None:
            changed_at = self._connection.scalar(select(table.changed_at).where(table.id == after))
            if changed_at is None:
                raise NotFound("proposal", after)
            same = and_(table.changed_at == changed_at, table.id < after)
            query = query.where(or_(table.changed_at < changed_at, same))
        query = query.order_by(table.changed_at.desc(), table.id.desc()).limit(limit)
        return [_to_row(row) for row in self._connection.execute(query)]

    def rows_of(
        self, ids: Sequence[ProposalId], *, issues: Sequence[IssueId] = (), limit: int = 200
    ) -> list[ProposalRow]:
        """Rows of some proposals and of all those of some issues, in the order of `list_rows`."""
        table = proposals.c
        query = select(*_ROW).where(or_(table.id.in_(ids), table.issue_id.in_(issues)))
        query = query.order_by(table.priority.desc(), table.created_at, table.id).limit(limit)
        return [_to_row(row) for row in self._connection.execute(query)]

    def list_all(
        self,
        *,
        states: Iterable[ProposalState] | None = None,
        limit: int = 200,
        after: ProposalId | None = None,
    ) -> list[Proposal]:
        """Whole records in the order of `list_rows`."""
        query = self._in_order(select(proposals.c.body), states, limit, after)
        bodies = self._connection.scalars(query)
        return [Proposal.model_validate_json(body) for body in bodies]

    def _in_order(
        self,
        query: Select[Any],
        states: Iterable[ProposalState] | None,
        limit: int,
        after: ProposalId | None,
    ) -> Select[Any]:
        table = proposals.c
        if states is not None:
            query = query.where(table.state.in_([one.value for one in states]))
        if after is not None:
            query = query.where(self._later_than(after))
        return query.order_by(table.priority.desc(), table.created_at, table.id).limit(limit)

    def _later_than(self, id_: ProposalId) -> Any:
        table = proposals.c
        row = self._connection.execute(
            select(table.priority, table.created_at).where(table.id == id_)
        ).first()
        if row is None:
            raise NotFound("proposal", id_)
        priority, created_at = row
        same = table.priority == priority
        return or_(
            table.priority < priority,
            and_(same, table.created_at > created_at),
            and_(same, table.created_at == created_at, table.id > id_),
        )

    def counts(self) -> Mapping[ProposalState, int]:
        """How many proposals are in each state that occurs."""
        rows = self._connection.execute(
            select(proposals.c.state, func.count()).group_by(proposals.c.state)
        )
        return {ProposalState(state): count for state, count in rows}

    def overdue(self, at: datetime) -> list[ProposalId]:
        """Undecided proposals whose time is over."""
        rows = self._connection.scalars(
            select(proposals.c.id).where(
                proposals.c.state == ProposalState.PROPOSED.value, proposals.c.expires_at <= at
            )
        )
        return [ProposalId(id_) for id_ in rows]

    def add_decision(self, decision: Decision) -> None:
        """Keep what a person did."""
        row = {
            "proposal_id": decision.proposal_id,
            "version": decision.seen_version,
            "kind": decision.kind.value,
            "person": decision.by,
            "body": decision.model_dump_json(),
        }
        self._connection.execute(decisions.insert(), row)

    def decisions(self, id_: ProposalId) -> list[Decision]:
        """What people did with a proposal, oldest first."""
        bodies = self._connection.scalars(
            select(decisions.c.body).where(decisions.c.proposal_id == id_).order_by(decisions.c.seq)
        )
        return [Decision.model_validate_json(body) for body in bodies]

    def last_decisions(self, ids: Sequence[ProposalId]) -> dict[ProposalId, Decision]:
        """What people did last with each of some proposals; those nobody decided are left out."""
        of_each = (
            select(func.max(decisions.c.seq))
            .where(decisions.c.proposal_id.in_(ids))
            .group_by(decisions.c.proposal_id)
        )
        query = select(decisions.c.body).where(decisions.c.seq.in_(of_each))
        found = [Decision.model_validate_json(body) for body in self._connection.scalars(query)]
        return {one.proposal_id: one for one in found}

    def escalations(self, ids: Sequence[ProposalId]) -> dict[ProposalId, Decision]:
        """Who escalated which of some proposals, and why; the others are left out."""
        table = decisions.c
        query = select(table.body).where(
            table.proposal_id.in_(ids), table.kind == DecisionKind.ESCALATE.value
        )
        found = [Decision.model_validate_json(body) for body in self._connection.scalars(query)]
        return {one.proposal_id: one for one in found}

    def decisions_since(self, at: datetime) -> list[Decision]:
        """What people did since a time, oldest first."""
        bodies = self._connection.scalars(select(decisions.c.body).order_by(decisions.c.seq.desc()))
        found: list[Decision] = []
        for body in bodies:
            decision = Decision.model_validate_json(body)
            if decision.at < at:
                break
            found.append(decision)
        return found[::-1]

    def save_edit(self, edit: SavedEdit) -> None:
        """Keep what a person typed, replacing their earlier text on the same proposal."""
        row = {
            "proposal_id": edit.proposal_id,
            "person": edit.person,
            "body": edit.model_dump_json(),
            "at": edit.at,
        }
        put(self._connection, saved_edits, [row])

    def find_edit(self, id_: ProposalId, person: str) -> SavedEdit | None:
        """What a person typed and has not decided."""
        body = self._connection.scalar(
            select(saved_edits.c.body).where(
                saved_edits.c.proposal_id == id_, saved_edits.c.person == person
            )
        )
        return SavedEdit.model_validate_json(body) if body is not None else None

    def drop_edits(self, id_: ProposalId, person: str | None = None) -> None:
        """Forget saved edits of one person, or of everybody."""
        query = delete(saved_edits).where(saved_edits.c.proposal_id == id_)
        if person is not None:
            query = query.where(saved_edits.c.person == person)
        self._connection.execute(query)


def _columns(proposal: Proposal, body: str, at: datetime) -> dict[str, Any]:
    same = (
        "id",
        "issue_id",
        "version",
        "risk",
        "severity",
        "label",
        "reason",
        "created_at",
        "expires_at",
        "answer_due_at",
    )
    return {
        **{name: getattr(proposal, name) for name in same},
        "kind": proposal.kind.value,
        "state": proposal.state.value,
        "priority": proposal.rank,
        "department": proposal.owner.department if proposal.owner else None,
        "open_checks": len(proposal.open_checks),
        "changed_at": at,
        "body": body,
    }


def _copies(id_: ProposalId, version: int) -> Select[Any]:
    table = renderings.c
    return select(table.customer_id, table.address, table.sha256, table.bytes).where(
        table.proposal_id == id_, table.version == version
    )


def _to_copy(row: Row[Any]) -> FrozenCopy:
    return FrozenCopy(row.customer_id or None, row.address, row.sha256, bytes(row.bytes))


def _to_row(row: Row[Any]) -> ProposalRow:
    fields = dict(row._mapping)
    fields["kind"] = ProposalKind(fields["kind"])
    fields["state"] = ProposalState(fields["state"])
    return ProposalRow(**fields)
