"""Fixtures that several suites share."""

import pytest

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
