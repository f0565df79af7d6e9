"""What rises above its usual level, and what does not."""

from datetime import timedelta

import pytest
from scipy.stats import nbinom, poisson

from agent.casework.detect import Cell, CellKind, Known, Watch
from agent.casework.detect_tails import chance_of_more, shape_of
from tests.builders_reports import after

CELL = Cell(CellKind.DRIVER, "slow_line")
TROUBLE = Cell(CellKind.TROUBLE, "slow_line", "visit: not completed when promised")


def a_watch(days=20, *, every_hours=6, usual_days=4):
    """Messages every few hours; every few days one report in both cells."""
    watch = Watch()
    for step in range(days * 24 // every_hours):
        watch.add_message(after(hours=step * every_hours))
    for day in range(0, days, usual_days):
        watch.add([CELL], after(days=day), f"usual {day}")
        watch.add([TROUBLE], after(days=day), f"usual {day}")
    return watch


def _burst(watch, cell, count, *, start, minutes=60, reporter="K{}"):
    now = start
    for number in range(count):
        now = start + timedelta(minutes=minutes * number)
        watch.add_message(now)
        watch.add([cell], now, reporter.format(number))
    return now


def test_tail_is_that_of_the_negative_binomial():
    ratio, seen = 0.3, 2.5

    chance = chance_of_more(4, seen=seen, ratio=ratio)

    assert chance == pytest.approx(nbinom.sf(3, seen, 1 / (1 + ratio)), rel=1e-9)


def test_tail_of_a_long_history_is_that_of_poisson():
    assert chance_of_more(9, seen=3e7, ratio=1e-7) == pytest.approx(poisson.sf(8, 3), rel=1e-3)


def test_days_that_differ_by_luck_have_no_shape_and_wild_ones_have():
    assert shape_of([1, 2, 1, 0, 2, 1, 1, 2]) is None
    assert shape_of([0, 0, 12, 0, 9, 0, 0, 11, 0, 14]) == pytest.approx(0.5, abs=0.2)
    assert shape_of([0, 30]) is None


def test_six_customers_within_six_hours_emerge_from_a_quiet_driver():
    watch = a_watch()
    now = _burst(watch, CELL, 6, start=after(days=20))

    found = watch.judge(CELL, now)

    assert found is not None
    assert found.reporters == 6
    assert found.expected < 1
    assert found.window == timedelta(hours=8)


def test_usual_level_is_silent():
    watch = a_watch(usual_days=1)

    assert watch.judge(CELL, after(days=19)) is None


def test_one_sender_is_no_emergence_however_loud():
    watch = a_watch()
    now = _burst(watch, CELL, 60, start=after(days=20), minutes=3, reporter="brigade")

    assert watch.judge(CELL, now) is None


def test_season_that_lifts_everything_is_silent():
    watch = a_watch(days=20, every_hours=2, usual_days=1)
    for step in range(20 * 12):
        watch.add_message(after(days=20, minutes=step * 6))
    now = _burst(watch, CELL, 12, start=after(days=20), minutes=110)

    assert watch.judge(CELL, now) is None


def test_slow_fault_is_seen_over_three_days():
    watch = a_watch(days=28, usual_days=7)
    now = _burst(watch, CELL, 8, start=after(days=28), minutes=8 * 60)

    found = watch.judge(CELL, now)

    assert found is not None
    assert found.window == timedelta(hours=72)


def test_no_alarm_in_the_first_days():
    watch = Watch()
    now = _burst(watch, CELL, 30, start=after(hours=1), minutes=30)

    assert watch.judge(CELL, now) is None


def test_wild_days_make_the_bar_higher():
    calm, wild = a_watch(usual_days=1), a_watch(usual_days=40)
    for day in (2, 6, 9, 13, 17):
        for number in range(4):
            wild.add([CELL], after(days=day, hours=number), f"W{day}{number}")
    found = []
    for watch in (calm, wild):
        now = _burst(watch, CELL, 9, start=after(days=20), minutes=40)
        found.append(watch.judge(CELL, now))

    assert found[0] is not None
    assert found[1] is None


def test_three_reports_are_enough_where_the_records_surge():
    watch = a_watch()
    now = _burst(watch, TROUBLE, 3, start=after(days=20))

    assert watch.judge(TROUBLE, now, known=Known(share=0.01, surge=1.0)) is None
    found = watch.judge(TROUBLE, now, known=Known(share=0.01, surge=1e-6))
    assert found is not None
    assert found.surging


def test_trouble_that_half_of_all_customers_have_explains_their_reports():
    watch = a_watch()
    for hour in range(0, 20 * 24, 8):
        watch.add([CELL], after(hours=hour), f"any {hour}")
    now = _burst(watch, TROUBLE, 5, start=after(days=20))

    assert watch.judge(TROUBLE, now, known=Known(share=0.01, surge=1.0)) is not None
    assert watch.judge(TROUBLE, now, known=Known(share=0.5, surge=1.0)) is None


def test_late_report_counts_at_its_own_time():
    watch = a_watch()
    now = _burst(watch, CELL, 5, start=after(days=20))
    watch.add([CELL], after(days=5), "late")

    found = watch.judge(CELL, now)

    assert found is not None
    assert found.reporters == 5


def test_watch_lets_go_of_what_no_window_can_see():
    watch = Watch()
    for hour in range(24 * 200):
        at = after(hours=hour)
        watch.add_message(at)
        watch.add([CELL], at, f"K{hour}")
        watch.add([Cell(CellKind.LIKE, "slow_line", f"I-{hour}")], at, f"K{hour}")

    assert watch.held < 3 * 24 * 120
