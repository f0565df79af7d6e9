"""An issue that takes the driver of those hit has one name wherever it is shown."""

from datetime import timedelta

import pytest

from agent.casework.build import Material, build_casefile
from agent.casework.draft_ticket import draft_ticket
from agent.casework.letters import around
from app.exports import issue_object
from app.inbox.backend import IssuePage
from app.inbox.views_issue import issue_view
from domain.facts import Fact
from domain.issues import Alarm, Hypothesis, Issue
from domain.people import Configuration, Owner, Owners
from domain.predicates import Compare, Field
from domain.provenance import MadeBy
from domain.record import IssueId
from domain.seats import Inquiry, Investigation
from storage.memory_facts import MemoryFactTable
from tests.builders_reports import TAXONOMY, a_report, after

HIT = after(days=20)
NOW = HIT + timedelta(days=2)
PEOPLE = [f"K{number}" for number in range(12)]
FIRST = PEOPLE[:3]


def _owner(driver):
    return Owner(match=driver, department=driver, person=driver, email=f"{driver}@example.com")


CONFIGURATION = Configuration(
    taxonomy=TAXONOMY,
    owners=Owners(touchpoints=tuple(_owner(one.name) for one in TAXONOMY.drivers)),
)


class _Proving:
    """Says that region North is the cause."""

    def investigate(self, inquiry, *, facts, recall):
        cause = Hypothesis(
            statement="Visits in North are missed",
            cause={"region": "North"},
            predicate=Compare(field=Field(kind="visit", name="region"), op="eq", value="North"),
            unit="visit",
            outcome="failed",
            confidence=0.9,
        )
        made_by = MadeBy(engine="test", version="1")
        return Investigation(hypotheses=(cause,), not_known=0.1, made_by=made_by)


class _NoRecall:
    def similar_cases(self, problem, *, facts=None, k=3):
        return []

    def similar_items(self, problem, *, k=20):
        return []


def _facts():
    return MemoryFactTable(
        Fact(
            id=f"v{who}", kind="visit", at=HIT, recorded_at=HIT, customer_id=who,
            attributes={"region": "North", "status": "failed"},
        )
        for who in PEOPLE
    )  # fmt: skip


def _work(*, first_read_as, label, configuration=CONFIGURATION):
    """The issue as it is stored, and the casefile: three reports first, nine letters then."""
    at = HIT + timedelta(hours=3)
    reports = [
        a_report(f"r{who}", at, driver=first_read_as, customer=who, text=f"Nobody rang {who}, why")
        for who in FIRST
    ]
    others = [a_report(f"o{who}", at, driver="missed_visit", customer=who) for who in PEOPLE[3:]]
    usual = [
        a_report(f"u{n}", after(days=n), driver="slow_line", customer=f"U{n}") for n in range(15)
    ]
    id_ = IssueId("I-1")
    issue = Issue(
        id=id_, label=label, driver=first_read_as, opened_at=at, last_report_at=at,
        slice={"region": "North"}, safety=first_read_as == "hot_router",
    )  # fmt: skip
    alarm = Alarm(
        issue_id=id_, at=at, label=label, terms=(), member_keys=(), size=3, severity="medium",
        window_hours=1, expected=0.1, p_value=1e-6, reason="more than usual",
    )  # fmt: skip
    inquiry = Inquiry(issue=issue, alarm=alarm, reports=tuple(reports), as_of=NOW, problem="rang")
    casefile = build_casefile(
        Material(inquiry, around([*usual, *reports, *others]), 1),
        investigator=_Proving(),
        configuration=configuration,
        facts=_facts(),
        recall=_NoRecall(),
    )
    return issue, casefile


def test_the_export_names_the_driver_that_the_owner_answers_for():
    issue, casefile = _work(first_read_as="wrong_bill", label="Bill is wrong: North")

    given = issue_object(issue, casefile, [])

    assert (given["driver"], given["label"], given["owner"]) == (
        "missed_visit",
        "Technician did not come: North",
        "missed_visit",
    )


def test_the_page_of_an_issue_has_the_name_of_its_drafts():
    issue, casefile = _work(first_read_as="wrong_bill", label="Bill is wrong: North")
    named = casefile.named(issue)
    page = IssuePage(named, "", casefile, (), (), 3)

    view = issue_view(page, offset=0, limit=25)

    assert view.label == casefile.issue.label == "Technician did not come: North"


def test_what_was_counted_since_stays_that_of_the_issue():
    issue, casefile = _work(first_read_as="wrong_bill", label="Bill is wrong: North")
    grown = issue.model_copy(update={"report_count": 40, "last_report_at": NOW})

    named = casefile.named(grown)

    assert (named.report_count, named.last_report_at) == (40, NOW)


def test_the_trend_counts_the_texts_of_the_driver_in_its_heading():
    _, casefile = _work(first_read_as="wrong_bill", label="Bill is wrong: North")

    bins = casefile.diagnosis.trend.bins

    assert sum(one.reports for one in bins) == 9


def test_a_colon_in_the_name_of_a_driver_is_part_of_it():
    taxonomy = CONFIGURATION.taxonomy
    drivers = tuple(
        one.model_copy(update={"label": "Bill: wrong"}) if one.name == "wrong_bill" else one
        for one in taxonomy.drivers
    )
    configuration = CONFIGURATION.model_copy(
        update={"taxonomy": taxonomy.model_copy(update={"drivers": drivers})}
    )

    _, casefile = _work(
        first_read_as="wrong_bill", label="Bill: wrong: North", configuration=configuration
    )

    assert casefile.issue.label == "Technician did not come: North"


@pytest.mark.parametrize("label", ["Router gets hot: North", "Router gets hot"])
def test_an_issue_of_a_dangerous_product_keeps_its_driver_and_owner(label):
    _, casefile = _work(first_read_as="hot_router", label=label)

    assert (casefile.issue.driver, casefile.owner.department) == ("hot_router", "hot_router")
    assert casefile.issue.label == label


def test_a_ticket_says_how_many_wrote_outside_the_issue():
    _, casefile = _work(first_read_as="wrong_bill", label="Bill is wrong: North")

    ticket = draft_ticket(casefile, answer_due_at=NOW)
    (who,) = [one for one in ticket.evidence if one.title == "12 affected"]

    assert casefile.wrote_elsewhere == 9
    assert "9 wrote about it outside this issue." in who.explanation
