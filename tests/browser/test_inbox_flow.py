"""A shift at the desk in a real browser, over a full inbox: keys, marks, edits, races."""

import re
import shutil
import socket
import threading

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from app.access import Role
from app.serving import build_app
from domain.proposals import DecisionKind
from domain.record import ProposalId
from tests.builders_inbox import FakeClock, open_full_inbox, open_set_up

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]


class Desk:
    """A served inbox and pages signed in to it."""

    def __init__(self, chromium, installation, clock):
        self.home, self.clock = installation, clock
        self._chromium = chromium
        self._contexts = []
        self._listening = socket.socket()
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen()
        config = uvicorn.Config(
            build_app(installation), log_config=None, timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        sockets = {"sockets": [self._listening]}
        self._thread = threading.Thread(target=self._server.run, kwargs=sockets, daemon=True)
        self._thread.start()
        self.base = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        with installation.store.read() as unit:
            self.ids = {(row.label, row.kind.value): row.id for row in unit.proposals.list_rows()}

    @property
    def ticket(self):
        return self.ids["Late delivery: Parcelo, North", "ticket"]

    @property
    def message(self):
        return self.ids["Late delivery: what we know", "message"]

    def page(self, path="/", *, size=(1280, 800), scheme="light", name="Jana Krol", script=True):
        context = self._chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            java_script_enabled=script,
        )
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8000)
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        link = self.home.access.create_link(name, Role.ADMIN)
        page.goto(f"{self.base}/sign-in?link={link}")
        page.get_by_role("button", name="Sign in").click()
        page.goto(self.base + path)
        return page

    def close(self):
        for context in self._contexts:
            context.close()
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._listening.close()
        self.home.close()


@pytest.fixture(scope="module")
def full_home(tmp_path_factory):
    """A full inbox, built once and copied for each test."""
    home = tmp_path_factory.mktemp("full") / "home"
    open_full_inbox(home).close()
    return home


@pytest.fixture
def desk(chromium, tmp_path, full_home):
    clock = FakeClock()
    home = shutil.copytree(full_home, tmp_path / "home")
    made = Desk(chromium, open_set_up(home, clock), clock)
    yield made
    made.close()


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
def test_every_view_is_accessible_and_nothing_is_cut(desk, size, scheme, all_views):
    page = desk.page(size=size, scheme=scheme)
    ids = desk.ids
    paths = [
        "/",
        f"/drafts/{desk.ticket}",
        f"/drafts/{desk.message}",
        f"/drafts/{desk.ticket}/edit",
        f"/drafts/{ids['Invoice total is off', 'ticket']}",
        f"/drafts/{desk.ticket}/trace",
        "/?tab=done",
        f"/drafts/{desk.ticket}/bytes",
        f"/drafts/{desk.ticket}/record",
        f"/drafts/{desk.ticket}/marks/5",
        f"/drafts/{desk.message}/recipients",
        f"/drafts/{ids['Invoice PDF is empty', 'ticket']}",
        f"/drafts/{ids['App icon looks washed out', 'ticket']}",
        "/issues/I-late118",
        "/cases/case-7",
        "/reports/files/R-2",
        "/drafts/none",
    ]

    for path in paths if all_views else paths[:5]:
        page.goto(desk.base + path)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 1, path
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [n["target"] for n in one["nodes"]][:3]) for one in found] == [], path
    assert page.errors == []


def test_the_grid_has_the_sizes_that_were_agreed(desk):
    page = desk.page(f"/drafts/{desk.ticket}")

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
def test_a_row_holds_two_lines_whatever_stands_in_it(desk, size, height):
    page = desk.page(size=size)
    row = page.locator(f'.row[data-id="{desk.ids["App icon looks washed out", "ticket"]}"]')
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


def test_below_900_there_is_one_pane_at_a_time(desk):
    page = desk.page(size=(390, 844))

    expect(page.locator(".card")).to_be_hidden()
    page.locator(".row").first.click()
    expect(page.locator(".list")).to_be_hidden()
    expect(page.locator(".sheet")).to_be_visible()
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator(".list")).to_be_visible()


def test_the_first_run_and_the_empty_queue_say_what_is_next(chromium, tmp_path):
    desk = Desk(chromium, open_set_up(tmp_path / "home"), FakeClock())
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


def test_a_held_down_key_never_decides(desk):
    page = desk.page(f"/drafts/{desk.ticket}")
    _settled(page)

    page.evaluate(
        """document.body.dispatchEvent(new KeyboardEvent("keydown",
            {key: "a", repeat: true, bubbles: true}))"""
    )
    page.wait_for_timeout(200)

    assert desk.home.backend.get_item(ProposalId(desk.ticket)).proposal.state.value == "proposed"


def test_approve_waits_until_the_draft_was_on_screen(desk):
    page = desk.page(f"/drafts/{desk.ticket}")
    page.wait_for_selector(".sheet")

    page.evaluate(
        """document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "j", bubbles: true}))"""
    )
    expect(page).to_have_url(re.compile(desk.message))
    page.evaluate(
        """document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "a", bubbles: true}))"""
    )
    page.wait_for_timeout(200)

    assert desk.home.backend.get_item(ProposalId(desk.message)).decisions == ()


def test_keys_can_be_switched_off(desk):
    page = desk.page(f"/drafts/{desk.ticket}")
    _press(page, "?")
    page.get_by_label("Switch single keys off on this device").check()
    _press(page, "Escape")

    _press(page, "e")
    page.wait_for_timeout(200)
    expect(page.locator(".sheet")).to_be_visible()
    page.reload()
    _press(page, "j")
    page.wait_for_timeout(200)
    expect(page).to_have_url(re.compile(desk.ticket))


# -- evidence --------------------------------------------------------------------------


def test_a_mark_lights_its_sentence_and_opens_its_rows_in_place(desk):
    page = desk.page(f"/drafts/{desk.ticket}")
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
