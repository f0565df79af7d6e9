"""A small shop whose records hold one planted cause, and the seats of a model over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from agent.casework.checks import check_draft
from agent.casework.investigate import LocalInvestigator
from agent.casework.write import LocalWriter
from agent.llm.factory import ModelSeats, make_model_seats
from agent.llm.recording import Tape
from agent.reading.local import LocalReader
from agent.reading.redact import redact
from domain.facts import Case, Fact, SimilarCase
from domain.feedback import Channel, DriverMention, FeedbackItem, Reading, ReadItem, Sentiment
from domain.issues import Alarm, Issue
from domain.people import Driver, ModelPolicy, Policy, Price, Taxonomy
from domain.predicates import Scalar
from domain.provenance import MadeBy
from domain.record import CaseId, FactId, FeedbackKey, IssueId
from domain.seats import Inquiry, Reader, ReadRequest
from domain.text import CustomerText
from storage.memory_facts import MemoryFactTable

OPENED = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
AS_OF = datetime(2026, 3, 6, 0, 0, tzinfo=UTC)
BEGAN = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)
MODEL = "stub-mini"
KEY = "sk-test-a-key-that-must-never-be-shown"
PRICES = {MODEL: Price(input_usd=0.4, output_usd=1.6)}

TAXONOMY = Taxonomy(
    drivers=(
        Driver(
            name="late_delivery",
            label="Parcel late",
            description="The parcel did not arrive when promised.",
            examples=("My parcel is late", "Still waiting for my order"),
        ),
        Driver(
            name="damaged_goods",
            label="Damaged goods",
            description="What arrived is broken.",
            examples=("It arrived broken",),
        ),
    )
)


class Spend:
    """The day's spend, as the store would keep it."""

    def __init__(self, already: float = 0.0) -> None:
        self.sum = already
        self.tokens = 0

    def add_usd(self, amount: float) -> float:
        self.sum += amount
        return self.sum

    def add_tokens(self, count: int) -> int:
        self.tokens += count
        return self.tokens


def seats(
    url: str,
    *,
    reader: Reader | None = None,
    ledger: Spend | None = None,
    slept: list[float] | None = None,
    policy: Policy | None = None,
    tape: Tape | None = None,
    **model: Any,
) -> ModelSeats:
    """The three seats over a server, with everything local behind them."""
    given = {"prices": PRICES, "timeout_s": 10.0, **model}
    waits = slept if slept is not None else []
    return make_model_seats(
        name=MODEL,
        base_url=url,
        key=KEY,
        policy=ModelPolicy(**given),
        ledger=ledger or Spend(),
        check=partial(check_draft, policy=policy or Policy()),
        reader=reader or LocalReader(None),
        investigator=LocalInvestigator(),
        writer=LocalWriter(),
        sleep=waits.append,
        tape=tape,
    )


def records(*, late_everywhere: bool = False, strike_before: bool = False) -> list[Fact]:
    """Two weeks of deliveries; NordPost in North fails from `BEGAN` on.

    `strike_before`: Hops and half of Swift delivered nothing on time until then, and some
    of their customers write only now, which hides it.
    """
    facts = []
    for number in range(1500):
        promised = datetime(2026, 2, 20, tzinfo=UTC) + timedelta(minutes=13 * number)
        carrier = ("NordPost", "Swift", "Hops")[number % 3]
        region = ("North", "South", "West")[number // 3 % 3]
        caused = carrier == "NordPost" and region == "North" and promised >= BEGAN
        late = (caused or (late_everywhere and promised >= BEGAN)) or number % 50 == 7
        struck = carrier == "Hops" or (carrier == "Swift" and number % 2 == 0)
        late = late or (strike_before and struck and promised < BEGAN)
        attributes: dict[str, Any] = {
            "carrier": carrier,
            "region": region,
            "express": number % 7 == 0,
            "order_id": f"o{number}",
            "promised_at": promised.isoformat(),
        }
        if not late:
            attributes["delivered_at"] = (promised - timedelta(hours=2)).isoformat()
        facts.append(
            Fact(
                id=FactId(f"delivery:{number}"),
                kind="delivery",
                at=promised - timedelta(days=2),
                customer_id=f"k{number}",
                attributes=attributes,
            )
        )
    return facts


def hit_customers(facts: Sequence[Fact]) -> list[str]:
    """Customers of late deliveries since it began, in order."""
    return [
        str(one.customer_id)
        for one in facts
        if "delivered_at" not in one.attributes
        and BEGAN <= datetime.fromisoformat(str(one.attributes["promised_at"])) <= AS_OF
    ]


def struck_before(facts: Sequence[Fact]) -> list[str]:
    """Customers of late deliveries in the four days before it began, in order."""
    return [
        str(one.customer_id)
        for one in facts
        if "delivered_at" not in one.attributes
        and timedelta(0)
        < BEGAN - datetime.fromisoformat(str(one.attributes["promised_at"]))
        <= timedelta(days=4)
    ]


def a_report(number: int, customer: str, text: str = "My parcel has not come at all.") -> ReadItem:
    """One report with its reading."""
    redacted = redact(CustomerText(value=text))
    return ReadItem(
        item=FeedbackItem(
            id=f"f{number}",
            source="files",
            text=CustomerText(value=text),
            at=OPENED + timedelta(hours=number),
            channel=Channel.EMAIL,
            customer_id=customer,
        ),
        redacted=redacted,
        reading=Reading(
            key=FeedbackKey(f"files/f{number}"),
            language="en",
            sentiment=Sentiment(label="negative", score=-0.8, confidence=0.9),
            drivers=(
                DriverMention(
                    driver="late_delivery",
                    sentiment="negative",
                    quote=redacted.value[:160],
                    start=0,
                    end=len(text),
                    confidence=0.9,
                ),
            ),
            problem=redacted.value,
            made_by=MadeBy(engine="local", version="1"),
        ),
    )


def an_inquiry(facts: Sequence[Fact], *texts: str) -> Inquiry:
    """An alarmed issue with twelve reporters who were all hit, a third by an earlier strike."""
    earlier = struck_before(facts)
    people = hit_customers(facts)[:12]
    if len(earlier) > 100:
        people = [*people[:8], *earlier[:4]]
    reports = tuple(
        a_report(number, customer, *texts[number : number + 1])
        for number, customer in enumerate(people)
    )
    issue = Issue(
        id=IssueId("i_1"),
        label="Parcel late: nobody came",
        driver="late_delivery",
        opened_at=OPENED,
        last_report_at=AS_OF,
        report_count=len(reports),
        customer_count=len(reports),
    )
    alarm = Alarm(
        issue_id=issue.id,
        at=OPENED,
        label=issue.label,
        terms=("parcel",),
        member_keys=tuple(one.item.key for one in reports),
        size=len(reports),
        severity="high",
        window_hours=24,
        expected=1.0,
        p_value=1e-6,
        reason="many at once",
    )
    return Inquiry(
        issue=issue, alarm=alarm, reports=reports, as_of=AS_OF, problem="parcel late, nobody came"
    )


def table(facts: Sequence[Fact]) -> MemoryFactTable:
    """The records as they are asked."""
    return MemoryFactTable(facts, latest_feedback_at=AS_OF)


class OneCase:
    """A recall that knows one case and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def similar_cases(
        self, problem: str, *, facts: Mapping[str, Scalar] | None = None, k: int = 3
    ) -> list[SimilarCase]:
        self.asked.append(problem)
        case = Case(
            id=CaseId("case_1"),
            title="Carrier strike, asked by jane.doe@example.com",
            symptom="parcels late",
            cause="The carrier was on strike, says tom@example.com",
        )
        return [SimilarCase(case=case, score=0.7)]

    def similar_items(self, problem: str, *, k: int = 20) -> list[tuple[FeedbackKey, float]]:
        return []


def a_request(number: int, text: str) -> ReadRequest:
    """What a reader may see of a text."""
    return ReadRequest(
        key=FeedbackKey(f"files/f{number}"),
        text=redact(CustomerText(value=text)),
        channel=Channel.EMAIL,
    )
