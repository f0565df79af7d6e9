"""A shift at the desk in a real browser, over a full inbox: keys, marks, edits, races."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from domain.proposals import DecisionKind
from domain.record import ProposalId
from tests.browser.serving import Desk
from tests.builders_inbox import NOW, open_set_up
from tests.clock import FakeClock

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]


def _press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def _settled(page):
    """Wait until the draft has been on screen for as long as `A` asks for."""
    page.wait_for_timeout(500)


# -- how it looks ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "scheme", "all_views"),
    [
        ((1280, 800), "light", True),
        ((390, 844), "dark", True),
        ((1280, 800), "dark", False),
        ((390, 844), "light", False),
    ],
)
def test_every_view_is_accessible_and_nothing_is_cut(shown, size, scheme, all_views):
    page = shown.page(size=size, scheme=scheme)
    ids = shown.ids
    paths = [
        "/",
        f"/drafts/{shown.ticket}",
        f"/drafts/{shown.message}",
        f"/drafts/{shown.ticket}/edit",
        f"/drafts/{ids['Invoice total is off', 'ticket']}",
        f"/drafts/{shown.ticket}/trace",
        "/?tab=done",
        f"/drafts/{shown.ticket}/bytes",
        f"/drafts/{shown.ticket}/record",
        f"/drafts/{shown.ticket}/marks/5?offset=400",
        f"/drafts/{shown.message}/recipients?offset=380",
        f"/drafts/{ids['Invoice PDF is empty', 'ticket']}",
        f"/drafts/{ids['App icon looks washed out', 'ticket']}",
        "/issues/I-late118?q=nappies",
        "/?q=zebra",
        "/cases/case-7",
        "/reports/files/R-2",
        "/drafts/none",
    ]

    for path in paths if all_views else paths[:5]:
        page.goto(shown.base + path)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 1, path
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [n["target"] for n in one["nodes"]][:3]) for one in found] == [], path
    assert [one for one in page.errors if "404" not in one] == []


def test_the_grid_has_the_sizes_that_were_agreed(shown):
    page = shown.page(f"/drafts/{shown.ticket}")

    def box(selector):
        return page.locator(selector).first.bounding_box()

    assert round(box(".top")["height"]) == 44
    assert round(box(".list")["width"]) == 392
    assert round(box(".sheet")["width"]) == 564
    assert round(box(".why")["width"]) == 324
    assert round(box("footer.bar")["height"]) in (56, 57)
    assert round(box(".row")["height"]) in (52, 53)
    page.set_viewport_size({"width": 1000, "height": 800})
    assert box(".why")["y"] > box(".sheet")["y"] + 100


@pytest.mark.parametrize(("size", "height"), [((1280, 800), 53), ((390, 844), 59)])
def test_a_row_holds_two_lines_whatever_stands_in_it(shown, size, height):
    page = shown.page(size=size)
    row = page.locator(f'.row[data-id="{shown.ids["App icon looks washed out", "ticket"]}"]')
    expect(row).to_contain_text("1,290 wrote, no record shows a fault")
    expect(row).to_contain_text("1 check open")
    cut = """row => [...row.querySelectorAll(".row-label, .row-reason > span:last-child")]
        .filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent)"""

    assert row.evaluate(cut) == []
    assert row.bounding_box()["height"] <= height
    row.evaluate("""row => row.querySelectorAll(".row-label, .row-reason > span:last-child")
        .forEach(one => one.textContent = "Lebensversicherungsgesellschaft, ".repeat(4))""")
    assert row.bounding_box()["height"] <= height
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_below_900_there_is_one_pane_at_a_time(shown):
    page = shown.page(size=(390, 844))

    expect(page.locator(".card")).to_be_hidden()
    page.locator(".row").first.click()
    expect(page.locator(".list")).to_be_hidden()
    expect(page.locator(".sheet")).to_be_visible()
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator(".list")).to_be_visible()


def test_the_first_run_and_the_empty_queue_say_what_is_next(chromium, tmp_path):
    desk = Desk(chromium, open_set_up(tmp_path / "home"), FakeClock(NOW))
    page = desk.page()

    expect(page.get_by_role("heading", name="Nothing imported yet")).to_be_visible()
    expect(page.locator(".command")).to_have_count(3)
    assert Axe().run(page).response["violations"] == []
    desk.close()


# -- keys ------------------------------------------------------------------------------


def test_a_shift_without_a_pointer(desk):
    page = desk.page()
    page.wait_for_selector(".row")

    _press(page, "j")
    expect(page).to_have_url(re.compile(desk.message))
    _press(page, "w")
    expect(page.locator(".open-check")).to_have_count(0)
    expect(page.locator("#approve")).to_be_enabled()
    _settled(page)
    _press(page, "a")
    expect(page.locator(".strip", has_text="Late delivery: what we know")).to_be_visible()
    _press(page, "k")
    expect(page).to_have_url(re.compile(desk.ticket))
    _press(page, "t")
    expect(page.get_by_role("heading", name="How the agent got here")).to_be_visible()
    _press(page, "t")
    expect(page.locator(".sheet")).to_be_visible()
    _press(page, "g", "u")
    expect(page.get_by_text("Unknown, needs you")).to_be_visible()
    _press(page, "2")
    expect(page.get_by_label("Send again")).to_be_focused()
    _press(page, "Escape", "g", "i")
    expect(page.locator('.tab[data-tab="decide"]')).to_have_attribute("aria-current", "page")
    _press(page, "/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("twice")
    _press(page, "Enter")
    expect(page.locator(".row")).to_have_count(2)
    assert page.errors == []


def test_a_held_down_key_never_decides(shown):
    page = shown.page(f"/drafts/{shown.ticket}")
    _settled(page)

    page.evaluate(
        """document.body.dispatchEvent(new KeyboardEvent("keydown",
            {key: "a", repeat: true, bubbles: true}))"""
    )
    page.wait_for_timeout(200)

    assert shown.home.backend.get_item(ProposalId(shown.ticket)).proposal.state.value == "proposed"


def test_approve_waits_until_the_draft_was_on_screen(shown):
    page = shown.page(f"/drafts/{shown.ticket}")
    page.wait_for_selector(".sheet")

    page.evaluate(
        """document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "j", bubbles: true}))"""
    )
    expect(page).to_have_url(re.compile(shown.message))
    page.evaluate(
        """document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "a", bubbles: true}))"""
    )
    page.wait_for_timeout(200)

    assert shown.home.backend.get_item(ProposalId(shown.message)).decisions == ()


def test_keys_can_be_switched_off(shown):
    page = shown.page(f"/drafts/{shown.ticket}")
    _press(page, "?")
    page.get_by_label("Switch single keys off on this device").check()
    _press(page, "Escape")

    _press(page, "e")
    page.wait_for_timeout(200)
    expect(page.locator(".sheet")).to_be_visible()
    page.reload()
    _press(page, "j")
    page.wait_for_timeout(200)
    expect(page).to_have_url(re.compile(shown.ticket))


# -- evidence --------------------------------------------------------------------------


def test_a_mark_lights_its_sentence_and_opens_its_rows_in_place(shown):
    page = shown.page(f"/drafts/{shown.ticket}")
    mark = page.locator('.five a.mark[data-mark="5"]')

    mark.focus()
    expect(page.locator(".sentence.lit")).to_contain_text("412 affected")
    _press(page, "Enter")
    floating = page.locator("#float")
    expect(floating).to_contain_text("412 affected")
    expect(floating.locator("tbody tr")).to_have_count(4)
    expect(floating.get_by_role("link", name="All 412 rows")).to_be_visible()
    box = floating.bounding_box()
    assert box["x"] >= 392
    assert box["x"] + box["width"] <= 956
    _press(page, "]")
    expect(floating).to_contain_text("1,127 more at risk")
    _press(page, "Escape")
    expect(floating).to_be_hidden()
    expect(page.locator('.five a.mark[data-mark="6"]')).to_be_focused()


def test_a_report_is_two_steps_from_a_draft_and_escape_leads_back(shown):
    page = shown.page(f"/drafts/{shown.ticket}")

    page.locator(".kind a").click()
    expect(page.get_by_role("heading", name="Late delivery: Parcelo, North")).to_be_visible()
    expect(page.locator(".list")).to_be_visible()
    expect(page.locator(".report")).to_have_count(25)
    page.locator(".report a").nth(1).click()
    expect(page.get_by_role("heading", name="Report R-1")).to_be_visible()
    _press(page, "Escape")
    expect(page.locator(".report")).to_have_count(25)
    _press(page, "Escape")
    expect(page.locator(".sheet")).to_be_visible()
    assert page.errors == []


def test_a_search_stays_in_the_list_while_its_results_are_read(shown):
    page = shown.page()
    _press(page, "/")
    page.keyboard.type("nappies")
    _press(page, "Enter")
    rows = page.locator(".row")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("13 reports: “")
    page.locator("#q").blur()

    _press(page, "j")

    expect(rows.nth(1)).to_have_attribute("aria-current", "true")
    expect(rows).to_have_count(2)
    expect(page.locator("#q")).to_have_value("nappies")
    assert page.errors == []


# -- editing ---------------------------------------------------------------------------


def test_an_edit_shows_what_differs_and_its_checks_while_typing(desk):
    page = desk.page(f"/drafts/{desk.ticket}")
    _press(page, "e")
    who = page.locator("#f-who")
    who.fill(who.input_value().replace("412 affected", "About 500 affected"))

    expect(page.locator("#old-who del")).to_have_text("412")
    expect(page.locator("#mirror-who ins")).to_have_text("About 500")
    expect(page.locator("#edit-part .open-check")).to_contain_text("A number is on no record.")
    expect(page.locator("#approve-text")).to_be_disabled()
    _press(page, "F8")
    expect(page.locator("#edit-part .open-check")).to_be_focused()
    page.get_by_role("button", name="Keep it, under my name").click()
    expect(page.locator(".kept")).to_contain_text("500")
    expect(page.locator("#approve-text")).to_be_enabled()
    page.locator("#f-who").focus()
    _settled(page)
    _press(page, "Control+Enter")
    expect(page.locator(".strip", has_text="Late delivery: Parcelo, North")).to_be_visible()
    proposal = desk.home.backend.get_item(ProposalId(desk.ticket)).proposal
    assert (proposal.version, proposal.state.value) == (2, "approved")


def test_closing_keeps_the_edit_over_a_reload(desk):
    page = desk.page(f"/drafts/{desk.ticket}/edit")
    page.locator("#f-ask").fill("Answer today.")
    expect(page.locator("#saved")).to_contain_text("Saved")
    _press(page, "Escape")
    expect(page.locator(".sheet")).to_be_visible()

    page.goto(f"{desk.base}/drafts/{desk.ticket}/edit")

    expect(page.locator("#f-ask")).to_have_value("Answer today.")


# -- several people --------------------------------------------------------------------


def test_a_lost_race_is_shown_and_nothing_is_shown_as_done(desk):
    page = desk.page(f"/drafts/{desk.ticket}")
    _settled(page)
    desk.home.backend.decide(
        ProposalId(desk.ticket), DecisionKind.APPROVE, by="Mara", seen_version=1
    )

    _press(page, "a")

    expect(page.locator(".notice-strip")).to_contain_text("Mara approved this at 09:14:00.")
    expect(page.locator("#say")).to_contain_text("Mara approved this")


def test_new_drafts_wait_behind_a_bar_and_the_list_does_not_jump(desk):
    page = desk.page(f"/drafts/{desk.message}")
    rows = page.locator(".row")
    expect(rows).to_have_count(5)
    first = rows.first.get_attribute("data-id")
    desk.clock.pass_by(seconds=5)

    held = desk.ids["Invoice total is off", "ticket"]
    desk.home.backend.decide(ProposalId(held), DecisionKind.UNDO, by="Noor", seen_version=1)

    expect(page.locator("#newer")).to_have_text("1 new")
    expect(page.locator('.tab[data-tab="decide"] span')).to_have_text("6")
    expect(rows).to_have_count(5)
    assert rows.first.get_attribute("data-id") == first
    page.locator("#newer").click()
    expect(rows).to_have_count(6)
    expect(page.locator("#newer")).to_be_hidden()


def test_stopping_turns_every_open_page(desk):
    mine, other = desk.page(), desk.page(name="Mara")
    mine.locator(".stop summary").click()
    mine.locator("#stop-reason").fill("wrong template")
    mine.get_by_role("button", name="Stop all now").click()

    for page in (mine, other):
        expect(page.locator(".top.stopped .notice")).to_contain_text(
            "Sending stopped by Jana Krol at 09:14. wrong template"
        )
    mine.get_by_role("button", name="Resume").click()
    expect(other.locator(".top.stopped")).to_have_count(0)


# -- without a script ------------------------------------------------------------------


def test_the_whole_way_works_without_a_script(desk):
    page = desk.page(f"/drafts/{desk.message}", script=False)

    page.get_by_role("button", name="Take this out").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".strip", has_text="Late delivery: what we know")).to_be_visible()
    page.goto(f"{desk.base}/drafts/{desk.ticket}")
    page.locator('.five a.mark[data-mark="5"]').click()
    expect(page.get_by_role("heading", name="412 affected")).to_be_visible()
    page.goto(f"{desk.base}/drafts/{desk.ticket}/edit")
    page.locator("#f-ask").fill("Answer today.")
    page.get_by_role("button", name="Check and save").click()
    expect(page.locator("#saved")).to_contain_text("Saved")
    page.goto(f"{desk.base}/drafts/{desk.ticket}")
    page.locator(".reject summary").click()
    page.locator("#reason").fill("The owner is wrong")
    page.get_by_role("button", name="Reject this draft").click()
    assert desk.home.backend.get_item(ProposalId(desk.ticket)).proposal.state.value == "rejected"
