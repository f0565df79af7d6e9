"""The report of an evaluation as a person opens it: a file, on a desk and on a phone."""

from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe

from evals.gaps import GapDefect, Side
from evals.report import write_report
from evals.report.history import About, past_run
from evals.run import SuiteResult
from evals.scores import Scored, Unit, Unscored, share
from evals.suite import (
    Bars,
    Better,
    CaseResult,
    Curve,
    Grid,
    Manifest,
    Metric,
    Needs,
)

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

LONG = "https://evil.example/" + "a" * 200


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    about = About(at=datetime(2026, 3, 6, 9, 30, tzinfo=UTC), engine="local", scale="smoke")
    metrics = tuple(
        Metric(name=name, title=f"Reports that are {name}", unit=Unit.SHARE, better=Better.HIGHER)
        for name in ("right", "none")
    )
    manifest = Manifest(
        name="toy", title="Toy", purpose="Test.", needs=Needs.WORLDS, metrics=metrics
    )
    scores = {
        f"{name}.{part}": share(8, 10) if name == "right" else Unscored(reason="no case")
        for name in ("right", "none")
        for part in ("tuning", "gate")
    }
    curve = Curve("Is it sure?", "confidence", "right", ((0.1, 0.2), (0.9, 0.8)), diagonal=True)
    labels = ("positive", "neutral", "negative", "mixed")
    grid = Grid("Confusion", labels, (*labels, "not judged"), ((9000, 1, 2, 3, 4),) * 4)
    bars = Bars("Precision and recall", (("at risk precision", share(9, 10)),))
    points = Scored(value=7.3, low=6.3, high=8.2, n=900, unit=Unit.POINTS)
    result = SuiteResult(
        manifest,
        scores,
        [CaseResult("right.gate", LONG, LONG, LONG, 1.0)],
        [(part, plot) for part in ("tuning", "gate") for plot in (curve, grid, bars)],
        ["A note."],
        gaps=(GapDefect("toy", "right", "Right", points, Side.MATCHER, LONG),),
    )
    run = past_run(about, [result])
    write_report(
        folder, [result], about=about, findings=["Gate: red.", LONG], history=[run, run, run]
    )
    return folder / "report.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_report_fits_and_can_be_read(chromium, report, scheme, width):
    context = chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"file://{report}")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")

    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    found = Axe().run(page).response["violations"]
    context.close()

    assert not wide
    assert [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found] == []
