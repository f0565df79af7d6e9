"""Rows of a text and a label, from CSV and JSON lines."""

import gzip
import json

import pytest

from connectors.files.labelled import LabelledText, LeftOut, read_labelled
from domain.errors import InvalidInput


def rows_of(path, **columns):
    return list(read_labelled(path, **{"text": "text", "label": "label", **columns}))


def test_labels_of_any_plain_kind_become_words(tmp_path):
    path = tmp_path / "rows.jsonl.gz"
    labels = ["late", 3, True, False, " spaced "]
    with gzip.open(path, "wt", encoding="utf-8") as handle:
        handle.writelines(json.dumps({"text": "hm", "label": one}) + "\n" for one in labels)

    found = rows_of(path)

    assert [one.label for one in found] == ["late", "3", "true", "false", "spaced"]


def test_a_row_that_cannot_be_used_is_left_out_with_its_line_and_reason(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"text": "fine", "label": "a"}\n{"text": "  ", "label": "a"}\n'
        '{"text": "x", "label": null}\nnot json\n{"text": "x", "label": ["a", "b"]}\n'
    )

    found = rows_of(path)

    assert isinstance(found[0], LabelledText)
    assert [(one.line, one.reason) for one in found[1:] if isinstance(one, LeftOut)] == [
        (2, "row has no text"),
        (3, "row has no label"),
        (4, "The line is not valid JSON."),
        (5, "row has no label"),
    ]


def test_half_a_character_becomes_a_question_mark(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a \\ud800 b", "label": "x"}\n')

    (found,) = rows_of(path)

    assert found.text.value == "a ? b"


def test_a_column_that_is_absent_is_named_with_those_that_are_there(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("text,topic\nhm,a\n")

    with pytest.raises(InvalidInput, match=r"no column 'label'\. Columns: text, topic\."):
        rows_of(path)
