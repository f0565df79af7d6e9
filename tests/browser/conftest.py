"""Served inboxes and a browser; without Chromium one loud line."""

import os
import shutil

import pytest

from tests.browser.serving import Desk
from tests.builders_inbox import NOW, open_set_up
from tests.clock import FakeClock
from tests.shop import open_home, worked_home

FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--disable-default-apps",
    "--no-default-browser-check",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@pytest.fixture(scope="session")
def chromium():
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        message = "NO CHROMIUM: the browser tests did not run. Install chromium to run them."
        if os.environ.get("UNDERTONE_REQUIRE_CHROMIUM"):
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def desk(chromium, tmp_path, full_home):
    """A full inbox of one test's own, for those that change something."""
    clock = FakeClock(NOW)
    home = shutil.copytree(full_home, tmp_path / "home")
    made = Desk(chromium, open_set_up(home, clock), clock)
    yield made
    made.close()


@pytest.fixture(scope="session")
def _shared(chromium, tmp_path_factory, full_home):
    clock = FakeClock(NOW)
    home = shutil.copytree(full_home, tmp_path_factory.mktemp("shared") / "home")
    made = Desk(chromium, open_set_up(home, clock), clock)
    yield made
    made.close()


@pytest.fixture
def shown(_shared):
    """A full inbox for tests that only look; what is stored must be the same afterwards."""
    with _shared.home.store.read() as unit:
        before = [(row.id, row.state, row.version) for row in unit.proposals.list_rows()]
    yield _shared
    _shared.close_pages()
    with _shared.home.store.read() as unit:
        assert [(r.id, r.state, r.version) for r in unit.proposals.list_rows()] == before


@pytest.fixture(scope="session")
def example(chromium, tmp_path_factory, shops):
    """The example shop, served; its tests only look."""
    made = Desk(chromium, open_home(worked_home(tmp_path_factory.mktemp("shop"), shops)), None)
    yield made
    made.close()
