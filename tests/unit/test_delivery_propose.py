"""One open proposal per issue, kind and audience; only a material change moves it."""

import pytest

from agent.delivery.propose import Outcome
from agent.delivery.render import body
from agent.delivery.renew import expire_overdue, refreeze
from domain.errors import DestinationUnavailable
from domain.people import Policy
from domain.proposals import Section, SectionRole, Sentence
from tests.delivery_world import (
    OWNER,
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
    world.know(a_customer("ann"), a_customer("bob"), a_customer("eve"))
    return world


def test_a_proposal_binds_its_bytes(world):
    ticket = world.proposed(a_ticket())
    message = world.proposed(a_message())

    with world.store.read() as unit:
        frozen = unit.proposals.find_copy(ticket.id, 1, None).frozen
        copies = unit.proposals.copies(message.id, 1)
    assert ticket.sha256 == sha256(frozen)
    assert [one.sha256 for one in message.renderings] == [sha256(one.frozen) for one in copies]
    assert message.sha256 not in [one.sha256 for one in copies]


def test_the_same_submission_again_changes_nothing(world):
    first = world.proposed(a_ticket())
    world.clock.pass_by(hours=1)

    again = world.propose(a_ticket())

    assert (again.outcome, again.proposal) == (Outcome.KEPT, first)


def test_growth_within_ten_percent_changes_nothing(world):
    first = world.proposed(a_ticket(a_ticket_draft(412)))

    again = world.propose(a_ticket(a_ticket_draft(453)))

    assert (again.outcome, again.proposal) == (Outcome.KEPT, first)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (a_ticket(a_ticket_draft(468)), "412 affected became 468."),
        (a_ticket(a_ticket_draft(300)), "412 affected became 300."),
        (a_ticket(owner=OWNER.model_copy(update={"person": "Ole Lund"})), "now Ole Lund"),
        (a_ticket(destination="tickets/returns"), "now goes to tickets/returns"),
        (a_ticket(a_ticket_draft(subject="Nobody delivers in North")), "It is now: Nobody"),
    ],
)
def test_a_material_change_moves_the_version_and_voids_approvals(world, changed, why):
    first = world.proposed(a_ticket())

    moved = world.propose(changed)

    assert moved.outcome is Outcome.CHANGED
    assert why in moved.why
    assert (moved.proposal.id, moved.proposal.version) == (first.id, 2)
    assert moved.proposal.created_at == first.created_at


def test_a_number_that_is_new_or_gone_is_material(world):
    draft = a_ticket_draft()
    fewer = draft.model_copy(
        update={"sections": tuple(one for one in draft.sections if one.key != "who")}
    )
    world.proposed(a_ticket(draft))

    gone, back = world.propose(a_ticket(fewer)), world.propose(a_ticket(draft))

    assert gone.why == "412 affected is no longer said."
    assert back.why == "New: 412 affected."


def test_a_changed_policy_is_material(world):
    world.proposed(a_ticket())
    world.policy = Policy(answer_hours=3)

    assert world.propose(a_ticket()).outcome is Outcome.CHANGED


def test_a_recipient_more_is_material(world):
    world.proposed(a_message())

    more = world.propose(a_message([a_recipient(one) for one in ("ann", "bob", "eve")]))

    assert more.why == "1 recipients added, 0 dropped."
    assert len(more.proposal.recipients) == 3


def test_whom_a_reviewer_removed_stays_removed(world):
    message = world.proposed(a_message())
    world.decide(message.id, "edit", changes={"remove_recipients": ["ann"]})

    same = world.propose(a_message())
    more = world.propose(a_message([a_recipient(one) for one in ("ann", "bob", "eve")]))

    assert same.outcome is Outcome.KEPT
    assert [one.customer_id for one in more.proposal.recipients] == ["bob", "eve"]
    assert ("ann", "removed by a reviewer") in [
        (one.customer_id, one.reason) for one in more.proposal.left_out
    ]


def test_an_edit_by_a_person_is_no_reason_to_propose_again(world):
    ticket = world.proposed(a_ticket())
    edited = world.decide(ticket.id, "edit", changes={"subject": "NordPost stands still"})

    again = world.propose(a_ticket())

    assert (again.outcome, again.proposal) == (Outcome.KEPT, edited)


def test_after_a_rejection_only_a_material_change_makes_another_one(world):
    first = world.proposed(a_ticket())
    world.decide(first.id, "reject", reason="Too small")

    same = world.propose(a_ticket())
    grown = world.propose(a_ticket(a_ticket_draft(800)))

    assert same.outcome is Outcome.KEPT
    assert grown.outcome is Outcome.PROPOSED
    assert grown.proposal.id != first.id


def test_while_one_is_on_its_way_no_other_is_made(world):
    ticket = world.proposed(a_ticket())
    world.decide(ticket.id, "approve")

    again = world.propose(a_ticket(a_ticket_draft(900)))

    assert again.outcome is Outcome.KEPT


def test_those_who_were_written_to_are_not_addressed_again(world):
    message = world.proposed(a_message())
    world.decide(message.id, "approve")
    world.deliver()

    same = world.propose(a_message())
    more = world.propose(a_message([a_recipient(one) for one in ("ann", "bob", "eve")]))

    assert same.outcome is Outcome.NOBODY
    assert [one.customer_id for one in more.proposal.recipients] == ["eve"]


def test_an_audience_without_recipients_gets_no_proposal(world):
    assert world.propose(a_message([])).proposal is None


def test_a_pending_message_whose_audience_is_gone_is_superseded(world):
    message = world.proposed(a_message())

    world.propose(a_message([]))

    assert world.proposal(message.id).state == "superseded"


def test_an_address_that_cannot_be_written_to_is_left_out_and_named(world):
    odd = a_recipient("bob", address="bo b@example.com")
    message = world.proposed(a_message([a_recipient("ann"), odd]))

    assert [one.customer_id for one in message.recipients] == ["ann"]
    assert [(one.customer_id, one.reason) for one in message.left_out] == [("bob", "no address")]


def test_a_destination_that_is_not_there_is_an_error(world):
    with pytest.raises(DestinationUnavailable, match="fax"):
        world.propose(a_ticket(destination="fax"))


def test_undecided_drafts_expire_on_the_record(world):
    ticket = world.proposed(a_ticket())
    world.clock.pass_by(days=7)

    with world.store.write() as unit:
        expired = expire_overdue(unit, at=world.clock())
        again = expire_overdue(unit, at=world.clock())

    assert (expired, again) == (1, 0)
    assert world.proposal(ticket.id).state == "expired"
    with world.store.read() as unit:
        assert unit.audit.of(ticket.id)[-1].what == "expired"


def test_a_changed_sender_moves_the_waiting_drafts(world):
    message, ticket = world.proposed(a_message()), world.proposed(a_ticket())
    with world.store.write() as unit:
        first = refreeze(unit, desk=world.desk(), at=world.clock())

    class Other(type(world.mail)):
        def freeze(self, action):
            return b"From: other " + super().freeze(action)

    world.destinations["mail"] = Other("mail")
    with world.store.write() as unit:
        moved = refreeze(unit, desk=world.desk(), at=world.clock())
        again = refreeze(unit, desk=world.desk(), at=world.clock())

    assert (first, moved, again) == (0, 1, 0)
    assert world.proposal(message.id).version == 2
    assert world.proposal(ticket.id).version == 1
    assert world.decide(message.id, "approve", seen=2).state == "approved"


def test_the_list_is_in_order_of_priority_and_pages_on(world):
    for number in range(5):
        world.propose(a_ticket(issue_id=f"i_{number}", priority=float(number % 3)))

    with world.store.read() as unit:
        all_rows = unit.proposals.list_rows()
        first = unit.proposals.list_rows(limit=2)
        rest = unit.proposals.list_rows(after=first[-1].id)
        counts = unit.proposals.counts()

    assert [one.priority for one in all_rows] == [2.0, 1.0, 1.0, 0.0, 0.0]
    assert [*first, *rest] == all_rows
    assert counts == {"proposed": 5}
    assert all_rows[0].department == "Delivery operations"


# -- the text


def test_a_ticket_reads_as_five_lines_and_what_proves_them():
    assert body(a_ticket_draft()) == (
        "**Symptom:** Customers report: parcel late.\n\n"
        "**Who:** 412 affected, most of them silent.\n\n"
        "**Cause:** NordPost does not deliver in North since 3 March 06:00.\n\n"
        "**Ask:** Confirm or refute this cause, and answer with the remedy.\n\n"
        "## In their words\n\n"
        "> “My parcel is late.”\n>\n> — Customer c1, email\n\n"
        "## Exposed against not exposed\n\n"
        "| Delivery | Hit |\n| --- | --- |\n| NordPost \\| North | all |\n\n"
        "## Why you\n\n"
        "Ines Kahl is accountable for “delivery”."
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see [here](http://evil.example)", "> see \\[here](http://evil.example)"),
        ("<script>x</script>", "> \\<script>x\\</script>"),
        ("a `b`", "> a \\`b\\`"),
        ("# big\n1. one\n- two", "> \\# big\n> 1\\. one\n> \\- two"),
        ("[EMAIL] wrote 3 < 4", "> [EMAIL] wrote 3 < 4"),
        ("---\nundertone: x", "> \\---\n> undertone: x"),
    ],
)
def test_a_customers_words_cannot_become_markup(text, shown):
    quotes = Section(
        key="quotes", heading=None, role=SectionRole.QUOTES, sentences=(Sentence(text=text),)
    )

    assert body(a_ticket_draft().model_copy(update={"sections": (quotes,)})) == shown
