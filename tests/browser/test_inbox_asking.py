"""Another draft, escalation and the held drafts in a real browser."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from app.access import Role
from app.inbox.backend import Tab
from domain.proposals import DecisionKind
from domain.record import ProposalId

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
SIZES = [((1280, 800), "light"), ((1280, 800), "dark"), ((390, 844), "light"), ((390, 844), "dark")]


def _ask(desk, kind, *, by="Mara", reason="Say less.", seen=1, **changes):
    return desk.home.backend.decide(
        ProposalId(desk.ticket), kind, by=by, seen_version=seen, reason=reason, changes=changes
    )


def _fine(page):
    """Nothing is wider than the window, and nothing stands in anybody's way."""
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 1
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [n["target"] for n in one["nodes"]][:3]) for one in found] == []
    assert page.errors == []


@pytest.mark.parametrize(("size", "scheme"), SIZES)
def test_what_was_asked_reads_well_and_is_accessible(desk, size, scheme):
    _ask(desk, DecisionKind.ANOTHER_DRAFT, wishes=["shorter"])
    page = desk.page(f"/drafts/{desk.ticket}", size=size, scheme=scheme)
    expect(page.locator(".hold.state")).to_contain_text("Another draft is being made")
    _fine(page)
    desk.home.engine.redraft(ProposalId(desk.ticket))
    _ask(desk, DecisionKind.ESCALATE, reason="A contract hangs on it.", seen=2)

    for role in (Role.REVIEWER, Role.ADMIN):
        page = desk.page(f"/drafts/{desk.ticket}", size=size, scheme=scheme, role=role)
        expect(page.locator(".told-strip")).to_have_count(2)
        _fine(page)
    page.locator(".asking > summary").click()
    page.locator(".another > summary").click()
    expect(page.get_by_label("What should change?")).to_be_visible()
    _fine(page)
    for path in ("versions/1", "trace"):
        page.goto(f"{desk.base}/drafts/{desk.ticket}/{path}")
        _fine(page)


def test_another_draft_is_asked_for_and_read_by_keys_alone(desk):
    page = desk.page(f"/drafts/{desk.ticket}")

    page.keyboard.press("n")
    page.keyboard.type("Too long for Ilse.")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_label("Shorter: one quote, no table, no past cases")).to_be_checked()
    for _ in range(4):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("#say")).to_have_text("Another draft is asked for.")
    expect(page.locator(f'.row[data-id="{desk.ticket}"]')).to_have_count(0)
    expect(page.locator('.tab[data-tab="way"] span')).to_have_text("3")
    desk.clock.pass_by(minutes=1)
    desk.home.engine.redraft(ProposalId(desk.ticket))
    expect(page.locator("#newer")).to_have_text("1 new")
    page.locator("#newer").click()
    page.locator(f'.row[data-id="{desk.ticket}"]').click()
    strip = page.locator(".told-strip")
    expect(strip).to_contain_text("Jana Krol asked for another draft at 09:14:00; this is it.")
    strip.locator("a").click()
    expect(page.locator("#card")).to_contain_text("draft 1 against draft 2")
    page.keyboard.press("Escape")
    expect(page.locator("#approve")).to_be_enabled()
    assert page.errors == []


def test_a_card_that_waits_for_its_next_draft_shows_it_by_itself(desk):
    _ask(desk, DecisionKind.ANOTHER_DRAFT, wishes=["shorter"])
    page = desk.page(f"/drafts/{desk.ticket}")
    expect(page.locator(".hold.state")).to_contain_text(
        "Mara asked for it at 09:14:00: “Say less.”"
    )

    desk.clock.pass_by(minutes=1)
    desk.home.engine.redraft(ProposalId(desk.ticket))

    expect(page.locator(".told-strip")).to_contain_text("this is it.")


def test_escalating_by_keys_leaves_the_list_in_place_and_marks_the_line(desk):
    page = desk.page("/", role=Role.REVIEWER)
    last = desk.home.backend.list_page(Tab.DECIDE).rows[-1].proposal.id
    page.goto(f"{desk.base}/drafts/{last}")
    before = page.locator(".row").evaluate_all("rows => rows.map(row => row.dataset.id)")

    page.keyboard.press(".")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("A contract hangs on it.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("#say")).to_have_text("Escalated to a lead.")
    row = page.locator(f'.row[data-id="{last}"]')
    expect(row).to_contain_text("Escalated")
    after = page.locator(".row").evaluate_all("rows => rows.map(row => row.dataset.id)")
    assert after == before
    row.click()
    expect(page.locator("footer.bar")).to_contain_text("An admin decides this one: tell them.")
    expect(page.locator("#approve")).to_have_count(0)
    for key in "aern.":
        page.keyboard.press(key)
    page.goto(desk.base)
    assert page.locator(".row").first.get_attribute("data-id") == last
    assert page.errors == []


@pytest.mark.parametrize("width", [390, 900, 1000, 1280, 1600])
def test_what_can_be_asked_is_whole_in_every_window(shown, width):
    page = shown.page(f"/drafts/{shown.ticket}", size=(width, 800))
    page.locator(".asking > summary").click()
    page.locator(".another > summary").click()

    box = page.locator(".asks").bounding_box()

    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= width
    expect(page.get_by_role("button", name="Ask for another draft")).to_be_in_viewport()


def test_escape_closes_what_was_opened_and_gives_the_focus_back(shown):
    page = shown.page(f"/drafts/{shown.ticket}")
    page.keyboard.press("n")
    expect(page.get_by_label("What should change?")).to_be_focused()

    page.keyboard.press("Escape")

    expect(page.get_by_label("What should change?")).to_be_hidden()
    expect(page.locator(".asking > summary")).to_be_focused()


def test_both_work_without_a_script(desk):
    page = desk.page(f"/drafts/{desk.ticket}", script=False)
    page.locator(".asking > summary").click()
    page.locator(".another > summary").click()
    page.get_by_label("What should change?").fill("Say less.")
    page.get_by_label("Without similar past cases").check()
    page.get_by_role("button", name="Ask for another draft").click()
    desk.home.engine.redraft(ProposalId(desk.ticket))

    page.goto(f"{desk.base}/drafts/{desk.ticket}")
    expect(page.locator(".told-strip")).to_contain_text("No similar past cases.")
    page.locator(".asking > summary").click()
    page.locator(".escalate > summary").click()
    page.get_by_label("Why is it not yours to decide?").fill("Not mine.")
    page.get_by_role("button", name="Escalate to a lead").click()

    page.goto(f"{desk.base}/drafts/{desk.ticket}")
    expect(page.locator(".told-strip").first).to_contain_text("Jana Krol escalated this")


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_every_held_draft_is_undone_from_the_list(desk, size):
    for row in desk.home.backend.list_page(Tab.DECIDE).rows:
        if not row.proposal.open_checks:
            desk.home.backend.decide(
                row.proposal.id, DecisionKind.APPROVE, by="Jana Krol", seen_version=1
            )
    held = [row.proposal.id for row in desk.home.backend.list_page(Tab.WAY).rows if row.hold_until]
    page = desk.page("/", size=size)
    more = page.locator(".held-more")
    expect(more.locator("summary")).to_contain_text(f"{len(held) - 2} more held")

    more.locator("summary").click()
    last = more.locator(".strip", has=page.locator("button")).last
    name = last.locator("a").inner_text()
    last.locator("button").click()

    expect(page.locator("#strips form")).to_have_count(len(held) - 1)
    expect(page.locator(".row.selected", has_text=name)).to_have_count(1)
    assert page.errors == []


def test_the_trace_is_read_line_by_line_on_a_narrow_screen(shown):
    page = shown.page(f"/drafts/{shown.ticket}/trace", size=(390, 844))
    step = page.locator(".steps tbody tr").first

    boxes = [
        step.locator(part).bounding_box() for part in ("th", "td[data-name=Asked]", ".by-whom")
    ]

    assert boxes[0]["y"] < boxes[1]["y"] < boxes[2]["y"]
    assert all(box["width"] > 150 for box in boxes[1:])
    assert page.locator(".scroll").first.evaluate("one => one.scrollWidth - one.clientWidth") <= 0
    total = page.locator(".steps .total th")
    assert total.bounding_box()["height"] < 25
