import json
from xml.etree import ElementTree as Xml

from evals.report import write_report
from evals.report.page import worst_cases
from evals.run import SuiteResult
from evals.scores import Unit, Unscored, share
from evals.suite import Bars, Better, CaseResult, Curve, Grid, Manifest, Metric, Needs

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
    write_report(tmp_path, some_results(), findings=())

    results = json.loads((tmp_path / "results.json").read_text())

    assert results["toy"]["right.gate"] == {
        "value": 0.8, "low": 0.490157, "high": 0.943319, "n": 10, "unit": "share",
    }  # fmt: skip
    assert results["toy"]["none.gate"]["value"] is None
    assert results["toy"]["none.gate"]["reason"] == "no case"
    assert "absent" not in results


def test_junit_fails_for_findings_and_skips_what_was_skipped(tmp_path):
    write_report(tmp_path, some_results(), findings=[HOSTILE])

    root = Xml.parse(tmp_path / "junit.xml").getroot()  # noqa: S314  our own file

    assert [suite.get("name") for suite in root] == ["toy", "absent", "gate"]
    assert len(root.findall(".//failure")) == 1
    assert len(root.findall(".//skipped")) == 2


def test_the_page_is_whole_by_itself_and_shows_hostile_text_as_text(tmp_path):
    write_report(tmp_path, some_results(), findings=[HOSTILE])

    page = (tmp_path / "report.html").read_text()

    assert page.count("<svg") == 3
    assert "<script" not in page
    assert "http" not in page
    assert "not scored: no case" in page
    assert "Skipped. Give --data." in page


def test_markdown_has_one_table_a_suite(tmp_path):
    write_report(tmp_path, some_results(), findings=())

    text = (tmp_path / "report.md").read_text()

    assert "| Right | 0.800 (0.490 to 0.943), n 10 |" in text
    assert "Skipped. Give --data." in text


def test_the_worst_cases_come_from_different_metrics_first():
    cases = [CaseResult("a", f"a{n}", "", "", 9.0 - n) for n in range(6)]
    cases.append(CaseResult("b", "b0", "", "", 1.0))

    chosen = worst_cases(cases)

    assert [one.id for one in chosen] == ["a0", "b0", "a1", "a2", "a3"]
