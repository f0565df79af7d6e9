"""Schemas, budget and wording rules."""

from __future__ import annotations

import pytest

from agent.llm import wording
from agent.llm.budget import Budget, most_tokens
from agent.llm.reader import Breaker
from agent.llm.schemas import (
    Answer,
    InvestigationAnswer,
    ReadingsAnswer,
    WordedAnswer,
    strict_problems,
    strict_schema,
)
from agent.llm.tools import SPECS
from domain.errors import ModelUnavailable
from domain.people import ModelPolicy
from tests.model_world import MODEL, PRICES, Spend

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "kind",
    [ReadingsAnswer, WordedAnswer, InvestigationAnswer, *[spec.arguments for spec in SPECS]],
)
def test_every_schema_is_one_that_strict_providers_take(kind):
    assert not list(strict_problems(strict_schema(kind)))


def test_a_loose_schema_is_refused():
    class Loose(Answer):
        anything: dict[str, int]

    with pytest.raises(ValueError, match="not strict"):
        strict_schema(Loose)


def test_a_reservation_is_an_upper_bound_and_is_replaced_by_what_was_used():
    spend = Spend()
    budget = Budget(model=MODEL, policy=ModelPolicy(prices=PRICES), ledger=spend)

    held = budget.reserve(["x" * 1000], max_out=100)
    reserved = spend.sum
    budget.settle(held, 200, 50)

    assert held.tokens_in == most_tokens(["x" * 1000]) == 658
    assert reserved > spend.sum == pytest.approx((200 * 0.4 + 50 * 1.6) / 1e6)
    assert budget.used().tokens_in == 200


def test_a_released_reservation_costs_nothing():
    spend = Spend()
    budget = Budget(model=MODEL, policy=ModelPolicy(prices=PRICES), ledger=spend)

    budget.release(budget.reserve(["x" * 1000], max_out=100))

    assert spend.sum == pytest.approx(0.0)
    assert budget.used().tokens_in == 0


def test_tokens_are_limited_also_without_a_price():
    budget = Budget(model="unpriced", policy=ModelPolicy(issue_tokens=500), ledger=Spend())

    with pytest.raises(ModelUnavailable, match="token limit"):
        budget.reserve(["x" * 1000], max_out=100)


def test_all_work_of_a_day_shares_the_tokens_of_a_model_without_a_price():
    spend, policy = Spend(), ModelPolicy(daily_tokens=1000)
    first = Budget(model="unpriced", policy=policy, ledger=spend)
    first.settle(first.reserve(["x" * 1000], max_out=100), 200, 50)

    second = Budget(model="unpriced", policy=policy, ledger=spend)
    second.reserve(["x" * 1000], max_out=80)
    with pytest.raises(ModelUnavailable, match="tokens of the day"):
        Budget(model="unpriced", policy=policy, ledger=spend).reserve(["x"], max_out=10)

    assert spend.tokens == 250 + 658 + 80


def test_a_model_with_a_price_is_limited_by_money_and_not_by_the_tokens_of_the_day():
    spend = Spend()
    policy = ModelPolicy(daily_tokens=1, prices=PRICES)

    Budget(model=MODEL, policy=policy, ledger=spend).reserve(["x" * 1000], max_out=100)

    assert spend.tokens == 0


def test_the_breaker_opens_for_the_server_and_not_for_an_answer():
    now = [0.0]
    breaker = Breaker(pause_s=60, clock=lambda: now[0])

    breaker.note("invalid")
    after_an_answer = breaker.reason
    breaker.note("unreachable")
    while_down = breaker.reason
    now[0] = 61.0

    assert (after_an_answer, while_down, breaker.reason) == (None, "unreachable", None)


@pytest.mark.parametrize(
    ("original", "offered"),
    [
        ("412 affected, 300 of them wrote, 112 did not.", False),
        ("Deliveries by NordPost are not delivered since 3 March 06:00.", True),
        ("$hello", False),
        ("Likely, 0.91.", False),
        ("It concerns $amount of goods late today.", True),
        ("Parcels in North are not late, parcels in South are late.", False),
        ("Parcels in North are late while South is not.", False),
    ],
)
def test_a_sentence_whose_parts_could_change_places_is_not_offered(original, offered):
    assert wording.may_be_offered(original) is offered


def test_words_with_another_alphabet_or_direction_marks_are_refused():
    original = "Deliveries by NordPost are not delivered when promised."

    assert wording.fault_of(original, original.replace("NordPost", "Nоrdpost"))
    assert wording.fault_of(original, original[:-1] + "\u202e.")
    assert wording.fault_of(original, original) is None


@pytest.mark.parametrize(
    ("original", "worded"),
    [
        ("More of them are late since 3 March.", "Less of them are late since 3 March."),
        ("They wrote before 3 March 06:00 about it.", "They wrote about it since 3 March 06:00."),
        ("Order A12 is late after 5 days now.", "Order A13 is late after 5 days now."),
    ],
)
def test_a_wording_that_turns_the_meaning_is_refused(original, worded):
    assert wording.fault_of(original, worded)
