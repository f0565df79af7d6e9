"""`report.md`: the tables that a person pastes into a review."""

from __future__ import annotations

from collections.abc import Sequence

from evals.report.results import score_text
from evals.run import SuiteResult
from evals.suite import Metric


def markdown_text(results: Sequence[SuiteResult], findings: Sequence[str]) -> str:
    """Give all figures, one table per suite, and what the gate found."""
    lines = ["# Evaluation", ""]
    if findings:
        lines += ["## The gate", "", *(f"- {one}" for one in findings), ""]
    gaps = [gap.text for one in results for gap in one.gaps]
    if gaps:
        lines += ["## Parts that differ by more than five points", ""]
        lines += [*(f"- {one}" for one in gaps), ""]
    for one in results:
        lines += _suite(one)
    return "\n".join(lines)


def parts_of(result: SuiteResult) -> list[str]:
    """Give the parts that a suite was run on, in order; one empty name for public data."""
    known = [part for part in ("tuning", "gate", "gap", "given") if _has(result, part)]
    return known or [""]


def metric_key(metric: Metric, part: str) -> str:
    """Give the name under which a metric's score of a part stands."""
    return f"{metric.name}.{part}" if part else metric.name


def _has(result: SuiteResult, part: str) -> bool:
    return any(name.endswith(f".{part}") for name in result.scores)


def _suite(one: SuiteResult) -> list[str]:
    head = [f"## {one.manifest.title}", "", one.manifest.purpose, ""]
    if one.skipped:
        return [*head, f"Skipped. {one.skipped}", ""]
    parts = parts_of(one)
    columns = ["metric", *(part or "value" for part in parts)]
    rows = [
        [metric.title, *(_cell(one, metric, part) for part in parts)]
        for metric in one.manifest.metrics
    ]
    table = [
        f"| {' | '.join(columns)} |",
        f"|{' --- |' * len(columns)}",
        *(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows),
    ]
    return [*head, *table, "", *(f"- {note}" for note in one.notes), ""]


def _cell(one: SuiteResult, metric: Metric, part: str) -> str:
    score = one.scores.get(metric_key(metric, part))
    return score_text(score) if score is not None else ""
