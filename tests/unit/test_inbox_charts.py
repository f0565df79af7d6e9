import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from app.inbox.charts import (
    WIDTH,
    Part,
    cause_bars,
    exposed_chart,
    parts_bar,
    trend_chart,
)
from app.inbox.svg import pips, ring, share_bar
from domain.issues import MarkKind, TimeMark
from tests.builders_inbox import a_comparison, a_trend, late_parcels


def _elements(svg):
    return list(ElementTree.fromstring(str(svg)).iter())  # noqa: S314  our own drawing


def test_every_drawing_is_plain_svg_without_style_or_script():
    casefile = late_parcels()
    drawings = [
        trend_chart(a_trend(), label="Reports").svg,
        exposed_chart(a_comparison()).svg,
        parts_bar((Part(38, "solid", "38 wrote"), Part(374, "hatched", "374 silent"))).svg,
        share_bar(0.4),
        pips(2),
        ring(0.5),
        *(one.bar for one in cause_bars(casefile.diagnosis)),
    ]

    for svg in drawings:
        for element in _elements(svg):
            assert element.tag in {"svg", "g", "rect", "line", "circle", "text", "polygon", "path"}
            assert not {"style", "onload", "onclick", "href"} & set(element.attrib)


def test_a_label_cannot_break_out_of_the_drawing():
    mark = TimeMark(
        at=datetime(2026, 3, 2, 19, tzinfo=UTC), kind=MarkKind.DEPLOY, label='"><script>x</script>'
    )
    chart = trend_chart(a_trend().model_copy(update={"marks": (mark,)}), label="<img>")

    assert "<script" not in chart.svg
    assert "<img" not in chart.svg


def test_the_trend_has_a_table_of_the_same_numbers():
    trend = a_trend()

    chart = trend_chart(trend, label="Late delivery reports")

    counts = [int(row[1]) for row in chart.table[1 : 1 + len(trend.bins)]]
    assert counts == [one.reports for one in trend.bins]
    assert f"{sum(counts)} reports" in chart.caption
    assert len(chart.table) == 1 + len(trend.bins) + len(trend.marks)


@pytest.mark.parametrize("hours", [(8, 30, 52), (2, 4, 70), (60, 66, 72), (30, 31, 32)])
def test_words_in_the_trend_stay_inside_and_no_line_crosses_them(hours):
    words, lines = _drawn(*zip(hours, THREE, strict=True))

    assert len(words) == len(lines) == 3
    for low, high, y in words:
        assert low >= -1
        assert high <= WIDTH + 1
        assert not [x for x, top in lines if low < x < high and top < y - 8]


def test_where_four_marks_leave_no_room_nothing_is_cut():
    marks = zip((8, 30, 52, 70), (*THREE, MarkKind.INCIDENT), strict=True)

    words, _ = _drawn(*marks)

    assert all(low >= -1 and high <= WIDTH + 1 for low, high, _ in words)


THREE = (MarkKind.DEPLOY, MarkKind.CAUSE, MarkKind.ALARM)
_WORDS = re.compile(r'<text x="([\d.]+)" y="([\d.]+)" class="words([^"]*)">([^<]+)')
_LINE = re.compile(r'<line x1="([\d.]+)" x2="[\d.]+" y1="([\d.]+)"[^>]*class="mark')


def _drawn(*placed):
    """Where words and lines stand: (from, to, y) and (x, top)."""
    trend = a_trend()
    marks = tuple(
        TimeMark(at=trend.bins[0].at + timedelta(hours=hours), kind=kind, label="search deployed")
        for hours, kind in placed
    )
    svg = str(trend_chart(trend.model_copy(update={"marks": marks}), label="R").svg)
    words = []
    for x, y, classes, text in _WORDS.findall(svg):
        width = len(text) * 5.4
        left = float(x) - width if "end" in classes.split() else float(x)
        words.append((left, left + width, float(y)))
    return words, [(float(x), float(top)) for x, top in _LINE.findall(svg)]


def test_exposed_rows_show_rate_and_interval_in_one_table():
    comparison = a_comparison()

    chart = exposed_chart(comparison)

    assert [row[0] for row in chart.table[1:]] == [one.label for one in comparison.cohorts]
    assert chart.table[1][1:4] == ("412", "1,320", "31.2\u00a0%")
    assert "31.2\u00a0%" in chart.svg


def test_chances_of_causes_add_up_to_one_with_not_known_among_them():
    bars = cause_bars(late_parcels().diagnosis)

    assert round(sum(one.chance for one in bars), 6) == 1
    assert [one.known for one in bars].count(False) == 1
    assert [one.chance for one in bars] == sorted((one.chance for one in bars), reverse=True)


def test_a_single_customer_among_thousands_is_still_seen():
    svg = parts_bar((Part(1, "solid", "1 wrote"), Part(9999, "empty", "9,999 at risk"))).svg

    first = next(one for one in _elements(svg) if one.tag == "rect")
    assert float(first.attrib["width"]) >= 2
