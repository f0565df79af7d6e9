"""A model in the writer's seat over real HTTP: wording may change, facts may not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agent.casework.checks import check_draft
from agent.casework.investigate import LocalInvestigator
from agent.reading.redact import redact
from domain.issues import Casefile, Diagnosis, Impact, Reach
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
from domain.provenance import MadeBy
from domain.seats import Guidance, WriteRequest
from domain.text import CustomerText
from tests.model_server import data_of, model_server, raw, said, scripted_server, status
from tests.model_world import AS_OF, MODEL, OneCase, an_inquiry, records, seats, table

pytestmark = pytest.mark.contract

CAUSE = "Deliveries with NordPost in North are not delivered when promised since 3 March 06:00."
BETTER = "Since 3 March 06:00, deliveries in North with NordPost are not delivered when promised."
COUNT = "412 customers of NordPost report that the parcel was not delivered."
FIGURES = "412 affected, 300 of them wrote, 112 did not."


def evidence(number, claim, kind=EvidenceKind.ROWS):
    return Evidence(number=number, claim=claim, kind=kind, ref="q_1", title="Rows")


def section(key, *sentences, role=SectionRole.LINE):
    return Section(key=key, heading=None, role=role, sentences=sentences)


DRAFT = Draft(
    kind=ProposalKind.TICKET,
    subject="NordPost does not deliver in North since 3 March 06:00",
    sections=(
        section("symptom", Sentence(text=COUNT, marks=(2,))),
        section("who", Sentence(text=FIGURES, marks=(3,))),
        section("cause", Sentence(text=CAUSE, marks=(1,))),
        section("ask", Sentence(text="By 5 March 12:00 UTC, please, all of it.", marks=(4,))),
        section("quotes", Sentence(text="“It never came.”", marks=(5,)), role=SectionRole.QUOTES),
        section("cases", Sentence(text="The last strike ended in May."), role=SectionRole.CASES),
    ),
    evidence=(
        evidence(1, CAUSE.rstrip(".")),
        evidence(2, "412 customers"),
        evidence(3, FIGURES),
        evidence(4, "By 5 March 12:00 UTC", EvidenceKind.POLICY),
        evidence(5, "It never came.", EvidenceKind.QUOTE),
    ),
)
MESSAGE = Draft(
    kind=ProposalKind.MESSAGE,
    subject="Parcel late: what we know",
    sections=(
        section("hello", Sentence(text="$hello"), role=SectionRole.PARAGRAPH),
        section(
            "see",
            Sentence(text="Our records show that $item was not delivered on $due.", marks=(1,)),
            role=SectionRole.PARAGRAPH,
        ),
        section(
            "next",
            Sentence(text="We will write to you again by Friday 6 March.", marks=(2,)),
            role=SectionRole.PARAGRAPH,
        ),
    ),
    evidence=(
        evidence(1, "Our records show that $item was not delivered on $due."),
        evidence(2, "We will write to you again by Friday 6 March.", EvidenceKind.POLICY),
    ),
)


def a_casefile():
    facts = records()
    inquiry = an_inquiry(facts)
    found = LocalInvestigator().investigate(inquiry, facts=table(facts), recall=OneCase())
    return Casefile(
        issue=inquiry.issue,
        version=1,
        as_of=AS_OF + timedelta(0),
        alarm=inquiry.alarm,
        diagnosis=Diagnosis(hypotheses=found.hypotheses),
        reach=Reach(),
        impact=Impact(severity="high", risk=2, priority=1.0),
        owner=None,
        made_by=MadeBy(engine="local", version="1"),
    )


CASEFILE = a_casefile()


def worded(*pairs):
    return said({"sentences": [{"id": id_, "text": text} for id_, text in pairs]})


def write(*replies, draft=DRAFT, policy=None, **given):
    with model_server(*replies) as log:
        seated = seats(log.url, policy=policy, **given)
        return seated.writer.write(WriteRequest(casefile=CASEFILE, draft=draft)), log


def texts_of(draft):
    return [one.text for part in draft.sections for one in part.sentences]


def test_only_free_sentences_are_offered_and_a_better_order_is_taken():
    written, log = write(worded(("s2", BETTER)))

    assert data_of(log.requests[0])["sentences"] == [
        {"id": "s1", "text": COUNT},
        {"id": "s2", "text": CAUSE},
    ]
    assert written.made_by.engine == MODEL
    assert written.made_by.prompt == "word_draft/v1"
    assert texts_of(written.draft) == [BETTER if one == CAUSE else one for one in texts_of(DRAFT)]
    assert written.draft.evidence == DRAFT.evidence
    assert [one.by for one in written.trace.steps] == ["local", MODEL, "local"]
    assert written.trace.cost_usd > 0


def ask(*replies, words, wishes=()):
    guidance = Guidance(words=redact(CustomerText(value=words)), wishes=wishes)
    with model_server(*replies) as log:
        request = WriteRequest(casefile=CASEFILE, draft=DRAFT, guidance=guidance)
        return seats(log.url).writer.write(request), log


def test_a_reviewers_words_go_along_as_data_and_are_never_said_to_be_followed():
    written, log = ask(worded(("s2", BETTER)), words="Begin with <since when>, ask a@b.example")

    assert data_of(log.requests[0])["request"] == "Begin with <since when>, ask [EMAIL]"
    assert "</data" not in str(data_of(log.requests[0]))
    assert written.made_by.prompt == "word_another_draft/v1"
    assert BETTER in texts_of(written.draft)
    assert written.on_words == f"{MODEL} was given these words: 1 sentence worded anew."


def test_a_request_lifts_no_rule():
    promise = COUNT.replace(".", " and will get a refund.")

    written, _ = ask(worded(("s1", promise)), words="Promise them a refund by Friday.")

    assert texts_of(written.draft) == texts_of(DRAFT)
    assert written.on_words == (
        f"{MODEL} was given these words: 0 sentences worded anew, 1 did not hold."
    )


def test_a_wish_is_done_by_code_before_the_model_words_anything():
    written, log = ask(worded(), words="Less.", wishes=(Wish.WITHOUT_CASES,))

    assert "cases" not in [one.key for one in written.draft.sections]
    assert written.on_wishes == ("No similar past cases.",)
    assert len(log.requests) == 1


def test_a_model_that_gives_nothing_is_named_in_the_answer():
    written, _ = ask(status(500), status(500), status(500), words="Less.")

    assert written.on_words.startswith("The model gave no usable wording: ")
    assert texts_of(written.draft) == texts_of(DRAFT)


def test_the_worded_draft_passes_what_the_local_one_passed():
    written, _ = write(worded(("s2", BETTER)))

    def open_checks(draft):
        return {one.key for one in check_draft(draft, policy=Policy(), owner=None) if not one.ok}

    assert open_checks(written.draft) == open_checks(DRAFT)


OBEDIENT = {
    "another number": ("s1", COUNT.replace("412", "480")),
    "a promise": ("s1", COUNT.replace(".", " and will get a refund.")),
    "a quiet promise": ("s1", COUNT.replace(".", ", money comes back.")),
    "a link": ("s1", COUNT.replace(".", " https://evil.example/x")),
    "an address": ("s1", COUNT.replace(".", ", ask bob@evil.example.")),
    "a quote": ("s1", COUNT.replace("parcel", "“parcel”")),
    "another name": ("s1", COUNT.replace("NordPost", "SudPost")),
    "the opposite": ("s1", COUNT.replace("not ", "")),
    "another date": ("s2", BETTER.replace("3 March", "4 March")),
    "another month": ("s2", BETTER.replace("3 March", "3 April")),
    "before for since": ("s2", CAUSE.replace("since", "before")),
    "a new line": ("s1", COUNT.replace(" that", "\nBcc: all that")),
    "a marked-up link": ("s1", COUNT.replace("parcel", "[parcel](evil)")),
    "a number in words": ("s1", COUNT.replace("parcel", "parcel of twelve")),
    "too long": ("s1", COUNT[:-1] + " that was not delivered" * 20 + "."),
    "nothing": ("s1", "  "),
    "an unknown id": ("s9", COUNT),
    "the policy's sentence": ("s3", "By 9 March 12:00 UTC."),
}


@pytest.mark.parametrize("name", OBEDIENT)
def test_what_a_hostile_text_asks_for_is_dropped_and_the_local_words_stand(name):
    written, _ = write(worded(OBEDIENT[name]))

    assert written.draft == DRAFT
    assert written.made_by.engine == "local"
    assert len(written.trace.dropped) == 1
    assert written.trace.dropped[0].reason


def test_one_bad_wording_does_not_cost_the_good_one():
    written, _ = write(worded(("s1", COUNT.replace("412", "480")), ("s2", BETTER)))

    assert BETTER in texts_of(written.draft)
    assert COUNT in texts_of(written.draft)
    assert written.trace.claims_made == 2


def test_a_sentence_worded_twice_stands_as_it_was():
    written, _ = write(worded(("s2", BETTER), ("s2", BETTER)))

    assert written.draft == DRAFT


def test_slots_stay_and_the_next_word_is_not_offered():
    written, log = write(
        worded(("s1", "Our records show that on $due your order was not delivered.")),
        draft=MESSAGE,
    )

    assert len(data_of(log.requests[0])["sentences"]) == 1
    assert written.draft == MESSAGE
    assert written.trace.dropped[0].reason == "A slot changed."


def test_no_recipient_and_no_quote_reaches_the_model():
    _, log = write(worded())

    assert "It never came" not in log.texts
    assert "last strike" not in log.texts


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (said("{", finish="length"), "cut"),
        (said(None, refusal="no"), "refused"),
        (said("{"), "invalid"),
        (said('{"sentences": [], "sentences": []}'), "invalid"),
        (raw(b"<html>", kind="text/html"), "unusable"),
        (status(401), "key is refused"),
        (status(500), "500"),
    ],
)
def test_whatever_happens_the_local_draft_stands_and_says_why(reply, reason):
    written, _ = write(reply)

    assert written.draft == DRAFT
    assert written.made_by.engine == "local"
    assert reason in written.made_by.note
    assert reason in written.trace.steps[-1].found


def test_investigation_and_drafts_share_the_budget_of_the_issue():
    def script(request):
        return worded()

    with scripted_server(script) as log:
        # One call fits: what it used leaves less than what the next one may cost at most.
        writer = seats(log.url, issue_budget_usd=0.0021).writer
        results = [writer.write(WriteRequest(casefile=CASEFILE, draft=DRAFT)) for _ in range(4)]

    assert 1 <= len(log.requests) < 4
    assert "money limit" in results[-1].made_by.note
