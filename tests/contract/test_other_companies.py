"""Companies unlike the example shop: the cause and the lists come from their records alone."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from agent.casework.build import find_outcome
from agent.casework.investigate import LocalInvestigator
from agent.casework.reach import reach_of
from domain.issues import Diagnosis
from domain.predicates import Scalar
from storage.memory_facts import MemoryFactTable
from tests.other_companies import COMPANIES, Company
from tests.unit.test_diagnose import NoRecall, an_inquiry

SEEDS = (1, 2)
EVERY = [(make, seed) for make in COMPANIES for seed in SEEDS]


class Found(NamedTuple):
    """What the product says of a company."""

    company: Company
    cause: dict[str, Scalar] | None
    members: set[tuple[str, str]]


@pytest.fixture(scope="module")
def found() -> list[Found]:
    return [_investigated(make(seed)) for make, seed in EVERY]


def test_no_company_is_given_a_wrong_cause(found: list[Found]):
    """A wrong cause sends a department after the wrong thing; "unknown" only asks for a look."""
    wrong = [one.company.name for one in found if one.cause not in (None, one.company.cause)]

    assert wrong == []


def test_nine_of_ten_companies_get_their_cause(found: list[Found]):
    right = [one for one in found if one.cause == one.company.cause]

    assert len(right) >= 0.9 * len(EVERY)


def test_lists_are_those_of_the_truth_where_the_cause_is_right(found: list[Found]):
    right = [one for one in found if one.cause == one.company.cause]

    wrong = {
        one.company.name: one.members ^ one.company.members
        for one in right
        if one.company.members is not None and one.members != one.company.members
    }

    assert wrong == {}


def _investigated(company: Company) -> Found:
    facts = MemoryFactTable(company.facts)
    inquiry = an_inquiry(company.reports, facts.world_time())
    concluded = LocalInvestigator().investigate(inquiry, facts=facts, recall=NoRecall())
    proved = Diagnosis(
        hypotheses=concluded.hypotheses,
        unknown_reason=concluded.unknown_reason,
        not_known=concluded.not_known,
    ).proved
    reach = reach_of(
        proved,
        find_outcome(proved, facts, inquiry),
        driver=inquiry.issue.driver,
        letters=[],
        reporters={one.item.customer_id for one in inquiry.reports},
        profiles=facts.kinds(),
        as_of=inquiry.as_of,
        facts=facts,
    )
    members = {(one.customer_id, one.state.value) for one in reach.customers}
    return Found(company, proved.cause if proved else None, members)
