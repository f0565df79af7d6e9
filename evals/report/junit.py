"""`junit.xml`: one test suite per suite, one test case per metric."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from evals.report.results import score_text
from evals.run import SuiteResult
from evals.scores import Unscored

# What XML 1.0 does not allow in text, also not as an entity.
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_text(results: Sequence[SuiteResult], findings: Sequence[str]) -> str:
    """Give the file; unscored metrics and skipped suites are skipped, findings fail."""
    root = Xml.Element("testsuites", name="undertone eval")
    for one in results:
        _suite(root, one)
    if findings:
        count = str(len(findings))
        gate = Xml.SubElement(root, "testsuite", name="gate", tests=count, failures=count)
        for finding in findings:
            case = Xml.SubElement(gate, "testcase", classname="gate", name=_clean(finding)[:120])
            Xml.SubElement(case, "failure", message=_clean(finding))
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: Xml.Element, one: SuiteResult) -> None:
    name = one.manifest.name
    if one.skipped:
        suite = Xml.SubElement(root, "testsuite", name=name, tests="1", skipped="1")
        case = Xml.SubElement(suite, "testcase", classname=name, name=name)
        Xml.SubElement(case, "skipped", message=_clean(one.skipped))
        return
    unscored = sum(isinstance(score, Unscored) for score in one.scores.values())
    suite = Xml.SubElement(
        root, "testsuite", name=name, tests=str(len(one.scores)), skipped=str(unscored)
    )
    for metric, score in one.scores.items():
        case = Xml.SubElement(suite, "testcase", classname=name, name=metric)
        if isinstance(score, Unscored):
            Xml.SubElement(case, "skipped", message=_clean(score.reason))
        else:
            Xml.SubElement(case, "system-out").text = _clean(score_text(score))


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("�", text)
