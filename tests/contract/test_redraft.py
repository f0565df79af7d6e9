"""Another draft of what was put aside: made from the same evidence, or the old one put back."""

import shutil
from dataclasses import replace

import pytest

from agent.casework.write import LocalWriter
from agent.redraft import redraft, waiting_redrafts
from agent.review import Bench
from domain.errors import StaleVersion
from domain.proposals import DecisionKind, ProposalState, Wish
from domain.provenance import MadeBy
from domain.record import ProposalId
from tests.builders_inbox import NOW, open_set_up
from tests.clock import FakeClock

pytestmark = [pytest.mark.contract, pytest.mark.filterwarnings("ignore::ResourceWarning")]


@pytest.fixture
def home(tmp_path, full_home):
    installation = open_set_up(shutil.copytree(full_home, tmp_path / "home"), FakeClock(NOW))
    yield installation
    installation.close()


def _id(home, label="Late delivery: Parcelo, North"):
    with home.store.read() as unit:
        return next(row.id for row in unit.proposals.list_rows() if row.label == label)


def _ask(home, id_, *wishes, words="Say less.", by="Mara", seen=1):
    changes = {"wishes": list(wishes)} if wishes else {}
    return home.backend.decide(
        ProposalId(id_),
        DecisionKind.ANOTHER_DRAFT,
        by=by,
        seen_version=seen,
        reason=words,
        changes=changes,
    )


def _proposal(home, id_):
    return home.backend.get_item(ProposalId(id_)).proposal


class _KeepingWriter:
    """A local writer that keeps what it was asked."""

    def __init__(self, instead=None):
        self.asked = []
        self._instead = instead

    def write(self, request):
        self.asked.append(request)
        if self._instead is not None:
            self._instead()
        return LocalWriter().write(request)


def _bench(home, writer, desk=None):
    return Bench(None, writer, home.recall, home.configuration, desk or home.desk)


def test_another_draft_takes_the_place_of_the_old_one_under_the_next_version(home):
    id_ = _id(home)
    old = _ask(home, id_, "shorter")

    made = home.engine.redraft(id_)
    new = _proposal(home, id_)

    assert made.is_made
    assert (new.state, new.version, new.id) == (ProposalState.PROPOSED, 2, old.id)
    assert (new.owner, new.destination, new.casefile_version) == (
        old.owner,
        old.destination,
        old.casefile_version,
    )
    assert "cases" not in [one.key for one in new.draft.sections]
    assert [one.key for one in new.checks] == [one.key for one in old.checks]
    assert new.redraft.by == "Mara"
    assert new.redraft.words == "Say less."
    assert (new.redraft.of_version, new.redraft.is_made) == (1, True)
    assert "The words were not followed: no model is set up." in " ".join(new.redraft.answer)
    assert home.backend.find_version(old.id, 1).draft == old.draft
    what = [(one.what, one.by) for one in home.backend.audit(id_)]
    assert what[-2:] == [("another draft asked for", "Mara"), ("redrafted", "undertone")]


def test_a_second_round_finds_nothing_left_to_do(home):
    id_ = _id(home)
    _ask(home, id_, "shorter")
    assert waiting_redrafts(home.store) == [id_]
    home.engine.redraft(id_)
    new = _proposal(home, id_)

    again = home.engine.redraft(id_)

    assert again is None
    assert waiting_redrafts(home.store) == []
    assert _proposal(home, id_) == new


def test_words_alone_bring_the_old_draft_back_with_the_reason(home):
    id_ = _id(home)
    old = _ask(home, id_, words="More heart.")

    made = home.engine.redraft(id_)
    back = _proposal(home, id_)

    assert not made.is_made
    assert (back.state, back.version) == (ProposalState.PROPOSED, 2)
    assert (back.draft, back.sha256, back.checks) == (old.draft, old.sha256, old.checks)
    assert not back.redraft.is_made
    assert back.redraft.answer[0] == "It would say the same."
    assert home.backend.audit(id_)[-1].what == "put back"
    with pytest.raises(StaleVersion):
        _ask(home, id_, words="More heart.")


def test_what_was_put_back_can_be_asked_for_again_and_approved(home):
    id_ = _id(home)
    _ask(home, id_, words="More heart.")
    home.engine.redraft(id_)
    _ask(home, id_, "next_first", words="The ask, then.", seen=2)
    home.engine.redraft(id_)

    approved = home.backend.decide(id_, DecisionKind.APPROVE, by="Noor", seen_version=3)

    assert approved.state is ProposalState.APPROVED
    assert approved.draft.sections[0].key == "ask"


def test_wishes_hold_for_the_drafts_after_them(home):
    id_ = _id(home)
    _ask(home, id_, "without_cases")
    home.engine.redraft(id_)
    _ask(home, id_, "next_first", seen=2)
    home.engine.redraft(id_)

    new = _proposal(home, id_)

    assert new.redraft.wishes == (Wish.WITHOUT_CASES, Wish.NEXT_FIRST)
    keys = [one.key for one in new.draft.sections]
    assert keys[0] == "ask"
    assert "cases" not in keys


def test_an_edit_is_not_part_of_another_draft_and_the_card_says_so(home):
    id_ = _id(home)
    home.backend.decide(
        id_, DecisionKind.EDIT, by="Jana", seen_version=1, changes={"ask": "Answer, please."}
    )
    _ask(home, id_, "shorter", seen=2)

    home.engine.redraft(id_)
    new = _proposal(home, id_)

    assert new.edited_by is None
    assert new.redraft.answer[-1] == ("The edit by Jana is not part of it; the old draft keeps it.")
    assert "Answer, please." in str(home.backend.find_version(id_, 2).draft)


def test_words_alone_never_throw_an_edit_away(home):
    id_ = _id(home)
    home.backend.decide(
        id_, DecisionKind.EDIT, by="Jana", seen_version=1, changes={"ask": "Answer, please."}
    )
    edited = _ask(home, id_, words="More heart.", seen=2)

    home.engine.redraft(id_)
    back = _proposal(home, id_)

    assert (back.draft, back.edited_by) == (edited.draft, "Jana")


def test_the_writer_gets_the_words_with_personal_data_replaced(home):
    id_ = _id(home)
    _ask(home, id_, "shorter", words="Ask jana@example.com, then say less.")
    writer = _KeepingWriter()

    redraft(home.store, id_, bench=_bench(home, writer), clock=home.clock)

    (asked,) = writer.asked
    assert asked.guidance.words.value == "Ask [EMAIL], then say less."
    assert asked.guidance.wishes == (Wish.SHORTER,)
    assert _proposal(home, id_).redraft.words == "Ask jana@example.com, then say less."


class _WordingWriter:
    """A writer that words the title, as a model in its seat does."""

    def write(self, request):
        written = LocalWriter().write(request)
        draft = written.draft.model_copy(update={"subject": "Late in North"})
        made_by = MadeBy(engine="some-model", version="1")
        return written.model_copy(update={"draft": draft, "made_by": made_by, "on_words": "Tried."})


def test_a_wording_is_not_lost_when_the_next_request_comes_to_nothing(home):
    id_ = _id(home)
    _ask(home, id_, words="Shorter title.")
    redraft(home.store, id_, bench=_bench(home, _WordingWriter()), clock=home.clock)
    worded = _ask(home, id_, words="Shorter still.", seen=2)

    made = redraft(home.store, id_, bench=_bench(home, _KeepingWriter()), clock=home.clock)

    assert worded.draft.subject == "Late in North"
    assert not made.is_made
    assert _proposal(home, id_).draft == worded.draft


def test_of_two_rounds_at_the_same_time_one_answers(home):
    id_ = _id(home)
    _ask(home, id_, "shorter")
    writer = _KeepingWriter(instead=lambda: home.engine.redraft(id_))

    second = redraft(home.store, id_, bench=_bench(home, writer), clock=home.clock)

    assert second is None
    assert _proposal(home, id_).version == 2


def test_new_evidence_in_between_is_waited_for(home):
    id_ = _id(home)
    old = _ask(home, id_, "shorter")

    def newer():
        with home.store.write() as unit:
            casefile = unit.issues.find_casefile(old.issue_id)
            unit.issues.save_casefile(casefile.model_copy(update={"version": 2}))

    first = redraft(home.store, id_, bench=_bench(home, _KeepingWriter(newer)), clock=home.clock)
    then = redraft(home.store, id_, bench=_bench(home, _KeepingWriter()), clock=home.clock)

    assert (first, then.is_made) == (None, True)
    new = _proposal(home, id_)
    assert new.casefile_version == 2
    assert new.redraft.answer[-1] == "It rests on newer evidence than draft 1."


def test_new_evidence_that_changes_a_draft_is_not_lost_with_a_request_for_nothing(home):
    id_ = _id(home)
    old = _ask(home, id_, words="More heart.")
    with home.store.write() as unit:
        casefile = unit.issues.find_casefile(old.issue_id)
        fewer = casefile.reach.model_copy(update={"customers": casefile.reach.customers[:200]})
        newer = casefile.model_copy(update={"version": 2, "reach": fewer})
        unit.issues.save_casefile(newer)

    made = home.engine.redraft(id_)
    new = _proposal(home, id_)

    assert not made.is_made
    assert (new.state, new.version, new.casefile_version) == (ProposalState.PROPOSED, 3, 2)
    assert "412 affected" not in str(new.draft)
    assert not new.redraft.is_made


def test_an_edit_stays_though_evidence_grew_a_little_meanwhile(home):
    id_ = _id(home)
    home.backend.decide(
        id_, DecisionKind.EDIT, by="Jana", seen_version=1, changes={"ask": "Answer, please."}
    )
    edited = _ask(home, id_, words="More heart.", seen=2)
    with home.store.write() as unit:
        casefile = unit.issues.find_casefile(edited.issue_id)
        unit.issues.save_casefile(casefile.model_copy(update={"version": 2}))

    home.engine.redraft(id_)
    back = _proposal(home, id_)

    assert (back.version, back.draft, back.edited_by) == (3, edited.draft, "Jana")


def test_without_evidence_the_old_draft_comes_back(home):
    id_ = _id(home, "Old logo in mails")
    with home.store.write() as unit:
        old = unit.proposals.get(id_)
        copies = unit.proposals.copies(id_, 1)
        open_again = old.model_copy(update={"state": ProposalState.PROPOSED, "version": 2})
        unit.proposals.add_version(open_again, copies, by="test", at=home.clock(), why="Again.")
    _ask(home, id_, "shorter", seen=2)

    made = home.engine.redraft(id_)

    assert not made.is_made
    assert _proposal(home, id_).redraft.answer == (
        "The evidence of this draft is not in the store.",
    )


def test_without_a_destination_the_old_draft_comes_back(home):
    id_ = _id(home)
    _ask(home, id_, "shorter")
    nowhere = replace(home.desk, destinations={})

    redraft(home.store, id_, bench=_bench(home, _KeepingWriter(), nowhere), clock=home.clock)

    assert _proposal(home, id_).redraft.answer == ("There is no destination 'tickets/logistics'.",)


def test_a_message_keeps_its_recipients_and_those_who_were_left_out(home):
    id_ = _id(home, "Late delivery: what we know")
    gone = _proposal(home, id_).recipients[0].customer_id
    home.backend.decide(
        id_,
        DecisionKind.EDIT,
        by="Jana",
        seen_version=1,
        changes={"remove_recipients": [gone]},
    )
    before = _ask(home, id_, "shorter", seen=2)

    home.engine.redraft(id_)
    new = _proposal(home, id_)

    assert new.recipients == before.recipients
    assert gone in [one.customer_id for one in new.left_out]
    assert "doing" not in [one.key for one in new.draft.sections]


def test_a_later_run_keeps_the_shape_that_was_asked_for(shop):
    with shop.store.read() as unit:
        rows = unit.proposals.list_rows()
    row = next(one for one in rows if one.label == "Late delivery: what we know")
    _ask(shop, row.id, "shorter")
    shop.engine.redraft(row.id)

    reviewed = shop.engine.review(row.issue_id)
    after = _proposal(shop, row.id)

    assert reviewed.kept >= 1
    assert (after.state, after.version) == (ProposalState.PROPOSED, 2)
    assert "doing" not in [one.key for one in after.draft.sections]
