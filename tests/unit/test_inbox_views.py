from datetime import UTC, datetime, timedelta

import pytest

from agent.casework.build import label_of, message_label
from app.access import Person, Role
from app.inbox import words
from app.inbox.backend import (
    TAB_STATES,
    Counts,
    FactRows,
    Item,
    ListPage,
    ListRow,
    Status,
    Tab,
    Today,
)
from app.inbox.evidence import float_of
from app.inbox.views import Listed, deliveries_state, engine_view, shell
from app.inbox.views_audience import audience_view
from app.inbox.views_card import card_of, promise_of
from app.inbox.views_conflict import notice_of
from app.inbox.views_edit import edit_view, typed_changes, with_safe_wording
from app.inbox.views_empty import all_decided, first_run
from app.inbox.views_found import excerpt, fitting
from app.inbox.views_sentence import Sheet, section_view
from domain.delivery import ProposalRow
from domain.errors import AlreadyDecided, InvalidEdit, StaleVersion
from domain.issues import ReachState
from domain.predicates import CompareFields, Every, FactQuery, Field, equals
from domain.proposals import (
    Check,
    DeliveryState,
    Evidence,
    EvidenceKind,
    LeftOut,
    ProposalKind,
    ProposalState,
    Recipient,
    Section,
    SectionRole,
    Sentence,
    Switch,
)
from domain.record import IssueId, ProposalId
from tests.builders_inbox import NOW, a_proposal, deliveries, late_parcels

PERSON = Person("Jana Krol", Role.REVIEWER, "csrf")


def a_row(**changes):
    given = {
        "id": ProposalId("p_1"),
        "kind": ProposalKind.TICKET,
        "issue_id": IssueId("I-1"),
        "state": ProposalState.PROPOSED,
        "version": 1,
        "label": "Late delivery",
        "reason": "412 affected · Delivery",
        "severity": "high",
        "risk": 3,
        "priority": 9.0,
        "department": "Delivery",
        "open_checks": 0,
        "created_at": NOW,
        "expires_at": NOW + timedelta(days=7),
        "answer_due_at": NOW + timedelta(minutes=46),
        "changed_at": NOW,
    }
    return ListRow(ProposalRow(**{**given, **changes}))


def a_shell(*rows, status=None, person=PERSON):
    listed = Listed(Tab.DECIDE, ListPage(rows))
    return shell(
        person,
        listed,
        counts=Counts(1, 2, 3, 4),
        today=Today(),
        status=status or Status(holds_items=True),
        held=(),
        now=NOW,
    )


def test_every_state_stands_in_exactly_one_tab():
    states = [state for states in TAB_STATES.values() for state in states]

    assert sorted(states) == sorted(ProposalState)


def test_time_left_is_until_the_answer_is_due_and_over_time_says_so():
    soon = a_shell(a_row()).rows[0]
    late = a_shell(a_row(answer_due_at=NOW - timedelta(minutes=12))).rows[0]
    never = a_shell(a_row(answer_due_at=None)).rows[0]

    assert (soon.time, soon.is_over) == ("46 min", False)
    assert (late.time, late.is_over) == ("12 min over", True)
    assert never.time == "7 d 0 h"


def test_a_long_label_ends_at_a_word_and_a_message_still_says_what_it_is():
    casefile = late_parcels()
    label = "Delivery of fragile porcelain tableware: Parcelo, North"
    long = casefile.model_copy(update={"issue": casefile.issue.model_copy(update={"label": label})})

    assert label_of(long) == "Delivery of fragile porcelain…"
    assert message_label(long, "affected") == "Delivery of fragile…: what we know"
    assert label_of(casefile) == "Late delivery: Parcelo, North"


def test_a_reason_loses_its_last_parts_beside_a_state():
    reason = "1,290 wrote, no record shows a fault · Delivery operations"

    assert fitting("37 affected · Payments", beside="1 check open") == "37 affected · Payments"
    assert fitting(reason, beside="1 check open") == "1,290 wrote, no record shows a fault"
    assert fitting("a" * 80, beside="") == "a" * 80


@pytest.mark.parametrize(
    ("text", "query", "shown"),
    [
        ("Where is my refund?", "refund", "Where is my refund?"),
        ("I wait and wait and nobody sends the refund that I was promised", "refund", "refund"),
        ("refund " * 30, "refund", "refund"),
        ("x" * 90, "refund", "x"),
        ("Die Rückzahlung meiner Bestellung fehlt noch immer", "bestellung", "Bestellung"),
    ],
)
def test_an_excerpt_holds_the_searched_word_and_fits(text, query, shown):
    found = excerpt(text, query, room=24)

    assert shown in found
    assert len(found.strip("…")) <= 24


def test_an_open_check_shows_in_the_list():
    assert a_shell(a_row(open_checks=1)).rows[0].state == "1 check open"


@pytest.mark.parametrize(
    ("state", "counts", "shape", "word"),
    [
        (ProposalState.APPROVED, {DeliveryState.HELD: 1}, "held", "Held"),
        (ProposalState.SENT, {DeliveryState.SENT: 1}, "sent", "Sent"),
        (
            ProposalState.SENT,
            {DeliveryState.SENT: 117, DeliveryState.BOUNCED: 3},
            "bounced",
            "3 bounced",
        ),
        (ProposalState.UNKNOWN, {DeliveryState.UNKNOWN: 1}, "unknown", "Unknown"),
        (ProposalState.FAILED, {DeliveryState.CANCELLED: 1}, "cancelled", "Cancelled"),
        (ProposalState.REJECTED, {}, "cancelled", "Rejected"),
    ],
)
def test_each_delivery_state_has_one_shape_and_its_word(state, counts, shape, word):
    assert deliveries_state(state, counts) == (shape, word)


def test_the_top_bar_says_who_thinks_and_what_it_cost():
    assert engine_view(Status()).local == "ready"
    assert engine_view(Status(holds_items=True)).spend == "No model outside this machine"
    with_model = Status(holds_items=True, waiting=2, model="m-1", spent_usd=1.84, budget_usd=10)
    assert engine_view(with_model).local == "reading, 2 wait"
    assert engine_view(with_model).spend == "$1.84 of $10.00 today"
    assert engine_view(Status(model="m-1", price_known=False)).spend == "price not known"


def test_stopped_says_who_when_and_why_and_only_an_admin_may_switch():
    switch = Switch(stopped=True, by="Mara", at=NOW, reason="wrong template")
    shown = a_shell(status=Status(holds_items=True, switch=switch)).sending

    assert shown.stopped
    assert "Sending stopped by Mara at 09:14" in shown.notice
    assert shown.reason == "wrong template"
    assert not shown.may_switch
    admin = Person("A", Role.ADMIN, "c")
    assert a_shell(person=admin).sending.may_switch


def test_empty_states_say_what_to_do_next():
    first = first_run(Status(missing={"mail": "Mail needs UNDERTONE_SMTP_URL."}, touchpoints=12))
    assert first.commands[0].text.startswith("undertone ingest")
    assert "Tickets wait until owners.yaml names one." in dict(first.facts)["Owners"]
    done = all_decided(Counts(way=3), Today(347, 58, 29, 4), Status(holds_items=True), now=NOW)
    assert (
        "376 decided. 347 approved, 58 of them after an edit; 29 rejected. 4 undone." in done.today
    )


# -- sheet -----------------------------------------------------------------------------


def test_figures_stand_out_only_where_they_count_something():
    text = "412 affected, 38 of them wrote. 1,127 more at risk, the first in 2 h 12."
    section = Section(
        key="who", heading="Who", role=SectionRole.LINE, sentences=(Sentence(text=text),)
    )
    draft = a_proposal().draft

    pieces = section_view(section, Sheet("p_1", draft)).sentences[0].head

    assert [one.text for one in pieces if one.kind == "figure"] == ["412", "38", "1,127"]


def test_no_mark_can_start_a_line_and_unknown_marks_are_left_out():
    sentence = Sentence(text="Nobody came today.", marks=(2, 1, 99))
    section = Section(key="x", heading=None, role=SectionRole.LINE, sentences=(sentence,))

    view = section_view(section, Sheet("p_1", a_proposal().draft)).sentences[0]

    assert "".join(one.text for one in view.tail) == "today."
    assert [mark.number for mark in view.marks] == [1, 2]
    assert view.marks[0].href == "/drafts/p_1/marks/1"


def test_the_values_of_a_recipient_are_marked_as_differing():
    sentence = Sentence(text="$hello your ${item} is late, $unknown.")
    section = Section(key="see", heading=None, role=SectionRole.PARAGRAPH, sentences=(sentence,))
    sheet = Sheet("p", a_proposal().draft, values={"hello": "Hello Aino,", "item": "order <1>"})

    pieces = section_view(section, sheet).sentences[0].head

    assert [one.text for one in pieces if one.kind == "slot"] == [
        "Hello Aino,",
        "order <1>",
        "$unknown",
    ]


def test_the_audience_adds_up_and_its_table_is_short():
    recipients = tuple(
        Recipient(
            customer_id=f"C-{n}",
            address=f"c{n}@x.example",
            name=f"N {n}",
            state=ReachState.SILENT,
            values={"hello": "Hi,", "item": f"your order B-{n}", "due": "Tuesday 3 March"},
        )
        for n in range(7)
    )
    section = Section(
        key="see",
        heading=None,
        role=SectionRole.PARAGRAPH,
        sentences=(Sentence(text="$hello $item due $due"),),
    )
    draft = a_proposal().draft.model_copy(
        update={"kind": ProposalKind.MESSAGE, "sections": (section,)}
    )
    left_out = (LeftOut(customer_id="C-9", reason="suppressed"),)
    view = audience_view(
        a_proposal(kind="message", draft=draft, recipients=recipients, left_out=left_out)
    )

    assert (view.total, view.get_it, view.left_out) == ("8", "7", "1")
    assert view.reasons == (("Asked us to stop", "1"),)
    assert view.differing.head == ("Customer", "Order", "Due")
    assert view.differing.rows[0] == ("N 0", "B-0", "Tue\u00a03\u00a0Mar")
    assert len(view.differing.rows) == 5


# -- bar -------------------------------------------------------------------------------


def test_the_bar_says_what_approve_will_do():
    promise = promise_of(a_proposal(), Status(undo_seconds=30))

    assert (promise.verb, promise.what, promise.rest) == ("Files", "1 ticket", "in logistics.")
    assert promise.then == "Held 30\u00a0s; you can undo until then."
    assert promise_of(a_proposal(), Status(undo_seconds=0)).then.startswith("Leaves at once")


@pytest.mark.parametrize(
    ("check", "title"),
    [
        (Check(key="promises", label="l", ok=False, safe_wording="s"), "Promises too much."),
        (Check(key="owner", label="l", ok=False), "Nobody owns this."),
        (Check(key="other", label="A rule", ok=False), "A rule: not yet."),
    ],
)
def test_where_approve_is_off_the_reason_stands_in_its_place(check, title):
    promise = promise_of(a_proposal(checks=(check,)), Status())

    assert promise.is_off
    assert promise.verb == title


def test_a_missing_setting_is_named():
    status = Status(missing={"tickets": "Tickets need UNDERTONE_TICKETS_DIR, a folder."})

    assert promise_of(a_proposal(), status).then == "It needs UNDERTONE_TICKETS_DIR."


# -- conflicts -------------------------------------------------------------------------


def test_the_loser_of_a_race_is_told_who_was_first_and_when():
    item = Item(a_proposal(), a_proposal(), None)
    error = AlreadyDecided(
        "p_1", by="Mara", at=datetime(2026, 3, 4, 9, 14, 31, tzinfo=UTC), kind="approve"
    )

    notice = notice_of(error, item, None, by="Jana")

    assert notice.title == "Mara approved this at 09:14:31."
    assert notice.text == "Yours changed nothing."
    assert notice_of(error, item, None, by="Mara").title.startswith("You approved this")


def test_an_old_page_is_shown_what_changed():
    old = a_proposal()
    who = next(one for one in old.draft.sections if one.key == "who")
    changed = who.model_copy(update={"sentences": (Sentence(text="468 affected."),)})
    sections = tuple(changed if one is who else one for one in old.draft.sections)
    new = old.model_copy(
        update={"version": 4, "draft": old.draft.model_copy(update={"sections": sections})}
    )
    error = StaleVersion("p_1", seen=3, current=4, by="undertone", at=NOW)

    notice = notice_of(error, Item(new, new, None), old, by="Jana")

    assert "Read draft 4, then decide." in notice.text
    assert [(name, now) for name, _, now in notice.changes] == [("Who", "468 affected.")]


# -- edits -----------------------------------------------------------------------------


def test_only_what_differs_is_a_change_and_windows_line_ends_are_none():
    proposal = a_proposal()
    texts = {
        "subject": proposal.draft.subject,
        "who": "About 500.\r\n",
        "nonsense": "x",
        "csrf": "t",
    }

    assert typed_changes(proposal, texts, ["500"]) == {"who": "About 500.", "keep": ["500"]}
    assert typed_changes(proposal, texts, ["not there"]) == {"who": "About 500."}


def test_safe_wording_replaces_the_words_or_takes_them_out():
    proposal = a_proposal()
    text = next(one for one in proposal.draft.sections if one.key == "ask").sentences[0].text
    check = Check(
        key="promises",
        label="l",
        ok=False,
        section="ask",
        text=text,
        safe_wording="We write again.",
    )

    changes = with_safe_wording(proposal, check, {})
    assert str(changes["ask"]).startswith("We write again.")
    stands = with_safe_wording(proposal, check, {"who": "We write again."})
    assert text not in str(stands["ask"])
    assert "We write again." not in str(stands["ask"])
    with pytest.raises(InvalidEdit):
        with_safe_wording(proposal, check.model_copy(update={"text": "gone"}), {})


class NoBackend:
    def check_edit(self, id_, changes, *, by):
        raise InvalidEdit("The subject is empty.")


def test_an_edit_that_cannot_be_applied_says_why():
    from domain.proposals import SavedEdit

    proposal = a_proposal()
    saved = SavedEdit(proposal_id=proposal.id, person="J", changes={"subject": ""}, at=NOW)

    view = edit_view(NoBackend(), Item(proposal, proposal, None), saved, by="J")

    assert view.problem == "The subject is empty."
    assert view.main[0].is_changed
    assert view.saved == "09:14:00"


# -- evidence --------------------------------------------------------------------------


def test_the_columns_that_prove_a_number_come_first():
    where = Every(
        terms=(
            equals("delivery", "carrier", "Parcelo"),
            CompareFields(
                left=Field(kind="delivery", name="delivered_at"),
                op="gt",
                right=Field(kind="delivery", name="promised_at"),
            ),
        )
    )
    query = FactQuery(kind="delivery", where=where)
    evidence = Evidence(
        number=5, claim="412", kind=EvidenceKind.ROWS, ref=query.id, title="412 affected"
    )
    rows = FactRows(tuple(deliveries(4)), 412, query, now_total=415)

    view = float_of(evidence, rows, proposal_id="p_1", offset=0, limit=4)

    assert view.head[:4] == ("Record", "Customer", "Promised at", "Delivered at")
    assert view.rows[0][3].text == "none"
    assert view.all_href == "/drafts/p_1/marks/5"
    assert view.since == "3 more since this draft"


def test_a_card_of_a_ticket_closes_its_sums():
    proposal, casefile = a_proposal(), late_parcels()

    card = card_of(Item(proposal, proposal, casefile), Status(), copy=None, place=0, now=NOW)

    assert [part.words for part in card.reach.parts] == ["38 wrote", "374 silent", "1,127 at risk"]
    assert card.why.exposed.counts == "412 of 1,320 against 79 of 3,640 deliveries."
    assert [one.sign for one in card.findings].count("+") == 2
    assert words.hash_words(proposal.sha256) == "71c0 4be2"
