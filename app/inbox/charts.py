"""Charts as SVG with attributes only; colours come from the style sheet by class.

Every chart is an image with a name, and beside it stands a table of the same numbers
for those who do not see it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import permutations, product
from typing import NamedTuple

from markupsafe import Markup

from app.inbox import words
from app.inbox.svg import diamond, drawing, number, share_bar, tag, triangle
from domain.issues import Cohort, Comparison, Diagnosis, Hypothesis, MarkKind, TimeMark, Trend

# Mean advance of a figure or letter at 11 px in the fonts of the style sheet, rounded up.
LETTER = 6.0
WIDTH = 283


class Chart(NamedTuple):
    """A drawing and the same numbers as a table, header first."""

    svg: Markup
    table: tuple[tuple[str, ...], ...]
    caption: str


# -- trend -----------------------------------------------------------------------------

LEFT, PLOT_HEIGHT, LABEL_STEP = 18.0, 82.0, 15.0
_RANK = {
    MarkKind.CAUSE: 0,
    MarkKind.ALARM: 1,
    MarkKind.DEPLOY: 2,
    MarkKind.INCIDENT: 3,
    MarkKind.PROMOTION: 4,
}
_KIND = {
    MarkKind.CAUSE: "cause starts",
    MarkKind.ALARM: "alarm",
    MarkKind.DEPLOY: "deploy",
    MarkKind.INCIDENT: "incident",
    MarkKind.PROMOTION: "promotion",
}
MARKS_SHOWN = 4


class _Frame(NamedTuple):
    """Where time and counts lie in the drawing."""

    start: datetime
    end: datetime
    top: float
    most: float

    @property
    def bottom(self) -> float:
        return self.top + PLOT_HEIGHT

    def x(self, at: datetime) -> float:
        share: float = (at - self.start) / (self.end - self.start)
        return LEFT + (WIDTH - LEFT) * share

    def y(self, count: float) -> float:
        share: float = min(count, self.most) / self.most
        return self.bottom - PLOT_HEIGHT * share


def trend_chart(trend: Trend, *, label: str) -> Chart | None:
    """Draw reports over time: grey before the issue, accent in it, hatched the usual level."""
    if not trend.bins:
        return None
    width = timedelta(hours=trend.bin_hours)
    start, end = trend.bins[0].at, trend.bins[-1].at + width
    marks = sorted((one for one in trend.marks if start <= one.at <= end), key=lambda m: m.at)
    shown = sorted(marks, key=lambda one: _RANK[one.kind])[:MARKS_SHOWN]
    top = LABEL_STEP * len(shown) + 8
    most = _ceiling(max(max(one.reports for one in trend.bins), trend.usual_high))
    frame = _Frame(start, end, top, most)
    parts = [*_levels(frame), *_usual(frame, trend), *_bars(frame, trend, width)]
    parts += [*_days(frame), *_marks(frame, shown)]
    name = f"{label}: {_summary(trend)}"
    svg = drawing(parts, width=WIDTH, height=frame.bottom + 17, name=name)
    return Chart(svg, _trend_table(trend, marks), name)


def _summary(trend: Trend) -> str:
    inside = sum(one.in_issue for one in trend.bins)
    total = sum(one.reports for one in trend.bins)
    usual = f"{trend.usual_low:.0f} to {trend.usual_high:.0f}"
    hours = f"{trend.bin_hours:g} h"
    return f"{words.counted(total, 'report')} per {hours}, {inside} in this issue; usual {usual}"


def _trend_table(trend: Trend, marks: Sequence[TimeMark]) -> tuple[tuple[str, ...], ...]:
    rows = [("From", "Reports", "In this issue")]
    rows += [(words.short_moment(b.at), str(b.reports), str(b.in_issue)) for b in trend.bins]
    rows += [(words.short_moment(one.at), _KIND[one.kind], one.label) for one in marks]
    return tuple(rows)


def _ceiling(most: float) -> float:
    if most <= 4:
        return 4.0
    step = float(10 ** math.floor(math.log10(most)))
    return next(step * n for n in (1.0, 2.0, 4.0, 5.0, 6.0, 8.0, 10.0, 20.0) if step * n >= most)


def _levels(frame: _Frame) -> list[Markup]:
    parts = []
    for level in (frame.most / 2, frame.most):
        y = frame.y(level)
        parts.append(tag("line", x1=LEFT, x2=WIDTH, y1=y, y2=y, class_="grid"))
        text = f"{level:g}"
        parts.append(tag("text", text, x=LEFT - 5, y=y + 4, class_="axis end"))
    parts.append(tag("line", x1=LEFT, x2=WIDTH, y1=frame.bottom, y2=frame.bottom, class_="base"))
    return parts


def _usual(frame: _Frame, trend: Trend) -> list[Markup]:
    top, bottom = frame.y(max(trend.usual_high, trend.usual_low)), frame.y(trend.usual_low)
    if bottom - top < 2:
        top = bottom - 2
    width, height = WIDTH - LEFT, bottom - top
    fill = "url(#hatch-usual)"
    return [tag("rect", x=LEFT, y=top, width=width, height=height, fill=fill)]


def _bars(frame: _Frame, trend: Trend, width: timedelta) -> list[Markup]:
    parts = []
    slot = frame.x(frame.start + width) - LEFT
    bar = max(1.0, slot - 2 if slot > 5 else slot * 0.75)
    for one in trend.bins:
        x = frame.x(one.at) + (slot - bar) / 2
        inside, top = frame.y(one.in_issue), frame.y(one.reports)
        if one.in_issue:
            parts.append(_rect(x, inside, bar, frame.bottom - inside, "in-issue"))
        if one.reports > one.in_issue:
            parts.append(_rect(x, top, bar, inside - top, "before"))
    return parts


def _rect(x: float, y: float, width: float, height: float, class_: str) -> Markup:
    return tag("rect", x=x, y=y, width=width, height=height, class_=class_)


def _days(frame: _Frame) -> list[Markup]:
    days = max(1.0, (frame.end - frame.start) / timedelta(days=1))
    # 44 px: room for one label such as `24 Mar` and a gap.
    step = max(1, math.ceil(days * 44 / (WIDTH - LEFT)))
    day = frame.start.replace(hour=0, minute=0, second=0, microsecond=0)
    if day < frame.start:
        day += timedelta(days=1)
    parts = []
    while day <= frame.end:
        x = frame.x(day)
        y = frame.bottom
        parts.append(tag("line", x1=x, x2=x, y1=y, y2=y + 3, class_="base"))
        side = "end" if x > WIDTH - 20 else "mid" if x > LEFT + 16 else ""
        parts.append(tag("text", words.short_day(day), x=x, y=y + 14, class_=f"axis {side}"))
        day += timedelta(days=step)
    return parts


class _Label(NamedTuple):
    """The words of a mark where they would stand: a row, a stretch, a side."""

    mark: TimeMark
    text: str
    x: float
    row: int
    to_left: bool

    @property
    def stretch(self) -> tuple[float, float]:
        """From where to where the words reach."""
        gap = 4 if self.mark.kind is MarkKind.CAUSE else 12
        width = len(self.text) * LETTER + gap
        return (self.x - width, self.x - 3) if self.to_left else (self.x + 3, self.x + width)


def _marks(frame: _Frame, shown: Sequence[TimeMark]) -> list[Markup]:
    parts = []
    for label in _laid_out(shown, frame):
        mark, x, y = label.mark, label.x, LABEL_STEP * label.row + 10
        kind = mark.kind.value
        parts.append(tag("line", x1=x, x2=x, y1=y, y2=frame.bottom, class_=f"mark {kind}"))
        parts.append(_sign(mark.kind, x, y))
        gap = 4 if mark.kind is MarkKind.CAUSE else 9
        at, side = (x - gap, "end") if label.to_left else (x + gap, "")
        parts.append(tag("text", label.text, x=at, y=y + 4, class_=f"words {kind} {side}"))
    return parts


def _laid_out(shown: Sequence[TimeMark], frame: _Frame) -> list[_Label]:
    """Choose rows and sides so that no line crosses words and nothing is cut.

    At most four marks, so all arrangements are tried (24 orders, 16 choices of side).
    """
    best: tuple[float, list[_Label]] | None = None
    sides = list(product((True, False), repeat=len(shown)))
    for order in permutations(range(len(shown))):
        for lefts in sides:
            labels = [
                _label(mark, frame.x(mark.at), row, to_left)
                for mark, row, to_left in zip(shown, order, lefts, strict=True)
            ]
            cost = _cost(labels)
            if best is None or cost < best[0]:
                best = (cost, labels)
    return best[1] if best else []


def _label(mark: TimeMark, x: float, row: int, to_left: bool) -> _Label:
    room = x if to_left else WIDTH - x
    texts = _mark_texts(mark)
    for text in texts:
        label = _Label(mark, text, x, row, to_left)
        if abs(label.stretch[0] - label.stretch[1]) + 3 <= room:
            return label
    return _Label(mark, texts[-1], x, row, to_left)


def _mark_texts(mark: TimeMark) -> tuple[str, ...]:
    """Give the words of a mark, the fullest first."""
    time = f"{mark.at:%H:%M}"
    short = f"{_KIND[mark.kind]} {time}"
    if mark.kind is MarkKind.ALARM:
        return (f"alarm {time}",)
    return (f"{mark.label} {time}", mark.label, short)


def _cost(labels: Sequence[_Label]) -> float:
    """Weigh an arrangement: what is cut, then crossed, then words lost, then order in time."""
    cost = 0.0
    for one in labels:
        low, high = one.stretch
        cost += (
            1000 * (low < -1 or high > WIDTH + 1) + len(_mark_texts(one.mark)[0]) - len(one.text)
        )
        for other in labels:
            if other is not one and other.row < one.row and low - 3 < other.x < high + 3:
                cost += 100
            cost += 0.1 * (other.row < one.row and other.x < one.x)
        cost += 0.01 * (not one.to_left)
    return cost


def _sign(kind: MarkKind, x: float, y: float) -> Markup:
    if kind is MarkKind.ALARM:
        return triangle(x, y, 4.5, "sign alarm")
    if kind is MarkKind.CAUSE:
        return Markup("")
    return diamond(x, y, 4.5, f"sign {kind.value}")


# -- exposed against not ---------------------------------------------------------------

ROW, NAME_WIDTH, RATE_WIDTH = 20.0, 150.0, 40.0


def exposed_chart(comparison: Comparison) -> Chart:
    """Draw one row per group on one axis from 0, with the 95 % interval."""
    cohorts = comparison.cohorts
    longest = max(len(one.label) + one.is_exposed for one in cohorts) * LETTER + 8
    stacked = longest > NAME_WIDTH
    left = 2.0 if stacked else max(90.0, longest)
    right = WIDTH - RATE_WIDTH - 26
    most = _share_ceiling(max(one.high for one in cohorts))
    step = ROW * 2 - 4 if stacked else ROW
    height = step * len(cohorts)
    parts = []
    for part in (0.0, 0.5, 1.0):
        x = left + (right - left) * part
        class_ = "grid" if part else "base"
        parts.append(tag("line", x1=x, x2=x, y1=0, y2=height + 2, class_=class_))
        text = f"{most * part * 100:g}" + ("\u00a0%" if part == 1 else "")
        parts.append(tag("text", text, x=x, y=height + 15, class_="axis mid"))
    for index, cohort in enumerate(cohorts):
        y = step * index + (ROW * 1.4 if stacked else ROW / 2)
        name_y = step * index + 14 if stacked else y + 4
        name = "words strong" if cohort.is_exposed else "words soft"
        parts.append(tag("text", cohort.label, x=0 if not stacked else 6, y=name_y, class_=name))
        parts += _interval(cohort, y, lambda share: left + (right - left) * min(1.0, share / most))
    name = (
        f"{comparison.outcome}: {words.percent(cohorts[0].rate)} of {cohorts[0].label}, "
        f"ratio {comparison.ratio:.1f}"
    )
    svg = drawing(parts, width=WIDTH, height=height + 18, name=name)
    return Chart(svg, _exposed_table(cohorts), name)


def _interval(cohort: Cohort, y: float, x: Callable[[float], float]) -> list[Markup]:
    class_ = "exposed" if cohort.is_exposed else "other"
    low, mid, high = x(cohort.low), x(cohort.rate), x(cohort.high)
    dot = (
        diamond(mid, y, 5, "dot exposed")
        if cohort.is_exposed
        else tag("circle", cx=mid, cy=y, r=3.5, class_="dot other")
    )
    rate = words.percent(cohort.rate)
    return [
        tag("line", x1=low, x2=high, y1=y, y2=y, class_=f"interval {class_}"),
        dot,
        tag("text", rate, x=WIDTH, y=y + 4, class_=f"words end {class_}"),
    ]


def _share_ceiling(share: float) -> float:
    return next((one for one in (0.02, 0.04, 0.1, 0.2, 0.4, 0.6) if share <= one), 1.0)


def _exposed_table(cohorts: Sequence[Cohort]) -> tuple[tuple[str, ...], ...]:
    rows = [("Group", "Hit", "Of", "Share", "95 % interval")]
    for one in cohorts:
        interval = f"{words.percent(one.low)} to {words.percent(one.high)}"
        share = words.percent(one.rate)
        rows.append((one.label, words.count(one.hits), words.count(one.exposed), share, interval))
    return tuple(rows)


# -- bars ------------------------------------------------------------------------------


class Part(NamedTuple):
    """A stretch of a bar: `solid`, `hatched` or `empty`, with its words."""

    size: int
    fill: str
    words: str


def parts_bar(parts: Sequence[Part], *, width: float = 446, height: float = 12) -> Chart:
    """Draw counts on one scale as one bar, each part with its own fill."""
    total = sum(part.size for part in parts) or 1
    drawn, x = [], 0.5
    inner = width - 1
    for part in parts:
        size = inner * part.size / total
        if part.size:
            # 2 px: a single customer among thousands is still seen.
            size = max(2.0, size)
            drawn.append(_rect(x, 0.5, size, height - 1, f"part {part.fill}"))
        x += size if part.size else 0
    name = ", ".join(part.words for part in parts)
    head = Markup(
        '<svg class="bar" role="img" aria-label="{}" viewBox="0 0 {} {}" '
        'preserveAspectRatio="none" width="100%" height="{}">'
    ).format(name, number(width), number(height), number(height))
    svg = head + Markup("").join(drawn) + Markup("</svg>")
    rows = (("Part", "Customers"), *((one.words, words.count(one.size)) for one in parts))
    return Chart(svg, rows, name)


class CauseBar(NamedTuple):
    """A possible cause with its chance."""

    label: str
    chance: float
    bar: Markup
    pros: int
    cons: int
    known: bool = True


def cause_bars(diagnosis: Diagnosis, *, width: int = 64) -> tuple[CauseBar, ...]:
    """Give each cause with its chance, best first; "not known" is one of them, all add up to 1."""
    rows = [(_cause_label(one), one.confidence, one) for one in diagnosis.hypotheses]
    causes = [
        CauseBar(
            label,
            chance,
            share_bar(chance, width=width, class_="first" if index == 0 else ""),
            len(one.findings_for),
            len(one.findings_against),
        )
        for index, (label, chance, one) in enumerate(rows)
    ]
    rest = share_bar(diagnosis.not_known, width=width, class_="" if rows else "first")
    unknown = CauseBar("Not known", diagnosis.not_known, rest, 0, 0, known=False)
    return tuple(sorted([*causes, unknown], key=lambda one: -one.chance))


def _cause_label(hypothesis: Hypothesis) -> str:
    """The values of a cause, or its statement where it has none."""
    if hypothesis.cause:
        return ", ".join(str(value) for value in hypothesis.cause.values())
    return hypothesis.statement.strip().rstrip(".")
