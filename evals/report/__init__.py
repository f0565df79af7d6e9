"""What a run leaves behind: `results.json`, `junit.xml`, `report.md`, `report.html`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evals.report.junit import junit_text
from evals.report.markdown import markdown_text
from evals.report.page import page_text
from evals.report.results import results_text
from evals.run import SuiteResult


def write_report(folder: Path, results: Sequence[SuiteResult], *, findings: Sequence[str]) -> None:
    """Write the four files; `findings` are what a gate has to say, none without a gate."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (
        ("results.json", results_text(results)),
        ("junit.xml", junit_text(results, findings)),
        ("report.md", markdown_text(results, findings)),
        ("report.html", page_text(results, findings)),
    ):
        (folder / name).write_text(text, encoding="utf-8")
