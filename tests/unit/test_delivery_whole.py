"""The thin whole: propose, approve, hold, send."""

import pytest

from tests.delivery_world import World, a_customer, a_message, a_ticket

pytestmark = pytest.mark.unit


def test_an_approved_ticket_is_held_and_then_filed_once(tmp_path):
    world = World(tmp_path)
    ticket = world.proposed(a_ticket())

    world.decide(ticket.id, "approve")
    held = world.deliver()
    world.clock.pass_by(seconds=30)
    world.deliver()
    world.deliver()

    assert not held.counts
    assert len(world.tickets.accepted) == 1
    assert world.states(ticket.id) == ["sent"]
    assert world.proposal(ticket.id).state == "sent"


def test_an_approved_message_leaves_once_to_each_recipient(tmp_path):
    world = World(tmp_path)
    world.know(a_customer("ann"), a_customer("bob"))
    message = world.proposed(a_message())

    world.decide(message.id, "approve")
    world.clock.pass_by(seconds=30)
    world.deliver()
    world.deliver()

    assert [b"Hello Ann," in world.mail.accepted[0][1], len(world.mail.accepted)] == [True, 2]
    assert world.states(message.id) == ["sent", "sent"]
