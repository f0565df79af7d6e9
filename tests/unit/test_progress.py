import re

from app.progress import step


def test_where_nobody_watches_each_step_is_one_line_when_it_is_done(capsys):
    with step("Reading worlds") as advance:
        advance(1, 2)
        before = capsys.readouterr().err

    said = capsys.readouterr()
    assert before == ""
    assert re.fullmatch(r"Reading worlds: \d+\.\d s\n", said.err)
    assert said.out == ""
