"""A report joins an issue or opens one; an issue that emerges raises one alarm."""

from datetime import timedelta

import numpy as np
import pytest

from agent.matching.context import ContextBook
from agent.matching.lexical import Packed, joint
from agent.matching.stream import Stream
from domain.issues import IssueState, MatchMethod
from storage.memory_facts import MemoryFactTable
from tests.builders_reports import (
    TAXONOMY,
    a_report,
    a_visit,
    after,
    issues_of,
    listen,
    matches_of,
    trickle,
    visits,
)

START = after(days=30)


def a_strike(count=10, *, partner="Brio", district="Harbour", start=START, name="S", driver=None):
    """Appointments that nobody kept, and the reports of those who waited."""
    facts, items = [], []
    for number in range(count):
        customer, promised = f"{name}{number}", start + timedelta(hours=3 * number)
        facts.append(
            a_visit(f"{name}{number}", customer, promised, partner=partner, district=district)
        )
        # Every second one writes; all silent ones are hit, too.
        if number % 2:
            items.append(
                a_report(
                    f"{name}{number}", promised + timedelta(hours=2), customer=customer,
                    driver=driver or "missed_visit",
                )
            )  # fmt: skip
    return facts, items


def a_world(**strike):
    facts, items = a_strike(**strike)
    return [*visits(36), *facts], [*trickle(36), *items], {one.item.key for one in items}


def _state(stream, outcomes):
    matches = {key: one.issue_id for key, one in matches_of(outcomes).items()}
    return matches, issues_of(outcomes), stream.alarms


def test_fault_alarms_within_three_reports_with_a_slice_and_a_label():
    facts, items, planted = a_world()

    stream, _ = listen(items, facts)

    (alarm,) = stream.alarms
    assert set(alarm.member_keys) <= planted
    assert alarm.size == 3
    assert alarm.slice in ({"partner": "Brio"}, {"district": "Harbour"})
    assert alarm.label.startswith("Technician did not come: ")
    assert alarm.at == max(one.item.at for one in items if one.item.key in alarm.member_keys)
    assert "usual for so long" in alarm.reason


@pytest.mark.parametrize("size", [1, 7, 100])
def test_batches_change_nothing(size):
    facts, items, _ = a_world()

    whole = _state(*listen(items, facts))
    pieces = _state(*listen(items, facts, size=size))

    assert pieces == whole


def test_stream_restored_from_the_store_goes_on_as_if_never_stopped():
    facts, items, _ = a_world()
    ordered = sorted(items, key=lambda one: (one.item.at, one.item.id))
    whole = _state(*listen(items, facts))
    first = [one for one in ordered if one.item.at < START + timedelta(hours=13)]
    rest = ordered[len(first) :]
    _, before = listen(first, facts)
    homes = {key: match.issue_id for key, match in matches_of(before).items()}

    stream = Stream(taxonomy=TAXONOMY)
    table = MemoryFactTable(facts, latest_feedback_at=after(days=60))
    stream.restore(issues_of(before).values())
    settled = [
        one.model_copy(update={"issue_id": homes[one.item.key]})
        for one in first
        if one.item.at >= first[-1].item.at - timedelta(days=35)
    ]
    book = ContextBook(table, at=table.world_time())
    for half in (settled[: len(settled) // 2], settled[len(settled) // 2 :]):
        stream.replay(half, vectors=None, book=book)
    stream.relearn(book)
    _, after_ = listen(rest, facts, stream=stream)

    assert homes | {key: one.issue_id for key, one in matches_of(after_).items()} == whole[0]
    assert issues_of(before) | issues_of(after_) == whole[1]
    assert [one for outcome in before for one in outcome.alarms] + stream.alarms == whole[2]


@pytest.mark.parametrize("size", [1, 2, 100])
def test_issue_that_is_let_go_within_a_batch_is_stored_all_the_same(size):
    once = a_report("once", START, driver="wrong_bill", customer="K1")
    later = [
        a_report(f"later{day}", START + timedelta(days=20 + day), customer=f"K{day}")
        for day in range(3)
    ]

    outcomes = listen([once, *later], size=size)[1]

    named = {match.issue_id for match in matches_of(outcomes).values()}
    assert named == set(issues_of(outcomes))


@pytest.mark.parametrize("noise", ["thanks", "praise", "spam", "auto_reply"])
def test_what_reports_no_problem_hangs_on_nothing(noise):
    item = a_report("a", START, noise=noise)

    match = matches_of(listen([item])[1])[item.item.key]

    assert match.method is MatchMethod.UNMATCHED
    assert match.issue_id is None
    assert noise in match.reason


def test_question_without_a_problem_hangs_on_nothing():
    item = a_report("a", START, driver="", sentiment="neutral")

    match = matches_of(listen([item])[1])[item.item.key]

    assert match.method is MatchMethod.UNMATCHED


def test_two_faults_in_like_words_stay_apart_by_their_records():
    facts, items, _ = a_world()
    other, more = a_strike(
        partner="Cordline", district="Airport", name="T", start=START + timedelta(hours=8)
    )

    stream, outcomes = listen([*items, *more], [*facts, *other])

    homes = {key: one.issue_id for key, one in matches_of(outcomes).items()}
    first = {homes[one.item.key] for one in items if one.item.id.startswith("S")}
    second = {homes[one.item.key] for one in more}
    assert len(stream.alarms) == 2
    assert len(first) == 1
    assert len(second) == 1
    assert first != second


def test_ordinary_complaints_of_the_same_driver_stay_out_of_the_fault():
    facts, items, planted = a_world()
    usual = [
        a_report(f"u{day}", after(days=day, hours=7), driver="missed_visit", customer=f"U{day}")
        for day in range(1, 36, 2)
    ]
    missed = [
        a_visit(f"u{day}", f"U{day}", after(days=day), partner="Cordline", district="Hill")
        for day in range(1, 36, 2)
    ]

    stream, outcomes = listen([*items, *usual], [*facts, *missed])

    (alarm,) = stream.alarms
    inside = {key for key, one in matches_of(outcomes).items() if one.issue_id == alarm.issue_id}
    assert inside == planted


def test_later_reports_join_by_their_records_and_raise_nothing_more():
    facts, items, planted = a_world(count=24)

    stream, outcomes = listen(items, facts)

    (alarm,) = stream.alarms
    late = [key for key in planted if key not in alarm.member_keys]
    matches = matches_of(outcomes)
    issue = issues_of(outcomes)[alarm.issue_id]
    assert late
    assert {matches[key].issue_id for key in late} == {alarm.issue_id}
    assert {matches[key].method for key in late} == {MatchMethod.CONTEXT}
    assert {"partner = Brio", "district = Harbour"} & set(matches[late[0]].agrees)
    assert issue.report_count == issue.customer_count == len(planted)
    assert issue.slice == {"partner": "Brio", "district": "Harbour"}
    assert issue.label in (
        "Technician did not come: Brio, Harbour",
        "Technician did not come: Harbour, Brio",
    )


def test_issue_whose_first_reports_were_misread_takes_the_name_that_most_give_it():
    """The owner follows the name; the first three are no vote against the ten after them."""
    facts, items = a_strike(count=40)
    misread = {one.item.key for one in items[:3]}
    items = [
        a_report(
            one.item.id, one.item.at, customer=one.item.customer_id,
            driver="hot_router" if one.item.key in misread else "missed_visit",
        )
        for one in items
    ]  # fmt: skip

    stream, outcomes = listen([*trickle(36), *items], [*visits(36), *facts])

    (alarm,) = stream.alarms
    issue = issues_of(outcomes)[alarm.issue_id]
    assert set(alarm.member_keys) == misread
    assert issue.driver == "missed_visit"


def test_emptied_issues_are_closed():
    facts, items, _ = a_world()

    _, outcomes = listen(items, facts)

    matches = matches_of(outcomes)
    used = {one.issue_id for one in matches.values()}
    for issue in issues_of(outcomes).values():
        assert (issue.id in used) == (issue.state is not IssueState.CLOSED)
        assert issue.report_count == sum(one.issue_id == issue.id for one in matches.values())


def test_loud_driver_without_records_raises_its_own_alarm_and_takes_no_others():
    facts, items, planted = a_world()
    loud = [
        a_report(f"L{number}", START + timedelta(minutes=12 * number), driver="hot_router",
                 customer=f"L{number}")
        for number in range(60)
    ]  # fmt: skip

    stream, outcomes = listen([*items, *loud], facts)

    homes = {key: one.issue_id for key, one in matches_of(outcomes).items()}
    by_label = {one.label.split(":")[0]: one for one in stream.alarms}
    assert set(by_label) == {"Router gets hot", "Technician did not come"}
    assert by_label["Router gets hot"].severity == "critical"
    assert {homes[key] for key in planted} == {by_label["Technician did not come"].issue_id}


def test_item_without_a_time_is_matched_by_its_words_and_raises_nothing():
    dated = [*trickle(20), a_report("d", after(days=21), text="the modem led blinks orange")]
    timeless = [
        a_report(f"x{number}", None, text="the modem led blinks orange", customer=f"X{number}")
        for number in range(30)
    ]

    stream, outcomes = listen([*dated, *timeless])

    matches = matches_of(outcomes)
    home = matches["files/d"].issue_id
    assert stream.alarms == []
    assert {matches[one.item.key].issue_id for one in timeless} == {home}
    assert "no time" in matches["files/x0"].reason


def test_same_words_from_nobody_known_are_one_reporter():
    copies = [
        a_report(f"c{number}", START + timedelta(minutes=number), driver="hot_router",
                 text="My router smells of burning plastic, share this")
        for number in range(40)
    ]  # fmt: skip

    stream, _ = listen([*trickle(31), *copies])

    assert stream.alarms == []


def test_problem_that_fits_no_driver_alarms_by_its_words():
    strange = [
        a_report(f"q{number}", START + timedelta(minutes=25 * number), driver="",
                 text=f"parrot voice assistant answers only in Latin since update {number}",
                 customer=f"Q{number}")
        for number in range(10)
    ]  # fmt: skip

    stream, _ = listen([*trickle(31), *strange])

    (alarm,) = stream.alarms
    assert {"parrot", "latin"} <= set(alarm.terms)
    assert len(alarm.label) <= 38


def test_problem_without_a_driver_takes_only_like_words_of_its_slice():
    """Else everything that fits no driver, from one product, would heap up under it."""
    draw = ("fibre", "cable", "mobile", "copper", "radio", "hotel", "ship", "satellite")
    usual = [
        a_report(f"p{number}", after(hours=9 * number), customer=f"P{number}",
                 attributes={"product": draw[number % 8]})
        for number in range(85)
    ]  # fmt: skip
    strange = [
        a_report(f"q{number}", after(days=32, minutes=25 * number), driver="",
                 text=f"parrot voice assistant answers only in Latin since update {number}",
                 customer=f"Q{number}", attributes={"product": "satellite"})
        for number in range(12)
    ]  # fmt: skip
    other = a_report(
        "other", after(days=32, hours=8), driver="", text="the lorry blocked my driveway",
        customer="R1", attributes={"product": "satellite"},
    )  # fmt: skip

    stream, outcomes = listen([*usual, *strange, other])

    (alarm,) = stream.alarms
    assert alarm.slice == {"product": "satellite"}
    matches = matches_of(outcomes)
    assert matches["files/q11"].issue_id == alarm.issue_id
    assert matches["files/other"].issue_id != alarm.issue_id


def test_attribute_of_the_feedback_is_a_slice_where_there_are_no_records():
    draw = ("fibre", "cable", "mobile", "satellite")
    usual = [
        a_report(f"p{number}", after(hours=9 * number), customer=f"P{number}",
                 attributes={"product": draw[number % 4]})
        for number in range(85)
    ]  # fmt: skip
    burst = [
        a_report(f"z{number}", after(days=32, minutes=20 * number), customer=f"Z{number}",
                 attributes={"product": "satellite"})
        for number in range(14)
    ]  # fmt: skip

    vague = a_report(
        "vague", after(days=32, hours=5), driver="", text="slow speed this evening, or not",
        customer="Y1", attributes={"product": "satellite"},
    )  # fmt: skip

    stream, outcomes = listen([*usual, *burst, vague])

    (alarm,) = stream.alarms
    assert alarm.slice == {"product": "satellite"}
    assert alarm.label == "Slow internet: satellite"
    assert matches_of(outcomes)["files/vague"].issue_id != alarm.issue_id


@pytest.mark.parametrize("width", [0, 4])
def test_a_packed_vector_is_unpacked_to_the_last_bit(width):
    centred = np.linspace(-1, 1, 2 * width, dtype=np.float32).reshape(2, width) if width else None
    rows = joint(["the parcel is late again", "?"], centred)

    packed = [Packed.of(row) for row in rows]

    assert all((one.vector == row).all() for one, row in zip(packed, rows, strict=True))
    assert sum(map(len, packed[0])) < rows[0].nbytes / 10
