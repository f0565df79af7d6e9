"""The outbox: approvals, deliveries, attempts, the contact ledger, the switch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from domain.errors import BrokenInvariant, NotFound
from domain.proposals import Approval, Attempt, Delivery, DeliveryState, OutboxRow, Switch
from domain.record import DeliveryId, IssueId, ProposalId
from storage.outbox_tables import approvals, attempts, contacts, dispatch_switch, outbox
from storage.rows import put, put_once
from storage.search_terms import put_ticket


class SqlOutboxRepo:
    """`OutboxRepo` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # -- approvals

    def grant(self, approval: Approval) -> None:
        """Keep an approval that is not spent yet."""
        row = {
            "token": approval.token,
            "proposal_id": approval.proposal_id,
            "version": approval.version,
            "granted_at": approval.granted_at,
            "spent_at": approval.spent_at,
            "void_at": approval.void_at,
            "body": approval.model_dump_json(exclude={"spent_at", "void_at"}),
        }
        self._connection.execute(approvals.insert(), row)

    def spend(self, token: str, *, at: datetime) -> Approval:
        """Spend an approval."""
        try:
            spent = self._connection.execute(
                update(approvals)
                .where(
                    approvals.c.token == token,
                    approvals.c.spent_at.is_(None),
                    approvals.c.void_at.is_(None),
                )
                .values(spent_at=at)
            )
        except IntegrityError as error:
            raise BrokenInvariant("Another approval of this version was spent before.") from error
        approval = self.find_approval(token)
        if approval is None or spent.rowcount != 1:
            raise BrokenInvariant("The approval does not exist, is void, or was spent before.")
        return approval

    def void(self, proposal_id: ProposalId, *, at: datetime) -> int:
        """Make every approval of a proposal worthless; gives how many were valid."""
        voided = self._connection.execute(
            update(approvals)
            .where(approvals.c.proposal_id == proposal_id, approvals.c.void_at.is_(None))
            .values(void_at=at)
        )
        return voided.rowcount

    def find_approval(self, token: str) -> Approval | None:
        """Find an approval by its token."""
        found = self._approvals(approvals.c.token == token)
        return found[0] if found else None

    def approvals(self, proposal_id: ProposalId, version: int) -> list[Approval]:
        """Valid approvals of a version, oldest first."""
        return self._approvals(
            and_(
                approvals.c.proposal_id == proposal_id,
                approvals.c.version == version,
                approvals.c.void_at.is_(None),
            )
        )

    def _approvals(self, where: Any) -> list[Approval]:
        rows = self._connection.execute(
            select(approvals.c.body, approvals.c.spent_at, approvals.c.void_at)
            .where(where)
            .order_by(approvals.c.granted_at, approvals.c.token)
        )
        return [
            Approval.model_validate_json(body).model_copy(
                update={"spent_at": spent_at, "void_at": void_at}
            )
            for body, spent_at, void_at in rows
        ]

    # -- deliveries

    def add(self, rows: Sequence[OutboxRow]) -> None:
        """Store rows."""
        try:
            self._connection.execute(outbox.insert(), [_columns(row) for row in rows])
        except IntegrityError as error:
            raise BrokenInvariant(
                "One of these is on its way already. Settle that one first."
            ) from error

    def find_row(self, id_: DeliveryId, *, for_change: bool = False) -> OutboxRow | None:
        """Find a row; `for_change` keeps other writers out until the commit."""
        query = select(outbox.c.body).where(outbox.c.id == id_)
        body = self._connection.scalar(query.with_for_update() if for_change else query)
        return OutboxRow.model_validate_json(body) if body is not None else None

    def put(self, row: OutboxRow) -> None:
        """Replace a row."""
        changed = self._connection.execute(
            update(outbox).where(outbox.c.id == row.delivery.id).values(**_columns(row))
        )
        if changed.rowcount != 1:
            raise NotFound("delivery", row.delivery.id)
        put_ticket(self._connection, row.delivery)

    def due(self, at: datetime, *, limit: int) -> list[DeliveryId]:
        """Held rows whose hold and pause are over and unknown ones to be looked up."""
        waiting = (DeliveryState.HELD.value, DeliveryState.UNKNOWN.value)
        rows = self._connection.scalars(
            select(outbox.c.id)
            .where(outbox.c.state.in_(waiting), outbox.c.due_at <= at)
            .order_by(outbox.c.due_at, outbox.c.seq)
            .limit(limit)
        )
        return [DeliveryId(id_) for id_ in rows]

    def lost(self, at: datetime) -> list[DeliveryId]:
        """Rows on the wire whose lease is over."""
        sending = outbox.c.state == DeliveryState.SENDING.value
        over = or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= at)
        rows = self._connection.scalars(
            select(outbox.c.id).where(sending, over).order_by(outbox.c.seq)
        )
        return [DeliveryId(id_) for id_ in rows]

    def deliveries(self, proposal_id: ProposalId, version: int | None = None) -> list[Delivery]:
        """Deliveries of a proposal (of one version), in the order they were written."""
        query = select(outbox.c.body).where(outbox.c.proposal_id == proposal_id)
        if version is not None:
            query = query.where(outbox.c.version == version)
        return _deliveries(self._connection.scalars(query.order_by(outbox.c.seq)))

    def first_deliveries(
        self, proposal_id: ProposalId, version: int, *, limit: int
    ) -> list[Delivery]:
        """Some deliveries of a version: those that need a person first, then as written."""
        alerts = (DeliveryState.UNKNOWN, DeliveryState.FAILED, DeliveryState.BOUNCED)
        order = (
            case((outbox.c.state.in_([one.value for one in alerts]), 0), else_=1),
            outbox.c.seq,
        )
        first = (
            select(outbox.c.seq)
            .where(outbox.c.proposal_id == proposal_id, outbox.c.version == version)
            .order_by(*order)
            .limit(limit)
        )
        query = select(outbox.c.body).where(outbox.c.seq.in_(first)).order_by(*order)
        return _deliveries(self._connection.scalars(query))

    def in_states(self, states: Iterable[DeliveryState], *, limit: int = 200) -> list[Delivery]:
        """Deliveries in some states, the longest unchanged first."""
        query = select(outbox.c.body).where(outbox.c.state.in_([one.value for one in states]))
        query = query.order_by(outbox.c.changed_at, outbox.c.seq).limit(limit)
        return _deliveries(self._connection.scalars(query))

    def state_counts(self, proposal_id: ProposalId, version: int) -> Mapping[DeliveryState, int]:
        """How many deliveries of a version are in each state that occurs."""
        rows = self._connection.execute(
            select(outbox.c.state, func.count())
            .where(outbox.c.proposal_id == proposal_id, outbox.c.version == version)
            .group_by(outbox.c.state)
        )
        return {DeliveryState(state): count for state, count in rows}

    def state_counts_of(
        self, versions: Sequence[tuple[ProposalId, int]]
    ) -> dict[tuple[ProposalId, int], dict[DeliveryState, int]]:
        """How many deliveries of each of some versions are in each state that occurs."""
        counts: dict[tuple[ProposalId, int], dict[DeliveryState, int]] = {}
        rows = self._connection.execute(
            select(outbox.c.proposal_id, outbox.c.version, outbox.c.state, func.count())
            .where(outbox.c.proposal_id.in_([id_ for id_, _ in versions]))
            .group_by(outbox.c.proposal_id, outbox.c.version, outbox.c.state)
        )
        for id_, version, state, count in rows:
            counts.setdefault((ProposalId(id_), version), {})[DeliveryState(state)] = count
        return counts

    def held_until(self, ids: Sequence[ProposalId]) -> dict[ProposalId, datetime]:
        """Until when each of some proposals is held; all copies of one are held alike."""
        held = DeliveryState.HELD.value
        last = (
            select(func.max(outbox.c.seq))
            .where(outbox.c.proposal_id.in_(ids), outbox.c.state == held)
            .group_by(outbox.c.proposal_id)
        )
        bodies = self._connection.scalars(select(outbox.c.body).where(outbox.c.seq.in_(last)))
        return {one.proposal_id: one.hold_until for one in _deliveries(bodies)}

    # -- attempts

    def add_attempt(self, attempt: Attempt) -> None:
        """Keep an attempt before it is made."""
        self._connection.execute(attempts.insert(), _attempt(attempt))

    def put_attempt(self, attempt: Attempt) -> None:
        """Replace an attempt by what is known now."""
        put(self._connection, attempts, [_attempt(attempt)])

    def attempts(self, id_: DeliveryId) -> list[Attempt]:
        """Attempts of a delivery, oldest first."""
        bodies = self._connection.scalars(
            select(attempts.c.body).where(attempts.c.delivery_id == id_).order_by(attempts.c.number)
        )
        return [Attempt.model_validate_json(body) for body in bodies]

    # -- contact ledger

    def add_contact(self, delivery: Delivery, *, at: datetime) -> DeliveryId:
        """Enter (customer, issue, purpose) in the ledger unless it is there."""
        row = {
            "customer_id": delivery.customer_id,
            "issue_id": delivery.issue_id,
            "purpose": delivery.purpose,
            "delivery_id": delivery.id,
            "at": at,
        }
        put_once(self._connection, contacts, [row])
        holder = self._connection.scalar(
            select(contacts.c.delivery_id).where(
                contacts.c.customer_id == delivery.customer_id,
                contacts.c.issue_id == delivery.issue_id,
                contacts.c.purpose == delivery.purpose,
            )
        )
        return DeliveryId(str(holder))

    def drop_contact(self, id_: DeliveryId) -> None:
        """Take back the entry of a delivery of which nothing was accepted."""
        self._connection.execute(delete(contacts).where(contacts.c.delivery_id == id_))

    def contacted(self, issue_id: IssueId, purpose: str) -> frozenset[str]:
        """Customers who were written to about an issue for a purpose."""
        return frozenset(
            self._connection.scalars(
                select(contacts.c.customer_id).where(
                    contacts.c.issue_id == issue_id, contacts.c.purpose == purpose
                )
            )
        )

    def contact_times(self, customer_id: str, *, since: datetime) -> list[datetime]:
        """When a customer was written to, oldest first."""
        rows = self._connection.scalars(
            select(contacts.c.at)
            .where(contacts.c.customer_id == customer_id, contacts.c.at > since)
            .order_by(contacts.c.at)
        )
        return [at for at in rows if at is not None]

    # -- switch

    def switch(self) -> Switch:
        """Whether anything may leave."""
        body = self._connection.scalar(select(dispatch_switch.c.body))
        return Switch.model_validate_json(body) if body is not None else Switch()

    def turn(self, switch: Switch) -> None:
        """Stop or resume everything."""
        row = {"id": 1, "stopped": switch.stopped, "body": switch.model_dump_json()}
        put(self._connection, dispatch_switch, [row])


def _columns(row: OutboxRow) -> dict[str, Any]:
    delivery = row.delivery
    return {
        "id": delivery.id,
        "approval": row.approval,
        "proposal_id": delivery.proposal_id,
        "version": delivery.version,
        "key": delivery.key,
        "state": delivery.state.value,
        "due_at": _due_at(delivery),
        "lease_until": row.lease_until,
        "changed_at": delivery.changed_at,
        "body": row.model_dump_json(),
    }


def _due_at(delivery: Delivery) -> datetime | None:
    """Give when the dispatcher looks at it next; an unknown one may wait for a person."""
    if delivery.state is DeliveryState.HELD:
        return max(delivery.hold_until, delivery.next_at or delivery.hold_until)
    return delivery.next_at if delivery.state is DeliveryState.UNKNOWN else None


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "delivery_id": attempt.delivery_id,
        "number": attempt.number,
        "body": attempt.model_dump_json(),
    }


def _deliveries(bodies: Iterable[str]) -> list[Delivery]:
    return [OutboxRow.model_validate_json(body).delivery for body in bodies]
