"""Edits make the next version; every word keeps its author and its marks."""

import pytest

from agent.delivery.render import body, clean, clean_value
from domain.errors import InvalidEdit
from domain.proposals import SavedEdit
from tests.delivery_world import World, a_customer, a_message, a_recipient, a_ticket

pytestmark = pytest.mark.unit


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    world.know(a_customer("ann"), a_customer("bob"))
    return world


def test_an_edit_makes_the_next_version_and_keeps_the_agents_draft(world):
    ticket = world.proposed(a_ticket())

    edited = world.decide(ticket.id, "edit", changes={"subject": "NordPost stands still"})

    with world.store.read() as unit:
        original = unit.proposals.original(ticket.id)
        notes = unit.proposals.versions(ticket.id)
        copy = unit.proposals.find_copy(ticket.id, 2, None)
    assert (edited.version, edited.edited_by, edited.state) == (2, "mara", "proposed")
    assert edited.sha256 == copy.sha256 != ticket.sha256
    assert original.draft == ticket.draft
    assert [(one.version, one.by) for one in notes] == [(1, "undertone"), (2, "mara")]
    assert b"NordPost stands still" in copy.frozen


def test_editing_a_section_keeps_the_marks_of_sentences_that_stay(world):
    ticket = world.proposed(a_ticket())

    edited = world.decide(
        ticket.id, "edit", changes={"who": "412 affected, most of them silent. Mostly North."}
    )

    who = edited.draft.sections[1]
    assert [(one.text, one.marks, one.written_by) for one in who.sentences] == [
        ("412 affected, most of them silent.", (1,), None),
        ("Mostly North.", (), "mara"),
    ]


def test_a_tickets_whole_text_comes_back_exactly_and_keeps_untouched_sections(world):
    ticket = world.proposed(a_ticket())
    text = body(ticket.draft).replace("most of them silent", "nearly all silent")
    text = text.replace("## In their words", "Call me.\n\n- one\n- two\n\n## In their words")

    edited = world.decide(ticket.id, "edit", changes={"body": text})

    assert body(edited.draft) == text
    keys = [one.key for one in edited.draft.sections]
    kept = [one for one in edited.draft.sections if one in ticket.draft.sections]
    assert keys[:4] == ["symptom", "who", "cause", "ask"]
    assert {one.key for one in kept} >= {"symptom", "cause", "ask", "quotes", "exposed"}
    assert edited.draft.sections[1].role == "line"


def test_a_text_without_any_old_block_stands_as_one_piece(world):
    ticket = world.proposed(a_ticket())

    edited = world.decide(ticket.id, "edit", changes={"body": "Just\n  call\n\n\n\nNordPost."})

    assert body(edited.draft) == "Just\n  call\n\nNordPost."
    assert {one.written_by for s in edited.draft.sections for one in s.sentences} == {"mara"}


def test_the_first_recipients_values_become_slots_again(world):
    message = world.proposed(a_message())
    text = body(message.draft, message.recipients[0].values)
    assert text.startswith("Hello Ann,")
    text = text.replace("Our records show a problem", "Hello Ann, again: there is a problem")

    edited = world.decide(message.id, "edit", changes={"body": text})

    with world.store.read() as unit:
        copies = [one.frozen.decode() for one in unit.proposals.copies(message.id, 2)]
    assert body(edited.draft, edited.recipients[0].values) == text
    assert "Hello Ann, again: there is a problem with your order ann-77" in copies[0]
    assert "Hello Bob, again: there is a problem with your order bob-77" in copies[1]
    assert "Ann" not in copies[1]


def test_a_line_break_inside_a_paragraph_stays(world):
    message = world.proposed(a_message())
    text = body(message.draft, message.recipients[0].values) + "\nThe shop"

    edited = world.decide(message.id, "edit", changes={"body": text})

    assert body(edited.draft, edited.recipients[0].values) == text


def test_dropping_a_recipient_is_an_edit_and_is_named(world):
    message = world.proposed(a_message())

    edited = world.decide(message.id, "edit", changes={"remove_recipients": ["ann"]})

    assert [one.customer_id for one in edited.recipients] == ["bob"]
    assert [one.customer_id for one in edited.renderings] == ["bob"]
    assert [(one.customer_id, one.reason) for one in edited.left_out] == [
        ("ann", "removed by a reviewer")
    ]


def test_edited_text_passes_the_same_checks(world):
    message = world.proposed(a_message())

    edited = world.decide(message.id, "edit", changes={"doing": "We refund you by Friday."})

    assert {one.key for one in edited.open_checks} >= {"promises", "numbers"}


def test_a_number_can_be_kept_under_a_persons_name_but_a_promise_cannot(world):
    ticket = world.proposed(a_ticket())
    edited = world.decide(ticket.id, "edit", changes={"who": "About 500 are affected."})
    assert [one.key for one in edited.open_checks] == ["numbers"]

    kept = world.decide(ticket.id, "edit", seen=2, changes={"keep": ["500"]})

    evidence = kept.draft.evidence[-1]
    assert kept.open_checks == ()
    assert (evidence.kind, evidence.ref, evidence.claim) == ("person", "mara", "500")
    with world.store.read() as unit:
        entry = unit.audit.of(ticket.id)[-1]
    assert entry.details["kept"] == ["500"]


def test_another_customers_data_in_the_text_opens_a_check(world):
    message = world.proposed(a_message())

    edited = world.decide(
        message.id, "edit", changes={"doing": "As with your order bob-77, we look at it."}
    )

    assert "others" in {one.key for one in edited.open_checks}


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"colour": "red"}, "no part 'colour'"),
        ({"subject": " "}, "subject is empty"),
        ({"subject": "x" * 201}, "longer than 200"),
        ({"subject": 3}, "must be a text"),
        ({"body": "\n"}, "text is empty"),
        ({"who": ""}, "must not be empty"),
        ({"remove_recipients": ["zoe"]}, "not among the recipients"),
        ({"remove_recipients": "zoe"}, "list of texts"),
        ({"keep": ["777"]}, "does not stand in the text"),
        ({}, "Nothing was changed"),
        ({"who": "412 affected, most of them silent."}, "Nothing was changed"),
    ],
)
def test_an_edit_that_cannot_be_says_why_and_changes_nothing(world, changes, match):
    ticket = world.proposed(a_ticket())

    with pytest.raises(InvalidEdit, match=match):
        world.decide(ticket.id, "edit", changes=changes)

    assert world.proposal(ticket.id) == ticket


def test_removing_every_recipient_is_refused(world):
    message = world.proposed(a_message())

    with pytest.raises(InvalidEdit, match="No recipient"):
        world.decide(message.id, "edit", changes={"remove_recipients": ["ann", "bob"]})


def test_saved_edits_survive_and_go_with_the_decision(world):
    ticket = world.proposed(a_ticket())
    edit = SavedEdit(
        proposal_id=ticket.id, person="mara", changes={"subject": "Hm"}, at=world.clock()
    )
    with world.store.write() as unit:
        unit.proposals.save_edit(edit.model_copy(update={"changes": {}}))
        unit.proposals.save_edit(edit)
    with world.store.read() as unit:
        assert unit.proposals.find_edit(ticket.id, "mara") == edit

    world.decide(ticket.id, "edit", changes={"subject": "Done"})

    with world.store.read() as unit:
        assert unit.proposals.find_edit(ticket.id, "mara") is None


def test_what_cannot_be_seen_is_taken_out():
    assert clean("a\u202eb\u200bc\x00\x07\r\nd\ud800") == "abc\nd?"
    assert clean("fam\u200dily") == "fam\u200dily"


def test_a_customers_name_cannot_carry_a_link_or_a_line_into_a_mail():
    assert (
        clean_value("Ann\n\nPay at http://evil.example/x") == "Ann Pay at http: //evil. example/x"
    )
    assert clean_value("J.R. Smith") == "J.R. Smith"


def test_a_name_with_a_slot_in_it_is_not_filled_again(world):
    trick = a_recipient("ann", name="$item").model_copy(
        update={"values": {"hello": "Hello $item,", "item": "your order"}}
    )
    message = world.proposed(a_message([trick, a_recipient("bob")]))

    with world.store.read() as unit:
        first = unit.proposals.copies(message.id, 1)[0].frozen.decode()
    assert "Hello $item," in first
