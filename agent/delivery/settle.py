"""What a person does with the outbox: settle the unknown, stop everything, resume."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from agent.delivery.claim import NO_ANSWER
from agent.delivery.ledger import Step, end_attempt, move, take, update_row
from domain.errors import AlreadyDecided, CannotDecide, NotFound, UndertoneError
from domain.ports import Unit
from domain.proposals import Delivery, DeliveryState, Switch
from domain.record import DeliveryId, Record

AGAIN = "again"
"""The word to type for sending again."""


class FoundIt(Record):
    """It is there: the id under which it was found."""

    type: Literal["found"] = "found"
    external_id: str


class SendAgain(Record):
    """Send it once more, knowing that the first one may have arrived."""

    type: Literal["again"] = "again"
    typed: str


class GiveUp(Record):
    """Leave it as it is."""

    type: Literal["give_up"] = "give_up"


Settlement = FoundIt | SendAgain | GiveUp


def settle_unknown(
    unit: Unit,
    delivery_id: DeliveryId,
    settlement: Settlement,
    *,
    by: str,
    at: datetime,
    reason: str | None = None,
) -> Delivery:
    """Settle a delivery of which nobody knows whether it arrived.

    Raises:
        NotFound: No delivery has this id.
        AlreadyDecided: It is not unknown any more.
        CannotDecide: The typed word or the id is missing.
    """
    row = take(unit, delivery_id)
    if row is None:
        raise NotFound("delivery", delivery_id)
    if row.delivery.state is not DeliveryState.UNKNOWN:
        raise _settled(unit, row.delivery)
    step = _step(settlement, by, at)
    unit.audit.add(
        f"settled: {settlement.type}",
        delivery_id,
        by=by,
        at=at,
        sha256=row.delivery.sha256,
        reason=reason,
        details={"proposal": row.delivery.proposal_id, "risk": "It may exist twice."}
        if isinstance(settlement, SendAgain)
        else {"proposal": row.delivery.proposal_id},
    )
    end_attempt(unit, row, NO_ANSWER, at=at)
    row = update_row(unit, row, looks=0, retries=0)
    return move(unit, row, step, at=at, by=by).delivery


def _step(settlement: Settlement, by: str, at: datetime) -> Step:
    if isinstance(settlement, FoundIt):
        external_id = settlement.external_id.strip()
        if not external_id:
            raise CannotDecide("Paste the id under which it was found.")
        return Step(DeliveryState.SENT, f"Found by {by}.", external_id=external_id)
    if isinstance(settlement, SendAgain):
        if settlement.typed.strip().lower() != AGAIN:
            raise CannotDecide(
                f"If the first one arrived, there will be two. Type {AGAIN!r} to go on."
            )
        return Step(DeliveryState.HELD, f"Released again by {by}.", at)
    return Step(DeliveryState.FAILED, f"Given up by {by}; it may have arrived.")


def _settled(unit: Unit, delivery: Delivery) -> UndertoneError:
    entries = [one for one in unit.audit.of(delivery.id) if one.what.startswith("settled: ")]
    if not entries:
        return CannotDecide(f"It is {delivery.state.value}, not unknown; nothing is left to do.")
    last = entries[-1]
    kind = last.what.removeprefix("settled: ")
    return AlreadyDecided(delivery.proposal_id, by=last.by, at=last.at, kind=kind)


def stop_dispatch(unit: Unit, *, by: str, at: datetime, reason: str) -> Switch:
    """Let nothing leave from this commit on, until a person resumes."""
    if not reason.strip():
        raise CannotDecide("Say why everything is to stop.")
    return _turn(unit, stopped=True, by=by, at=at, reason=reason.strip())


def resume_dispatch(unit: Unit, *, by: str, at: datetime, reason: str | None = None) -> Switch:
    """Let things leave again."""
    return _turn(unit, stopped=False, by=by, at=at, reason=reason)


def _turn(unit: Unit, *, stopped: bool, by: str, at: datetime, reason: str | None) -> Switch:
    present = unit.outbox.switch()
    if present.stopped == stopped:
        return present
    switch = Switch(stopped=stopped, by=by, at=at, reason=reason)
    unit.outbox.turn(switch)
    what = "dispatch stopped" if stopped else "dispatch resumed"
    unit.audit.add(what, "dispatch", by=by, at=at, reason=reason)
    return switch
