"""Answers of a model kept and given again: the same result, and nobody is asked."""

from __future__ import annotations

import json

import pytest

from agent.llm.recording import Header, Recording, Reply, Tape, plain_request
from domain.errors import InvalidInput, NotRecorded
from domain.people import ModelPolicy
from tests.model_server import called, data_of, is_final, said, scripted_server, silent
from tests.model_world import MODEL, OneCase, an_inquiry, records, seats, table

pytestmark = pytest.mark.contract

DEAD = "http://127.0.0.1:9/v1"
POLICY = ModelPolicy()
HEADER = Header(model=MODEL, policy=POLICY)
CAUSES = [
    {"attribute": "carrier", "value": "NordPost"},
    {"attribute": "region", "value": "North"},
    {"attribute": "carrier", "value": "Swift"},
]


def analyst(request):
    if is_final(request):
        cause = {
            "cause": CAUSES[:2],
            "confidence": 1.0,
            "supported_by": ["c1"],
            "contradicted_by": [],
        }
        return said({"verdict": "cause", "hypotheses": [cause], "next_check": ""})
    if any(one["role"] == "tool" for one in request["messages"]):
        return said("enough")
    calls = [("compare_cohorts", {"values": [one]}) for one in CAUSES]
    return called(*calls, ("timeline", {"values": []}), ids=["zq", "a8", "x1", "b2"])


def investigate(url, tape, **changes):
    facts = records()
    found = seats(url, tape=tape, **changes).investigator.investigate(
        an_inquiry(facts), facts=table(facts), recall=OneCase()
    )
    return found.model_dump(exclude={"trace"}), [one.found for one in found.trace.steps]


def test_a_replay_gives_what_was_recorded_and_asks_nobody(tmp_path):
    with scripted_server(analyst) as log:
        recorded = investigate(log.url, Tape(Recording.begin(tmp_path, HEADER)))
    tape = Tape(Recording.open(tmp_path), asks=False)

    replayed = investigate(DEAD, tape)

    assert replayed == recorded
    assert len(log.requests) == tape.spent.calls == 3
    assert tape.spent.tokens_in == 3000


def test_a_second_recording_asks_only_for_what_is_missing(tmp_path):
    with scripted_server(analyst) as log:
        investigate(log.url, Tape(Recording.begin(tmp_path, HEADER)))
        asked = len(log.requests)

        investigate(log.url, Tape(Recording.begin(tmp_path, HEADER)))

        assert len(log.requests) == asked


def test_a_request_that_was_not_recorded_is_an_error_and_no_local_result(tmp_path):
    with scripted_server(analyst) as log:
        investigate(log.url, Tape(Recording.begin(tmp_path, HEADER)))
    tape = Tape(Recording.open(tmp_path), asks=False)

    with pytest.raises(NotRecorded, match=r"'investigate/v\d+' .*changed: instructions") as caught:
        investigate(DEAD, tape, steps=5)

    assert caught.value.case == an_inquiry(records()).issue.id


def test_an_answer_of_a_failing_server_is_not_kept(tmp_path):
    with scripted_server(lambda request: said("{}", finish="length")) as log:
        recording = Recording.begin(tmp_path, HEADER)
        investigate(log.url, Tape(recording))
    refused = Tape(recording_of(tmp_path / "other"))
    investigate(DEAD, refused)

    assert len(recording) == 1
    assert refused.unanswered == 1
    assert refused.spent.calls == 0


def recording_of(folder):
    return Recording.begin(folder, HEADER)


def test_tools_of_one_turn_get_their_ids_in_the_order_of_the_calls():
    seen = []

    def keep(request):
        if is_final(request):
            seen.append([one["id"] for one in data_of(request)["results"]])
        return analyst(request)

    with scripted_server(keep) as log:
        for _ in range(5):
            investigate(log.url, None)

    assert seen == [["c1", "c2", "c3", "t1"]] * 5


def test_ids_of_tool_calls_and_of_runs_are_not_part_of_a_request():
    def request(id_):
        call = {"id": id_, "type": "function", "function": {"name": "timeline", "arguments": "{}"}}
        return {
            "model": MODEL,
            "user": id_,
            "messages": [
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": id_, "content": "[]"},
            ],
        }

    assert plain_request(request("call_a9")) == plain_request(request("call_zz"))
    assert plain_request(request("x"))["messages"][1]["tool_call_id"] == "call_1"


def test_a_recording_of_another_model_is_not_added_to(tmp_path):
    Recording.begin(tmp_path, HEADER)

    with pytest.raises(InvalidInput, match="another model"):
        Recording.begin(tmp_path, Header(model="other", policy=POLICY))


def test_a_folder_without_a_recording_says_how_to_make_one(tmp_path):
    with pytest.raises(InvalidInput, match="undertone eval record"):
        Recording.open(tmp_path)


def test_a_file_that_is_no_answer_is_named(tmp_path):
    Recording.begin(tmp_path, HEADER)
    (tmp_path / "answers" / "f00.json").write_text("{")

    with pytest.raises(InvalidInput, match=r"f00\.json is not part of a recording"):
        Recording.open(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        {"answer": {}},
        {"answer": {"choices": [{}], "usage": [1], "model": None}},
        {"seconds": -1},
        {"request": {}},
        {"request": {"messages": [{"role": "user", "content": "another question"}]}},
    ],
    ids=lambda damage: next(iter(damage)),
)
def test_a_damaged_answer_is_named_and_nothing_stands_in_for_it(tmp_path, damage):
    with scripted_server(analyst) as log:
        investigate(log.url, Tape(Recording.begin(tmp_path, HEADER)))
    path = sorted((tmp_path / "answers").glob("*.json"))[0]
    path.write_text(json.dumps({**json.loads(path.read_text()), **damage}))

    with pytest.raises(InvalidInput, match=rf"{path.name} is not part of a recording"):
        Recording.open(tmp_path)


def test_an_answer_whose_usage_cannot_be_read_is_kept_without_one(tmp_path):
    recording = Recording.begin(tmp_path, HEADER)
    tape = Tape(recording)
    body = json.dumps({"choices": [{"index": 0}], "usage": "much"}).encode()

    tape.pass_on(b'{"messages": []}', lambda: Reply(200, body), clock=lambda: 0.0)

    assert tape.spent.calls == 1
    assert tape.spent.tokens_in == 0
    assert len(Recording.open(tmp_path)) == 1


def test_a_recording_holds_no_key_and_no_address(tmp_path):
    with scripted_server(analyst) as log:
        investigate(log.url, Tape(Recording.begin(tmp_path, HEADER)))

    text = "".join(path.read_text() for path in tmp_path.rglob("*.json"))

    assert "sk-test" not in text
    assert "127.0.0.1" not in text
    assert json.loads((tmp_path / "recording.json").read_text())["model"] == MODEL


def test_a_taped_call_is_cut_off_when_its_time_is_up():
    tape = Tape()
    with scripted_server(lambda request: silent) as log:
        _, steps = investigate(log.url, tape, timeout_s=0.3)

    assert steps[-1] == "none: late"
    assert tape.unanswered == 1
