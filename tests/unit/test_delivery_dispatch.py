"""Dispatch: nothing twice, nothing lost, and the answer may be no until the last moment."""

import pytest
from sqlalchemy import text

from agent.delivery.claim import Result
from agent.delivery.settle import (
    FoundIt,
    GiveUp,
    SendAgain,
    resume_dispatch,
    settle_unknown,
    stop_dispatch,
)
from domain.destinations import WireStep
from domain.errors import (
    AlreadyDecided,
    CannotDecide,
    DestinationUnavailable,
    NoAnswer,
    NotFound,
    RefusedForGood,
    RefusedForNow,
)
from domain.people import ContactCap, Policy, QuietHours
from domain.proposals import DeliveryState
from tests.delivery_world import (
    World,
    a_customer,
    a_message,
    a_recipient,
    a_ticket,
    a_ticket_draft,
    sha256,
)

pytestmark = pytest.mark.unit


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path, undo_seconds=0)
    world.know(a_customer("ann"), a_customer("bob"))
    return world


def approved(world, submission):
    proposal = world.proposed(submission)
    world.decide(proposal.id, "approve")
    return proposal


def only_ann():
    return a_message([a_recipient("ann")])


# -- mail


def test_a_lost_answer_makes_a_mail_unknown_and_it_waits_for_a_person(world):
    world.mail.late_errors = [NoAnswer("No answer.")]
    message = approved(world, only_ann())

    world.deliver()
    world.clock.pass_by(days=2)
    world.deliver()

    assert world.states(message.id) == ["unknown"]
    assert world.proposal(message.id).state == "unknown"
    assert len(world.mail.accepted) == 1


def test_a_refusal_for_now_is_tried_again_under_the_same_key(world):
    world.mail.errors = [RefusedForNow("450 later"), RefusedForNow("450 later")]
    message = approved(world, only_ann())

    results = []
    for _ in range(4):
        results.append(dict(world.deliver().counts))
        world.clock.pass_by(minutes=6)

    assert results == [{"waiting": 1}, {"waiting": 1}, {"sent": 1}, {}]
    with world.store.read() as unit:
        attempts = unit.outbox.attempts(world.deliveries(message.id)[0].id)
    assert [one.result for one in attempts] == ["450 later", "450 later", "250 fine"]
    assert {key for key, _ in world.mail.accepted} == {world.deliveries(message.id)[0].key}


def test_retries_are_bounded_and_end_as_failed(world):
    world.mail.errors = [RefusedForNow("450 later")] * 50
    message = approved(world, only_ann())

    for _ in range(20):
        world.deliver()
        world.clock.pass_by(hours=13)

    delivery = world.deliveries(message.id)[0]
    assert (delivery.state, delivery.attempts) == ("failed", 7)
    assert world.proposal(message.id).state == "failed"


def test_a_refusal_for_good_fails_and_leaves_the_customer_free_for_another_message(world):
    world.mail.errors = [RefusedForGood("550 no such user")]
    message = approved(world, only_ann())

    world.deliver()

    assert world.states(message.id) == ["failed"]
    assert "550" in world.deliveries(message.id)[0].detail
    with world.store.read() as unit:
        assert unit.outbox.contacted(message.issue_id, "affected") == frozenset()


def test_one_refused_recipient_does_not_keep_the_others(world):
    world.mail.errors = [RefusedForGood("550"), None]
    message = approved(world, a_message())

    world.deliver()

    assert world.states(message.id) == ["failed", "sent"]
    assert world.proposal(message.id).state == "sent"


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [({"suppressed": True}, "suppressed"), ({"consent": False}, "consent is false")],
)
def test_suppression_and_consent_are_asked_again_in_the_claim(world, attributes, reason):
    message = approved(world, a_message())
    later = a_customer("ann", **attributes).model_copy(update={"recorded_at": world.clock()})
    world.know(later)

    world.deliver()

    assert world.states(message.id) == ["cancelled", "sent"]
    assert reason in world.deliveries(message.id)[0].detail


def test_a_customer_is_written_to_once_per_issue_and_purpose(world):
    message = approved(world, only_ann())
    world.deliver()
    with world.store.write() as unit:
        row = unit.outbox.find_row(world.deliveries(message.id)[0].id)
        twin = row.delivery.model_copy(update={"id": "d_twin", "state": DeliveryState.HELD})
        unit.outbox.add([row.model_copy(update={"delivery": twin})])

    world.deliver()

    assert world.states(message.id) == ["sent", "cancelled"]
    assert len(world.mail.accepted) == 1


def test_the_contact_cap_makes_a_message_wait(world):
    world.policy = Policy(contact_cap=ContactCap(messages=1, days=3))
    first = approved(world, only_ann())
    world.deliver()
    other = approved(world, only_ann().model_copy(update={"issue_id": "i_2"}))

    world.deliver()
    waiting = world.states(other.id)
    world.clock.pass_by(days=3)
    world.deliver()

    assert (world.states(first.id), waiting) == (["sent"], ["held"])
    assert world.states(other.id) == ["sent"]


def test_quiet_hours_are_the_customers_own(world):
    world.policy = Policy(quiet_hours=QuietHours(start=17, end=8))
    world.know(a_customer("tom", time_zone="Asia/Tokyo"))
    message = approved(world, a_message([a_recipient("ann"), a_recipient("tom")]))

    world.deliver()
    at_nine_utc = dict(zip(["ann", "tom"], world.states(message.id), strict=True))
    world.clock.pass_by(hours=14)
    world.deliver()

    assert at_nine_utc == {"ann": "sent", "tom": "held"}
    assert world.states(message.id) == ["sent", "sent"]


def test_a_customer_without_a_record_gets_nothing(world):
    message = approved(world, a_message([a_recipient("stranger")]))

    world.deliver()

    assert world.states(message.id) == ["cancelled"]
    assert world.mail.accepted == []


# -- what binds


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE renderings SET bytes = x'00' WHERE version = 1",
        "UPDATE renderings SET bytes = x'00', sha256 = "
        "'6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'",
        "UPDATE renderings SET address = 'eve@example.com'",
        "UPDATE approvals SET spent_at = NULL",
        "UPDATE approvals SET void_at = '2026-03-03 08:00:00.000000'",
        "UPDATE outbox SET body = replace(body, 'ann@example.com', 'eve@example.com')",
    ],
)
def test_what_was_changed_after_the_approval_does_not_leave(world, statement):
    message = approved(world, only_ann())
    with world.store._engine.begin() as connection:
        connection.execute(text(statement))

    world.deliver()

    assert world.mail.accepted == []
    assert world.states(message.id) == ["failed"]


@pytest.mark.parametrize("column_too", [True, False])
def test_a_forgery_that_agrees_with_itself_is_not_what_was_approved(world, column_too):
    message = approved(world, only_ann())
    forged, old = sha256(b"forged"), world.deliveries(message.id)[0].sha256
    with world.store._engine.begin() as connection:
        connection.execute(text("UPDATE renderings SET bytes = :b"), {"b": b"forged"})
        if column_too:
            connection.execute(text("UPDATE renderings SET sha256 = :f"), {"f": forged})
        connection.execute(
            text("UPDATE outbox SET body = replace(body, :o, :f)"), {"o": old, "f": forged}
        )

    world.deliver()

    assert world.mail.accepted == []
    assert world.states(message.id) == ["failed"]


def test_an_approval_that_got_old_behind_the_switch_expires(world):
    ticket = approved(world, a_ticket())
    world.clock.pass_by(days=8)

    world.deliver()

    assert world.states(ticket.id) == ["expired"]
    assert world.tickets.accepted == []


# -- tracker


def test_a_tracker_is_asked_before_anything_is_created(world):
    ticket = approved(world, a_ticket())

    world.deliver()

    assert world.tickets.finds == [world.deliveries(ticket.id)[0].key]


def test_a_tracker_that_cannot_be_asked_gets_nothing(world):
    world.tickets.find_errors = [DestinationUnavailable("Down.")]
    ticket = approved(world, a_ticket())

    world.deliver()

    assert (world.tickets.accepted, world.states(ticket.id)) == ([], ["held"])
    with world.store.read() as unit:
        assert unit.outbox.attempts(world.deliveries(ticket.id)[0].id) == []


def test_an_unknown_ticket_is_found_by_looking(world):
    world.tickets.late_errors = [NoAnswer("Time-out.")]
    ticket = approved(world, a_ticket())
    world.deliver()
    assert world.states(ticket.id) == ["unknown"]

    world.clock.pass_by(minutes=1)
    world.deliver()

    assert world.states(ticket.id) == ["sent"]
    assert len(world.tickets.accepted) == 1
    assert world.deliveries(ticket.id)[0].external_id is not None


def test_an_unknown_ticket_is_looked_up_at_1_5_15_and_30_minutes_and_then_a_person_decides(world):
    world.tickets.late_errors = [NoAnswer("Time-out.")]
    world.tickets.hidden = True
    ticket = approved(world, a_ticket())
    world.deliver()
    world.tickets.finds.clear()

    looked = []
    for minute in range(1, 90):
        world.clock.pass_by(minutes=1)
        world.deliver()
        if world.tickets.finds:
            looked.append(minute)
            world.tickets.finds.clear()

    delivery = world.deliveries(ticket.id)[0]
    assert looked == [1, 5, 15, 30]
    assert (delivery.state, delivery.next_at) == ("unknown", None)
    assert "a person decides" in delivery.detail
    assert len(world.tickets.accepted) == 1


def test_a_grown_issue_updates_the_same_ticket(world):
    first = approved(world, a_ticket())
    world.deliver()

    second = approved(world, a_ticket(a_ticket_draft(600)))
    world.deliver()

    keys = [world.deliveries(one.id)[0].key for one in (first, second)]
    assert first.id != second.id
    assert keys[0] == keys[1]
    assert len(world.tickets.tickets) == 1


def test_an_update_whose_answer_was_lost_is_made_and_not_taken_for_done(world):
    approved(world, a_ticket())
    world.deliver()
    older = dict(world.tickets.tickets)
    second = approved(world, a_ticket(a_ticket_draft(600)))
    world.tickets.late_errors = [NoAnswer("Time-out.")]
    world.deliver()
    world.tickets.tickets = older

    world.clock.pass_by(minutes=1)
    world.deliver()
    world.deliver()

    assert world.states(second.id) == ["sent"]
    assert b"600 affected" in next(iter(world.tickets.tickets.values()))


# -- the switch


def test_the_switch_stops_everything_and_survives_a_restart(world, tmp_path):
    ticket = approved(world, a_ticket())
    with world.store.write() as unit:
        stop_dispatch(unit, by="mara", at=world.clock(), reason="Wrong numbers")

    report = World(tmp_path, clock=world.clock).deliver()
    assert report.stopped
    assert world.states(ticket.id) == ["held"]

    with world.store.write() as unit:
        resume_dispatch(unit, by="noor", at=world.clock())
    world.deliver()
    assert world.states(ticket.id) == ["sent"]
    with world.store.read() as unit:
        entries = unit.audit.of("dispatch")
    assert [(one.what, one.by) for one in entries] == [
        ("dispatch stopped", "mara"),
        ("dispatch resumed", "noor"),
    ]


def test_the_switch_is_asked_once_more_before_a_body_leaves(world):
    message = approved(world, only_ann())

    class StopsOnConnect(type(world.mail)):
        def send(self, frozen, *, key, address, on_step):
            with world.store.write() as unit:
                stop_dispatch(unit, by="mara", at=world.clock(), reason="Now")
            return super().send(frozen, key=key, address=address, on_step=on_step)

    world.destinations["mail"] = outside = StopsOnConnect("mail")
    report = world.deliver()

    assert report.stopped
    assert outside.accepted == []
    assert world.states(message.id) == ["held"]


def test_stopping_needs_a_reason(world):
    with world.store.write() as unit, pytest.raises(CannotDecide):
        stop_dispatch(unit, by="mara", at=world.clock(), reason=" ")


# -- leases


def test_a_live_lease_keeps_other_processes_away(world):
    approved(world, only_ann())
    others = []

    class Looks(type(world.mail)):
        def send(self, frozen, *, key, address, on_step):
            others.append(dict(world.deliver().counts))
            return super().send(frozen, key=key, address=address, on_step=on_step)

    world.destinations["mail"] = outside = Looks("mail")
    world.deliver()

    assert others == [{}]
    assert len(outside.accepted) == 1


def test_a_process_that_lost_its_lease_may_not_send(world):
    message = approved(world, only_ann())

    class IsSlow(type(world.mail)):
        def send(self, frozen, *, key, address, on_step):
            if not self.finds:
                self.finds.append(key)
                world.clock.pass_by(minutes=4)
                world.deliver()
                world.clock.pass_by(minutes=2)
                world.deliver()
            return super().send(frozen, key=key, address=address, on_step=on_step)

    world.destinations["mail"] = outside = IsSlow("mail")
    report = world.deliver()

    assert report.count(Result.SKIPPED) == 1
    assert len(outside.accepted) == 1
    assert world.states(message.id) == ["sent"]


def test_an_answer_that_comes_after_the_lease_settles_the_unknown(world):
    message = approved(world, only_ann())

    class AnswersLate(type(world.mail)):
        def send(self, frozen, *, key, address, on_step):
            def late(step):
                on_step(step)
                if step is WireStep.BODY_ENDED:
                    world.clock.pass_by(minutes=4)
                    world.deliver()
                    self.finds += world.states(message.id)

            return super().send(frozen, key=key, address=address, on_step=late)

    world.destinations["mail"] = outside = AnswersLate("mail")
    world.deliver()

    assert outside.finds == ["unknown"]
    assert world.states(message.id) == ["sent"]


# -- a person settles


@pytest.fixture
def unknown(world):
    world.mail.late_errors = [NoAnswer("No answer.")]
    message = approved(world, only_ann())
    world.deliver()
    return world.deliveries(message.id)[0]


def settle(world, delivery, settlement):
    with world.store.write() as unit:
        return settle_unknown(unit, delivery.id, settlement, by="mara", at=world.clock())


def test_found_it_records_the_id(world, unknown):
    settled = settle(world, unknown, FoundIt(external_id=" <abc@x> "))

    assert (settled.state, settled.external_id) == ("sent", "<abc@x>")
    assert world.proposal(unknown.proposal_id).state == "sent"


def test_sending_again_needs_the_typed_word_and_names_the_risk(world, unknown):
    with pytest.raises(CannotDecide, match="there will be two"):
        settle(world, unknown, SendAgain(typed="yes"))

    settle(world, unknown, SendAgain(typed="again"))
    world.deliver()

    assert world.states(unknown.proposal_id) == ["sent"]
    assert len(world.mail.accepted) == 2
    with world.store.read() as unit:
        entry = next(one for one in unit.audit.of(unknown.id) if one.what == "settled: again")
    assert (entry.by, entry.details["risk"]) == ("mara", "It may exist twice.")


def test_giving_up_ends_it_and_the_customer_stays_written_to(world, unknown):
    settle(world, unknown, GiveUp())

    assert world.states(unknown.proposal_id) == ["failed"]
    with world.store.read() as unit:
        assert unit.outbox.contacted(unknown.issue_id, "affected") == {"ann"}


def test_a_second_settlement_is_refused_and_names_the_first(world, unknown):
    settle(world, unknown, GiveUp())

    with pytest.raises(AlreadyDecided, match="mara"):
        settle(world, unknown, GiveUp())


def test_an_unknown_id_is_not_found(world, unknown):
    with pytest.raises(NotFound):
        settle(world, unknown.model_copy(update={"id": "d_none"}), GiveUp())


def test_what_leaves_and_ends_is_in_the_audit(world):
    ticket = approved(world, a_ticket())
    world.deliver()

    with world.store.read() as unit:
        entries = unit.audit.of(world.deliveries(ticket.id)[0].id)
        assert unit.audit.verify().broken_at is None
    assert [(one.what, one.sha256) for one in entries] == [("sent", ticket.sha256)]
