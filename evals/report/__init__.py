"""What a run leaves behind: `results.json`, `junit.xml`, `report.md`, `report.html`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evals.report.history import About, PastRun
from evals.report.junit import junit_text
from evals.report.markdown import markdown_text
from evals.report.page import page_text
from evals.report.results import results_text
from evals.run import SuiteResult


def write_report(
    folder: Path,
    results: Sequence[SuiteResult],
    *,
    about: About,
    findings: Sequence[str] | None = None,
    history: Sequence[PastRun] = (),
) -> None:
    """Write the four files.

    `findings` are what a gate has to say, empty where it is green, None without a gate;
    `history` holds the runs like this one, itself the last.
    """
    said = findings or ()
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (
        ("results.json", results_text(results)),
        ("junit.xml", junit_text(results, said)),
        ("report.md", markdown_text(results, said)),
        ("report.html", page_text(results, findings, about=about, history=history)),
    ):
        (folder / name).write_text(text, encoding="utf-8")
