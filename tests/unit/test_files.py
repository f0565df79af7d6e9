"""Lines become records or are set aside with reason and bytes; nothing is lost."""

import gzip
import json

import pytest

from agent.intake import intake
from connectors.files.lines import read_files
from connectors.files.mapping import load_map, to_record
from domain.errors import InvalidConfiguration, InvalidInput
from domain.facts import Case, Fact
from domain.feedback import FeedbackItem, SetAside
from storage.store import SqlStore


@pytest.fixture
def store(tmp_path):
    made = SqlStore(f"sqlite:///{tmp_path / 'u.sqlite'}")
    made.prepare()
    yield made
    made.close()


def test_kinds_are_seen_from_the_fields():
    assert isinstance(to_record({"text": "hi"}, source="s").record, FeedbackItem)
    fact = {"id": "1", "kind": "order", "at": "2026-01-01T00:00:00Z"}
    assert isinstance(to_record(fact, source="s").record, Fact)
    case = {"id": "1", "title": "t", "symptom": "s"}
    assert isinstance(to_record(case, source="s").record, Case)


def test_unknown_fields_become_attributes_and_ids_stay():
    record = to_record({"text": "hi", "id": 7, "airline": "X"}, source="s").record
    assert record.id == "7"
    assert record.attributes == {"airline": "X"}


def test_a_time_without_zone_is_utc_and_said():
    assert to_record({"text": "hi", "at": "2026-01-01T10:00:00"}, source="s").zone_assumed


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ({"text": ""}, "text"),
        ({"text": "hi", "at": "yesterday"}, "at"),
        ({"text": "hi", "channel": "smoke"}, "channel"),
        ({"text": "hi", "rating": "many"}, "rating"),
        ({"kind": "order", "id": "1"}, "at"),
        ({"kind": "p", "id": "1", "at": "2026-01-01", "amount_minor": "1.5"}, "amount_minor"),
        ({"symptom": "s", "id": "1"}, "title"),
    ],
)
def test_what_cannot_be_stored_says_which_field(row, word):
    with pytest.raises(InvalidInput, match=word):
        to_record(row, source="s")


def test_every_line_ends_as_stored_known_or_set_aside(tmp_path, store):
    path = tmp_path / "f.jsonl"
    lines = [b'{"id": "1", "text": "a"}', b"not json", b'{"text": "b", "text": "c"}', b"\xff\xfe",
             b'{"id": "1", "text": "other"}', b'[1]', b'{"text": "x", "rating": NaN}']  # fmt: skip
    path.write_bytes(b"\n".join(lines))

    report = intake(read_files([path], source="files"), store=store)

    assert (report.read, report.stored, report.known, report.set_aside) == (7, 1, 1, 5)
    with store.read() as unit:
        kept = {row.raw for row in unit.feedback.list_set_aside()}
    assert b"not json" in kept
    assert b"\xff\xfe" in kept


def test_running_it_again_changes_nothing(tmp_path, store):
    path = tmp_path / "f.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8") as handle:
        handle.write(
            'id,text,at\n1,"two\nlines",2026-01-01T00:00:00Z\n2,b,2026-01-02T00:00:00Z\n3,x\n'
        )
    first = intake(read_files([path], source="files"), store=store)

    again = intake(read_files([path], source="files"), store=store)

    assert (first.stored, first.set_aside) == (2, 1)
    assert (again.stored, again.known) == (0, 2)


def test_a_cut_gzip_keeps_what_came_before(tmp_path, store):
    path = tmp_path / "f.jsonl.gz"
    rows = "\n".join(
        json.dumps({"id": str(n), "text": f"text {n} {n * 7919}"}) for n in range(4000)
    )
    path.write_bytes(gzip.compress(rows.encode())[:-2000])

    report = intake(read_files([path], source="files"), store=store)

    assert report.stored > 100
    assert report.set_aside >= 1
    assert report.read == report.stored + report.known + report.set_aside


def test_a_fact_with_other_content_is_a_revision(store):
    def fact(status, recorded):
        return Fact(
            id="d1", kind="delivery", at="2026-01-01T00:00:00Z", recorded_at=recorded,
            attributes={"status": status},
        )  # fmt: skip

    with store.write() as unit:
        unit.facts.add([fact("shipped", "2026-01-01T00:00:00Z")])
        unit.facts.add([fact("delivered", "2026-01-03T00:00:00Z")])
        unit.facts.add([fact("lost", "2026-01-02T00:00:00Z")])
        again = unit.facts.add([fact("shipped", "2026-01-01T00:00:00Z")])

    assert again.known == 1
    with store.read() as unit:
        assert unit.facts.facts(["d1"])[0].attributes["status"] == "delivered"


def test_a_map_renames_columns_and_parses_times():
    mapped = load_map(
        'text: t\nat: {from: c, format: "%d.%m.%Y"}\nchannel: {value: social}\nattributes: [x]',
        name="m.yaml",
    ).apply({"t": "hi", "c": "03.02.2026", "x": "1", "y": "2"})

    record = to_record(mapped, source="s").record

    assert record.channel == "social"
    assert record.at.isoformat().startswith("2026-02-03")
    assert record.attributes == {"x": "1"}


def test_a_map_with_an_unknown_field_is_refused():
    with pytest.raises(InvalidConfiguration, match="colour"):
        load_map("colour: x", name="m.yaml")


def test_set_aside_rows_are_kept_once(store):
    row = SetAside(source="s", line=3, reason="bad", raw=b"x")
    with store.write() as unit:
        unit.feedback.set_aside([row])
        unit.feedback.set_aside([row])
        assert unit.feedback.counts()["set_aside"] == 1
