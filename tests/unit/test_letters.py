"""Who of the customers that were hit wrote about it."""

import pytest

from agent.casework.letters import around, driver_of, of_hits, who_wrote
from domain.feedback import DriverChance
from domain.record import time_text
from tests.builders_reports import a_report, after

HIT = time_text(after(days=20))


def _misread(id_, customer, *, chance, at=None, read_as="wrong_bill", **report):
    """A report read as another driver at 0.7; late visits were considered at a chance."""
    one = a_report(id_, at or after(days=20, hours=9), driver=read_as, customer=customer, **report)
    named = one.reading.drivers[0].model_copy(update={"confidence": 0.7})
    beside = (DriverChance(driver="missed_visit", chance=chance),)
    reading = one.reading.model_copy(update={"drivers": (named,), "considered": beside})
    return one.model_copy(update={"reading": reading})


def _usual():
    """Sixty letters of customers who were not hit, two of them about missed visits."""
    return [
        a_report(
            f"u{n}", after(hours=7 * n), customer=f"U-{n}",
            driver="missed_visit" if n in (20, 40) else "slow_line",
        )
        for n in range(60)
    ]  # fmt: skip


def _named(*customers):
    return [
        a_report(f"n{one}", after(days=20, hours=5), driver="missed_visit", customer=one)
        for one in customers
    ]


def _told(reports, *hit, reporters=()):
    letters = around(_usual() + reports).letters
    hits = of_hits(letters, hit_since=dict.fromkeys(hit, HIT))
    return who_wrote(hits, driver="missed_visit", hit=hit, reporters=reporters)


def test_who_names_the_driver_after_the_hit_wrote_about_it():
    reports = _named("A", "B")

    told = _told(reports, "A", "B", "C")

    assert told == {"A", "B"}


def test_who_wrote_before_the_own_hit_is_silent():
    early = a_report("e", after(days=19), driver="missed_visit", customer="A")

    told = _told([early], "A")

    assert told == set()


def test_a_misread_letter_counts_when_those_hit_write_of_the_driver_far_more_than_others():
    reports = [*_named("A", "B", "C"), _misread("m", "D", chance=0.1)]

    told = _told(reports, "A", "B", "C", "D", "E")

    assert told == {"A", "B", "C", "D"}


def test_a_misread_letter_does_not_count_when_nothing_sets_those_hit_apart():
    told = _told([_misread("m", "D", chance=0.1)], "D", "E")

    assert told == set()


@pytest.mark.parametrize(
    "letter",
    [
        {"chance": 0.001},
        {"chance": 0.1, "sentiment": "neutral"},
        {"chance": 0.1, "noise": "auto_reply"},
        {"chance": 0.1, "at": after(days=19)},
    ],
    ids=["of something else", "a question", "no letter", "before the hit"],
)
def test_a_letter_that_is_hardly_about_it_leaves_its_customer_silent(letter):
    reports = [*_named("A", "B", "C"), _misread("m", "D", **letter)]

    told = _told(reports, "A", "B", "C", "D")

    assert "D" not in told


def test_who_praises_what_fails_for_others_did_not_complain_of_it():
    one = a_report("p", after(days=20, hours=9), driver="missed_visit", customer="D")
    praised = one.reading.drivers[0].model_copy(update={"sentiment": "positive"})
    blamed = praised.model_copy(
        update={"driver": "wrong_bill", "sentiment": "negative", "confidence": 0.8}
    )
    reading = one.reading.model_copy(update={"drivers": (praised, blamed)})
    mixed = one.model_copy(update={"reading": reading})

    told = _told([*_named("A", "B", "C"), mixed], "A", "B", "C", "D")

    assert told == {"A", "B", "C"}


def test_a_reporter_on_the_issue_counts_whatever_was_read_but_only_if_hit():
    told = _told([], "A", reporters={"A", "Z"})

    assert told == {"A"}


def test_texts_that_name_a_driver_are_about_it():
    found = around([*_named("A"), *_usual()[:3], _misread("m", "D", chance=0.1)])

    assert [one.key for one in found.about("missed_visit")] == ["files/nA"]


def test_nobody_wrote_where_nobody_was_hit():
    assert _told(_named("A"), reporters={"A"}) == set()


def _driver(reports, *hit):
    letters = around(_usual() + reports).letters
    return driver_of(of_hits(letters, hit_since=dict.fromkeys(hit, HIT)), driver="wrong_bill")


def test_an_issue_whose_first_reports_were_misread_is_about_what_those_hit_write_of():
    misread = [_misread(f"m{n}", f"M{n}", chance=0.15) for n in range(3)]

    driver = _driver([*misread, *_named("A", "B", "C")], "A", "B", "C", "M0", "M1", "M2")

    assert driver == "missed_visit"


@pytest.mark.parametrize("others", [(), ("A", "B")], ids=["none", "too few"])
def test_an_issue_keeps_its_driver_unless_enough_of_those_hit_name_another(others):
    misread = [_misread(f"m{n}", f"M{n}", chance=0.15) for n in range(2)]

    driver = _driver([*misread, *_named(*others)], *others, "M0", "M1")

    assert driver == "wrong_bill"


def test_what_everybody_writes_about_all_the_time_names_no_issue():
    usual = [
        a_report(f"s{n}", after(days=20, hours=6), driver="slow_line", customer=f"S{n}")
        for n in range(3)
    ]
    own = [_misread(f"m{n}", f"M{n}", chance=0.0) for n in range(4)]

    driver = _driver([*usual, *own], "S0", "S1", "S2", "M0", "M1", "M2", "M3")

    assert driver == "wrong_bill"


def test_a_question_that_names_the_driver_after_the_hit_is_about_it():
    asked = a_report(
        "q", after(days=20, hours=9), driver="missed_visit", customer="D", sentiment="neutral"
    )
    unsure = asked.reading.drivers[0].model_copy(update={"confidence": 0.45})
    reading = asked.reading.model_copy(update={"drivers": (unsure,)})
    reports = [*_named("A", "B", "C"), asked.model_copy(update={"reading": reading})]

    told = _told(reports, "A", "B", "C", "D")

    assert "D" in told
