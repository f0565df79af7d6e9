import json
from datetime import UTC, datetime
from xml.etree import ElementTree as Xml

from evals.gaps import GapDefect, Side
from evals.report import write_report
from evals.report.history import About, past_run
from evals.report.page import worst_cases
from evals.run import SuiteResult
from evals.scores import Scored, Unit, Unscored, share
from evals.suite import Bars, Better, CaseResult, Curve, Grid, Manifest, Metric, Needs

ABOUT = About(at=datetime(2026, 3, 6, 9, 30, tzinfo=UTC), engine="local", scale="smoke")
HOSTILE = "<script>alert(1)</script>\x00&"


def a_manifest(name="toy"):
    metrics = tuple(
        Metric(name=one, title=one.title(), unit=Unit.SHARE, better=Better.HIGHER)
        for one in ("right", "none")
    )
    return Manifest(name=name, title="Toy", purpose="Test.", needs=Needs.WORLDS, metrics=metrics)


def some_results():
    scores = {
        "right.gate": share(8, 10),
        "none.gate": Unscored(reason="no case"),
    }
    plots = [
        ("gate", Curve("Curve", "sure", "right", ((0.1, 0.2), (0.9, 0.8)), diagonal=True)),
        ("gate", Grid("Grid", ("a", "b"), ("a", "b"), ((3, 1), (0, 0)))),
        ("gate", Bars("Bars", (("one", share(1, 2)), ("two", Unscored(reason="x"))))),
    ]
    cases = [CaseResult("right.gate", "c1", HOSTILE, HOSTILE, 1.0)]
    ran = SuiteResult(a_manifest(), scores, cases, plots, ["A note."])
    return [ran, SuiteResult(a_manifest("absent"), {}, skipped="Give --data.")]


def test_results_hold_every_figure_and_no_zero_for_what_was_not_scored(tmp_path):
    write_report(tmp_path, some_results(), findings=(), about=ABOUT)

    results = json.loads((tmp_path / "results.json").read_text())

    assert results["toy"]["right.gate"] == {
        "value": 0.8, "low": 0.490157, "high": 0.943319, "n": 10, "unit": "share",
    }  # fmt: skip
    assert results["toy"]["none.gate"]["value"] is None
    assert results["toy"]["none.gate"]["reason"] == "no case"
    assert "absent" not in results


def test_junit_fails_for_findings_and_skips_what_was_skipped(tmp_path):
    write_report(tmp_path, some_results(), findings=[HOSTILE], about=ABOUT)

    root = Xml.parse(tmp_path / "junit.xml").getroot()  # noqa: S314  our own file

    assert [suite.get("name") for suite in root] == ["toy", "absent", "gate"]
    assert len(root.findall(".//failure")) == 1
    assert len(root.findall(".//skipped")) == 2


def test_the_page_is_whole_by_itself_and_shows_hostile_text_as_text(tmp_path):
    write_report(tmp_path, some_results(), findings=[HOSTILE], about=ABOUT)

    page = (tmp_path / "report.html").read_text()

    assert page.count("<svg") == 3
    assert "<script" not in page
    assert "http" not in page
    assert "not scored: no case" in page
    assert "Skipped. Give --data." in page


def test_markdown_has_one_table_a_suite(tmp_path):
    write_report(tmp_path, some_results(), findings=(), about=ABOUT)

    text = (tmp_path / "report.md").read_text()

    assert "| Right | 0.800 (0.490 to 0.943), n 10 |" in text
    assert "Skipped. Give --data." in text


def test_the_worst_cases_come_from_different_metrics_first():
    cases = [CaseResult("a", f"a{n}", "", "", 9.0 - n) for n in range(6)]
    cases.append(CaseResult("b", "b0", "", "", 1.0))

    chosen = worst_cases(cases)

    assert [one.id for one in chosen] == ["a0", "b0", "a1", "a2", "a3"]


def test_the_page_says_what_the_gate_found(tmp_path):
    pages = {}
    for name, findings in (("none", None), ("green", []), ("red", ["Gate: red.", "  worse"])):
        write_report(tmp_path / name, some_results(), findings=findings, about=ABOUT)
        pages[name] = (tmp_path / name / "report.html").read_text()

    assert "No gate was asked" in pages["none"]
    assert "Gate: green." in pages["green"]
    assert "<li>worse</li>" in pages["red"]


def test_curves_of_both_parts_share_their_axes(tmp_path):
    curve = Curve("Curve", "reports", "found", ((1.0, 0.2), (7.0, 0.8)))
    result = some_results()[0]._replace(plots=[("tuning", curve), ("gate", curve)])

    write_report(tmp_path, [result], about=ABOUT)

    page = (tmp_path / "report.html").read_text()
    assert page.count("<svg") == 1
    assert page.count("line first") + page.count("line second") == 4
    assert [f">{tick}</text>" in page for tick in (0, 2, 4, 6)] == [True] * 4


def test_a_trend_is_drawn_from_the_second_run_on(tmp_path):
    run = past_run(ABOUT, some_results())

    write_report(tmp_path / "one", some_results(), about=ABOUT, history=[run])
    write_report(tmp_path / "two", some_results(), about=ABOUT, history=[run, run])

    one, two = ((tmp_path / name / "report.html").read_text() for name in ("one", "two"))
    assert "The trend begins with the next run of this kind." in one
    assert "Trend over 2 runs, 6 March to 6 March 2026" in two
    assert two.count("<svg") == one.count("<svg") + 1


def test_parts_that_differ_stand_before_all_figures_with_their_side(tmp_path):
    points = Scored(value=7.3, low=6.3, high=8.2, n=900, unit=Unit.POINTS)
    gap = GapDefect("toy", "right", "Right", points, Side.MATCHER, HOSTILE)
    result = some_results()[0]._replace(gaps=(gap,))

    write_report(tmp_path, [result], about=ABOUT)

    page, text = ((tmp_path / f"report.{kind}").read_text() for kind in ("html", "md"))
    assert page.index("<b>matcher</b>") < page.index("At a glance")
    assert "<script" not in page
    assert "- toy/right: +7.3 points (+6.3 to +8.2), side: matcher" in text
