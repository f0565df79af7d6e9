"""Fixtures that several suites share."""

import pytest

from tests.builders_inbox import open_full_inbox
from tests.shop import open_home, worked_home


@pytest.fixture(scope="session")
def shops(tmp_path_factory):
    """Where worked shops are kept for this run."""
    return tmp_path_factory.mktemp("shops")


@pytest.fixture
def shop(tmp_path, shops):
    """An installation with drafts that wait; its mail is not set up."""
    installation = open_home(worked_home(tmp_path, shops), UNDERTONE_UNDO_SECONDS="0")
    yield installation
    installation.close()


@pytest.fixture(scope="session")
def full_home(tmp_path_factory):
    """A full inbox, built once and copied for each test that changes it."""
    home = tmp_path_factory.mktemp("full") / "home"
    open_full_inbox(home).close()
    return home
