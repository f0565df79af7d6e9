"""What the evaluation of drafts takes for a count of customers."""

from datetime import timedelta

import pytest

from agent.casework.draft_ticket import draft_ticket
from evals.stages import Drafted
from evals.suites.drafts.measure import _counts
from tests.builders_inbox import NOW, late_parcels


def _judged(text):
    casefile = late_parcels()
    quote = casefile.quotes[0].model_copy(update={"text": text})
    told = casefile.model_copy(update={"quotes": (quote,)})
    ticket = draft_ticket(told, answer_due_at=NOW + timedelta(days=2))
    return _counts(Drafted(told.issue.id, None, ticket, (), ()), "case", casefile)


@pytest.mark.parametrize("text", ["HP-1003303 did not come when it should have.", "All is late."])
def test_what_a_customer_says_counts_nobody(text):
    assert _judged(text).holds


def test_a_ticket_that_counts_another_number_than_its_lists_is_seen():
    casefile = late_parcels()
    ticket = draft_ticket(casefile, answer_due_at=NOW + timedelta(days=2))
    fewer = casefile.reach.model_copy(update={"customers": casefile.reach.customers[1:]})
    other = casefile.model_copy(update={"reach": fewer})

    judged = _counts(Drafted(casefile.issue.id, None, ticket, (), ()), "case", other)

    assert not judged.holds
