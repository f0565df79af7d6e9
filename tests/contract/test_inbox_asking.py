"""Another draft and escalation over HTTP: pages, forms, roles, and what is told to whom."""

import re
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from app.access import Role
from app.inbox.backend import Tab
from app.serving import build_app
from domain.proposals import DecisionKind, ProposalState
from domain.record import ProposalId
from tests.builders_inbox import NOW, open_set_up
from tests.clock import FakeClock

pytestmark = [pytest.mark.contract, pytest.mark.filterwarnings("ignore::ResourceWarning")]
HTML = {"accept": "text/html"}


@pytest.fixture
def home(tmp_path, full_home):
    installation = open_set_up(shutil.copytree(full_home, tmp_path / "home"), FakeClock(NOW))
    yield installation
    installation.close()


@pytest.fixture
def signed_in(home):
    app = build_app(home)

    def client(name="Jana Krol", role=Role.ADMIN):
        made = TestClient(app, base_url="http://127.0.0.1:8017", headers=HTML)
        made.post("/sign-in", data={"link": home.access.create_link(name, role)})
        return made

    return client


@pytest.fixture
def ticket(home):
    with home.store.read() as unit:
        rows = unit.proposals.list_rows()
    return next(row.id for row in rows if row.label == "Late delivery: Parcelo, North")


def _csrf(client):
    return re.search(r'name="csrf" value="([^"]+)"', client.get("/").text)[1]


def _post(client, id_, decision, version=1, **more):
    form = {"csrf": _csrf(client), "decision": decision, "seen_version": version, **more}
    return client.post(f"/drafts/{id_}/decide", data=form)


def _proposal(home, id_):
    return home.backend.get_item(ProposalId(id_)).proposal


def _words(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


# -- another draft ---------------------------------------------------------------------


def test_asking_opens_the_next_draft_and_puts_this_one_on_the_way(signed_in, home, ticket):
    client = signed_in()
    rows = home.backend.list_page(Tab.DECIDE).rows
    following = rows[1].proposal.id

    answer = _post(
        client, ticket, "another_draft", reason="Say less.", wishes="shorter", following=following
    )

    assert str(answer.url).endswith(following)
    assert _proposal(home, ticket).state is ProposalState.REDRAFTING
    way = client.get("/?tab=way").text
    assert "Jana Krol: Say less." in way
    assert "Redrafting" in way
    card = client.get(f"/drafts/{ticket}")
    assert "Another draft is being made" in card.text
    assert "“Say less.”" in card.text
    assert 'value="approve"' not in card.text


def test_the_new_draft_says_who_asked_and_leads_to_the_old_one(signed_in, home, ticket):
    client = signed_in()
    _post(client, ticket, "another_draft", reason="Say <less>.", wishes="shorter")
    home.engine.redraft(ProposalId(ticket))

    card = client.get(f"/drafts/{ticket}")
    old = client.get(f"/drafts/{ticket}/versions/1")

    told = _words(card)
    assert "Jana Krol asked for another draft at 09:14:00; this is it." in told
    assert "“Say &lt;less&gt;.” Shorter: one quote" in told
    assert "The words were not followed: no model is set up." in told
    assert f'href="/drafts/{ticket}/versions/1"' in card.text
    assert "draft 1 against draft 2" in _words(old)
    assert "is left out" in _words(old)
    assert 'value="approve"' in card.text


def test_what_could_not_be_made_is_open_again_with_the_reason(signed_in, home, ticket):
    client = signed_in()
    _post(client, ticket, "another_draft", reason="More heart.")
    home.engine.redraft(ProposalId(ticket))

    told = _words(client.get(f"/drafts/{ticket}"))

    assert "Jana Krol asked for another draft at 09:14:00. None was made." in told
    assert "It would say the same. The words were not followed: no model is set up." in told
    assert ticket in [one.proposal.id for one in home.backend.list_page(Tab.DECIDE).rows]


@pytest.mark.parametrize("kind", ["another_draft", "escalate"])
def test_without_a_reason_the_draft_stays_as_it_is(signed_in, home, ticket, kind):
    answer = _post(signed_in(), ticket, kind, reason="  ")

    assert answer.status_code == 422
    assert "Say w" in _words(answer)
    assert (_proposal(home, ticket).state, _proposal(home, ticket).version) == ("proposed", 1)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("another_draft", "Mara asked for another draft of this at 09:14:00."),
        ("escalate", "Mara escalated this at 09:14:00."),
    ],
)
def test_the_second_person_is_told_who_was_first_and_when(signed_in, ticket, kind, told):
    _post(signed_in("Mara"), ticket, kind, reason="First.")

    answer = _post(signed_in("Noor"), ticket, kind, reason="Second.")

    assert answer.status_code == 409
    assert told in _words(answer)


def test_of_many_requests_at_once_exactly_one_is_kept(signed_in, home, ticket):
    people = [signed_in(f"Person {number}") for number in range(4)]
    tokens = [_csrf(one) for one in people]

    def ask(number):
        form = {
            "csrf": tokens[number],
            "decision": "another_draft",
            "seen_version": 1,
            "reason": "Less.",
        }
        url = f"/drafts/{ticket}/decide"
        return people[number].post(url, data=form, follow_redirects=False).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(ask, range(4)))

    assert answers == [303, 409, 409, 409]
    item = home.backend.get_item(ProposalId(ticket))
    assert [one.kind for one in item.decisions] == [DecisionKind.ANOTHER_DRAFT]


@pytest.mark.parametrize("kind", ["another_draft", "escalate"])
def test_a_viewer_or_a_form_of_elsewhere_asks_for_nothing(signed_in, home, ticket, kind):
    viewer = signed_in("Vera", Role.VIEWER)
    forged = signed_in()

    refused = _post(viewer, ticket, kind, reason="Mine.")
    foreign = forged.post(
        f"/drafts/{ticket}/decide",
        data={"csrf": "x", "decision": kind, "seen_version": 1, "reason": "Mine."},
    )

    assert (refused.status_code, foreign.status_code) == (403, 403)
    assert 'class="asking"' not in viewer.get(f"/drafts/{ticket}").text
    assert _proposal(home, ticket).version == 1


def test_only_changes_that_would_change_something_are_offered(signed_in, home, ticket):
    client = signed_in()
    before = client.get(f"/drafts/{ticket}").text
    _post(client, ticket, "another_draft", reason="Less.", wishes="shorter")
    home.engine.redraft(ProposalId(ticket))

    after = client.get(f"/drafts/{ticket}").text

    offered = re.findall(r'name="wishes" value="(\w+)"', before)
    assert offered == ["shorter", "without_cases", "fewer_figures", "next_first"]
    assert re.findall(r'name="wishes" value="(\w+)"', after) == ["fewer_figures", "next_first"]


# -- escalation ------------------------------------------------------------------------


def test_an_escalated_draft_jumps_to_the_top_and_is_marked_in_list_and_card(signed_in, home):
    client = signed_in("Rui", Role.REVIEWER)
    last = home.backend.list_page(Tab.DECIDE).rows[-1].proposal.id

    _post(client, last, "escalate", reason="A contract hangs on it.")
    card = client.get(f"/drafts/{last}")

    row = home.backend.list_page(Tab.DECIDE).rows[0]
    assert (row.proposal.id, row.escalation.by) == (last, "Rui")
    told = _words(card)
    assert "Rui: A contract hangs on it. Escalated" in told
    assert "Rui escalated this at 09:14:00. “A contract hangs on it.” An admin decides it" in told


def test_a_reviewer_sees_why_there_are_no_buttons_and_what_to_do(signed_in, ticket):
    reviewer = signed_in("Rui", Role.REVIEWER)
    _post(reviewer, ticket, "escalate", reason="Not mine.")

    card = reviewer.get(f"/drafts/{ticket}")

    for gone in ('value="approve"', 'value="reject"', "Edit <kbd", 'class="asking"'):
        assert gone not in card.text
    assert "An admin decides this one: tell them." in _words(card)
    assert "Next draft" in _words(card)
    assert reviewer.get(f"/drafts/{ticket}/edit").status_code == 403


@pytest.mark.parametrize("kind", ["approve", "reject", "another_draft"])
def test_a_reviewers_forged_decision_is_refused_and_says_who_decides(signed_in, home, ticket, kind):
    reviewer = signed_in("Rui", Role.REVIEWER)
    _post(reviewer, ticket, "escalate", reason="Not mine.")

    answer = _post(reviewer, ticket, kind, version=2, reason="After all.")

    assert answer.status_code == 403
    assert "an admin decides it" in _words(answer)
    assert _proposal(home, ticket).state is ProposalState.PROPOSED


@pytest.mark.parametrize("path", ["edit", "check", "safe", "leave-out"])
def test_no_other_form_changes_what_was_escalated(signed_in, home, ticket, path):
    reviewer = signed_in("Rui", Role.REVIEWER)
    _post(reviewer, ticket, "escalate", reason="Not mine.")
    form = {"csrf": _csrf(reviewer), "seen_version": 2, "ask": "Other words.", "customer": "C-1"}

    answer = reviewer.post(f"/drafts/{ticket}/{path}", data=form)

    assert answer.status_code in (403, 404)
    assert _proposal(home, ticket).version == 2
    assert home.backend.find_edit(ProposalId(ticket), "Rui") is None


def test_an_admin_decides_what_was_escalated(signed_in, home, ticket):
    _post(signed_in("Rui", Role.REVIEWER), ticket, "escalate", reason="Not mine.")
    lead = signed_in("Lena")

    shown = lead.get(f"/drafts/{ticket}").text
    _post(lead, ticket, "approve", version=2)

    assert 'value="approve"' in shown
    assert "Escalate to a lead" not in shown
    assert _proposal(home, ticket).state is ProposalState.APPROVED
    assert "Rui escalated this" in _words(lead.get(f"/drafts/{ticket}"))


def test_a_page_from_before_the_escalation_is_refused_and_names_it(signed_in, ticket):
    _post(signed_in("Rui", Role.REVIEWER), ticket, "escalate", reason="Not mine.")

    answer = _post(signed_in("Lena"), ticket, "approve")

    assert answer.status_code == 409
    assert "Rui escalated this at 09:14:00. Nothing was done." in _words(answer)


def test_after_escalating_a_reviewer_goes_on_with_what_they_can_decide(signed_in, home):
    reviewer = signed_in("Rui", Role.REVIEWER)
    first, second = (row.proposal.id for row in home.backend.list_page(Tab.DECIDE).rows[:2])

    answer = _post(reviewer, first, "escalate", reason="Not mine.")

    assert str(answer.url).endswith(second)


# -- the record and the held -----------------------------------------------------------


def test_the_record_shows_both_and_every_draft_can_be_opened(signed_in, home, ticket):
    client = signed_in()
    _post(client, ticket, "another_draft", reason="Say less.", wishes="shorter")
    home.engine.redraft(ProposalId(ticket))
    _post(client, ticket, "escalate", version=2, reason="Not mine.")

    record = client.get(f"/drafts/{ticket}/record")

    told = _words(record)
    for what in ("another draft asked for", "redrafted", "escalated"):
        assert what in told
    for number in (1, 2):
        assert client.get(f"/drafts/{ticket}/versions/{number}").status_code == 200
    assert client.get(f"/drafts/{ticket}/versions/9").status_code == 404
    with home.store.read() as unit:
        assert unit.audit.verify().broken_at is None


def test_the_day_counts_what_was_asked_for(signed_in, home, ticket):
    _post(signed_in(), ticket, "another_draft", reason="Say less.")
    today = home.backend.today(since=NOW.replace(hour=0, minute=0))

    assert (today.asked_again, today.escalated) == (1, 0)


def test_every_held_draft_has_an_undo_in_the_list(signed_in, home):
    client = signed_in()
    waiting = [row.proposal for row in home.backend.list_page(Tab.DECIDE).rows]
    for one in waiting:
        _post(client, one.id, "approve", version=one.version)
    held = [row for row in home.backend.list_page(Tab.WAY).rows if row.hold_until]

    page = client.get("/").text

    strips = re.findall(r'<form class="strip" method="post" action="/drafts/(\w+)/decide"', page)
    assert len(held) >= 3
    assert set(strips) == {row.proposal.id for row in held}
    assert f'<span class="held-count">{len(held) - 2}</span> more held' in page
