"""Plots as inline SVG, without a script and without a font of their own."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from evals.scores import Scored
from evals.suite import Bars, Curve, Grid

_WIDTH, _HEIGHT, _LEFT, _TOP = 400, 236, 34, 22
_INNER_WIDTH, _INNER_HEIGHT = 352, 168
_ROW = 26
_QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
_TREND_WIDTH, _TREND_HEIGHT = 220, 56


def curves_svg(curves: Sequence[tuple[str, Curve]]) -> str:
    """Draw the same curve of several parts over one pair of axes."""
    first = curves[0][1]
    most = _most([x for _, curve in curves for x, _ in curve.points])
    bottom, right = _TOP + _INNER_HEIGHT, _LEFT + _INNER_WIDTH
    body = [*_frame(first, most)]
    if first.diagonal:
        body.append(f'<path class="ideal" d="M{_LEFT} {bottom}L{right} {_TOP}"/>')
    for number, (part, curve) in enumerate(curves):
        kind = "second" if part == "tuning" else "first"
        placed = [
            (_LEFT + _INNER_WIDTH * x / most, bottom - _INNER_HEIGHT * min(1.0, max(0.0, y)))
            for x, y in curve.points
        ]
        if placed:
            line = "L".join(f"{x:.1f} {y:.1f}" for x, y in placed)
            body.append(f'<path class="line {kind}" d="M{line}"/>')
        if len(placed) <= 20:
            body += [f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in placed]
        if part:
            body += _key(part, kind, number)
    return _element(first.title, body, width=_WIDTH, height=_HEIGHT)


def _most(across: Sequence[float]) -> float:
    """The end of the axis: 1 for shares, else the largest value."""
    largest = max(across, default=1.0)
    return 1.0 if largest <= 1.0 else largest


def _frame(curve: Curve, most: float) -> Iterable[str]:
    bottom, right = _TOP + _INNER_HEIGHT, _LEFT + _INNER_WIDTH
    for quarter in _QUARTERS:
        y = bottom - _INNER_HEIGHT * quarter
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{right}"/>'
        yield _text(_LEFT - 6, y + 4, f"{quarter:.2g}", anchor="end", kind="tick")
    for tick in _ticks(most):
        x = _LEFT + _INNER_WIDTH * tick / most
        yield _text(x, bottom + 15, f"{tick:.4g}", kind="tick")
    yield _text(_LEFT + _INNER_WIDTH / 2, bottom + 34, curve.across, kind="tick")
    yield _text(_LEFT, 12, curve.up, anchor="start", kind="tick")


def _ticks(most: float) -> Iterable[float]:
    """Quarters of a share, else at most six whole numbers."""
    if most <= 1.0:
        return _QUARTERS
    return range(0, math.floor(most) + 1, math.ceil(most / 5))


def _key(part: str, kind: str, number: int) -> list[str]:
    left = _LEFT + _INNER_WIDTH - 150 + 80 * number
    return [
        f'<path class="line {kind}" d="M{left} 8h18"/>',
        _text(left + 24, 12, part, anchor="start", kind="tick"),
    ]


def grid_svg(plot: Grid) -> str:
    """Draw a table of counts; the darker a cell, the larger its share of the row."""
    width = (_WIDTH - 72) / max(1, len(plot.columns))
    body = [
        _text(72 + width * (column + 0.5), 12, name, kind="tick")
        for column, name in enumerate(plot.columns)
    ]
    for row, (name, counts) in enumerate(zip(plot.rows, plot.counts, strict=True)):
        top = 20 + _ROW * row
        total = sum(counts)
        body.append(_text(66, top + 16, name, anchor="end", kind="tick"))
        for column, count in enumerate(counts):
            left = 72 + width * column
            depth = count / total if total else 0.0
            body.append(
                f'<rect class="cell" x="{left:.1f}" y="{top}" width="{width - 2:.1f}" '
                f'height="{_ROW - 2}" rx="2" fill-opacity="{depth:.3f}"/>'
            )
            kind = "inverse" if depth > 0.5 else ""
            body.append(_text(left + width / 2 - 1, top + 16, f"{count:,}", kind=kind))
    return _element(plot.title, body, width=_WIDTH, height=24 + _ROW * len(plot.rows))


def bars_svg(plot: Bars) -> str:
    """Draw scores from 0 to 1 with their intervals."""
    left, length = 140, 200
    bottom = 4 + _ROW * len(plot.scores)
    body = [
        f'<path class="grid" d="M{left + length * quarter:.1f} 2V{bottom}"/>'
        for quarter in _QUARTERS
    ]
    for row, (name, score) in enumerate(plot.scores):
        top = 4 + _ROW * row
        body.append(_text(left - 8, top + 16, name.replace("_", " "), anchor="end", kind="tick"))
        if not isinstance(score, Scored):
            body.append(_text(left + 6, top + 16, "not scored", anchor="start", kind="tick"))
            continue
        low, value, high = (
            left + length * min(1.0, one) for one in (score.low, score.value, score.high)
        )
        body += [
            f'<rect class="bar" x="{left}" y="{top + 5}" width="{value - left:.1f}" '
            'height="14" rx="2"/>',
            f'<path class="span" d="M{low:.1f} {top + 12}H{high:.1f}"/>',
            _text(left + length + 8, top + 16, f"{score.value:.3f}", anchor="start"),
        ]
    return _element(plot.title, body, width=_WIDTH, height=bottom + 4)


def trend_svg(title: str, scores: Sequence[Scored]) -> str:
    """Draw a metric over runs, oldest first, with its interval as a band."""
    low, high = min(one.low for one in scores), max(one.high for one in scores)
    room = (high - low) or 1.0

    def place(number: int, value: float) -> tuple[float, float]:
        x = 4 + (_TREND_WIDTH - 8) * number / max(1, len(scores) - 1)
        return x, 4 + (_TREND_HEIGHT - 8) * (1 - (value - low) / room)

    def path(values: Iterable[tuple[int, float]]) -> str:
        return "L".join("{:.1f} {:.1f}".format(*place(*one)) for one in values)

    numbered = list(enumerate(scores))
    upper = path((number, one.high) for number, one in numbered)
    lower = path((number, one.low) for number, one in reversed(numbered))
    x, y = place(*[(number, one.value) for number, one in numbered][-1])
    body = [
        f'<path class="band" d="M{upper}L{lower}Z"/>',
        f'<path class="line first" d="M{path((n, one.value) for n, one in numbered)}"/>',
        f'<circle class="first" cx="{x:.1f}" cy="{y:.1f}" r="3"/>',
    ]
    return _element(title, body, width=_TREND_WIDTH, height=_TREND_HEIGHT)


def _element(title: str, body: Iterable[str], *, width: float, height: float) -> str:
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(body)}</svg>"
    )


def _text(x: float, y: float, text: str, *, anchor: str = "middle", kind: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{escape(text)}</text>'
    )
