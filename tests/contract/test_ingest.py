"""`ingest` over files as they really come: a broken row costs no other, nothing is lost."""

import gzip
import json
from base64 import b64decode

import pytest
from typer.testing import CliRunner

from agent.casework.draft_message import suppressed_now
from app.cli import application
from app.export_files import export_file
from connectors.files.bytes_in import MAX_LINE
from connectors.files.json_rows import posted_rows
from connectors.files.lines import to_incoming
from domain.people import Policy
from storage.store import SqlStore
from tests.embedding import MODELS_DIR
from tests.shop import open_home

HEADER = b"id,text\n"


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def ingest(home, tmp_path):
    """Bring in bytes as a file of a name; gives what the command says."""

    def bring(content, *, name="rows.csv", expect=0, options=()):
        path = tmp_path / name
        path.write_bytes(content)
        done = CliRunner().invoke(application, ["ingest", str(path), "--home", str(home), *options])
        assert done.exit_code == expect, done.output
        return done.output

    return bring


@pytest.fixture
def kept(home):
    """What the store holds: texts by id, and rows set aside in the order they came."""

    def look():
        store = SqlStore(f"sqlite:///{home / 'undertone.sqlite'}")
        try:
            with store.read() as unit:
                items = unit.feedback.unread(limit=1000)
                aside = unit.feedback.list_set_aside()[::-1]
        finally:
            store.close()
        return {one.id: one.text.value for one in items}, aside

    return look


def test_a_misplaced_quote_costs_its_row_alone(ingest, kept):
    bad = b'2,"late" parcel\n'
    said = ingest(HEADER + b"1,first\n" + bad + b"3,third\n4,fourth\n")

    texts, aside = kept()

    assert "4 lines read = 3 stored + 0 known + 1 set aside" in said
    assert list(texts) == ["1", "3", "4"]
    assert [(one.raw, one.line) for one in aside] == [(bad, 3)]


def test_a_quote_that_is_never_closed_costs_its_line_alone(ingest, kept):
    rest = b"".join(b"%d,text %d\n" % (n, n) for n in range(2, 3000))
    said = ingest(HEADER + b'1,"the parcel\n' + rest)

    texts, aside = kept()

    assert "2,999 lines read = 2,998 stored + 0 known + 1 set aside" in said
    assert "a quote is opened and not closed. Reading goes on at the next line." in said
    assert aside[0].raw == b'1,"the parcel\n'
    assert texts["2"] == "text 2"


def test_a_quote_that_is_never_closed_does_not_hold_the_file_in_memory(ingest, kept):
    long = b"word " * 20_000
    rest = b"".join(b"%d,%s\n" % (n, long) for n in range(2, 90))
    assert len(rest) > MAX_LINE

    said = ingest(HEADER + b'1,"the parcel\n' + rest)

    texts, aside = kept()
    assert "89 lines read = 88 stored + 0 known + 1 set aside" in said
    assert len(texts) == 88
    assert [one.raw for one in aside] == [b'1,"the parcel\n']


@pytest.mark.parametrize(
    ("name", "head", "begin", "last"),
    [
        ("rows.csv", HEADER, b'1,"', b'2,"short"\n'),
        ("rows.jsonl", b"", b'{"id": "1", "text": "', b'{"id": "2", "text": "short"}\n'),
    ],
)
def test_a_line_too_long_to_read_is_kept_to_its_last_byte(ingest, kept, name, head, begin, last):
    long = begin + b"0123456789" * (MAX_LINE // 5) + b'"\n'

    said = ingest(head + long + last, name=name)

    texts, aside = kept()
    assert "2 lines read = 1 stored + 0 known + 1 set aside" in said
    assert texts == {"2": "short"}
    assert b"".join(one.raw for one in aside) == long
    assert [one.part for one in aside] == list(range(len(aside)))


@pytest.mark.parametrize(
    ("rows", "stored", "reasons"),
    [
        (b"1,a,b\n2,c\n", ["2"], "The row has 3 fields, the header 2."),
        (b"1,\xff\n2,c\n", ["2"], "The row is not UTF-8."),
        (b'1,"two\nlines"\n2,c\n', ["1", "2"], ""),
        (b"1,a\r2,c\r", ["1", "2"], ""),
        (b'1,"a ""b"" c"\r\n\r\n2,c\r\n', ["1", "2"], ""),
        (b'1,a\n2,"c', ["1"], "a quote is opened and not closed"),
    ],
)
def test_each_row_is_read_or_set_aside_by_itself(ingest, kept, rows, stored, reasons):
    said = ingest(HEADER + rows)

    assert list(kept()[0]) == stored
    assert reasons in said


def test_a_line_break_inside_quotes_stays_as_it_was_written(ingest, kept):
    ingest(HEADER + b'1,"two\r\nlines\rthree"\n')

    assert kept()[0] == {"1": "two\r\nlines\rthree"}


@pytest.mark.parametrize("mark", [b";", b"\t"])
def test_other_separators_of_spreadsheets_are_seen_in_the_header(ingest, kept, mark):
    ingest(b"id,text\n1,late parcel\n".replace(b",", mark))

    assert kept()[0] == {"1": "late parcel"}


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"text,text\n", "The header names 'text' twice."),
        (b"id,te\xfft\n", "The header is not UTF-8"),
        (b'id,"text\n', "The header cannot be read"),
    ],
)
def test_a_header_that_cannot_be_used_is_said_and_no_row_is_lost(ingest, kept, header, reason):
    said = ingest(header + b"1,a\n2,b\n")

    assert reason in said
    assert [one.raw for one in kept()[1]] == [b"1,a\n", b"2,b\n"]


def test_a_column_without_a_name_is_kept(ingest, home):
    ingest(b"id,text,\n1,late,important\n")

    store = SqlStore(f"sqlite:///{home / 'undertone.sqlite'}")
    with store.read() as unit:
        assert unit.feedback.find("files/1").attributes == {"column_3": "important"}
    store.close()


@pytest.mark.parametrize("size", [40, 4000])
def test_a_cut_file_keeps_the_beginning_of_its_last_line(ingest, kept, size):
    rows = b"".join(b'{"id": "%d", "text": "text %d"}\n' % (n, n * 7919) for n in range(3000))
    said = ingest(gzip.compress(rows)[:-size], name="rows.jsonl.gz")

    texts, aside = kept()

    assert "The file is cut or broken here" in said
    assert len(aside) == 1
    whole = b"".join(b'{"id": "%s", "text": "%s"}\n' % (k.encode(), v.encode())
                     for k, v in texts.items())  # fmt: skip
    assert len(texts) == 1000 or rows.startswith(whole + aside[0].raw)


def test_half_a_character_is_marked_and_the_words_are_kept(ingest, kept):
    said = ingest(b'{"id": "1", "text": "late \\ud83d"}\n{"id": "\\ud83d", "text": "x"}\n',
                  name="rows.jsonl")  # fmt: skip

    assert kept()[0] == {"1": "late \ufffd"}
    assert "half a character" in said
    assert "id holds half a character." in said


def test_a_number_that_is_none_is_set_aside(ingest, kept):
    ingest(b'{"id": "1", "text": "a", "score": 1e999}\n{"id": "2", "text": "b"}\n',
           name="rows.jsonl")  # fmt: skip

    texts, aside = kept()
    assert list(texts) == ["2"]
    assert "too large" in aside[0].reason


def test_many_different_faults_are_counted_in_bounded_words(ingest):
    rows = "".join(f'{{"id": "{n}", "text": "x", "rating": "no {n}"}}\n' for n in range(500))

    said = ingest(rows.encode(), name="rows.jsonl")

    assert "500 lines read = 0 stored + 0 known + 500 set aside" in said
    assert len(said.splitlines()) < 30
    assert "Set aside, 480: other reasons" in said


CUSTOMER = "id,kind,at,customer_id,email,consent,suppressed\n"


def _customer(home, id_):
    store = SqlStore(f"sqlite:///{home / 'undertone.sqlite'}")
    with store.read() as unit:
        found = unit.facts.facts([id_])[0].attributes
        reason = suppressed_now(unit.facts, id_, policy=Policy())
    store.close()
    return found, reason


@pytest.mark.parametrize(
    ("consent", "suppressed", "reason"),
    [
        ("true", "false", None),
        ("YES", "0", None),
        ("", "", None),
        ("false", "", "consent is false"),
        ("False", "", "consent is false"),
        ("no", "", "consent is false"),
        ("0", "", "consent is false"),
        ("FALSCH", "", "consent is false"),
        ("true", "TRUE", "suppressed"),
        ("true", "y", "suppressed"),
        ("withdrawn", "", "consent is not understood"),
        ("true", "asked us to stop", "suppressed"),
    ],
)
def test_consent_from_a_spreadsheet_is_understood_and_never_guessed(
    ingest, home, consent, suppressed, reason
):
    row = f"c1,customer,2026-03-03T09:40:00Z,c1,mara@shop.example,{consent},{suppressed}\n"

    said = ingest((CUSTOMER + row).encode())

    attributes, why = _customer(home, "c1")
    assert why == reason
    assert ("neither yes nor no" in said) == (
        {consent, suppressed} & {"withdrawn", "asked us to stop"} != set()
    )
    assert attributes["email"] == "mara@shop.example"


def test_a_later_record_of_a_customer_withdraws_what_an_earlier_one_allowed(ingest, home):
    ingest((CUSTOMER + "c1,customer,2026-03-03T09:40:00Z,c1,mara@shop.example,true,\n"
            "c1-b,customer,2026-03-04T09:40:00Z,c1,,false,\n").encode())  # fmt: skip

    assert _customer(home, "c1")[1] == "consent is false"


def test_known_numbers_get_their_type_and_other_text_stays_text(ingest, home):
    head = "id,kind,at,count,version,feature\n"
    ingest((head + "u1,usage,2026-03-03T09:40:00Z,12,4.10,007\n").encode())

    assert _customer(home, "u1")[0] == {"count": 12, "version": "4.10", "feature": "007"}


@pytest.mark.parametrize("amount", ["1299.5", "12,99", "1e30", "1_299", "inf"])
def test_an_amount_that_is_not_whole_minor_units_is_set_aside(ingest, amount):
    head = "id;kind;at;amount_minor\n"

    said = ingest(f"{head}p1;payment;2026-03-03T09:40:00Z;{amount}\n".encode())

    assert "1 lines read = 0 stored" in said
    assert "amount_minor is" in said


@pytest.mark.parametrize("depth", [65, 300, 900, 100_000])
def test_a_record_nested_too_deeply_is_set_aside(ingest, kept, depth):
    deep = b'{"id": "1", "text": "a", "x": ' + b"[" * depth + b"]" * depth + b"}\n"

    said = ingest(deep + b'{"id": "2", "text": "b"}\n', name="rows.jsonl")

    assert list(kept()[0]) == ["2"]
    assert "nested too deeply" in said


def test_what_cannot_be_done_without_times_ids_and_customers_is_said(ingest, home):
    said = ingest(b"text\nlate parcel\nbroken box\n")

    assert "Note, 2: no time; it is read and matched, but raises no alarm." in said
    assert "Note, 2: no customer; no record can be looked up" in said
    assert "Note, 2: no id; one was made of source, text and time" in said


def test_a_complete_item_is_stored_without_a_note(ingest):
    said = ingest(b"id,text,at,customer_id\n1,late parcel,2026-03-03T09:40:00Z,c1\n")

    assert "Note" not in said


def test_a_run_over_words_alone_says_what_they_are_too_little_for(ingest, home):
    home.mkdir()
    (home / "models").symlink_to(MODELS_DIR)
    ingest(b"text\nlate parcel\nbroken box\n")

    done = CliRunner().invoke(application, ["run", "--once", "--home", str(home)])

    assert done.exit_code == 0, done.output
    assert "2 items read, 2 matched" in done.output
    assert "No item has a time, so no alarm is raised" in done.output
    assert "No item names a customer" in done.output
    assert "No facts are stored" in done.output


def test_an_issue_without_a_time_is_exported_without_one(ingest, home, tmp_path):
    ingest(b"text\nMy parcel never arrived and nobody answers\n")
    installation = open_home(home)
    installation.engine.read()
    export_file(installation, "issues", tmp_path / "issues.jsonl")
    installation.close()

    (line,) = (tmp_path / "issues.jsonl").read_text().splitlines()

    assert json.loads(line)["opened_at"] is None


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1899-12-31"])
def test_a_time_that_means_never_is_set_aside(ingest, kept, at):
    said = ingest(f'{{"id": "1", "text": "late", "at": "{at}"}}\n'.encode(), name="rows.jsonl")

    assert "at lies outside the years 1900 to 2199." in said
    assert kept()[0] == {}


def test_words_where_other_records_hold_a_time_stop_no_run(shop):
    odd = [
        {
            "id": f"odd-{place}",
            "kind": "delivery",
            "at": "2026-03-03T09:00:00Z",
            "customer_id": "odd",
            "attributes": {
                "promised_at": "2026-03-01T24:00:00Z",
                "delivered_at": "2026-03-05T09:00:00Z",
                "due_at": words,
                "status": "delivered",
            },
        }
        for place, words in enumerate(("soon", "9999-12-31", "0001-01-01T00:00:00", ""))
    ]
    report = {"id": "odd", "text": "My parcel is late.", "at": "2026-03-05T10:00:00Z",
              "customer_id": "odd"}  # fmt: skip
    lines = "\n".join(map(json.dumps, [*odd, report])).encode()
    shop.engine.intake(
        to_incoming(raw, kind=None, mapped=None, source="files") for raw in posted_rows(lines)
    )

    listened = shop.engine.read()

    assert listened.matched == 1


def test_rows_set_aside_can_be_taken_out_with_their_bytes(ingest, home, tmp_path):
    ingest(HEADER + b'1,\xff\n2,"a" b\n3,fine\n')
    output = tmp_path / "aside.jsonl"

    done = CliRunner().invoke(
        application, ["export", "set-aside", "--home", str(home), "--output", str(output)]
    )

    first, second = map(json.loads, output.read_text(encoding="utf-8").splitlines())
    assert done.exit_code == 0, done.output
    assert b64decode(first["raw_base64"]) == b"1,\xff\n"
    assert second["raw"] == '2,"a" b\n'
    assert (second["source"], second["line"], second["part"]) == ("files", 3, 0)
