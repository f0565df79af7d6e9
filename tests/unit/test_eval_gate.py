from datetime import date

import pytest

from domain.errors import InvalidInput, Misuse
from evals.baseline import accept, figures_of, load_baseline
from evals.gate import Breach, judge, sign_test, verdict_lines
from evals.run import SuiteResult
from evals.scores import Unit, Unscored, share
from evals.suite import Better, CaseResult, Manifest, Metric, Needs
from evals.worlds import Scale

NOW = date(2026, 3, 6)


def a_metric(**changes):
    given = {"name": "right", "title": "Right", "unit": Unit.SHARE, "better": Better.HIGHER}
    return Metric.model_validate(given | changes)


def a_result(wrong=(), *, n=20, metric=None, asked="w1", got="other"):
    metric = metric or a_metric()
    manifest = Manifest(
        name="toy", title="Toy", purpose="Test.", needs=Needs.WORLDS, metrics=(metric,)
    )
    ids = [f"c{place}" for place in range(n)]
    cases = [
        CaseResult("right.gate", id_, "this", got if id_ in wrong else "this", float(id_ in wrong))
        for id_ in ids
    ]
    return SuiteResult(manifest, {"right.gate": share(n - len(wrong), n)}, cases, asked=asked)


def judged(before, now, *, scale=Scale.SMOKE):
    return judge([now], figures_of([before], keep_cases=True), scale=scale)


def test_an_unchanged_engine_is_green_ten_times():
    before = a_result(["c1", "c2"])

    verdicts = [judged(before, a_result(["c1", "c2"])) for _ in range(10)]

    assert [one.exit_code for one in verdicts] == [0] * 10
    assert verdict_lines(verdicts[0], again="") == ["Gate: green."]


def test_cases_that_swap_places_are_no_regression():
    before = a_result([f"c{n}" for n in range(6)])

    verdict = judged(before, a_result([f"c{n}" for n in range(6, 12)]))

    assert verdict.findings == ()


def test_seven_worse_and_none_better_is_red_and_six_is_not():
    before = a_result()

    six = judged(before, a_result([f"c{n}" for n in range(6)]))
    seven = judged(before, a_result([f"c{n}" for n in range(7)]))

    assert six.exit_code == 0
    assert seven.exit_code == 1
    assert [one.breach for one in seven.findings] == [Breach.REGRESSION]
    assert sign_test(7, 0) == pytest.approx(1 / 128)


def test_red_names_five_cases_with_old_and_new_and_the_command():
    verdict = judged(a_result(), a_result([f"c{n}" for n in range(9)], got="that"))

    lines = verdict_lines(verdict, again="undertone eval run {suites} --gate")

    named = [line for line in lines if "was 'this', is 'that'" in line]
    assert len(named) == 5
    assert lines[-1] == "Run them again: undertone eval run toy --gate"


def test_a_broken_bar_is_an_invariant_whatever_the_baseline_says():
    metric = a_metric(bar=1.0)
    before = a_result(["c1"], metric=metric)

    verdict = judged(before, a_result(["c1"], metric=metric))

    assert verdict.exit_code == 2
    assert [one.breach for one in verdict.findings] == [Breach.INVARIANT]


def test_too_few_cases_are_refused_with_a_minimum_of_their_own_for_smoke():
    metric = a_metric(least_cases=100, least_smoke_cases=20)

    smoke = judged(a_result(metric=metric), a_result(metric=metric))
    full = judged(a_result(metric=metric), a_result(metric=metric), scale=Scale.FULL)

    assert smoke.exit_code == 0
    assert full.exit_code == 2
    assert "20 cases; at least 100" in full.findings[0].text


def test_other_worlds_are_compared_by_intervals():
    before = a_result(asked="w1")

    slightly = judged(before, a_result(["c1", "c2"], asked="w2"))
    plainly = judged(before, a_result([f"c{n}" for n in range(15)], asked="w2"))

    assert slightly.findings == ()
    assert plainly.exit_code == 1
    assert "it was" in plainly.findings[0].text


def test_a_figure_that_is_lost_is_a_regression():
    before = a_result(asked="w1")
    lost = a_result(asked="w2")._replace(scores={"right.gate": Unscored(reason="no alarm")})

    verdict = judged(before, lost)

    assert {one.breach for one in verdict.findings} == {Breach.REGRESSION, Breach.TOO_FEW}
    assert verdict.exit_code == 1


def test_enough_cases_without_a_figure_are_not_too_few():
    """A fault that is never found has no time to alarm, however many faults there are."""
    metric = a_metric(least_cases=100)
    none = a_result(metric=metric)._replace(scores={"right.gate": Unscored(reason="never", n=120)})
    fewer = none._replace(scores={"right.gate": Unscored(reason="never", n=99)})

    assert judged(none, none, scale=Scale.FULL).findings == ()
    assert [one.breach for one in judged(none, fewer, scale=Scale.FULL).findings] == [
        Breach.TOO_FEW
    ]


def test_a_skipped_suite_is_not_judged():
    skipped = a_result()._replace(skipped="no data", scores={}, cases=())

    verdict = judged(a_result(), skipped)

    assert verdict.exit_code == 0


def test_a_baseline_needs_a_reason_and_keeps_all_of_them(tmp_path):
    path = tmp_path / "baseline.json"

    with pytest.raises(Misuse, match="reason"):
        accept(path, [a_result()], scale=Scale.SMOKE, reason=" ", on=NOW)
    accept(path, [a_result(["c1"])], scale=Scale.SMOKE, reason="First.", on=NOW)
    accept(path, [a_result()], scale=Scale.FULL, reason="Second.", on=NOW)

    known = load_baseline(path)
    assert [one.text for one in known.reasons] == ["First.", "Second."]
    assert known.smoke is not None
    assert known.smoke.wrong["toy"]["right.gate"]["c1"].got == "other"
    assert known.smoke.scores["toy"]["right.gate"].value == 0.95
    assert known.full is not None
    assert known.full.wrong == {}


def test_a_file_that_is_no_baseline_is_named(tmp_path):
    path = tmp_path / "baseline.json"
    path.write_text('{"smoke": 3}')

    with pytest.raises(InvalidInput, match="is not a baseline"):
        load_baseline(path)
