"""The inbox over HTTP: who may, what acts, what is refused, what no page ever does."""

import re
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from app.access import Role
from app.inbox.backend import Tab
from app.inbox.events import Announcer
from app.protection import MAX_BODY
from app.serving import build_app
from domain.feedback import FeedbackItem
from domain.issues import Match, MatchMethod
from domain.proposals import DecisionKind, DeliveryState
from domain.record import FeedbackKey, IssueId, ProposalId
from domain.text import CustomerText
from storage.facts import facts
from tests.builders_inbox import NOW, an_issue, open_set_up
from tests.clock import FakeClock

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
HTML = {"accept": "text/html"}


@pytest.fixture
def clock():
    return FakeClock(NOW)


@pytest.fixture
def home(tmp_path, clock, full_home):
    installation = open_set_up(shutil.copytree(full_home, tmp_path / "home"), clock)
    yield installation
    installation.close()


@pytest.fixture
def signed_in(home):
    """Gives a client for a person of a role."""
    app = build_app(home)

    def client(name="Jana Krol", role=Role.ADMIN):
        made = TestClient(app, base_url="http://127.0.0.1:8017", headers=HTML)
        link = home.access.create_link(name, role)
        assert made.post("/sign-in", data={"link": link}).status_code == 200
        return made

    return client


def _ids(home):
    with home.store.read() as unit:
        return {(row.label, row.kind.value): row.id for row in unit.proposals.list_rows()}


@pytest.fixture
def ticket(home):
    return _ids(home)["Late delivery: Parcelo, North", "ticket"]


@pytest.fixture
def message(home):
    return _ids(home)["Late delivery: what we know", "message"]


def _csrf(client):
    return re.search(r'name="csrf" value="([^"]+)"', client.get("/").text)[1]


def _decide(client, id_, decision, version=1, **more):
    form = {"csrf": _csrf(client), "decision": decision, "seen_version": version, **more}
    return client.post(f"/drafts/{id_}/decide", data=form)


# -- looking ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["", "/trace", "/edit", "/bytes", "/record", "/recipients", "/marks/1", "/marks/5"],
)
def test_every_page_of_a_draft_answers_with_the_strict_policy(signed_in, ticket, path):
    answer = signed_in().get(f"/drafts/{ticket}{path}")

    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "require-trusted-types-for 'script'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    for forbidden in (" style=", "<style", "onclick=", "<script>", "javascript:"):
        assert forbidden not in answer.text


def test_every_tab_and_state_has_a_page(signed_in, home):
    client = signed_in()

    for id_ in _ids(home).values():
        assert client.get(f"/drafts/{id_}").status_code == 200
    for tab in ("decide", "way", "unknown", "done"):
        assert client.get(f"/?tab={tab}").status_code == 200
    assert client.get("/?tab=nonsense").status_code == 422
    assert client.get("/drafts/nope").status_code == 404


def test_a_page_of_trouble_leads_somewhere(signed_in, ticket):
    client = signed_in()

    of_draft = client.get(f"/drafts/{ticket}/marks/99")
    of_none = client.get("/drafts/p_none")

    assert f'href="/drafts/{ticket}">Back to the draft' in of_draft.text
    assert 'href="/">Back to the inbox' in of_none.text


def test_looking_changes_nothing(signed_in, home, ticket):
    client = signed_in()
    with home.store.read() as unit:
        before = len(unit.audit.since(0))

    for path in (f"/drafts/{ticket}", f"/drafts/{ticket}/edit", "/", f"/drafts/{ticket}/decide"):
        client.get(path)

    with home.store.read() as unit:
        assert len(unit.audit.since(0)) == before
        assert unit.proposals.get(ticket).state.value == "proposed"


def test_the_mail_is_shown_as_its_bytes_say(signed_in, home, message):
    page = signed_in().get(f"/drafts/{message}?to=1").text
    copy = home.backend.find_copy(ProposalId(message), 1, "C-1")

    assert f"{len(copy.frozen):,} to this customer" in page
    assert "c1@post.example" in page
    assert "2 of 398" in page
    assert copy.sha256[:4] in page


def test_customers_words_are_text_and_hidden_characters_are_seen(signed_in, home):
    hostile = "<script>x</script><img src=x onerror=x>{{7*7}}\u202etxt\u200b [a](javascript:x)"
    with home.store.write() as unit:
        text = CustomerText(value=hostile)
        unit.feedback.add([FeedbackItem(id="bad", source="s", text=text)])

    page = signed_in().get("/reports/s/bad").text

    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page
    assert "{{7*7}}" in page
    assert "U+202E" in page
    assert "\u202e" not in page
    assert home.backend.find_report(FeedbackKey("s/bad")).text.value == hostile


def test_a_quote_leads_to_the_report_it_stands_in(signed_in, ticket):
    client = signed_in()

    page = client.get(f"/drafts/{ticket}").text

    assert 'Customer C-0, chat, 4 March 09:02 · <a href="/reports/files/R-0">report R-0</a>' in page
    assert "Nobody came." in client.get("/reports/files/R-0").text


def test_search_finds_labels_customers_and_words(signed_in):
    client = signed_in()

    assert "Charged twice" in client.get("/?q=twice").text
    assert "Late delivery: what we know" in client.get("/?q=c7@post.example").text
    nothing = client.get("/", params={"q": "<b>zebra</b>"}).text
    assert "Nothing holds" in nothing
    assert "<b>zebra" not in nothing


def test_an_issue_shows_the_words_of_its_reports_a_page_at_a_time(signed_in, home):
    client = signed_in()
    with home.store.write() as unit:
        unit.issues.save_matches(
            [
                Match(
                    key=FeedbackKey(f"files/R-{n}"),
                    issue_id=IssueId("I-twice77"),
                    method=MatchMethod.NEAREST,
                    score=0.9,
                )
                for n in range(3)
            ]
        )

    first = client.get("/issues/I-late118").text
    second = client.get("/issues/I-late118?offset=25").text
    few = client.get("/issues/I-twice77").text

    assert first.count('class="report"') == 25
    assert second.count('class="report"') == 13
    assert "Nobody came." in first
    assert "Customer C-3, chat, 4 March 06:02" in first
    assert 'href="/reports/files/R-3"' in first
    assert "1 to 25 of 38" in first
    assert "26 to 38 of 38" in second
    assert few.count('class="report"') == 3
    assert "U+202E" in few


def test_an_issue_names_its_driver_as_the_taxonomy_does(signed_in, home):
    with home.store.write() as unit:
        unit.issues.save(an_issue("I-1", "Parcels", "late_delivery", 1, 1))
        unit.issues.save(an_issue("I-2", "Parcels", "no_longer_known", 1, 1))
    client = signed_in()

    assert "<dd>Late delivery</dd>" in client.get("/issues/I-1").text
    assert "late_delivery" not in client.get("/issues/I-1").text
    assert "<dd>no longer known, not in the taxonomy</dd>" in client.get("/issues/I-2").text


def test_an_issue_leads_back_to_where_it_was_opened_from(signed_in, ticket):
    client = signed_in()

    from_draft = client.get(f"/issues/I-late118?from={ticket}").text
    from_search = client.get("/issues/I-late118?q=nappies").text

    assert f'href="/issues/I-late118?from={ticket}"' in client.get(f"/drafts/{ticket}").text
    assert f'href="/drafts/{ticket}" class="quiet-link" data-back' in from_draft
    assert 'data-query="nappies"' in from_search
    assert client.get("/issues/I-late118?from=//evil.example").status_code == 200
    assert 'href="//evil' not in client.get("/issues/I-late118?from=//evil.example").text


# -- however much is stored ------------------------------------------------------------


def test_a_mark_reads_its_own_rows_and_nobody_elses(signed_in, home, ticket):
    client = signed_in()
    with home.store.write() as unit:
        others = facts.c.id.in_([f"delivery-{n}" for n in range(200, 412)])
        unit._connection.execute(facts.update().where(others).values(body="not to be read"))

    page = client.get(f"/drafts/{ticket}/marks/5").text

    assert "1 to 100 of 412 rows" in page
    assert "BB-48099" in page


def test_the_list_asks_no_more_often_for_many_lines_than_for_few(home):
    asked = []
    event.listen(home.store._engine, "before_cursor_execute", lambda *said: asked.append(said[2]))

    for tab in Tab:
        home.backend.list_page(tab, limit=1)
        few, asked[:] = len(asked), []
        home.backend.list_page(tab)
        assert len(asked) == few, tab
        asked.clear()


@pytest.mark.parametrize("tab", list(Tab))
def test_every_question_of_the_list_is_answered_by_an_index(home, tab):
    asked = []
    event.listen(home.store._engine, "before_cursor_execute", lambda *said: asked.append(said[2:4]))

    home.backend.list_page(tab)
    home.backend.status()
    home.backend.search("refund C-7")

    with home.store.read() as unit:
        for statement, values in [one for one in asked if one[0].startswith("SELECT")]:
            plan = unit._connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            steps = [step for *_, step in plan if step.startswith("SCAN")]
            read_whole = [one for one in steps if "INDEX" not in one and "CONSTANT" not in one]
            small = ("dispatch_switch", "SUBQUERY", "anon_", "(subquery", "_fts")
            assert [one for one in read_whole if not any(name in one for name in small)] == []


# -- signing in ------------------------------------------------------------------------


def test_a_sign_in_link_is_used_by_its_button_only_and_once(home):
    client = TestClient(build_app(home), base_url="http://127.0.0.1", headers=HTML)
    link = home.access.create_link("Mara", Role.REVIEWER)

    for _ in range(3):
        assert "Sign in as Mara" in client.get("/sign-in", params={"link": link}).text
    answer = client.post("/sign-in", data={"link": link}, follow_redirects=False)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert client.get("/sign-in", params={"link": link}).status_code == 410
    assert client.post("/sign-in", data={"link": link}).status_code == 401


def test_nobody_sees_anything_without_a_session(home, ticket):
    client = TestClient(build_app(home), base_url="http://127.0.0.1", headers=HTML)

    for path in ("/", f"/drafts/{ticket}", "/issues/I-late118", f"/drafts/{ticket}/bytes"):
        answer = client.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert client.post(f"/drafts/{ticket}/decide", data={}).status_code == 401


def test_signing_out_ends_the_session(signed_in):
    client = signed_in()

    client.post("/sign-out", data={"csrf": _csrf(client)})

    assert client.get("/", follow_redirects=False).status_code == 303


# -- protection ------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8017", "127.0.0.1.evil.example"])
def test_a_foreign_name_reaches_nothing(signed_in, host):
    answer = signed_in().get("/", headers={"host": host})

    assert answer.status_code == 421
    assert "Undertone" not in answer.text


def test_forms_without_the_sessions_token_change_nothing(signed_in, home, ticket):
    client = signed_in()

    for csrf in ("", "wrong"):
        form = {"csrf": csrf, "decision": "approve", "seen_version": 1}
        assert client.post(f"/drafts/{ticket}/decide", data=form).status_code == 403
    assert client.post("/sending", data={"to": "stop", "reason": "x"}).status_code == 403
    assert not home.backend.status().switch.stopped


def test_too_large_a_body_is_refused_also_without_a_length(signed_in):
    client = signed_in()

    stated = client.post("/sending", headers={"content-length": str(MAX_BODY + 1)})
    streamed = client.post(
        "/sending",
        content=(b"x" * 2**20 for _ in range(MAX_BODY // 2**20 + 2)),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )

    assert stated.status_code == 413
    assert streamed.status_code == 413


def test_a_viewer_sees_and_a_reviewer_does_not_switch(signed_in, ticket):
    viewer = signed_in("Vera", Role.VIEWER)
    reviewer = signed_in("Rolf", Role.REVIEWER)

    page = viewer.get(f"/drafts/{ticket}").text
    assert "others decide them" in page
    assert 'value="approve"' not in page
    assert viewer.get(f"/drafts/{ticket}/edit").status_code == 403
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)[1]
    form = {"csrf": csrf, "decision": "approve", "seen_version": 1}
    assert viewer.post(f"/drafts/{ticket}/decide", data=form).status_code == 403
    stop = {"csrf": _csrf(reviewer), "to": "stop", "reason": "x"}
    assert reviewer.post("/sending", data=stop).status_code == 403


def test_after_stopping_only_own_pages_are_opened(signed_in):
    client = signed_in()
    form = {"csrf": _csrf(client), "to": "stop", "reason": "wrong template"}

    for elsewhere in ("//evil.example/x", "https://evil.example", "/\\evil.example"):
        answer = client.post("/sending", data={**form, "from": elsewhere}, follow_redirects=False)
        assert answer.headers["location"] == "/"
    page = client.get("/").text
    assert "Sending stopped by Jana Krol" in page
    assert "wrong template" in page


# -- deciding --------------------------------------------------------------------------


def test_approving_opens_the_next_draft_and_holds_this_one(signed_in, home, ticket, message):
    client = signed_in()

    answer = _decide(client, ticket, "approve", following=message)

    assert answer.url.path == f"/drafts/{message}"
    assert "Held" in answer.text
    with home.store.read() as unit:
        (delivery,) = unit.outbox.deliveries(ticket)
    assert delivery.state is DeliveryState.HELD
    assert delivery.approved_by == "Jana Krol"


def test_the_second_person_is_told_who_was_first(signed_in, ticket):
    first, second = signed_in("Mara", Role.REVIEWER), signed_in("Noor", Role.REVIEWER)

    _decide(first, ticket, "approve")
    late = _decide(second, ticket, "approve")
    again = _decide(first, ticket, "approve")

    assert late.status_code == 409
    assert "Mara approved this at 09:14:00." in late.text
    assert "Yours changed nothing." in late.text
    assert "You approved this at 09:14:00." in again.text


def test_of_many_at_once_exactly_one_wins(signed_in, home, ticket):
    clients = [signed_in(f"P{n}", Role.REVIEWER) for n in range(6)]
    forms = [
        {"csrf": _csrf(client), "decision": "approve", "seen_version": 1} for client in clients
    ]

    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(
                lambda pair: pair[0].post(
                    f"/drafts/{ticket}/decide", data=pair[1], follow_redirects=False
                ),
                zip(clients, forms, strict=True),
            )
        )

    assert sorted(one.status_code for one in answers) == [303, 409, 409, 409, 409, 409]
    with home.store.read() as unit:
        assert len(unit.outbox.deliveries(ticket)) == 1


def test_an_old_page_is_refused_and_the_change_is_shown(signed_in, home, ticket):
    client = signed_in()
    home.backend.decide(
        ProposalId(ticket), DecisionKind.EDIT, by="Mara", seen_version=1, changes={"who": "Many."}
    )

    answer = _decide(client, ticket, "approve", version=1)

    assert answer.status_code == 409
    assert "Mara made draft 2" in answer.text
    assert "Read draft 2, then decide." in answer.text
    assert "<ins>Many.</ins>" in answer.text


def test_an_open_check_keeps_approve_off_also_when_the_form_is_forged(signed_in, home, message):
    client = signed_in()

    assert "Promises too much." in client.get(f"/drafts/{message}").text
    answer = _decide(client, message, "approve")

    assert answer.status_code == 422
    with home.store.read() as unit:
        assert unit.outbox.deliveries(message) == []


def test_the_safe_wording_settles_the_check_as_the_next_draft(signed_in, home, message):
    client = signed_in()

    form = {"csrf": _csrf(client), "seen_version": 1, "use": "promises"}
    page = client.post(f"/drafts/{message}/safe", data=form).text

    assert "Your parcel will be with you by Friday." not in page
    proposal = home.backend.get_item(ProposalId(message)).proposal
    assert (proposal.version, proposal.open_checks) == (2, ())
    assert _decide(client, message, "approve", version=2).status_code == 200


def test_a_reject_needs_a_reason_and_keeps_it(signed_in, home, ticket):
    client = signed_in()

    assert _decide(client, ticket, "reject").status_code == 422
    _decide(client, ticket, "reject", reason="The owner is wrong")

    decision = home.backend.get_item(ProposalId(ticket)).decisions[-1]
    assert (decision.kind.value, decision.reason) == ("reject", "The owner is wrong")
    assert "The owner is wrong" in client.get(f"/drafts/{ticket}/record").text


def test_undo_within_the_hold_brings_it_back_and_after_it_is_refused(signed_in, clock, ticket):
    client = signed_in()
    _decide(client, ticket, "approve")
    assert "Held. Nothing has left yet." in client.get(f"/drafts/{ticket}").text

    back = _decide(client, ticket, "undo")
    assert back.url.path == f"/drafts/{ticket}"
    assert "draft 2" in back.text
    _decide(client, ticket, "approve", version=2)
    clock.pass_by(seconds=30)

    late = _decide(client, ticket, "undo", version=2)
    assert late.status_code == 422
    assert "Too late to undo" in late.text


def test_a_held_draft_says_what_stopped_sending_means_for_it(signed_in, ticket):
    client = signed_in()
    _decide(client, ticket, "approve")

    client.post("/sending", data={"csrf": _csrf(client), "to": "stop", "reason": "wrong template"})
    page = client.get(f"/drafts/{ticket}").text

    assert "it stays here until somebody resumes it. You can undo until 09:14:30." in page
    assert "after that it is filed" not in page


# -- editing ---------------------------------------------------------------------------


def test_what_is_typed_is_saved_checked_and_kept_over_a_restart(signed_in, home, ticket):
    client = signed_in()
    form = {"csrf": _csrf(client), "seen_version": 1, "who": "About 500 affected."}

    part = client.post(f"/drafts/{ticket}/check", data={**form, "part": "1"}).text
    assert "A number is on no record." in part
    assert 'data-open="1"' in part
    again = client.get(f"/drafts/{ticket}/edit").text
    assert "About 500 affected." in again
    assert "Saved 09:14:00" in again
    refused = client.post(f"/drafts/{ticket}/edit", data={**form, "then": "approve"})
    assert refused.status_code == 422
    assert home.backend.get_item(ProposalId(ticket)).proposal.version == 1


def test_a_number_may_be_kept_under_a_name_and_the_record_says_so(signed_in, home, ticket):
    client = signed_in()
    form = {"csrf": _csrf(client), "seen_version": 1, "who": "About 500 affected.", "keep": "500"}

    client.post(f"/drafts/{ticket}/check", data=form)
    client.post(f"/drafts/{ticket}/edit", data={**form, "then": "approve"})

    proposal = home.backend.get_item(ProposalId(ticket)).proposal
    assert proposal.state.value == "approved"
    kept = next(one for one in proposal.draft.evidence if one.kind.value == "person")
    assert (kept.claim, kept.ref) == ("500", "Jana Krol")
    entries = home.backend.audit(ticket)
    assert [one.what for one in entries] == ["proposed", "edited", "approved"]


def test_recipients_are_left_out_as_the_next_draft(signed_in, home, message):
    client = signed_in()
    form = {"csrf": _csrf(client), "seen_version": 1, "customer": ["C-1", "C-2"]}

    page = client.post(f"/drafts/{message}/leave-out", data=form).text

    proposal = home.backend.get_item(ProposalId(message)).proposal
    assert (proposal.version, len(proposal.recipients)) == (2, 396)
    assert "Removed by a reviewer" in page


# -- unknown ---------------------------------------------------------------------------


@pytest.fixture
def lost(home):
    with home.store.read() as unit:
        (delivery,) = unit.outbox.in_states([DeliveryState.UNKNOWN])
    return delivery


@pytest.mark.parametrize(
    ("choice", "text", "state"),
    [("found", "payments/77", "sent"), ("again", "again", "held"), ("give_up", "old", "failed")],
)
def test_an_unknown_delivery_is_settled_by_a_person(signed_in, home, lost, choice, text, state):
    client = signed_in()
    page = client.get(f"/drafts/{lost.proposal_id}").text
    assert "Unknown, needs you" in page
    assert "Nothing is sent again by itself." in page

    form = {"csrf": _csrf(client), "draft": lost.proposal_id, "choice": choice, "text": text}
    client.post(f"/deliveries/{lost.id}/settle", data=form)

    with home.store.read() as unit:
        assert unit.outbox.find_row(lost.id).delivery.state.value == state
    told = [one.what for one in home.backend.audit(lost.proposal_id)]
    assert f"settled: {choice}" in told
    assert f"settled: {choice}" in client.get(f"/drafts/{lost.proposal_id}/record").text


def test_sending_again_needs_the_typed_word(signed_in, home, lost):
    client = signed_in()
    form = {"csrf": _csrf(client), "draft": lost.proposal_id, "choice": "again", "text": "yes"}

    answer = client.post(f"/deliveries/{lost.id}/settle", data=form)

    assert answer.status_code == 422
    with home.store.read() as unit:
        assert unit.outbox.find_row(lost.id).delivery.state is DeliveryState.UNKNOWN


# -- events ----------------------------------------------------------------------------


def test_the_stream_tells_what_is_new_and_what_moved(home, clock, ticket):
    announcer = Announcer(home.backend, clock=clock)
    since = clock()
    before = announcer.told(since)

    clock.pass_by(minutes=1)
    home.backend.decide(ProposalId(ticket), DecisionKind.APPROVE, by="Mara", seen_version=1)
    after = announcer.told(since)

    assert before != after
    assert f'"{ticket}": {{' in after
    assert '"word": "Held"' in after
    home.backend.decide(ProposalId(ticket), DecisionKind.UNDO, by="Mara", seen_version=1)
    assert ticket in announcer.told(since).split('"states"')[0]


def test_what_is_done_stands_latest_first_whatever_its_priority(signed_in, home, clock, message):
    client = signed_in()
    clock.pass_by(minutes=3)
    _decide(client, message, "reject", reason="tone")

    page = client.get("/?tab=done").text

    labels = re.findall(r'row-label">([^<]+)<', page)
    assert labels[0] == "Late delivery: what we know"
    assert "tone" in page


def test_a_fault_of_ours_says_nothing_about_its_cause(home, signed_in, ticket, caplog):
    client = signed_in()
    with home.store.write() as unit:
        from sqlalchemy import text

        unit._connection.execute(text("UPDATE proposals SET body = '{\"secret\": 1}'"))

    answer = client.get(f"/drafts/{ticket}")

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "a request failed" in caplog.text
