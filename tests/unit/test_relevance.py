"""Which outcome an issue is about, from the records and from the words."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.casework.outcomes import outcomes_of
from agent.casework.relevance import relevant_outcomes, speaks_of
from agent.casework.suspects import suspected_outcomes
from domain.facts import Fact
from domain.predicates import FactQuery
from storage.memory_facts import MemoryFactTable

NOW = datetime(2026, 6, 12, 9, tzinfo=UTC)
OPENED = NOW - timedelta(days=1)
PEOPLE = [f"K{number}" for number in range(100)]


def _fact(kind, id_, customer, at, **attributes):
    return Fact(
        id=id_, kind=kind, at=at, recorded_at=at, customer_id=customer,
        attributes=attributes,
    )  # fmt: skip


def _customers():
    begin = NOW - timedelta(days=60)
    return [_fact("customer", f"customer:{who}", who, begin, customer_id=who) for who in PEOPLE]


def _returns(overdue):
    """Half of the customers gave something back; the first `overdue` have no money yet."""
    at, due = NOW - timedelta(days=9), NOW - timedelta(days=2)
    facts = []
    for place, who in enumerate(PEOPLE[:50]):
        done = {} if place < overdue else {"completed_at": (due - timedelta(days=1)).isoformat()}
        facts.append(
            _fact(
                "return", f"r{place}", who, at, promised_at=due.isoformat(), status="open", **done
            )
        )
    return facts


def _relevant(facts, reporters, problem):
    table = MemoryFactTable(facts)
    outcomes = outcomes_of(table.kinds(), at=NOW)
    found = relevant_outcomes(
        outcomes, reporters, facts=table, opened_at=OPENED, as_of=NOW, problem=problem
    )
    return [one.outcome.unit for one in found]


def test_an_outcome_of_the_kind_that_the_words_name_is_found_though_most_hit_are_silent():
    facts = [*_customers(), *_returns(overdue=30)]

    named = _relevant(facts, PEOPLE[:4], "A return takes too long.")
    unnamed = _relevant(facts, PEOPLE[:4], "Something takes too long.")

    assert (named, unnamed) == (["return"], [])


def test_a_named_outcome_is_not_taken_where_most_reporters_do_not_show_it():
    facts = [*_customers(), *_returns(overdue=30)]

    found = _relevant(facts, [*PEOPLE[:2], *PEOPLE[90:94]], "A return takes too long.")

    assert found == []


def test_a_rise_of_the_outcome_speaks_beside_too_few_reporters():
    usual = [
        _fact(
            "visit",
            f"u{place}",
            PEOPLE[place % 100],
            NOW - timedelta(days=30 - place / 10),
            status="ok",
        )
        for place in range(240)
    ]
    recent = [
        _fact("visit", f"v{place}", who, NOW - timedelta(hours=40 - place / 3), status=status)
        for place, (who, status) in enumerate(
            zip(PEOPLE, ["failed"] * 25 + ["ok"] * 75, strict=True)
        )
    ]

    risen = _relevant([*_customers(), *usual, *recent], PEOPLE[:3], "nobody came")
    steady = _relevant([*_customers(), *recent], PEOPLE[:3], "nobody came")

    assert (risen, steady) == (["visit"], [])


@pytest.mark.parametrize(
    ("problem", "kind", "named"),
    [
        ("My parcel was not delivered", "delivery", True),
        ("I cannot pay", "payment", True),
        ("Two invoices for one month", "invoice", True),
        ("The app crashes", "payment", False),
        ("I replay the video", "payment", False),
        ("They keep paying late, no payments came", "payment", True),
        ("Shipping was slow", "shipment", True),
        ("Many deliveries failed", "delivery", True),
        ("The staff at the start was rude", "stay", False),
        ("We stayed two nights", "stay", True),
        ("But I want to buy one", "bus", False),
        ("Two buses did not come", "bus", True),
        ("The line is busy", "bus", False),
        ("Zwei Lieferungen fehlen", "lieferung", True),
        ("I cannot find it at all", "fine", False),
        ("You fined me twice", "fine", True),
        ("I want cash back", "case", False),
    ],
)
def test_words_name_a_kind_of_record_in_any_form(problem, kind, named):
    assert speaks_of(problem, kind) is named


def test_a_refused_payment_that_a_second_try_took_is_no_hit_and_open_bills_are_at_risk():
    due = (NOW + timedelta(days=2)).isoformat()
    facts = [
        _fact("payment", "p1", "K1", OPENED, order_id="1", status="failed"),
        _fact("payment", "p2", "K1", OPENED, order_id="1", status="captured"),
        _fact("payment", "p3", "K2", OPENED, order_id="2", status="failed"),
        _fact("payment", "p4", "K4", OPENED, order_id="4", status="captured"),
        _fact("invoice", "i1", "K3", OPENED, order_id="3", due_at=due, status="open"),
    ]
    table = MemoryFactTable(facts)

    (outcome,) = [one for one in outcomes_of(table.kinds(), at=NOW) if one.name == "bad status"]
    hit = table.members(FactQuery(kind="payment", where=outcome.hit))
    to_come = table.members(FactQuery(kind=outcome.open_unit, where=outcome.open_where))

    assert [one.fact_id for one in hit] == ["p3"]
    assert [one.customer_id for one in to_come] == ["K3"]


def test_the_payment_of_another_month_does_not_mend_a_refused_one():
    facts = [
        _fact("payment", "p1", "K1", NOW - timedelta(days=31), subscription_id="1", status="paid"),
        _fact("payment", "p2", "K1", OPENED, subscription_id="1", status="failed"),
    ]
    table = MemoryFactTable(facts)

    (outcome,) = [one for one in outcomes_of(table.kinds(), at=NOW) if one.name == "bad status"]
    hit = table.members(FactQuery(kind="payment", where=outcome.hit))

    assert [one.fact_id for one in hit] == ["p2"]


def test_a_state_that_is_not_decided_yet_is_no_suspect():
    facts = [
        _fact("repair", f"r{place}", who, OPENED, status="in progress", verdict="cracked")
        for place, who in enumerate(PEOPLE[:5])
    ]
    table = MemoryFactTable(facts)

    found = suspected_outcomes(
        table.kinds(), PEOPLE[:5], facts=table, opened_at=OPENED, as_of=NOW
    ).outcomes

    assert [one.name for one in found] == ["verdict cracked"]
