"""The inbox as the person at the desk uses it."""

import os
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
SIZES = [(1280, 800), (390, 844)]


def _open_ticket(page):
    page.goto(page.url.split("/drafts")[0].rstrip("/") + "/")
    page.locator(".row").first.click()
    expect(page).to_have_url(re.compile("/drafts/"))
    page.wait_for_selector(".five")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_pages_are_accessible_and_nothing_is_cut(signed_in, scheme, size):
    page = signed_in(*size, scheme)
    base = page.url.rstrip("/")
    drafts = [row.get_attribute("href") for row in page.locator(".row").all()]
    ticket, message = drafts[0], drafts[1]
    for path in (
        "/",
        ticket,
        message,
        f"{ticket}/trace",
        f"{ticket}/edit",
        f"{message}/recipients",
    ):
        page.goto(base + path)
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
        assert not wide, path
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [n["target"] for n in one["nodes"]][:3]) for one in found] == [], path
    assert page.errors == []


def test_a_mark_opens_its_rows_in_place_and_escape_returns(signed_in):
    page = signed_in()
    _open_ticket(page)
    mark = page.locator(".five .mark").nth(4)
    mark.click()
    page.wait_for_selector("#float:not([hidden]) table")
    page.keyboard.press("Escape")
    assert page.locator("#float").is_hidden()


def test_approving_by_key_holds_the_draft_and_undo_brings_it_back(signed_in, inbox):
    page = signed_in()
    _open_ticket(page)
    waiting = page.locator(".row").count()
    page.wait_for_timeout(450)
    page.keyboard.press("a")
    page.wait_for_selector(".strip")
    expect(page.locator(".row")).to_have_count(waiting - 1)

    page.keyboard.press("u")
    page.wait_for_selector(".strip", state="detached")

    expect(page.locator(".row")).to_have_count(waiting)
    _, installation = inbox
    with installation.store.read() as unit:
        assert {one.value for one in unit.proposals.counts()} == {"proposed"}


def test_an_edit_is_saved_checked_and_kept_as_the_next_draft(signed_in):
    page = signed_in()
    _open_ticket(page)
    page.keyboard.press("e")
    page.wait_for_selector("#edit-form")
    page.locator("#f-who").fill("About 900 affected.")
    page.wait_for_selector("#edit-part .open-check")
    assert page.locator("#approve-text").is_disabled()
    page.reload()
    assert page.locator("#f-who").input_value() == "About 900 affected."
    page.locator("#f-who").fill("Please read the rows.")
    expect(page.locator("#edit-part .open-check")).to_have_count(0)
    page.get_by_role("button", name="Keep as draft 2").click()
    page.wait_for_selector(".five")
    assert "draft 2" in page.locator(".kind").inner_text()


def test_rejecting_needs_a_reason_and_stop_all_turns_the_bar(signed_in):
    page = signed_in()
    _open_ticket(page)
    waiting = page.locator(".row").count()
    page.keyboard.press("r")
    page.locator("#reason").fill("The owner is wrong")
    page.get_by_role("button", name="Reject this draft").click()
    expect(page.locator(".row")).to_have_count(waiting - 1)
    page.locator(".stop summary").click()
    page.locator("#stop-reason").fill("Trying it")
    page.get_by_role("button", name="Stop all now").click()
    page.wait_for_selector(".top.stopped")
    assert "Sending stopped by Mara Lind" in page.locator(".notice").inner_text()


def test_everything_works_without_a_script(chromium, inbox):
    address, installation = inbox
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/sign-in?link={installation.access.create_link('noor', 'reviewer')}")
    page.get_by_role("button", name="Sign in").click()
    page.locator(".row").first.click()
    page.get_by_role("button", name="Approve").click()
    assert page.locator(".strip").count() == 1
    context.close()


def test_hostile_text_is_shown_and_never_run(signed_in, inbox):
    page = signed_in()
    base = page.url.rstrip("/")
    _, installation = inbox
    from domain.feedback import FeedbackItem

    text = "<script>window.hit=1</script><img src=x onerror='window.hit=1'>\u202egnp {{7*7}}"
    with installation.store.write() as unit:
        unit.feedback.add([FeedbackItem(id="evil<b>", source="s", text={"value": text})])
    page.goto(f"{base}/reports/s/evil%3Cb%3E")
    assert "<script>" in page.locator(".original").inner_text()
    assert "U+202E" in page.locator(".original").inner_text()
    assert page.evaluate("window.hit === undefined")


def test_the_pictures_of_the_documentation_are_made(signed_in, tmp_path):
    page = signed_in(1280, 800)
    _open_ticket(page)
    wanted = os.environ.get("UNDERTONE_PICTURES")
    target = Path(wanted) if wanted else tmp_path
    page.screenshot(path=target / "inbox.png")
    assert (target / "inbox.png").stat().st_size > 20_000
