"""Carry out what was approved: one delivery at a time, one commit per step.

The order of the steps is the guarantee; `docs/guarantees.md` lists what it keeps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.delivery.claim import (
    NO_ANSWER,
    Claim,
    Result,
    Rules,
    claim,
    is_ticket,
    nothing_accepted,
)
from agent.delivery.faults import FaultPoint, Faults, no_faults
from agent.delivery.ledger import Step, after, begin_attempt, end_attempt, move, take, update_row
from domain.destinations import Destination, Sent, WireStep
from domain.errors import (
    BytesChanged,
    DestinationUnavailable,
    InvalidInput,
    NoAnswer,
    RefusedForGood,
    RefusedForNow,
    UndertoneError,
)
from domain.ports import Clock, Store, Unit
from domain.proposals import DeliveryState, OutboxRow
from domain.record import DeliveryId

# Grey-listing servers accept after 1 to 15 minutes; half a day covers an outage by night.
RETRY_PAUSES = tuple(timedelta(minutes=one) for one in (1, 5, 15, 60, 240, 720))
# Look-ups at 1, 5, 15 and 30 minutes: search indexes of trackers were seen 12 minutes late.
LOOK_PAUSES = tuple(timedelta(minutes=one) for one in (1, 4, 10, 15))

_FAULTS = {
    WireStep.CONNECTED: FaultPoint.AFTER_CONNECT,
    WireStep.MID_BODY: FaultPoint.MID_BODY,
    WireStep.BODY_ENDED: FaultPoint.BEFORE_ANSWER,
    WireStep.ANSWERED: FaultPoint.AFTER_ANSWER,
}


class _Halted(UndertoneError):
    """Nothing of the body has left, and nothing may: the switch is off or the lease is lost."""


@dataclass(frozen=True)
class DeliverReport:
    """What one round did."""

    counts: Mapping[Result, int]
    recovered: int = 0
    """Deliveries that an earlier process left on the wire."""

    @property
    def stopped(self) -> bool:
        """Whether the switch kept something from leaving."""
        return self.counts.get(Result.STOPPED, 0) > 0

    def count(self, result: Result) -> int:
        """How many deliveries came to this result."""
        return self.counts.get(result, 0)


def deliver(
    store: Store,
    rules: Rules,
    *,
    clock: Clock,
    faults: Faults = no_faults,
    limit: int = 100,
) -> DeliverReport:
    """Carry out at most `limit` due deliveries. Any number of processes may do so at once.

    Commits after each step of the protocol. The switch is asked before every claim and
    once more before a body leaves.
    """
    carrier = _Carrier(store, rules, clock, faults)
    with store.read() as unit:
        lost = unit.outbox.lost(clock())
    recovered = sum(carrier.recover(id_) for id_ in lost)
    with store.read() as unit:
        due = unit.outbox.due(clock(), limit=limit)
    counts: Counter[Result] = Counter()
    for id_ in due:
        result = carrier.carry(id_)
        counts[result] += 1
        if result is Result.STOPPED:
            break
    return DeliverReport(counts, recovered)


class _Carrier:
    """One round's view of store, rules and clock."""

    def __init__(self, store: Store, rules: Rules, clock: Clock, faults: Faults) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock
        self._faults = faults

    def carry(self, id_: DeliveryId) -> Result:
        """Take one delivery as far as it goes."""
        with self._store.write() as unit:
            row = unit.outbox.find_row(id_)
            unknown = row is not None and row.delivery.state is DeliveryState.UNKNOWN
            if not unknown:
                claimed = claim(unit, id_, rules=self._rules, at=self._clock())
            elif unit.outbox.switch().stopped:
                return Result.STOPPED
        if unknown:
            return self._look_again(id_)
        if isinstance(claimed, Result):
            return claimed
        self._faults(FaultPoint.AFTER_CLAIM)
        if not claimed.is_ticket:
            self._faults(FaultPoint.AFTER_ATTEMPT)
            return self._hand_over(claimed)
        return self._file(claimed)

    # -- tracker: look, then create or update

    def _file(self, claimed: Claim) -> Result:
        delivery = claimed.row.delivery
        self._faults(FaultPoint.BEFORE_LOOKUP)
        try:
            found = claimed.destination.find(delivery.key)
        except DestinationUnavailable as error:
            return self._refused_for_now(claimed, str(error))
        self._faults(FaultPoint.AFTER_LOOKUP)
        if found is not None and found.sha256 == delivery.sha256:
            return self._accepted(claimed, found)
        with self._store.write() as unit:
            row = _own(unit, claimed)
            if row is None:
                return Result.SKIPPED
            begin_attempt(unit, row, at=self._clock())
        self._faults(FaultPoint.AFTER_ATTEMPT)
        return self._hand_over(claimed)

    def _look_again(self, id_: DeliveryId) -> Result:
        with self._store.read() as unit:
            row = unit.outbox.find_row(id_)
        if row is None:
            return Result.SKIPPED
        destination = self._destination(row)
        found, problem = None, "Its destination is gone."
        if destination is not None:
            try:
                found, problem = destination.find(row.delivery.key), ""
            except DestinationUnavailable as error:
                problem = str(error)
        with self._store.write() as unit:
            return self._after_look(unit, id_, found, problem)

    def _after_look(self, unit: Unit, id_: DeliveryId, found: Sent | None, problem: str) -> Result:
        at = self._clock()
        row = take(unit, id_)
        if row is None or row.delivery.state is not DeliveryState.UNKNOWN:
            return Result.SKIPPED
        if found is not None and found.sha256 in (None, row.delivery.sha256):
            detail = found.detail or "Found on looking again."
            move(unit, row, Step(DeliveryState.SENT, detail, external_id=found.external_id), at=at)
            return Result.SENT
        if found is not None:
            # It exists under our marker with older words: an update cannot make a second one.
            move(unit, row, Step(DeliveryState.HELD, "Exists; the update is due.", at), at=at)
            return Result.WAITING
        looks = row.looks + 1
        pause = after(LOOK_PAUSES, looks + 1)
        said = problem or "Not found."
        detail = (
            f"{said} Looked {looks} of {len(LOOK_PAUSES)} times."
            if pause
            else (f"{said} Looked {looks} times; a person decides.")
        )
        waiting = row.delivery.model_copy(
            update={"detail": detail, "next_at": at + pause if pause else None, "changed_at": at}
        )
        update_row(unit, row, delivery=waiting, looks=looks)
        return Result.UNKNOWN

    # -- both: hand over and write down what came of it

    def _hand_over(self, claimed: Claim) -> Result:
        delivery = claimed.row.delivery
        try:
            sent = claimed.destination.send(
                claimed.frozen,
                key=delivery.key,
                address=delivery.address,
                on_step=lambda step: self._on_step(claimed, step),
            )
        except (RefusedForNow, DestinationUnavailable) as error:
            return self._refused_for_now(claimed, str(error))
        except (RefusedForGood, BytesChanged, InvalidInput) as error:
            return self._end(claimed, Step(DeliveryState.FAILED, str(error)), str(error))
        except NoAnswer as error:
            return self._unanswered(claimed, str(error))
        except _Halted as error:
            return self._halted(claimed, str(error))
        return self._accepted(claimed, sent)

    def _on_step(self, claimed: Claim, step: WireStep) -> None:
        if step is not WireStep.BODY_BEGINS:
            self._faults(_FAULTS[step])
            return
        with self._store.write() as unit:
            if unit.outbox.switch().stopped:
                raise _Halted("Everything was stopped before it left.")
            row = _own(unit, claimed)
            if row is None:
                raise _Halted("Another process has it.")
            attempt = unit.outbox.attempts(row.delivery.id)[-1]
            unit.outbox.put_attempt(attempt.model_copy(update={"body_at": self._clock()}))

    def _accepted(self, claimed: Claim, sent: Sent) -> Result:
        with self._store.write() as unit:
            row = _own(unit, claimed) or _unsettled(unit, claimed)
            if row is None:
                return Result.SKIPPED
            known = row.delivery.model_copy(update={"external_id": sent.external_id})
            update_row(unit, row, delivery=known)
        self._faults(FaultPoint.AFTER_ID)
        self._faults(FaultPoint.BEFORE_DONE)
        step = Step(DeliveryState.SENT, sent.detail or "Accepted.", external_id=sent.external_id)
        return self._end(claimed, step, sent.detail or "accepted")

    def _refused_for_now(self, claimed: Claim, reason: str) -> Result:
        with self._store.write() as unit:
            row = _own(unit, claimed)
            return self._retry(unit, row, reason) if row is not None else Result.SKIPPED

    def _retry(self, unit: Unit, row: OutboxRow, reason: str) -> Result:
        at = self._clock()
        end_attempt(unit, row, reason, at=at)
        row = update_row(unit, row, retries=row.retries + 1)
        pause = after(RETRY_PAUSES, row.retries)
        if pause is None:
            _forget_contact(unit, row)
            detail = f"{reason} Given up after {row.retries} tries."
            move(unit, row, Step(DeliveryState.FAILED, detail), at=at)
            return Result.FAILED
        move(unit, row, Step(DeliveryState.HELD, reason, at + pause), at=at)
        return Result.WAITING

    def _unanswered(self, claimed: Claim, reason: str) -> Result:
        with self._store.write() as unit:
            row = _own(unit, claimed)
            if row is None:
                return Result.SKIPPED
            self._lose(unit, row, reason)
            return Result.UNKNOWN

    def _lose(self, unit: Unit, row: OutboxRow, reason: str) -> None:
        """Mark as unknown: a tracker is asked again, mail waits for a person."""
        at = self._clock()
        end_attempt(unit, row, NO_ANSWER, at=at)
        row = update_row(unit, row, looks=0)
        next_at = at + LOOK_PAUSES[0] if is_ticket(row.delivery) else None
        move(unit, row, Step(DeliveryState.UNKNOWN, reason, next_at), at=at)

    def _halted(self, claimed: Claim, reason: str) -> Result:
        with self._store.write() as unit:
            row = _own(unit, claimed)
            if row is None:
                return Result.SKIPPED
            at = self._clock()
            end_attempt(unit, row, reason, at=at)
            move(unit, row, Step(DeliveryState.HELD, reason, at), at=at)
            return Result.STOPPED

    def _end(self, claimed: Claim, step: Step, result: str) -> Result:
        with self._store.write() as unit:
            row = _own(unit, claimed) or _unsettled(unit, claimed)
            if row is None:
                return Result.SKIPPED
            end_attempt(unit, row, result, at=self._clock())
            if step.state is DeliveryState.FAILED:
                _forget_contact(unit, row)
            move(unit, row, step, at=self._clock())
        return Result(step.state.value)

    # -- what an earlier process left behind

    def recover(self, id_: DeliveryId) -> bool:
        """Take a delivery off the wire whose holder is gone, on the safe side."""
        at = self._clock()
        with self._store.write() as unit:
            row = take(unit, id_)
            if row is None or row.delivery.state is not DeliveryState.SENDING:
                return False
            if row.lease_until is not None and row.lease_until > at:
                return False
            if row.delivery.external_id is not None:
                end_attempt(unit, row, "accepted", at=at)
                move(unit, row, Step(DeliveryState.SENT, "Accepted; found after a stop."), at=at)
            elif _may_have_left(unit, row):
                self._lose(unit, row, "The process ended before the answer came.")
            else:
                self._retry(unit, row, "The process ended before anything left.")
            return True

    def _destination(self, row: OutboxRow) -> Destination | None:
        return self._rules.destinations.get(row.delivery.destination.partition("/")[0])


def _own(unit: Unit, claimed: Claim) -> OutboxRow | None:
    """Give the row as it is now if the lease is still ours."""
    row = take(unit, claimed.row.delivery.id)
    return row if row is not None and row.lease_by == claimed.row.lease_by else None


def _unsettled(unit: Unit, claimed: Claim) -> OutboxRow | None:
    """Give the row if it was marked unknown meanwhile: a late answer settles it."""
    row = take(unit, claimed.row.delivery.id)
    return row if row is not None and row.delivery.state is DeliveryState.UNKNOWN else None


def _may_have_left(unit: Unit, row: OutboxRow) -> bool:
    attempts = unit.outbox.attempts(row.delivery.id)
    return bool(attempts) and attempts[-1].ended_at is None and attempts[-1].body_at is not None


def _forget_contact(unit: Unit, row: OutboxRow) -> None:
    if nothing_accepted(unit, row.delivery.id):
        unit.outbox.drop_contact(row.delivery.id)


def next_due(unit: Unit, *, at: datetime) -> bool:
    """Whether anything is due, so that a job knows whether to run a round."""
    return bool(unit.outbox.due(at, limit=1) or unit.outbox.lost(at))
