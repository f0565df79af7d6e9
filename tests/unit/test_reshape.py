"""What code can do of what a reviewer asks for: leave out and reorder, never word."""

from datetime import timedelta

import pytest

from agent.casework.checks import check_draft
from agent.casework.draft_ticket import draft_ticket
from agent.casework.reshape import reshape, wishes_for
from agent.casework.write import NOT_FOLLOWED, LocalWriter
from agent.reading.redact import redact
from domain.people import Policy
from domain.proposals import (
    Draft,
    Evidence,
    EvidenceKind,
    ProposalKind,
    Section,
    SectionRole,
    Sentence,
    Wish,
)
from domain.seats import Guidance, WriteRequest
from domain.text import CustomerText
from tests.builders_inbox import NOW, late_parcels

TICKET = draft_ticket(late_parcels(), answer_due_at=NOW + timedelta(hours=4))


def _paragraph(key, *texts):
    sentences = tuple(Sentence(text=text, marks=(n,)) for n, text in enumerate(texts, 1))
    return Section(key=key, heading=None, role=SectionRole.PARAGRAPH, sentences=sentences)


MESSAGE = Draft(
    kind=ProposalKind.MESSAGE,
    subject="Late delivery: what we know",
    sections=(
        _paragraph("hello", "$hello"),
        _paragraph("see", "$item was late.", "It concerns $amount paid twice.", "A strike."),
        _paragraph("doing", "Our team has been asked to deal with it."),
        _paragraph("next", "We will write to you again by Friday."),
    ),
    evidence=tuple(
        Evidence(number=n, claim="c", kind=EvidenceKind.ROWS, ref="q", title="Rows")
        for n in (1, 2, 3)
    ),
)


def _keys(draft):
    return [one.key for one in draft.sections]


def _texts(draft):
    return {one.text for section in draft.sections for one in section.sentences}


@pytest.mark.parametrize("draft", [TICKET, MESSAGE], ids=["ticket", "message"])
@pytest.mark.parametrize("wish", list(Wish))
def test_no_wish_brings_in_a_word_or_opens_a_check(draft, wish):
    shaped = reshape(draft, (wish,)).draft

    assert _texts(shaped) <= _texts(draft)
    assert set(shaped.evidence) <= set(draft.evidence)
    before, after = (
        [
            one.key
            for one in check_draft(each, policy=Policy(), owner=late_parcels().owner)
            if not one.ok
        ]
        for each in (draft, shaped)
    )
    assert after == before


@pytest.mark.parametrize("wish", list(Wish))
def test_what_speaks_against_the_cause_stays_in_every_shape(wish):
    shaped = reshape(TICKET, (wish,)).draft

    for role in (SectionRole.AGAINST, SectionRole.CHECK):
        kept = [one.sentences for one in shaped.sections if one.role is role]
        assert kept == [one.sentences for one in TICKET.sections if one.role is role] != []


def test_a_shorter_ticket_has_one_quote_and_no_table_and_no_cases():
    shaped, told = reshape(TICKET, (Wish.SHORTER,))

    assert {"exposed", "cases"} & set(_keys(shaped)) == set()
    (quotes,) = (one for one in shaped.sections if one.role is SectionRole.QUOTES)
    assert len(quotes.sentences) == 1
    assert told == ("Shorter: one quote, one finding for it, no table, no past cases.",)


def test_the_ask_comes_first_and_the_rest_keeps_its_order():
    shaped = reshape(TICKET, (Wish.NEXT_FIRST,)).draft

    assert _keys(shaped) == ["ask", *(one for one in _keys(TICKET) if one != "ask")]


def test_a_shorter_message_says_what_happened_and_when_we_write_again():
    shaped = reshape(MESSAGE, (Wish.SHORTER,)).draft

    assert _texts(shaped) == {
        "$hello",
        "$item was late.",
        "It concerns $amount paid twice.",
        "We will write to you again by Friday.",
    }
    assert [one.number for one in shaped.evidence] == [1, 2]


def test_a_wish_that_is_fulfilled_already_is_said_to_be():
    shaped, told = reshape(TICKET, (Wish.SHORTER, Wish.WITHOUT_CASES))

    assert told[1] == "Without past cases: it is that way already."
    assert wishes_for(shaped) == (Wish.FEWER_FIGURES, Wish.NEXT_FIRST)
    assert wishes_for(MESSAGE) == (Wish.SHORTER, Wish.FEWER_FIGURES)


def test_the_local_writer_says_that_it_cannot_follow_words():
    words = redact(CustomerText(value="Make it sing."))
    guidance = Guidance(words=words, wishes=(Wish.NEXT_FIRST,))

    asked = LocalWriter().write(
        WriteRequest(casefile=late_parcels(), draft=TICKET, guidance=guidance)
    )
    plain = LocalWriter().write(WriteRequest(casefile=late_parcels(), draft=TICKET))

    assert (asked.on_wishes, asked.on_words) == (("What is asked stands first.",), NOT_FOLLOWED)
    assert (plain.draft, plain.on_wishes, plain.on_words) == (TICKET, (), "")
