"""Searching the inbox over HTTP: what leads where, and that the page says why."""

import re
import shutil
from typing import NamedTuple

import pytest
from fastapi.testclient import TestClient

from agent.reading.redact import redact
from app.access import Role
from app.serving import build_app
from domain.feedback import FeedbackItem
from domain.issues import Match, MatchMethod
from domain.text import CustomerText
from tests.builders_inbox import (
    NOW,
    a_reading,
    an_issue,
    open_full_inbox,
    open_set_up,
)
from tests.clock import FakeClock

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


class Line(NamedTuple):
    """A line of the list as it is read."""

    label: str
    reason: str
    href: str


@pytest.fixture(scope="module")
def full_home(tmp_path_factory):
    """A full inbox, and an issue about slow refunds that has no draft."""
    home = tmp_path_factory.mktemp("full") / "home"
    installation = open_full_inbox(home)
    refund = an_issue("I-0e6fc7080f", "Refund is slow", "slow_refund", 2, 2)
    items = [
        FeedbackItem(
            id=f"M-{n}",
            source="files",
            text=CustomerText(value=f"Hello. I still wait for my refünd of order QQ-7700{n}."),
            at=NOW,
            customer_id=f"K-{n}",
        )
        for n in range(2)
    ]
    with installation.store.write() as unit:
        unit.issues.save(refund)
        unit.feedback.add(items)
        unit.feedback.save_readings([(redact(one.text), a_reading(one)) for one in items])
        unit.issues.save_matches(
            [
                Match(key=one.key, issue_id=refund.id, method=MatchMethod.NEAREST, score=0.9)
                for one in items
            ]
        )
    installation.close()
    return home


@pytest.fixture(scope="module")
def client(full_home, tmp_path_factory):
    home = shutil.copytree(full_home, tmp_path_factory.mktemp("search") / "home")
    installation = open_set_up(home, FakeClock(NOW))
    made = TestClient(
        build_app(installation), base_url="http://127.0.0.1:8017", headers={"accept": "text/html"}
    )
    link = installation.access.create_link("Jana Krol", Role.ADMIN)
    assert made.post("/sign-in", data={"link": link}).status_code == 200
    yield made
    installation.close()


def _lines(client, words):
    page = client.get("/", params={"q": words}).text
    row = (
        r'class="row[^"]*" href="([^"]+)".*?row-label">([^<]*)<.*?row-reason">.*?<span>(.*?)</span>'
    )
    found = re.findall(row, page, re.DOTALL)
    return [Line(label, reason, href.replace("&amp;", "&")) for href, label, reason in found]


def test_words_of_reports_lead_to_drafts_and_say_so(client):
    lines = _lines(client, "nappies")

    assert {one.label for one in lines} == {
        "Late delivery: Parcelo, North",
        "Late delivery: what we know",
    }
    assert all(re.match("13 reports: “.*nappies.*”", one.reason) for one in lines)


def test_words_of_reports_lead_to_an_issue_that_has_no_draft(client):
    (line,) = _lines(client, "refund wait")

    assert line.label == "Refund is slow"
    assert line.reason.startswith("2 reports: “")
    assert line.href == "/issues/I-0e6fc7080f?q=refund+wait"
    assert "Issues without a draft" in client.get("/?q=refund").text


def test_a_word_finds_longer_ones_that_begin_with_it_and_every_word_must_stand(client):
    assert [one.label for one in _lines(client, "refun")] == ["Refund is slow"]
    assert _lines(client, "refund zebra") == []


@pytest.mark.parametrize(
    ("words", "label", "reason"),
    [
        ("C-7", "Late delivery: what we know", "To customer C-7"),
        ("c-7", "Late delivery: what we know", "To customer C-7"),
        ("c7@post.example", "Late delivery: what we know", "To c7@post.example"),
        ("Samira Noor", "Late delivery: what we know", "To Samira Noor"),
        ("noor", "Late delivery: what we know", "To Noor"),
        ("BB-48007", "Late delivery: what we know", "Order BB-48007"),
        ("twice", "Charged twice: renewal, 4.18", "In its title"),
        ("payments/2231", "Gift card shows 0", "Filed as payments/2231"),
        ("I-late118", "Late delivery: what we know", "Id I-late118"),
        ("K-1", "Refund is slow", "1 report of customer K-1"),
        ("QQ-77001", "Refund is slow", "1 report: “"),
        ("0e6fc7", "Refund is slow", "Id I-0e6fc7080f"),
    ],
)
def test_what_people_know_a_draft_by_leads_to_it_and_says_how(client, words, label, reason):
    lines = {one.label: one for one in _lines(client, words)}

    assert lines[label].reason.startswith(reason)


def test_an_id_of_a_draft_leads_to_it_alone(client):
    (first, *_) = _lines(client, "twice")
    id_ = re.search(r"/drafts/(p_\w+)", first.href)[1]

    assert [re.search(r"p_\w+", one.href)[0] for one in _lines(client, id_)] == [id_]
    assert [re.search(r"p_\w+", one.href)[0] for one in _lines(client, id_[:9])] == [id_]


def test_a_customer_leads_to_their_own_copy_and_the_search_stays_in_the_list(client):
    line = {one.label: one for one in _lines(client, "c7@post.example")}[
        "Late delivery: what we know"
    ]

    page = client.get(line.href).text

    assert "c7@post.example" in re.search(r'class="headers">(.*?)</dl>', page, re.DOTALL)[1]
    assert 'data-query="c7@post.example"' in page


def test_one_customer_is_not_another_whose_id_begins_alike(client):
    reasons = {one.reason for one in _lines(client, "C-4")}

    assert reasons == {"To customer C-4", "1 report of customer C-4"}


HOSTILE = ['"', "' OR 1=1 --", "NEAR(", "*", "%", "_", "\0", "a" * 200, "body:x"]


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_words(client, words):
    assert client.get("/", params={"q": words}).status_code == 200


def test_nothing_found_says_what_was_searched(client):
    page = client.get("/", params={"q": "<b>zebra</b>"}).text

    assert "Nothing holds" in page
    assert "order numbers" in page
    assert "<b>zebra" not in page
