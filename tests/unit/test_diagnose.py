"""Cause, lists and impact from facts alone; reports are taken from the truth of a world."""

import csv
import json
from datetime import UTC, datetime, timedelta

import pytest
from scipy.stats import hypergeom

from agent.casework.build import find_outcome
from agent.casework.changepoint import change_of
from agent.casework.cohorts import Counts, chance_of, ratio_of, wilson
from agent.casework.investigate import LocalInvestigator
from agent.casework.reach import reach_of
from agent.reading.redact import redact
from connectors.demo.world import build_world
from connectors.files.lines import read_files
from domain.facts import Fact
from domain.feedback import FeedbackItem, Reading, ReadItem, Sentiment
from domain.issues import Alarm, Diagnosis, Issue
from domain.provenance import MadeBy
from domain.seats import Inquiry
from storage.memory_facts import MemoryFactTable


class NoRecall:
    def similar_cases(self, problem, *, facts=None, k=3):
        return []

    def similar_items(self, problem, *, k=20):
        return []


def _read_item(item):
    reading = Reading(
        key=item.key, language="en", made_by=MadeBy(engine="test", version="1"),
        sentiment=Sentiment(label="negative", score=-1, confidence=1),
    )  # fmt: skip
    return ReadItem(item=item, redacted=redact(item.text), reading=reading)


def an_inquiry(items, as_of):
    items = sorted(items, key=lambda one: one.at)
    issue = Issue(
        id="I-1", label="x", driver="x", opened_at=items[0].at, last_report_at=items[-1].at
    )
    alarm = Alarm(
        issue_id="I-1", at=items[0].at, label="x", terms=(), member_keys=(), size=4,
        severity="medium", window_hours=24, expected=0.1, p_value=1e-6, reason="",
    )  # fmt: skip
    reports = tuple(_read_item(one) for one in items)
    return Inquiry(issue=issue, alarm=alarm, reports=reports, as_of=as_of, problem="late parcels")


@pytest.fixture(scope="module", params=[1, 4, 9])
def world(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("w")
    build_world(folder, size="tiny", seed=request.param)
    records = [one.record for one in read_files(
        [folder / "feedback.jsonl", folder / "facts.jsonl"], source="files")]  # fmt: skip
    items = {one.id: one for one in records if isinstance(one, FeedbackItem)}
    facts = MemoryFactTable(one for one in records if isinstance(one, Fact))
    return folder, items, facts


def _fault(world, fault_id):
    folder, items, facts = world
    labels = csv.DictReader((folder / "truth" / "labels.csv").read_text().splitlines())
    reports = [items[row["feedback_id"]] for row in labels if row["fault_id"] == fault_id]
    faults = [
        json.loads(one) for one in (folder / "truth" / "faults.jsonl").read_text().splitlines()
    ]
    truth = next(one for one in faults if one["id"] == fault_id)
    inquiry = an_inquiry(reports, facts.world_time())
    return truth, inquiry, LocalInvestigator().investigate(inquiry, facts=facts, recall=NoRecall())


@pytest.mark.parametrize("fault_id", ["carrier_strike", "duplicate_charges"])
def test_cause_and_lists_are_exactly_the_truths(world, fault_id):
    folder, _, facts = world
    truth, inquiry, found = _fault(world, fault_id)
    diagnosis = Diagnosis(hypotheses=found.hypotheses, unknown_reason=found.unknown_reason)
    proved = diagnosis.proved
    assert proved is not None
    assert proved.cause == truth["cause"]

    reporters = {one.item.customer_id for one in inquiry.reports}
    reach = reach_of(
        proved, find_outcome(proved, facts, inquiry), driver="x", letters=[],
        reporters=reporters,
        profiles=facts.kinds(), as_of=inquiry.as_of, facts=facts,
    )  # fmt: skip

    rows = csv.DictReader((folder / "truth" / "members.csv").read_text().splitlines())
    expected = {(r["customer_id"], r["state"]) for r in rows if r["fault_id"] == fault_id}
    assert {(one.customer_id, one.state.value) for one in reach.customers} == expected
    assert all(one.hours_to_impact > 0 for one in reach.customers if one.state == "at_risk")


def test_a_loud_complaint_without_a_fault_is_unknown(world):
    _, _, found = _fault(world, "cosmetic_complaint")
    assert found.hypotheses == ()
    assert found.unknown_reason
    assert found.not_known == 1.0


def test_chances_add_up_to_one_and_every_number_has_its_query(world):
    _, _, facts = world
    _, _, found = _fault(world, "carrier_strike")
    assert sum(one.confidence for one in found.hypotheses) + found.not_known == pytest.approx(1)
    comparison = found.hypotheses[0].comparison
    for cohort in comparison.cohorts:
        assert facts.count(facts.recalled(cohort.query_id)) == cohort.exposed
        assert facts.count(facts.recalled(cohort.hits_query_id)) == cohort.hits


def test_other_kinds_and_names_are_searched_all_the_same():
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    facts, items = [], []
    for number in range(240):
        depot, product = "ABC"[number % 3], ("ski", "bike")[number % 2]
        at = begin + timedelta(hours=number * 3)
        stuck = depot == "B" and at > begin + timedelta(days=20)
        done = at + timedelta(hours=50 if stuck else 20)
        facts.append(Fact(
            id=f"r{number}", kind="rental", at=at, customer_id=f"c{number}",
            attributes={"depot": depot, "product": product,
                        "promised_at": (at + timedelta(hours=24)).isoformat(),
                        "completed_at": done.isoformat()},
        ))  # fmt: skip
        if stuck and len(items) < 8:
            items.append(FeedbackItem(
                id=str(number), source="s", text={"value": "bad"}, at=at + timedelta(hours=40),
                customer_id=f"c{number}",
            ))  # fmt: skip
    table = MemoryFactTable(facts)

    found = LocalInvestigator().investigate(
        an_inquiry(items, table.world_time()), facts=table, recall=NoRecall()
    )

    assert found.unknown_reason is None
    assert found.hypotheses[0].cause == {"depot": "B"}


def test_a_change_is_found_where_it_is():
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    series = [(begin + timedelta(hours=n), n >= 40) for n in range(60)]
    assert change_of(series)[0] == begin + timedelta(hours=40)
    assert change_of([(begin, False)] * 10) is None


@pytest.mark.parametrize(
    ("exposed", "other"),
    [
        (Counts(40, 9), Counts(900, 30)),
        (Counts(40, 0), Counts(900, 30)),
        (Counts(5, 5), Counts(3, 0)),
        (Counts(2000, 45), Counts(18_000, 16)),
        (Counts(300, 200), Counts(0, 0)),
        (Counts(0, 0), Counts(10, 4)),
    ],
)
def test_the_chance_of_so_many_hits_is_that_of_fishers_test(exposed, other):
    total, hits = exposed.units + other.units, exposed.hits + other.hits

    found = chance_of(exposed, other)

    assert found == pytest.approx(
        hypergeom.sf(exposed.hits - 1, total, hits, exposed.units), rel=1e-8
    )


def test_intervals_and_ratios():
    # Wilson 1927 for 10 of 100: 5.5 to 17.4 %.
    low, high = wilson(Counts(100, 10))
    assert (round(low, 3), round(high, 3)) == (0.055, 0.174)
    ratio, low, high = ratio_of(Counts(100, 50), Counts(100, 5))
    assert low < ratio < high
    assert ratio == pytest.approx(9.18, abs=0.01)
