import math

import numpy as np
import pytest
from pydantic import ValidationError

from evals.measures import (
    Labelled,
    Pairs,
    SetHits,
    Sure,
    accuracy,
    calibration_bins,
    calibration_error,
    coverage_curve,
    macro_f1,
    median,
    pair_f1,
    right_of_surest,
    risk_coverage_area,
    set_f1,
    upper_tenth,
)
from evals.scores import Scored, Unit, Unscored, bootstrap, gap, rate, share


def _ones(outcomes):
    return np.ones(len(outcomes), np.int64)


def test_a_share_has_the_wilson_interval():
    # 8 of 10: Wilson gives 0.4902 to 0.9433 (worked by hand from the formula, z 1.96).
    score = share(8, 10)

    assert isinstance(score, Scored)

    assert score.value == 0.8
    assert score.low == pytest.approx(0.4902, abs=1e-4)
    assert score.high == pytest.approx(0.9433, abs=1e-4)


def test_nothing_counted_is_unscored_and_never_zero():
    scores = [
        share(0, 0, none="no case"),
        rate(0, 0, per=10_000, unit=Unit.PER_10000),
        bootstrap([], macro_f1, unit=Unit.SHARE, none="no message"),
    ]

    reasons = [score.reason for score in scores if isinstance(score, Unscored)]

    assert reasons == ["no case", "nothing was watched", "no message"]


def test_a_statistic_without_a_value_is_unscored_with_its_reason():
    outcomes = [math.inf, math.inf]

    score = bootstrap(outcomes, median, unit=Unit.MINUTES, none="never found")

    assert score == Unscored(reason="never found", n=2)


def test_no_event_in_ten_thousand_may_still_be_three_and_a_half():
    # Garwood: no event, upper end -ln(0.025) = 3.689.
    score = rate(0, 10_000, per=10_000, unit=Unit.PER_10000)

    assert isinstance(score, Scored)

    assert (score.value, score.low) == (0.0, 0.0)
    assert score.high == pytest.approx(3.689, abs=1e-3)


def test_macro_f1_is_the_mean_over_expected_labels_and_abstaining_misses():
    # a: right 1 of 2 asked, 1 said -> 2*1/(2+1) = 2/3; b: right 1 of 1, 2 said -> 2/3.
    said = [Labelled("a", "a"), Labelled("a", "b"), Labelled("b", "b"), Labelled("c", None)]

    value = macro_f1(said, _ones(said))

    assert value == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert accuracy(said, _ones(said)) == 0.5


def test_f1_of_pairs_and_of_label_sets_by_hand():
    pairs = [Pairs(3, 1, 0), Pairs(1, 0, 2)]
    sets = [SetHits(1, 1, 0), SetHits(0, 0, 1)]

    of_pairs, of_sets = pair_f1(pairs, _ones(pairs)), set_f1(sets, _ones(sets))

    assert of_pairs == pytest.approx(2 * 4 / (2 * 4 + 1 + 2))
    assert of_sets == pytest.approx(2 * 1 / (2 * 1 + 1 + 1))


def test_nine_in_ten_counts_what_was_never_found():
    times = [float(n) for n in range(1, 10)] + [math.inf]

    middle, slow = median(times, _ones(times)), upper_tenth(times, _ones(times))

    assert (middle, slow) == (5.0, 9.0)
    assert upper_tenth([*times[:8], math.inf, math.inf], _ones(times)) == math.inf


def test_calibration_error_is_the_distance_of_sure_from_right():
    sure = [Sure(0.9, True)] * 9 + [Sure(0.9, False)] * 6

    distinct, counts = [Sure(0.9, True), Sure(0.9, False)], np.array([9, 6])

    assert calibration_error(sure, _ones(sure)) == pytest.approx(
        sum(abs(0.9 - one.right) for one in calibration_bins(distinct, counts)) / 15
    )
    assert calibration_bins([], np.array([], np.int64)) == []


def test_an_interval_that_does_not_hold_its_value_cannot_be_written_down():
    with pytest.raises(ValidationError, match="holds its value"):
        Scored(value=0.9, low=0.1, high=0.5, n=3, unit=Unit.SHARE)


def test_a_gap_is_in_points_and_needs_both_parts():
    first, second = share(90, 100), share(80, 100)

    difference = gap(first, second)

    assert isinstance(difference, Scored)
    assert difference.value == pytest.approx(10.0)
    assert difference.low < 0.5 < 19.5 < difference.high + 1
    assert isinstance(gap(first, Unscored(reason="no case")), Unscored)


def test_the_same_outcomes_give_the_same_interval():
    said = [Labelled("a", "a")] * 30 + [Labelled("a", "b")] * 10 + [Labelled("b", "b")] * 20

    first = bootstrap(said, macro_f1, unit=Unit.SHARE)
    again = bootstrap(list(said), macro_f1, unit=Unit.SHARE)

    assert first == again
    assert isinstance(first, Scored)
    assert first.low < first.value < first.high


def test_the_area_under_risk_and_coverage_is_worked_by_hand():
    answers = [Sure(0.9, True), Sure(0.8, False), Sure(0.7, True), Sure(0.6, True)]

    area = risk_coverage_area(answers, np.ones(4, np.int64))

    assert area == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 4) / 4)
    assert math.isnan(risk_coverage_area([], np.ones(0, np.int64)))


def test_answers_that_are_equally_sure_come_together():
    answers = [Sure(0.9, False), Sure(0.9, True)]

    assert risk_coverage_area(answers, np.ones(2, np.int64)) == pytest.approx(0.5)
    assert risk_coverage_area(answers[::-1], np.ones(2, np.int64)) == pytest.approx(0.5)


def test_the_surest_four_fifths_are_counted_by_their_weights():
    answers = [Sure(0.9, True), Sure(0.5, False)]

    assert right_of_surest(answers, np.array([8, 2])) == 1.0
    assert right_of_surest(answers, np.array([4, 6])) == pytest.approx(0.5)


def test_a_coverage_curve_ends_with_everything_that_was_answered():
    answers = [Sure(0.9, True), Sure(0.8, True), Sure(0.7, False)]

    points = coverage_curve(answers, asked=4)

    assert points == [(0.25, 1.0), (0.5, 1.0), (0.75, pytest.approx(2 / 3))]
    assert coverage_curve([], asked=4) == []
