"""`doctor` in homes where something is wrong: every trouble has one sentence that helps."""

import os
import socket

import pytest
from typer.testing import CliRunner

from app.cli import application
from tests.model_server import scripted_server, status

pytestmark = pytest.mark.contract


@pytest.fixture
def doctor(tmp_path):
    """Ask about a home; gives the exit code and the words."""

    def ask(home=None, **environment):
        cleared = {name: "" for name in os.environ if name.startswith(("UNDERTONE_", "OPENAI_"))}
        done = CliRunner().invoke(
            application,
            ["doctor", "--home", str(home or tmp_path / "home")],
            env={**cleared, **environment},
            catch_exceptions=False,
        )
        return done.exit_code, done.output

    return ask


@pytest.fixture
def silent_port():
    """A port on which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_a_home_that_is_not_made_yet_is_well(doctor):
    code, text = doctor()

    assert code == 0
    assert "All well." in text


def test_a_file_where_the_home_should_be_is_named(doctor, tmp_path):
    (tmp_path / "taken").write_text("x")

    for home in (tmp_path / "taken", tmp_path / "taken" / "inside"):
        code, text = doctor(home)
        assert code == 2
        assert f"Mend: {tmp_path / 'taken'} is a file, and a folder is needed there." in text


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may write everywhere")
def test_a_home_that_cannot_be_written_is_named(doctor, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o555)

    code, text = doctor(tmp_path / "locked")

    assert code == 2
    assert f"Mend: {tmp_path / 'locked'} cannot be written." in text


def test_a_database_that_is_none_is_said_by_doctor_and_by_every_command(doctor, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "undertone.sqlite").write_bytes(b"no database " * 400)

    code, text = doctor()
    done = CliRunner().invoke(
        application, ["export", "issues", "--home", str(home), "--output", str(tmp_path / "o")]
    )

    assert code == 3
    assert "Mend: The database cannot be used: file is not a database." in text
    assert type(done.exception).__name__ == "StoreUnavailable"
    assert "Run: undertone doctor" in str(done.exception)


def test_every_wrong_setting_and_file_is_told_at_once(doctor, tmp_path):
    config = tmp_path / "home" / "config"
    (config / "wanted.yaml").mkdir(parents=True)
    (config / "taxonomy.yml").write_text("drivers: []")
    (config / "policy.yaml").write_bytes(b"\xff\xfe")

    code, text = doctor(
        UNDERTONE_SMTP_URL="smtp://joe:hushhush@mail.example:port",
        UNDERTONE_MAIL_FROM="help@shop.example",
        UNDERTONE_UNDO_SECONDS="soon",
        UNDERTONE_DATABASE_URL="mysql://joe:hushhush@db.example/x",
        UNDERTONE_CHROMA_URL="chroma.example",
        UNDERTONE_SMTP_ULR="smtp://mail.example",
    )

    assert code == 2
    for words in (
        "UNDERTONE_SMTP_URL must look like",
        "UNDERTONE_UNDO_SECONDS is 'soon'",
        "UNDERTONE_DATABASE_URL must begin with",
        "UNDERTONE_CHROMA_URL must begin with",
        "UNDERTONE_SMTP_ULR is set and no setting has that name. Did you mean UNDERTONE_SMTP_URL?",
        "taxonomy.yml is not read. The files are named taxonomy.yaml",
        "policy.yaml cannot be read as UTF-8",
        "wanted.yaml is not a file",
    ):
        assert f"{words}" in text, words
    assert "hushhush" not in text


def test_servers_that_do_not_answer_are_named_with_what_that_means(doctor, silent_port):
    code, text = doctor(
        UNDERTONE_SMTP_URL=f"smtp://joe:hushhush@127.0.0.1:{silent_port}",
        UNDERTONE_MAIL_FROM="help@shop.example",
        UNDERTONE_CHROMA_URL=f"http://127.0.0.1:{silent_port}",
        UNDERTONE_DATABASE_URL=f"postgresql://joe:hushhush@127.0.0.1:{silent_port}/x",
    )

    assert code == 3
    assert "did not let us in: Connection refused. Approved messages wait" in text
    assert "gives no sign of life (ConnectError). Work goes on with full text alone." in text
    assert "Connection refused. Nothing can be read or written" in text
    assert "hushhush" not in text


def test_an_embeddings_endpoint_that_refuses_is_named(doctor):
    with scripted_server(lambda request: status(401)) as log:
        code, text = doctor(
            UNDERTONE_EMBEDDER_URL=log.url,
            UNDERTONE_EMBEDDER_MODEL="any",
            UNDERTONE_EMBEDDER_DIMENSIONS="8",
        )

    assert code == 3
    assert "refused with 401. Check its address, model and key. Until then words alone" in text


def test_a_model_without_a_price_shows_its_token_limit(doctor):
    code, text = doctor(UNDERTONE_MODEL="any", OPENAI_API_KEY="sk-hushhush")

    assert code == 0
    assert "any, price not known, at most 1,000,000 tokens a day" in text
    assert "hushhush" not in text
