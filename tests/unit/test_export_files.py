"""What is written as lines of JSON appears whole, or is refused with a reason."""

import pytest

from app.export_files import write_lines
from domain.errors import InvalidInput


def test_lines_appear_under_their_name_alone(tmp_path):
    written = write_lines(tmp_path / "deep" / "out.jsonl", [{"id": "1"}, {"id": "é\u2028"}])

    assert written == 2
    assert [one.name for one in (tmp_path / "deep").iterdir()] == ["out.jsonl"]
    assert len((tmp_path / "deep" / "out.jsonl").read_text().splitlines()) == 2


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="is a folder"):
        write_lines(tmp_path, [{"id": "1"}])
