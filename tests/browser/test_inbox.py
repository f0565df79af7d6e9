"""The inbox over the example shop; the desk itself is tried in `test_inbox_flow`."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from app.access import Role

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]


def test_a_printed_link_signs_in_by_its_button(example):
    page = example.page()
    page.context.clear_cookies()
    link = example.home.access.create_link("Mara Lind", Role.ADMIN)

    page.goto(f"{example.base}/sign-in?link={link}")
    page.get_by_role("button", name="Sign in").click()

    page.wait_for_selector(".row")
    assert page.errors == []


def test_the_example_shop_is_accessible_and_nothing_is_cut(example):
    page = example.page()
    drafts = [row.get_attribute("href") for row in page.locator(".row").all()]

    for path in ("/", drafts[1], f"{drafts[0]}/trace", "/?q=refund"):
        page.goto(example.base + path)
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
        assert not wide, path
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [n["target"] for n in one["nodes"]][:3]) for one in found] == [], path
    assert page.errors == []


def test_the_pictures_of_the_documentation_are_made(example, tmp_path):
    page = example.page()
    page.locator(".row").first.click()
    page.wait_for_url("**/drafts/*")
    page.wait_for_selector(".five")

    target = Path(os.environ.get("UNDERTONE_PICTURES") or tmp_path)
    page.screenshot(path=target / "inbox.png")

    assert (target / "inbox.png").stat().st_size > 20_000
