"""The addresses for machines: who may, what comes back, what is refused."""

import json

import pytest
from fastapi.testclient import TestClient

from app.serving import build_app

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture
def client(shop):
    with TestClient(build_app(shop), base_url="http://127.0.0.1:8017") as made:
        yield made


def _bearer(shop, role, name="mara"):
    return {"Authorization": f"Bearer {shop.create_token(name, role)}"}


def _proposals(client, headers):
    return client.get("/api/proposals", headers=headers).json()["proposals"]


def test_health_needs_nobody(client):
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_stranger_gets_401_and_a_role_that_may_not_403(client, shop):
    assert client.get("/api/proposals").status_code == 401
    assert client.get("/api/proposals", headers=_bearer(shop, "ingest")).status_code == 403
    viewer = _bearer(shop, "viewer")
    id_ = _proposals(client, viewer)[0]["id"]
    answer = client.post(
        f"/api/proposals/{id_}/decisions",
        headers=viewer,
        json={"decision": "approve", "seen_version": 1},
    )
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_foreign_host_name_reaches_nothing(client):
    assert client.get("/healthz", headers={"host": "evil.example"}).status_code == 421


def test_a_proposal_has_every_field_of_the_contract(client, shop):
    for one in _proposals(client, _bearer(shop, "viewer")):
        assert set(one) >= {
            "id", "kind", "issue_id", "state", "version", "destination", "subject", "body",
            "recipients", "left_out", "evidence", "sha256", "made_by",
        }  # fmt: skip
        assert one["evidence"]
        assert one["subject"] in one["body"] or one["kind"] == "message"
        assert bool(one["recipients"]) == (one["kind"] == "message")


def test_approving_a_ticket_twice_names_who_was_first(client, shop):
    ticket = next(p for p in _proposals(client, _bearer(shop, "viewer")) if p["kind"] == "ticket")
    address = f"/api/proposals/{ticket['id']}/decisions"
    body = {"decision": "approve", "seen_version": ticket["version"]}

    first = client.post(address, headers=_bearer(shop, "reviewer", "mara"), json=body)
    second = client.post(address, headers=_bearer(shop, "reviewer", "noor"), json=body)

    assert first.status_code == 200
    assert first.json()["state"] == "approved"
    assert second.status_code == 409
    assert second.json()["by"] == "mara"


def test_an_old_version_is_refused_with_the_new_one(client, shop):
    headers = _bearer(shop, "reviewer")
    ticket = next(p for p in _proposals(client, headers) if p["kind"] == "ticket")
    address = f"/api/proposals/{ticket['id']}/decisions"
    edit = {"decision": "edit", "seen_version": 1, "changes": {"ask": "Please look at the hub."}}
    assert client.post(address, headers=headers, json=edit).json()["version"] == 2

    answer = client.post(address, headers=headers, json={"decision": "approve", "seen_version": 1})

    assert answer.status_code == 409
    assert answer.json()["version"] == 2


def test_another_draft_is_asked_for_once_and_the_object_says_what_came_of_it(client, shop):
    headers = _bearer(shop, "reviewer")
    ticket = next(p for p in _proposals(client, headers) if p["kind"] == "ticket")
    address = f"/api/proposals/{ticket['id']}/decisions"
    body = {
        "decision": "another_draft",
        "seen_version": ticket["version"],
        "reason": "Say less.",
        "changes": {"wishes": ["shorter"]},
    }

    unreasoned = client.post(address, headers=headers, json={**body, "reason": " "})
    asked = client.post(address, headers=headers, json=body)
    second = client.post(address, headers=_bearer(shop, "reviewer", "noor"), json=body)
    shop.engine.redraft(ticket["id"])
    made = client.get(f"/api/proposals/{ticket['id']}", headers=headers).json()

    assert (unreasoned.status_code, asked.status_code, second.status_code) == (422, 200, 409)
    assert asked.json()["state"] == "redrafting"
    assert (second.json()["by"], second.json()["decision"]) == ("mara", "another_draft")
    assert (made["state"], made["version"]) == ("proposed", ticket["version"] + 1)
    assert (made["redraft"]["by"], made["redraft"]["is_made"]) == ("mara", True)
    assert len(made["body"]) < len(ticket["body"])


def test_what_a_reviewers_token_escalates_only_an_admins_token_decides(client, shop):
    reviewer, admin = _bearer(shop, "reviewer"), _bearer(shop, "admin", "lena")
    ticket = [p for p in _proposals(client, reviewer) if p["kind"] == "ticket"][-1]
    address = f"/api/proposals/{ticket['id']}/decisions"

    asked = client.post(
        address,
        headers=reviewer,
        json={"decision": "escalate", "seen_version": ticket["version"], "reason": "Not mine."},
    ).json()
    reject = {"decision": "reject", "seen_version": asked["version"], "reason": "No."}
    refused = client.post(address, headers=reviewer, json=reject)

    assert asked["state"] == "proposed"
    assert (asked["escalation"]["by"], asked["escalation"]["reason"]) == ("mara", "Not mine.")
    assert _proposals(client, reviewer)[0]["id"] == ticket["id"]
    assert refused.status_code == 403
    assert client.post(address, headers=admin, json=reject).json()["state"] == "rejected"


def test_a_message_without_a_mail_server_is_refused_with_the_settings_name(client, shop):
    headers = _bearer(shop, "reviewer")
    message = next(p for p in _proposals(client, headers) if p["kind"] == "message")
    answer = client.post(
        f"/api/proposals/{message['id']}/decisions",
        headers=headers,
        json={"decision": "approve", "seen_version": message["version"]},
    )
    assert answer.status_code == 422
    assert "UNDERTONE_SMTP_URL" in answer.json()["detail"]


def test_records_are_counted_and_bad_ones_set_aside(client, shop):
    headers = _bearer(shop, "ingest")
    rows = [{"id": "n1", "text": "late parcel"}, {"id": "n2"}, 5]
    answer = client.post("/api/feedback", headers=headers, content=json.dumps(rows)).json()
    assert (answer["stored"], answer["known"], answer["set_aside"]) == (1, 0, 2)
    lines = '{"id": "n1", "text": "late parcel"}\nnot json\n'
    answer = client.post("/api/feedback", headers=headers, content=lines).json()
    assert (answer["stored"], answer["known"], answer["set_aside"]) == (0, 1, 1)


def test_an_element_that_is_set_aside_keeps_its_own_bytes(client, shop):
    bad = '{"text" : "a",  "text": "b"}'
    body = f' [ {{"id": "n1", "text": "late \\ud83d"}} , {bad}, {{"text": "x", "s": 1e999}} ] '

    answer = client.post("/api/feedback", headers=_bearer(shop, "ingest"), content=body).json()

    assert (answer["read"], answer["stored"], answer["set_aside"]) == (3, 1, 2)
    assert "half a character" in " ".join(answer["remarks"])
    with shop.store.read() as unit:
        assert bad.encode() in [one.raw for one in unit.feedback.list_set_aside()]


@pytest.mark.parametrize("body", ["[", "[1,]", "[1 2]", "[] []", "[" * 100_000, b"[\xff]", "[1}"])
def test_a_broken_array_is_refused_as_a_whole(client, shop, body):
    answer = client.post("/api/feedback", headers=_bearer(shop, "ingest"), content=body)

    assert answer.status_code == 422
    assert "JSON array" in answer.json()["detail"]


def test_what_was_sent_is_not_repeated(client, shop):
    headers = _bearer(shop, "reviewer")
    answer = client.post(
        "/api/proposals/p_1/decisions",
        headers=headers,
        json={"decision": "alice@example.test", "seen_version": 1},
    )
    assert answer.status_code == 422
    assert "alice" not in answer.text


def test_pages_need_a_session_and_say_no_to_frames(client):
    answer = client.get("/", headers={"accept": "text/html"}, follow_redirects=False)
    assert answer.status_code == 303
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_a_form_from_elsewhere_is_refused(client, shop):
    link = shop.access.create_link("mara", "admin")
    client.post("/sign-in", data={"link": link})
    answer = client.post("/sending", data={"to": "stop", "csrf": "wrong"})
    assert answer.status_code == 403
    again = client.post("/sign-in", data={"link": link}, headers={"accept": "application/json"})
    assert again.status_code == 401
