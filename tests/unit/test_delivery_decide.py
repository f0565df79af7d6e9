"""Exactly one decision wins, and an approval binds exactly the bytes that were shown."""

import threading

import pytest
from sqlalchemy import text

from agent.delivery.faults import FaultPoint
from domain.errors import (
    AlreadyDecided,
    BrokenInvariant,
    BytesChanged,
    CannotDecide,
    NotFound,
    StaleVersion,
)
from domain.people import FourEyes, Policy
from domain.proposals import DeliveryState
from tests.delivery_world import (
    World,
    a_customer,
    a_message,
    a_message_draft,
    a_ticket,
    a_ticket_draft,
)

pytestmark = pytest.mark.unit


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    world.know(a_customer("ann"), a_customer("bob"))
    return world


def test_nothing_leaves_without_an_approval(world):
    world.proposed(a_ticket())
    world.proposed(a_message())
    world.clock.pass_by(hours=1)

    world.deliver()

    assert world.tickets.accepted == world.mail.accepted == []


@pytest.mark.parametrize("by", ["noor", "mara"])
@pytest.mark.parametrize("second", ["approve", "reject", "edit"])
def test_a_second_decision_is_refused_and_names_the_first_person(world, by, second):
    ticket = world.proposed(a_ticket())
    world.decide(ticket.id, "approve", by="mara")

    with pytest.raises(AlreadyDecided, match="mara") as caught:
        world.decide(ticket.id, second, by=by, changes={"subject": "Other"})

    assert caught.value.at == world.clock()
    assert world.states(ticket.id) == ["held"]


def test_two_threads_that_approve_have_exactly_one_winner(world):
    ticket = world.proposed(a_ticket())
    gate = threading.Barrier(2)
    results = []

    def approve(by):
        gate.wait()
        try:
            world.decide(ticket.id, "approve", by=by)
            results.append("won")
        except AlreadyDecided as error:
            results.append(error.by)

    threads = [threading.Thread(target=approve, args=(by,)) for by in ("mara", "noor")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sorted(results)[1] == "won"
    assert results[1 - results.index("won")] in ("mara", "noor")
    assert world.states(ticket.id) == ["held"]


def test_an_old_page_cannot_approve_and_is_told_who_changed_it(world):
    ticket = world.proposed(a_ticket())
    world.decide(ticket.id, "edit", by="noor", changes={"subject": "NordPost stands still"})

    with pytest.raises(StaleVersion, match="noor") as caught:
        world.decide(ticket.id, "approve", seen=1)

    assert (caught.value.seen, caught.value.current) == (1, 2)
    assert world.states(ticket.id) == []


def test_an_unknown_proposal_is_not_found(world):
    with pytest.raises(NotFound):
        world.decide("p_none", "approve")


def test_an_open_check_keeps_a_draft_from_being_approved_but_not_from_being_rejected(world):
    draft = a_ticket_draft(subject="NordPost lost 999 parcels")
    ticket = world.proposed(a_ticket(draft))

    with pytest.raises(CannotDecide, match="999"):
        world.decide(ticket.id, "approve")

    assert world.decide(ticket.id, "reject", reason="Numbers").state == "rejected"


def test_a_missing_setting_is_named(world):
    world.mail.missing = "Mail needs UNDERTONE_SMTP_URL."
    message = world.proposed(a_message())

    with pytest.raises(CannotDecide, match="UNDERTONE_SMTP_URL"):
        world.decide(message.id, "approve")


def test_a_ticket_without_an_owner_cannot_be_filed(world):
    ticket = world.proposed(a_ticket(owner=None, destination="tickets"))

    with pytest.raises(CannotDecide, match=r"owners\.yaml"):
        world.decide(ticket.id, "approve")


def test_checks_run_again_when_the_policy_changed(world):
    draft = a_message_draft()
    link = draft.sections[2].model_copy(
        update={
            "sentences": (
                draft.sections[2]
                .sentences[0]
                .model_copy(update={"text": "See https://shop.example/late for more."}),
            )
        }
    )
    sections = (*draft.sections[:2], link, *draft.sections[3:])
    world.policy = Policy(link_hosts=("shop.example",))
    message = world.proposed(a_message(draft=draft.model_copy(update={"sections": sections})))
    world.policy = Policy()

    with pytest.raises(CannotDecide, match="link_hosts"):
        world.decide(message.id, "approve")


def test_an_expired_draft_cannot_be_approved(world):
    ticket = world.proposed(a_ticket())
    world.clock.pass_by(days=7)

    with pytest.raises(CannotDecide, match="expired"):
        world.decide(ticket.id, "approve")


def test_changed_bytes_cannot_be_approved(world):
    ticket = world.proposed(a_ticket())
    _tamper(world, "UPDATE renderings SET bytes = x'00'")

    with pytest.raises(BytesChanged):
        world.decide(ticket.id, "approve")

    assert world.proposal(ticket.id).state == "proposed"


def test_bytes_and_hash_changed_together_cannot_be_approved(world):
    message = world.proposed(a_message())
    _tamper(world, "UPDATE renderings SET address = 'eve@example.com' WHERE position = 1")

    with pytest.raises(BytesChanged):
        world.decide(message.id, "approve")


def test_a_spent_or_void_token_cannot_be_spent(world):
    ticket = world.proposed(a_ticket())
    world.decide(ticket.id, "approve")

    with world.store.read() as unit:
        token = unit.outbox.approvals(ticket.id, 1)[0].token
    with world.store.write() as unit, pytest.raises(BrokenInvariant):
        unit.outbox.spend(token, at=world.clock())


def test_a_crash_before_the_commit_leaves_the_proposal_undecided(world):
    ticket = world.proposed(a_ticket())

    def die(point):
        assert point is FaultPoint.AFTER_SPEND
        raise SystemExit

    with pytest.raises(SystemExit):
        world.decide(ticket.id, "approve", faults=die)

    assert world.proposal(ticket.id).state == "proposed"
    assert world.states(ticket.id) == []
    assert world.decide(ticket.id, "approve").state == "approved"


def test_undo_before_the_deadline_wins_for_ever(world):
    message = world.proposed(a_message())
    world.decide(message.id, "approve")
    world.clock.pass_by(seconds=29.9)

    again = world.decide(message.id, "undo")
    world.clock.pass_by(hours=1)
    world.deliver()

    assert (again.state, again.version, again.sha256) == ("proposed", 2, message.sha256)
    assert world.states(message.id) == ["cancelled", "cancelled"]
    assert world.mail.accepted == []


def test_after_an_undo_a_fresh_approval_sends(world):
    message = world.proposed(a_message())
    world.decide(message.id, "approve")
    world.decide(message.id, "undo")

    world.decide(message.id, "approve", seen=2)
    world.clock.pass_by(seconds=30)
    world.deliver()

    assert world.states(message.id) == ["cancelled", "cancelled", "sent", "sent"]
    assert len(world.mail.accepted) == 2


def test_undo_at_the_deadline_is_refused(world):
    ticket = world.proposed(a_ticket())
    world.decide(ticket.id, "approve")
    world.clock.pass_by(seconds=30)

    with pytest.raises(CannotDecide, match="Too late"):
        world.decide(ticket.id, "undo")

    assert world.states(ticket.id) == ["held"]


def test_without_a_hold_undo_is_refused_and_says_why(tmp_path):
    world = World(tmp_path, undo_seconds=0)
    ticket = world.proposed(a_ticket())
    world.decide(ticket.id, "approve")

    with pytest.raises(CannotDecide, match="UNDERTONE_UNDO_SECONDS"):
        world.decide(ticket.id, "undo")
    world.deliver()

    assert world.states(ticket.id) == ["sent"]


def test_undo_of_what_was_not_approved_is_refused(world):
    ticket = world.proposed(a_ticket())

    with pytest.raises(CannotDecide, match="nothing to undo"):
        world.decide(ticket.id, "undo")


def test_every_decision_is_in_the_chain_with_hash_and_reason(world):
    ticket = world.proposed(a_ticket())
    world.decide(ticket.id, "approve", by="mara")
    world.decide(ticket.id, "undo", by="noor")
    world.decide(ticket.id, "reject", by="noor", seen=2, reason="Wrong owner")

    with world.store.read() as unit:
        entries, verdict = unit.audit.of(ticket.id), unit.audit.verify()

    assert [(one.what, one.by, one.reason) for one in entries[1:]] == [
        ("approved", "mara", None),
        ("undone", "noor", None),
        ("rejected", "noor", "Wrong owner"),
    ]
    assert all(one.sha256 == ticket.sha256 for one in entries)
    assert verdict.broken_at is None


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE audit SET body = replace(body, 'mara', 'noor') WHERE number = 2", 2),
        ("DELETE FROM audit WHERE number = 1", 1),
        ("DELETE FROM audit WHERE number = 2", 2),
    ],
)
def test_a_changed_or_missing_entry_breaks_the_chain(world, statement, broken_at):
    ticket = world.proposed(a_ticket())
    world.decide(ticket.id, "approve", by="mara")

    _tamper(world, statement)

    with world.store.read() as unit:
        assert unit.audit.verify().broken_at == broken_at


def test_above_a_four_eyes_limit_a_second_person_releases(world):
    world.policy = Policy(four_eyes=FourEyes(recipients=1))
    message = world.proposed(a_message())

    first = world.decide(message.id, "approve", by="mara")
    with pytest.raises(AlreadyDecided):
        world.decide(message.id, "approve", by="mara")
    second = world.decide(message.id, "approve", by="noor")

    assert (first.state, second.state) == ("proposed", "approved")
    assert world.states(message.id) == [DeliveryState.HELD] * 2


def test_an_edit_voids_the_first_of_two_approvals(world):
    world.policy = Policy(four_eyes=FourEyes(recipients=1))
    message = world.proposed(a_message())
    world.decide(message.id, "approve", by="mara")
    with world.store.read() as unit:
        token = unit.outbox.approvals(message.id, 1)[0].token
    world.decide(message.id, "edit", by="noor", changes={"subject": "Parcel late"})

    after = world.decide(message.id, "approve", by="noor", seen=2)

    assert after.state == "proposed"
    assert world.states(message.id) == []
    with world.store.write() as unit, pytest.raises(BrokenInvariant):
        unit.outbox.spend(token, at=world.clock())


def _tamper(world, statement):
    with world.store._engine.begin() as connection:
        connection.execute(text(statement))
