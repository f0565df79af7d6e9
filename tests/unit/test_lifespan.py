"""When a cause began to do harm, and when it stopped."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.casework.attributes import candidate_fields
from agent.casework.case import Case, exposed_predicate
from agent.casework.diagnose import find_causes
from agent.casework.lifespan import lifespan_of
from agent.casework.outcomes import outcomes_of
from agent.casework.proof import to_hypothesis
from agent.casework.reach import at_risk_query
from connectors.demo.planting import share_of
from domain.facts import Fact
from domain.predicates import Compare, Field
from storage.memory_facts import MemoryFactTable

BEGIN = datetime(2026, 5, 1, tzinfo=UTC)
HOURS = 30 * 24
STARTS, ENDS = 24 * 24, 27 * 24


def _payments(*, fails_until=HOURS, left=0.0):
    """A payment an hour over two gates; gate X fails from `STARTS` on, in part after its end."""
    facts = []
    for hour in range(HOURS):
        gate = "XY"[hour % 2]
        is_down = STARTS <= hour < fails_until
        is_left = hour >= fails_until and (hour // 2) % 10 < 10 * left
        failed = gate == "X" and (is_down or is_left)
        version = "old" if hour < ENDS else "new"
        at = BEGIN + timedelta(hours=hour)
        facts.append(Fact(
            id=f"p{hour}", kind="payment", at=at, customer_id=f"C{hour}",
            attributes={"gate": gate, "version": version, "invoice_id": f"I{hour}",
                        "status": "failed" if failed else "captured"},
        ))  # fmt: skip
    due = BEGIN + timedelta(hours=HOURS + 48)
    facts.append(Fact(
        id="i1", kind="invoice", at=at, customer_id="C-next",
        attributes={"gate": "X", "due_at": due.isoformat(), "status": "open"},
    ))  # fmt: skip
    return MemoryFactTable(facts)


def _case(table) -> Case:
    now = BEGIN + timedelta(hours=HOURS)
    outcome = next(one for one in outcomes_of(table.kinds(), at=now) if one.name == "bad status")
    reporters = frozenset(f"C{hour}" for hour in range(STARTS, STARTS + 12, 2))
    fields = candidate_fields("payment", table.kinds())
    return Case(outcome, fields, BEGIN + timedelta(hours=STARTS + 3), now, reporters)


def _gate_x():
    return Compare(field=Field(kind="payment", name="gate"), op="eq", value="X")


def test_a_fault_that_stopped_has_an_end_at_its_last_hit():
    table = _payments(fails_until=ENDS)

    span = lifespan_of(_case(table), _gate_x(), table)

    assert span.started_at == BEGIN + timedelta(hours=STARTS)
    assert span.ended_at == BEGIN + timedelta(hours=ENDS - 2)


@pytest.mark.parametrize("left", [0.2, 0.5])
def test_a_fault_that_only_became_rarer_has_no_end(left):
    table = _payments(fails_until=ENDS, left=left)

    span = lifespan_of(_case(table), _gate_x(), table)

    assert span.ended_at is None


def _returns():
    """An order an hour over two batches; half of batch X is sent back, ten days later."""
    facts = []
    for hour in range(HOURS):
        at = BEGIN + timedelta(hours=hour)
        facts.append(Fact(
            id=f"o{hour}", kind="order", at=at, customer_id=f"C{hour}",
            attributes={"order_id": f"O{hour}", "batch": "XY"[hour % 2]},
        ))  # fmt: skip
        back = at + timedelta(days=10)
        if hour >= 8 * 24 and hour % 4 == 0 and hour + 240 < HOURS:
            facts.append(Fact(
                id=f"r{hour}", kind="return", at=back, customer_id=f"C{hour}",
                attributes={"order_id": f"O{hour}", "return_id": f"R{hour}"},
            ))  # fmt: skip
    return MemoryFactTable(facts)


def test_what_may_yet_be_sent_back_is_no_end_of_a_fault():
    table = _returns()
    now = BEGIN + timedelta(hours=HOURS)
    (outcome,) = [one for one in outcomes_of(table.kinds(), at=now) if one.unit == "order"]
    opened = BEGIN + timedelta(days=19)
    reporters = frozenset(f"C{hour}" for hour in range(8 * 24, 9 * 24, 4))
    case = Case(outcome, candidate_fields("order", table.kinds()), opened, now, reporters)
    batch_x = Compare(field=Field(kind="order", name="batch"), op="eq", value="X")

    span = lifespan_of(case, batch_x, table)

    assert span.started_at == BEGIN + timedelta(days=8)
    assert span.ended_at is None


def test_a_fault_that_goes_on_has_no_end():
    table = _payments()

    span = lifespan_of(_case(table), _gate_x(), table)

    assert span.ended_at is None


def test_the_release_that_ended_a_fault_is_no_part_of_its_cause():
    table = _payments(fails_until=ENDS)

    (cause, *_), _ = find_causes(_case(table), facts=table)

    assert cause.cause == {"gate": "X"}


def test_all_combinations_count_where_only_the_first_search_finds_the_cause():
    facts = [
        Fact(
            id=f"p{hour}", kind="payment", at=BEGIN + timedelta(hours=hour), customer_id=f"C{hour}",
            attributes={"gate": "X" if hour >= STARTS else "XY"[hour % 2],
                        "version": "AB"[hour // 2 % 2],
                        "status": "failed" if hour >= STARTS else "captured"},
        )
        for hour in range(STARTS - 200, STARTS + 60)
    ]  # fmt: skip
    table = MemoryFactTable(facts)

    causes, searched = find_causes(_case(table), facts=table)

    assert [one.cause for one in causes] == [{"gate": "X"}]
    assert searched.tried > 1


def test_nobody_is_at_risk_of_a_fault_that_is_over():
    ended, going = _payments(fails_until=ENDS), _payments()
    at_risk = []

    for table in (ended, going):
        case = _case(table)
        (cause, *_), searched = find_causes(case, facts=table)
        proved = to_hypothesis(case, cause, chance=0.9, tried=searched.tried, facts=table)
        query = at_risk_query(proved, case.outcome, table.kinds())
        at_risk.append([one.customer_id for one in table.members(query)] if query else None)

    assert at_risk == [None, ["C-next"]]


def test_the_exposed_of_a_fault_that_is_over_have_both_bounds():
    table = _payments(fails_until=ENDS)
    case = _case(table)
    (cause, *_), _ = find_causes(case, facts=table)

    bounds = [
        term.op for term in exposed_predicate(case, cause).terms if term.field == case.outcome.since
    ]

    assert bounds == ["ge", "le"]


def test_shares_of_keys_that_differ_in_a_prefix_are_independent():
    both = sum(share_of(f"a:{n}") < 0.5 and share_of(f"bb:{n}") < 0.5 for n in range(4000))

    # 1,000 are expected with a deviation of 27; CRC would give 0 or 2,000.
    assert 850 < both < 1150
