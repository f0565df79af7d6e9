"""`report.html`: one file that opens anywhere, without a script and without a network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files

from evals.report.history import About, PastRun
from evals.report.markdown import metric_key, parts_of
from evals.report.plots import bars_svg, curves_svg, grid_svg, trend_svg
from evals.report.results import digits_of, score_text
from evals.run import SuiteResult
from evals.scores import Score, Scored, Unit, Unscored
from evals.suite import Bars, Better, CaseResult, Curve, Grid, Metric

_WORST = 5


def page_text(
    results: Sequence[SuiteResult],
    findings: Sequence[str] | None,
    *,
    about: About,
    history: Sequence[PastRun],
) -> str:
    """Give the page: verdict, overview, then each suite with table, plots, trend, worst cases.

    `findings` are what a gate has to say; empty means green, None that no gate was asked.
    """
    style = (files("evals.report") / "page.css").read_text(encoding="utf-8")
    body = [
        _head(results, findings, about),
        _gaps(results),
        _overview(results),
        *(_suite(one, history) for one in results if not one.skipped),
        _skipped(results),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><title>Evaluation</title>'
        f"<style>{style}</style></head><body><main>{''.join(body)}</main></body></html>\n"
    )


def _head(results: Sequence[SuiteResult], findings: Sequence[str] | None, about: About) -> str:
    ran = [one for one in results if not one.skipped]
    figures = sum(isinstance(score, Scored) for one in ran for score in one.scores.values())
    world = f"world {about.world}" if about.world else f"{about.scale} worlds"
    facts = [
        ("Engine", about.engine),
        ("Asked", world),
        ("Run", f"{about.at:%-d %B %Y, %H:%M} UTC"),
        ("Suites", f"{len(ran)} run, {len(results) - len(ran)} skipped"),
        ("Figures", f"{figures:,}"),
    ]
    rows = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f'<header><h1>Evaluation</h1><dl class="facts">{rows}</dl>{_verdict(findings)}</header>'


def _verdict(findings: Sequence[str] | None) -> str:
    if findings is None:
        return '<p class="verdict">No gate was asked: figures only.</p>'
    if not findings:
        return '<p class="verdict green"><b>Gate: green.</b> Nothing got worse, no bar broke.</p>'
    first, *rest = findings
    items = "".join(f"<li>{escape(one.strip())}</li>" for one in rest)
    return f'<section class="verdict red"><b>{escape(first)}</b><ul>{items}</ul></section>'


def _gaps(results: Sequence[SuiteResult]) -> str:
    found = [gap for one in results for gap in one.gaps]
    if not found:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(gap.title)}<small>{escape(gap.suite)}</small></th>'
        f'<td data-part="gap">{_figure(gap.points)}</td>'
        f'<td data-part="side"><b>{gap.side.value}</b></td>'
        f'<td data-part="why">{escape(gap.why)}</td></tr>'
        for gap in found
    )
    return (
        "<section><h2>Parts that differ by more than five points</h2>"
        "<p>The gate part holds words that nobody tuned on. A gap is a defect of the world "
        "(its words are harder or easier) or of the matcher (it learned the tuning part).</p>"
        '<table><thead><tr><th scope="col">metric</th><th scope="col">tuning minus gate</th>'
        f'<th scope="col">side</th><th scope="col">why</th></tr></thead><tbody>{rows}</tbody>'
        "</table></section>"
    )


def _overview(results: Sequence[SuiteResult]) -> str:
    rows = "".join(_overview_row(one) for one in results if not one.skipped)
    if not rows:
        return ""
    return (
        "<section><h2>At a glance</h2><table><thead><tr>"
        '<th scope="col">suite</th><th scope="col">its first gated metric</th>'
        '<th scope="col">value</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></section>"
    )


def _overview_row(one: SuiteResult) -> str:
    metric = next(
        (some for some in one.manifest.metrics if some.better is not Better.NEITHER),
        one.manifest.metrics[0],
    )
    part = next((some for some in ("gate", "given") if some in parts_of(one)), parts_of(one)[0])
    score = one.scores.get(metric_key(metric, part))
    shown = _figure(score) if score is not None else ""
    return (
        f'<tr><th scope="row"><a href="#{one.manifest.name}">{escape(one.manifest.title)}</a></th>'
        f'<td data-part="metric">{escape(metric.title)}</td>'
        f'<td data-part="{part or "value"}">{shown}</td></tr>'
    )


def _suite(one: SuiteResult, history: Sequence[PastRun]) -> str:
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in one.notes)
    return (
        f'<section id="{one.manifest.name}"><h2>{escape(one.manifest.title)}</h2>'
        f"<p>{escape(one.manifest.purpose)}</p>{_table(one)}{notes}"
        f'<div class="plots">{"".join(_figures(one))}</div>{_trends(one, history)}{_worst(one)}'
        "</section>"
    )


def _skipped(results: Sequence[SuiteResult]) -> str:
    rows = "".join(
        f"<li><b>{escape(one.manifest.title)}</b> Skipped. {escape(one.skipped)}</li>"
        for one in results
        if one.skipped
    )
    return f"<section><h2>Not run</h2><ul>{rows}</ul></section>" if rows else ""


def _table(one: SuiteResult) -> str:
    parts = parts_of(one)
    names = "".join(f'<th scope="col">{part or "value"}</th>' for part in parts)
    rows = "".join(
        f'<tr><th scope="row">{escape(metric.title)}{_mark(metric)}</th>'
        + "".join(
            f'<td data-part="{part or "value"}">{_cell(one, metric, part)}</td>' for part in parts
        )
        + "</tr>"
        for metric in one.manifest.metrics
    )
    return (
        f'<table><thead><tr><th scope="col">metric</th>{names}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _mark(metric: Metric) -> str:
    """Say how a metric is judged."""
    if metric.bar is not None:
        return f"<small>bar {metric.bar:g}</small>"
    words = {Better.HIGHER: "higher is better", Better.LOWER: "lower is better"}
    return f"<small>{words.get(metric.better, 'beside the others')}</small>"


def _cell(one: SuiteResult, metric: Metric, part: str) -> str:
    score = one.scores.get(metric_key(metric, part))
    return _figure(score) if score is not None else ""


def _figure(score: Score) -> str:
    if isinstance(score, Unscored):
        return f'<span class="none">{escape(score_text(score))}</span>'
    digits = digits_of(score.unit)
    value, low, high = (f"{one:,.{digits}f}" for one in (score.value, score.low, score.high))
    unit = "" if score.unit is Unit.SHARE else f" {escape(score.unit.value)}"
    return f"<b>{value}</b>{unit}<small>{low} to {high}, n {score.n:,}</small>"


def _figures(one: SuiteResult) -> Iterator[str]:
    """Curves of several parts share their axes; other plots stand one a part."""
    curves: dict[str, list[tuple[str, Curve]]] = {}
    for part, plot in one.plots:
        if isinstance(plot, Curve):
            curves.setdefault(plot.title, []).append((part, plot))
    for title, some in curves.items():
        yield _framed(title, curves_svg(some))
    for part, plot in one.plots:
        title = f"{plot.title} ({part})" if part else plot.title
        match plot:
            case Grid():
                yield _framed(title, grid_svg(plot))
            case Bars():
                yield _framed(title, bars_svg(plot))


def _framed(title: str, svg: str) -> str:
    return f"<figure><figcaption>{escape(title)}</figcaption>{svg}</figure>"


def _trends(one: SuiteResult, history: Sequence[PastRun]) -> str:
    """Each gated metric over the runs that are like this one."""
    if not history:
        return ""
    if len(history) < 2:
        return '<p class="note">The trend begins with the next run of this kind.</p>'
    name = one.manifest.name
    drawn = []
    for metric in one.manifest.metrics:
        for part in parts_of(one):
            key = metric_key(metric, part)
            scores = [run.scores.get(name, {}).get(key) for run in history]
            known = [score for score in scores if score is not None]
            if len(known) > 1 and part != "tuning" and metric.better is not Better.NEITHER:
                drawn.append(_trend(metric, part, known))
    if not drawn:
        return ""
    first, last = history[0].about.at, history[-1].about.at
    return (
        f"<h3>Trend over {len(history)} runs, {first:%-d %B} to {last:%-d %B %Y}</h3>"
        f'<div class="trends">{"".join(drawn)}</div>'
    )


def _trend(metric: Metric, part: str, scores: Sequence[Scored]) -> str:
    first, last = scores[0], scores[-1]
    digits = digits_of(last.unit)
    words = f"{first.value:,.{digits}f} to {last.value:,.{digits}f}"
    return (
        f"<figure><figcaption>{escape(metric.title)}<small>{escape(part)} {words}</small>"
        f"</figcaption>{trend_svg(f'{metric.title}: {words}', scores)}</figure>"
    )


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
        f'<tr><th scope="row">{escape(case.id)}<small>{escape(case.metric)}</small></th>'
        f'<td data-part="expected">{escape(case.expected or "nothing")}</td>'
        f'<td data-part="came">{escape(case.got or "nothing")}</td></tr>'
        for case in cases
    )
    return (
        '<details><summary>Worst cases</summary><table><thead><tr><th scope="col">case</th>'
        '<th scope="col">expected</th><th scope="col">came</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></details>"
    )
