import pytest

from domain.errors import Misuse, NoAnswer, RefusedForNow
from evals.drill import Drilled, drill_lines, find_faults
from evals.outside import Outside
from evals.stages import Fault, Stage


def test_every_stage_has_at_least_two_faults():
    faults = find_faults()

    counted = {stage: sum(one.stage is stage for one in faults) for stage in Stage}

    assert min(counted.values()) >= 2
    assert len({(one.stage, one.name) for one in faults}) == len(faults)


def test_faults_of_named_stages_come_in_the_order_of_stages():
    faults = find_faults(["owner", "reading"])

    stages = list(dict.fromkeys(one.stage for one in faults))

    assert stages == [Stage.READING, Stage.OWNER]


def test_a_stage_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(Misuse, match=r"No drill for nonsense\. Stages: agent, .*reading"):
        find_faults(["nonsense"])


def test_the_table_shows_what_slipped_through():
    fault = Fault(Stage.OWNER, "harmless", lambda value, chain: value)

    lines = drill_lines([Drilled(fault, ()), Drilled(fault, ("owner/right_owner",))])

    assert lines[1].endswith("NOTHING")
    assert lines[2].endswith("owner/right_owner")
    assert lines[3] == "2 faults, 1 slipped through."


def _send(outside, key):
    steps = []
    return outside.send(b"words", key=key, address=None, on_step=steps.append)


def test_the_outside_refuses_every_third_first_try_and_takes_the_second():
    outside = Outside("tickets")
    _send(outside, "a")
    _send(outside, "b")

    with pytest.raises(RefusedForNow):
        _send(outside, "c")
    _send(outside, "c")

    assert [one.key for one in outside.arrived] == ["a", "b", "c"]


def test_the_outside_takes_every_fourth_and_falls_silent():
    outside = Outside("tickets")
    for key in "ab":
        _send(outside, key)
    with pytest.raises(RefusedForNow):
        _send(outside, "c")

    with pytest.raises(NoAnswer):
        _send(outside, "d")

    assert outside.find("d") is not None
    assert outside.find("c") is None
