"""`report.html`: one file that opens anywhere, without a script and without a network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files

from evals.report.markdown import metric_key, parts_of
from evals.report.plots import svg
from evals.report.results import score_text
from evals.run import SuiteResult
from evals.suite import CaseResult, Metric

_WORST = 5


def page_text(results: Sequence[SuiteResult], findings: Sequence[str]) -> str:
    """Give the page: what the gate found, then each suite with table, plots, worst cases."""
    body = ["<h1>Evaluation</h1>"]
    if findings:
        items = "".join(f"<li>{escape(one)}</li>" for one in findings)
        body.append(f'<section class="gate"><h2>The gate</h2><ul>{items}</ul></section>')
    body += [_suite(one) for one in results]
    style = (files("evals.report") / "page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Evaluation</title>'
        f"<style>{style}</style></head><body>{''.join(body)}</body></html>\n"
    )


def _suite(one: SuiteResult) -> str:
    head = f"<h2>{escape(one.manifest.title)}</h2><p>{escape(one.manifest.purpose)}</p>"
    if one.skipped:
        return f"<section>{head}<p>Skipped. {escape(one.skipped)}</p></section>"
    notes = "".join(f"<p>{escape(note)}</p>" for note in one.notes)
    plots = "".join(
        f"<figure><figcaption>{escape(plot.title)}{f' ({part})' if part else ''}</figcaption>"
        f"{svg(plot)}</figure>"
        for part, plot in one.plots
    )
    return (
        f'<section>{head}<div class="wide">{_table(one)}</div>{notes}'
        f'<div class="plots">{plots}</div>{_worst(one)}</section>'
    )


def _table(one: SuiteResult) -> str:
    parts = parts_of(one)
    names = "".join(f"<th>{part or 'value'}</th>" for part in parts)
    rows = "".join(
        f"<tr><td>{escape(metric.title)}</td>"
        + "".join(f"<td>{_cell(one, metric, part)}</td>" for part in parts)
        + "</tr>"
        for metric in one.manifest.metrics
    )
    return f"<table><thead><tr><th>metric</th>{names}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(one: SuiteResult, metric: Metric, part: str) -> str:
    score = one.scores.get(metric_key(metric, part))
    return escape(score_text(score)) if score is not None else ""


def worst_cases(cases: Sequence[CaseResult]) -> list[CaseResult]:
    """Give the worst cases, each metric's before its next one, at most five."""
    wrong = sorted((one for one in cases if one.loss > 0), key=lambda one: (-one.loss, one.id))
    chosen: list[CaseResult] = []
    for one in wrong:
        if len(chosen) < _WORST and all(one.metric != other.metric for other in chosen):
            chosen.append(one)
    return [*chosen, *(one for one in wrong if one not in chosen)][:_WORST]


def _worst(one: SuiteResult) -> str:
    cases = worst_cases(one.cases)
    if not cases:
        return ""
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in
                  (case.id, case.metric, case.expected or "nothing", case.got or "nothing"))
        + "</tr>"
        for case in cases
    )  # fmt: skip
    return (
        '<div class="wide"><table><thead><tr><th>worst cases</th><th>metric</th>'
        f"<th>expected</th><th>came</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )
