"""Another draft and escalation: what a reviewer can say instead of a decision."""

import pytest

from domain.errors import AlreadyDecided, CannotDecide, Forbidden, StaleVersion
from domain.people import FourEyes, Policy
from domain.proposals import ProposalState
from tests.delivery_world import World, a_customer, a_message, a_recipient, a_ticket, a_ticket_draft


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def _audit(world, id_):
    with world.store.read() as unit:
        return [(one.what, one.by, one.reason) for one in unit.audit.of(id_)]


# -- another draft ---------------------------------------------------------------------


def test_asking_for_another_draft_puts_the_proposal_aside_on_the_record(world):
    ticket = world.proposed(a_ticket())

    asked = world.decide(
        ticket.id, "another_draft", reason="Lead with the ask.", changes={"wishes": ["shorter"]}
    )

    assert asked.state is ProposalState.REDRAFTING
    assert asked.version == 1
    with world.store.read() as unit:
        (decision,) = unit.proposals.decisions(ticket.id)
    assert (decision.by, decision.reason) == ("mara", "Lead with the ask.")
    assert decision.changes == {"wishes": ["shorter"]}
    assert _audit(world, ticket.id)[-1] == (
        "another draft asked for",
        "mara",
        "Lead with the ask.",
    )


@pytest.mark.parametrize("reason", [None, "", "  \n ", "\u200b", "x" * 501])
@pytest.mark.parametrize("kind", ["another_draft", "escalate"])
def test_without_a_reason_of_bounded_length_nothing_is_asked(world, kind, reason):
    ticket = world.proposed(a_ticket())

    with pytest.raises(CannotDecide):
        world.decide(ticket.id, kind, reason=reason)

    assert world.proposal(ticket.id) == ticket


@pytest.mark.parametrize("changes", [{"wishes": ["louder"]}, {"subject": "x"}, {"wishes": [3]}])
def test_a_wish_that_there_is_not_is_refused_by_name(world, changes):
    ticket = world.proposed(a_ticket())

    with pytest.raises(CannotDecide, match="shorter, without_cases"):
        world.decide(ticket.id, "another_draft", reason="Shorter.", changes=changes)


@pytest.mark.parametrize("by", ["mara", "noor"])
@pytest.mark.parametrize("kind", ["another_draft", "approve", "reject", "edit", "escalate"])
def test_who_comes_second_is_told_who_asked_and_when(world, kind, by):
    ticket = world.proposed(a_ticket())
    world.decide(ticket.id, "another_draft", reason="Shorter.")

    with pytest.raises(AlreadyDecided, match="mara") as refused:
        world.decide(ticket.id, kind, by=by, reason="Too long.", changes={})

    assert refused.value.at == world.clock()


def test_a_request_voids_the_first_of_two_approvals(tmp_path):
    world = World(tmp_path, policy=Policy(four_eyes=FourEyes(recipients=1)))
    world.know(a_customer("ann"), a_customer("bob"))
    message = world.proposed(a_message())
    world.decide(message.id, "approve", by="noor")

    world.decide(message.id, "another_draft", reason="Shorter.")

    with world.store.read() as unit:
        assert unit.outbox.approvals(message.id, 1) == []


def test_what_was_put_aside_is_not_replaced_by_a_new_run(world):
    ticket = world.proposed(a_ticket())
    world.decide(ticket.id, "another_draft", reason="Shorter.")

    kept = world.propose(a_ticket(a_ticket_draft(900)))

    assert (kept.outcome, kept.proposal.state) == ("kept", "redrafting")
    assert world.proposal(ticket.id).version == 1


# -- escalation ------------------------------------------------------------------------


def test_an_escalated_proposal_stays_open_under_the_next_version_with_the_same_bytes(world):
    ticket = world.proposed(a_ticket())

    escalated = world.decide(ticket.id, "escalate", reason="A supplier contract hangs on it.")

    assert (escalated.state, escalated.version) == ("proposed", 2)
    assert escalated.sha256 == ticket.sha256
    assert escalated.escalation.by == "mara"
    assert escalated.escalation.reason == "A supplier contract hangs on it."
    assert _audit(world, ticket.id)[-1] == (
        "escalated",
        "mara",
        "A supplier contract hangs on it.",
    )


def test_what_was_escalated_stands_above_a_safety_report(world):
    world.proposed(a_ticket(issue_id="i_safety", priority=1_000_500.0))
    ticket = world.proposed(a_ticket())

    world.decide(ticket.id, "escalate", reason="Not mine.")

    with world.store.read() as unit:
        rows = unit.proposals.list_rows(states=[ProposalState.PROPOSED])
        assert [row.issue_id for row in rows] == ["i_1", "i_safety"]
        assert unit.proposals.escalations([row.id for row in rows]).keys() == {ticket.id}


@pytest.mark.parametrize("kind", ["approve", "reject", "edit", "another_draft"])
def test_only_a_lead_decides_what_was_escalated(world, kind):
    ticket = world.proposed(a_ticket())
    world.decide(ticket.id, "escalate", reason="Not mine.")
    more = {"reason": "Late.", "changes": {"ask": "Please answer."} if kind == "edit" else {}}

    with pytest.raises(Forbidden, match="mara escalated this"):
        world.decide(ticket.id, kind, seen=2, by="noor", **more)
    decided = world.decide(ticket.id, kind, seen=2, by="lena", is_lead=True, **more)

    assert decided.version == (3 if kind == "edit" else 2)
    assert decided.escalation.by == "mara"


def test_escalating_a_second_time_names_the_first_person(world):
    ticket = world.proposed(a_ticket())
    world.decide(ticket.id, "escalate", reason="Not mine.")

    with pytest.raises(StaleVersion) as stale:
        world.decide(ticket.id, "escalate", by="noor", reason="Nor mine.")
    with pytest.raises(AlreadyDecided, match="mara"):
        world.decide(ticket.id, "escalate", seen=2, by="noor", reason="Nor mine.", is_lead=True)

    assert stale.value.by == "mara"


def test_a_page_that_was_open_before_the_escalation_is_out_of_date_for_a_lead_too(world):
    ticket = world.proposed(a_ticket())
    world.decide(ticket.id, "escalate", reason="Not mine.")

    with pytest.raises(StaleVersion):
        world.decide(ticket.id, "approve", seen=1, by="lena", is_lead=True)

    assert world.deliveries(ticket.id) == []


def test_anybody_may_undo_what_a_lead_approved_and_it_is_still_escalated(world):
    ticket = world.proposed(a_ticket())
    world.decide(ticket.id, "escalate", reason="Not mine.")
    world.decide(ticket.id, "approve", seen=2, by="lena", is_lead=True)

    undone = world.decide(ticket.id, "undo", seen=2, by="noor")

    assert (undone.state, undone.escalation.by) == ("proposed", "mara")
    with pytest.raises(Forbidden):
        world.decide(ticket.id, "approve", seen=3, by="noor")


def test_a_material_change_keeps_the_escalation_and_its_place(world):
    world.know(a_customer("ann"), a_customer("bob"))
    message = world.proposed(a_message())
    world.decide(message.id, "escalate", reason="Not mine.")

    changed = world.propose(a_message([a_recipient("ann")]))

    assert (changed.outcome, changed.proposal.version) == ("changed", 3)
    assert changed.proposal.escalation.by == "mara"
    with world.store.read() as unit:
        (row,) = unit.proposals.list_rows()
    assert row.priority == changed.proposal.rank > 1e8
