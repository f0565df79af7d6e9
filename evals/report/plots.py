"""Plots as inline SVG, without a script and without a font of their own."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from evals.scores import Scored
from evals.suite import Bars, Curve, Grid, Plot

_WIDTH, _HEIGHT, _LEFT, _TOP = 460, 260, 56, 16
_INNER_WIDTH, _INNER_HEIGHT = 380, 190
_ROW = 26


def svg(plot: Plot) -> str:
    """Give a plot as one `<svg>` element with a title for those who cannot see it."""
    match plot:
        case Curve():
            return _curve(plot)
        case Grid():
            return _grid(plot)
        case Bars():
            return _bars(plot)


def _element(title: str, body: Iterable[str], *, height: float) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(body)}</svg>"
    )


def _text(x: float, y: float, text: str, *, anchor: str = "middle", kind: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{escape(text)}</text>'
    )


def _curve(plot: Curve) -> str:
    most = 1.0 if plot.diagonal else max((x for x, _ in plot.points), default=1.0) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        return _LEFT + _INNER_WIDTH * x / most, _TOP + _INNER_HEIGHT * (1 - min(1.0, y))

    bottom = _TOP + _INNER_HEIGHT
    body = [f'<path class="axis" d="M{_LEFT} {_TOP}V{bottom}H{_LEFT + _INNER_WIDTH}"/>']
    for share in (0.0, 0.5, 1.0):
        body.append(_text(_LEFT - 8, place(0, share)[1] + 4, f"{share:.1f}", anchor="end"))
        body.append(_text(place(share * most, 0)[0], bottom + 16, f"{share * most:.3g}"))
    if plot.diagonal:
        body.append(f'<path class="ideal" d="M{_LEFT} {bottom}L{_LEFT + _INNER_WIDTH} {_TOP}"/>')
    placed = [place(x, y) for x, y in plot.points]
    if placed:
        line = "L".join(f"{x:.1f} {y:.1f}" for x, y in placed)
        body.append(f'<path class="line" d="M{line}"/>')
    body += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in placed]
    body.append(_text(_LEFT + _INNER_WIDTH / 2, bottom + 34, plot.across))
    body.append(_text(_LEFT, _TOP - 4, plot.up, anchor="start"))
    return _element(plot.title, body, height=_HEIGHT)


def _grid(plot: Grid) -> str:
    width = (_WIDTH - 100) / max(1, len(plot.columns))
    body = [
        _text(100 + width * (column + 0.5), 14, name) for column, name in enumerate(plot.columns)
    ]
    for row, (name, counts) in enumerate(zip(plot.rows, plot.counts, strict=True)):
        top = 22 + _ROW * row
        total = sum(counts)
        body.append(_text(92, top + 17, name, anchor="end"))
        for column, count in enumerate(counts):
            left = 100 + width * column
            depth = count / total if total else 0.0
            body.append(
                f'<rect class="cell" x="{left:.1f}" y="{top}" width="{width - 2:.1f}" '
                f'height="{_ROW - 2}" fill-opacity="{depth:.3f}"/>'
            )
            kind = "inverse" if depth > 0.55 else ""
            body.append(_text(left + width / 2, top + 16, f"{count:,}", kind=kind))
    return _element(plot.title, body, height=34 + _ROW * len(plot.rows))


def _bars(plot: Bars) -> str:
    body = []
    for row, (name, score) in enumerate(plot.scores):
        top = 6 + _ROW * row
        body.append(_text(150, top + 15, name.replace("_", " "), anchor="end"))
        if not isinstance(score, Scored):
            body.append(_text(160, top + 15, "not scored", anchor="start"))
            continue
        low, value, high = (158 + 240 * min(1.0, one) for one in
                            (score.low, score.value, score.high))  # fmt: skip
        body.append(
            f'<rect class="bar" x="158" y="{top + 3}" width="{value - 158:.1f}" height="14"/>'
        )
        body.append(f'<path class="span" d="M{low:.1f} {top + 10}H{high:.1f}"/>')
        body.append(_text(406, top + 15, f"{score.value:.3f}", anchor="start"))
    return _element(plot.title, body, height=14 + _ROW * len(plot.scores))
