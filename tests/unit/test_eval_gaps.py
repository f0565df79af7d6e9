import pytest

from evals.gaps import Side, defects, gap_of_words
from evals.scores import Scored, Unit, Unscored
from evals.suite import Better, Manifest, Metric, Needs


def points(value, *, within=2.0):
    return Scored(value=value, low=value - within, high=value + within, n=500, unit=Unit.POINTS)


def found(value, *, words=0.0, better=Better.HIGHER, within=2.0):
    metric = Metric(name="right", title="Right", unit=Unit.SHARE, better=better)
    manifest = Manifest(
        name="toy", title="Toy", purpose="Test.", needs=Needs.WORLDS, metrics=(metric,)
    )
    said = words if isinstance(words, Unscored) else points(words)
    return defects(manifest, {"right.gap": points(value, within=within)}, lambda: said)


def test_five_points_are_no_defect_and_more_are():
    assert found(5.0) == []
    assert len(found(5.1)) == 1


@pytest.mark.parametrize(
    ("value", "words", "side"),
    [(9.0, 0.0, Side.MATCHER), (9.0, 4.5, Side.WORLD), (9.0, -6.0, Side.MATCHER)],
)
def test_what_a_reader_without_a_past_loses_too_is_the_worlds_side(value, words, side):
    assert [one.side for one in found(value, words=words)] == [side]


def test_an_easier_gate_part_is_the_worlds_side():
    assert [one.side for one in found(-9.0)] == [Side.WORLD]
    assert [one.side for one in found(9.0, better=Better.LOWER)] == [Side.WORLD]
    assert [one.side for one in found(-9.0, better=Better.LOWER)] == [Side.MATCHER]


def test_a_gap_that_chance_explains_has_no_side_yet():
    (one,) = found(9.0, within=12.0)

    assert one.side is Side.OPEN
    assert "500 cases are too few" in one.text


def test_without_a_yardstick_the_matcher_is_asked():
    (one,) = found(9.0, words=Unscored(reason="no complaint is labelled"))

    assert one.side is Side.MATCHER
    assert one.text.startswith("toy/right: +9.0 points (+7.0 to +11.0), side: matcher; nothing")


def test_a_metric_that_is_only_shown_is_nobodys_defect():
    assert found(20.0, better=Better.NEITHER) == []


def test_without_worlds_nothing_is_known_of_their_words():
    assert isinstance(gap_of_words({}), Unscored)
