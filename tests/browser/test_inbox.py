"""The inbox over the example shop; the desk itself is tried in `test_inbox_flow`."""

import os
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]


def _open_ticket(page):
    page.goto(page.url.split("/drafts")[0].rstrip("/") + "/")
    page.locator(".row").first.click()
    expect(page).to_have_url(re.compile("/drafts/"))
    page.wait_for_selector(".five")


def test_the_example_shop_is_accessible_and_nothing_is_cut(signed_in):
    page = signed_in()
    base = page.url.rstrip("/")
    drafts = [row.get_attribute("href") for row in page.locator(".row").all()]
    for path in ("/", drafts[1], f"{drafts[0]}/trace"):
        page.goto(base + path)
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
        assert not wide, path
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [n["target"] for n in one["nodes"]][:3]) for one in found] == [], path
    assert page.errors == []


def test_the_pictures_of_the_documentation_are_made(signed_in, tmp_path):
    page = signed_in(1280, 800)
    _open_ticket(page)
    wanted = os.environ.get("UNDERTONE_PICTURES")
    target = Path(wanted) if wanted else tmp_path
    page.screenshot(path=target / "inbox.png")
    assert (target / "inbox.png").stat().st_size > 20_000
