"""A full inbox: drafts of every kind, and deliveries in every state, over a real store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.casework.build import label_of, message_label, message_reason, reason_line
from agent.casework.draft_message import address, draft_message, next_word
from agent.casework.draft_ticket import draft_ticket
from agent.delivery.decide import decide
from agent.delivery.propose import Submission, propose
from agent.reading.redact import redact
from app.settings import Settings
from app.wiring import Installation
from domain.facts import Case, Fact, SimilarCase
from domain.feedback import Channel, FeedbackItem, Reading, Sentiment, feedback_key
from domain.issues import (
    Alarm,
    Bin,
    Casefile,
    Cohort,
    Comparison,
    Diagnosis,
    Finding,
    Hypothesis,
    Impact,
    Issue,
    IssueState,
    MarkKind,
    Match,
    MatchMethod,
    Money,
    Quote,
    Reach,
    Reached,
    ReachState,
    TimeMark,
    Trend,
)
from domain.people import Owner
from domain.predicates import FactQuery, all_of, equals
from domain.proposals import (
    Attempt,
    DecisionKind,
    DeliveryState,
    Draft,
    Proposal,
    ProposalKind,
    ProposalState,
    Sentence,
)
from domain.provenance import Dropped, MadeBy, Trace, TraceStep
from domain.record import CaseId, FactId, FeedbackKey, IssueId
from domain.text import CustomerText
from tests.clock import FakeClock

WORLD = datetime(2026, 3, 4, 9, 2, tzinfo=UTC)
"""World time of the evidence."""
NOW = datetime(2026, 3, 4, 9, 14, tzinfo=UTC)
MADE = MadeBy(engine="local", version="1", taxonomy="t", policy="p")
DELIVERY = Owner(
    match="carrier delays",
    department="Delivery operations",
    person="Ilka Brand",
    email="ilka@shop.example",
    destination="logistics",
)
PAYMENTS = Owner(
    match="double charge",
    department="Payments",
    person="Odo Lind",
    email="odo@shop.example",
    destination="payments",
)
NAMES = ("Aino Salo", "Jonas Wirt", "Samira Noor", "Tom Reiser", "Marta Alves", "Piotr Wilk")


def open_full_inbox(home: Path, clock: FakeClock | None = None) -> Installation:
    """A home whose inbox holds everything that a page can show."""
    installation = open_set_up(home, clock)
    with installation.store.write() as unit:
        unit.facts.add([*customers(), *deliveries()])
        unit.cases.add(past_cases())
        unit.feedback.add(reports())
        unit.feedback.save_readings([(redact(one.text), a_reading(one)) for one in reports()])
        late, twice, icon = late_parcels(), charged_twice(), washed_out_icon()
        for casefile in (late, twice, icon):
            unit.issues.save(casefile.issue)
            unit.issues.save_alarm(casefile.alarm)
            unit.issues.save_casefile(casefile)
            if casefile is late:
                unit.issues.save_matches([_on(casefile.issue, key) for key in casefile.report_keys])
            for query in _queries(casefile):
                unit.facts.remember(query)
    for submission in [*_late(installation, late), *_twice(installation, twice), _icon(icon)]:
        _propose(installation, submission)
    _decided(installation)
    return installation


def open_set_up(home: Path, clock: FakeClock | None = None) -> Installation:
    """An empty home with mail and tickets set up; nothing listens at the mail server."""
    environment = {
        "UNDERTONE_SMTP_URL": "smtp://127.0.0.1:9",
        "UNDERTONE_MAIL_FROM": "Brook & Barrow <help@brookbarrow.example>",
    }
    installation = Installation(Settings.load(home, environment), clock=clock or FakeClock(NOW))
    installation.settings.home.mkdir(parents=True, exist_ok=True)
    installation.store.prepare()
    # Opened before any transaction: it may write the installation's secret.
    assert installation.desk.undo_seconds == 30
    return installation


def _propose(installation: Installation, submission: Submission) -> Proposal:
    with installation.store.write() as unit:
        made = propose(unit, submission, desk=installation.desk, at=installation.clock())
    assert made.proposal is not None
    return made.proposal


# -- facts, cases, reports -------------------------------------------------------------


def customers(count: int = 412) -> list[Fact]:
    return [
        Fact(
            id=FactId(f"customer-{n}"),
            kind="customer",
            at=WORLD - timedelta(days=200),
            subject=f"customer:C-{n}",
            customer_id=f"C-{n}",
            attributes={
                "name": f"{NAMES[n % len(NAMES)]}",
                "email": f"c{n}@post.example",
                **({"consent": False} if n % 37 == 5 else {}),
                **({"suppressed": True} if n in (60, 61, 62) else {}),
            },
        )
        for n in range(count)
    ]


def deliveries(count: int = 412) -> list[Fact]:
    return [
        Fact(
            id=FactId(f"delivery-{n}"),
            kind="delivery",
            at=WORLD - timedelta(days=2),
            subject=f"order:BB-{48000 + n}",
            customer_id=f"C-{n}",
            amount_minor=5250,
            currency="EUR",
            attributes={
                "order_id": f"BB-{48000 + n}",
                "carrier": "Parcelo",
                "region": "North",
                "promised_at": f"2026-03-0{3 + n % 2}T{8 + n % 10:02d}:00:00Z",
                "status": "out for delivery",
            },
        )
        for n in range(count)
    ]


def past_cases() -> list[Case]:
    return [
        Case(
            id=CaseId("case-7"),
            title="Carrier strike, West, Nov 2024",
            symptom="Parcels stay out for delivery",
            cause="Strike at the carrier",
            fix="Second carrier within 2 days",
            outcome="held",
        ),
        Case(
            id=CaseId("case-9"),
            title="Hub outage, Jun 2025",
            symptom="No scans for a day",
            fix="Waited, late again after 9 days",
            outcome="returned",
        ),
    ]


QUOTES = (
    "At home all day for a parcel that is ‘out for delivery’. Nobody came.",
    "delayed is one hour. this is since yesterday!!",
    "i order nappies for baby, status not move, please when",
)


def reports(count: int = 41) -> list[FeedbackItem]:
    return [
        FeedbackItem(
            id=f"R-{n}",
            source="files",
            text=CustomerText(value=QUOTES[n % 3] + (" \u202ethanks" if n == 2 else "")),
            at=WORLD - timedelta(hours=n),
            channel=(Channel.CHAT, Channel.EMAIL, Channel.REVIEW)[n % 3],
            customer_id=f"C-{n % 38}",
        )
        for n in range(count)
    ]


def a_reading(item: FeedbackItem) -> Reading:
    return Reading(
        key=item.key,
        language="en",
        sentiment=Sentiment(label="negative", score=-0.8, confidence=0.9),
        problem="the parcel does not come",
        made_by=MADE,
    )


def _on(issue: Issue, key: FeedbackKey) -> Match:
    return Match(key=key, issue_id=issue.id, method=MatchMethod.NEAREST, score=0.9)


# -- casefiles -------------------------------------------------------------------------


def late_parcels() -> Casefile:
    """A proved cause: 38 wrote + 374 silent = 412 affected, 1,127 at risk."""
    issue = an_issue("I-late118", "Late delivery: Parcelo, North", "late_delivery", 41, 38)
    where = all_of(equals("delivery", "carrier", "Parcelo"), equals("delivery", "region", "North"))
    query = FactQuery(kind="delivery", where=where)
    hit = [_reached(n, ReachState.AFFECTED if n < 38 else ReachState.SILENT) for n in range(412)]
    risk = [
        Reached(
            customer_id=f"N-{n}",
            state=ReachState.AT_RISK,
            reason="same carrier and region, not due yet",
            hours_to_impact=2.2 + n % 50,
        )
        for n in range(1127)
    ]
    cause = Hypothesis(
        statement="Parcelo has not delivered in North",
        cause={"carrier": "Parcelo", "region": "North"},
        unit="delivery",
        outcome="not delivered when promised",
        confidence=0.86,
        findings_for=(
            Finding(text="Other carriers in North are at 2.4 %", query_id=query.id),
            Finding(text="The last hub scan in North was 3 March 05:48", query_id=query.id),
        ),
        findings_against=(
            Finding(text="South had 9 late deliveries as well, all before it began"),
            Finding(text="46 of the 412 left our warehouse late as well"),
        ),
        comparison=a_comparison(),
        started_at=datetime(2026, 3, 3, 6, 0, tzinfo=UTC),
    )
    other = Hypothesis(
        statement="Late picking on 2 March",
        cause={"warehouse": "W2"},
        confidence=0.09,
        findings_for=(Finding(text="46 left late"),),
    )
    return Casefile(
        issue=issue,
        version=1,
        as_of=WORLD,
        alarm=an_alarm(issue),
        diagnosis=Diagnosis(
            hypotheses=(cause, other),
            not_known=0.05,
            next_check="ask Parcelo for today’s hub scans, 10 minutes",
            trend=a_trend(),
        ),
        reach=Reach(customers=(*hit, *risk), hit_query=query, risk_query=query),
        impact=Impact(
            severity="high",
            risk=3,
            money=(Money(amount_minor=2163000, currency="EUR", meaning="of goods late"),),
            factors=("412 affected", "1,127 at risk"),
            priority=90.0,
        ),
        owner=DELIVERY,
        owner_rule=DELIVERY.match,
        quotes=tuple(_quote(n) for n in range(3)),
        report_keys=tuple(feedback_key("files", f"R-{n}") for n in range(41)),
        reporter_count=38,
        similar=tuple(
            SimilarCase(case=case, score=score, words=("delivery",))
            for case, score in zip(past_cases(), (0.81, 0.74), strict=True)
        ),
        trace=a_trace(),
        made_by=MADE,
    )


def charged_twice() -> Casefile:
    """37 were charged twice and none wrote; the audience is small and exact."""
    issue = an_issue("I-twice77", "Charged twice: renewal, 4.18", "double_charge", 4, 3)
    reached = tuple(
        Reached(
            customer_id=f"C-{n}",
            state=ReachState.AFFECTED if n < 3 else ReachState.SILENT,
            reason="two captured payments of one invoice",
            fact_ids=(FactId(f"delivery-{n}"),),
            amount_minor=2990,
            currency="EUR",
        )
        for n in range(37)
    )
    query = FactQuery(kind="delivery", where=equals("delivery", "status", "out for delivery"))
    return late_parcels().model_copy(
        update={
            "issue": issue,
            "alarm": an_alarm(issue),
            "reach": Reach(customers=reached, hit_query=query),
            "owner": PAYMENTS,
            "impact": Impact(
                severity="high",
                risk=3,
                money=(Money(amount_minor=110630, currency="EUR", meaning="owed"),),
                factors=("37 affected",),
                priority=70.0,
            ),
            "reporter_count": 3,
            "report_keys": tuple(feedback_key("files", f"R-{n}") for n in range(4)),
        }
    )


def washed_out_icon() -> Casefile:
    """Loud, without a record that shows a fault, and nobody owns it."""
    issue = an_issue("I-icon055", "App icon looks washed out", "look_and_feel", 302, 290)
    trend = a_trend()
    return late_parcels().model_copy(
        update={
            "issue": issue,
            "alarm": an_alarm(issue),
            "diagnosis": Diagnosis(
                unknown_reason="no record of the reporters went wrong more often than of others",
                not_known=1.0,
                next_check="ask three reporters for a picture, 15 minutes",
                trend=trend.model_copy(update={"marks": trend.marks[:1]}),
            ),
            "reach": Reach(reporters_only=290),
            "owner": None,
            "owner_rule": "No entry in owners.yaml matches 'look_and_feel'.",
            "impact": Impact(
                severity="low",
                risk=1,
                factors=("1,290 wrote", "no record shows a fault"),
                priority=5.0,
            ),
            "similar": (),
        }
    )


def an_issue(id_: str, label: str, driver: str, reported: int, wrote: int) -> Issue:
    return Issue(
        id=IssueId(id_),
        label=label,
        driver=driver,
        state=IssueState.PROPOSED,
        opened_at=datetime(2026, 3, 3, 7, 30, tzinfo=UTC),
        last_report_at=WORLD,
        report_count=reported,
        customer_count=wrote,
    )


def an_alarm(issue: Issue) -> Alarm:
    return Alarm(
        issue_id=issue.id,
        at=datetime(2026, 3, 3, 9, 40, tzinfo=UTC),
        label=issue.label,
        terms=("delivery",),
        member_keys=tuple(feedback_key("files", f"R-{n}") for n in range(5)),
        size=5,
        severity="high",
        window_hours=6,
        expected=0.4,
        p_value=0.0001,
        reason="5 reports in 6 h where 0.4 are usual",
    )


def a_comparison() -> Comparison:
    query = FactQuery(kind="delivery").id
    groups = (
        ("Parcelo, North", True, 1320, 412, 0.288, 0.338),
        ("Parcelo, elsewhere", False, 900, 19, 0.013, 0.033),
        ("Others, North", False, 1240, 30, 0.017, 0.034),
        ("Others, elsewhere", False, 1500, 30, 0.014, 0.028),
    )
    cohorts = tuple(
        Cohort(
            label=label,
            is_exposed=exposed,
            exposed=units,
            hits=hits,
            rate=hits / units,
            low=low,
            high=high,
            query_id=query,
            hits_query_id=query,
        )
        for label, exposed, units, hits, low, high in groups
    )
    return Comparison(
        unit="delivery",
        outcome="not delivered when promised",
        cohorts=cohorts,
        ratio=14.4,
        ratio_low=11.4,
        ratio_high=18.1,
        p_value=1e-9,
        combinations_tried=120,
    )


def a_trend() -> Trend:
    counts = (0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0, 1, 0, 0, 1, 6, 5, 7, 6, 4, 1, 1, 7)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    bins = tuple(
        Bin(at=start + timedelta(hours=3 * n), reports=count, in_issue=count if n >= 16 else 0)
        for n, count in enumerate(counts)
    )
    return Trend(
        bin_hours=3,
        bins=bins,
        usual_low=0,
        usual_high=1,
        marks=(
            TimeMark(
                at=datetime(2026, 3, 2, 19, 0, tzinfo=UTC),
                kind=MarkKind.DEPLOY,
                label="shop 4.18 deployed",
            ),
            TimeMark(
                at=datetime(2026, 3, 3, 6, 0, tzinfo=UTC),
                kind=MarkKind.CAUSE,
                label="Parcelo stops",
            ),
            TimeMark(
                at=datetime(2026, 3, 3, 9, 40, tzinfo=UTC), kind=MarkKind.ALARM, label="alarm"
            ),
        ),
    )


def a_trace() -> Trace:
    steps = (
        ("Read reports", "all since 1 March that name a delivery", "41 reports", "local", 2.1),
        ("Recall past cases", "nearest to “out for delivery”", "2 above 0.70", "local", 0.3),
        ("Compare", "Parcelo in North, against all others", "31.2 % against 2.2 %", "records", 0.2),
        ("Draft", "5 lines from 10 numbered facts", "1,380 tokens in, 412 out", "gpt-x", 8.9),
    )
    return Trace(
        steps=tuple(
            TraceStep(
                step=step,
                asked=asked,
                found=found,
                by=by,
                seconds=seconds,
                cost_usd=0.021 if by == "gpt-x" else None,
            )
            for step, asked, found, by, seconds in steps
        ),
        dropped=(
            Dropped(claim="480 affected", reason="rows say otherwise", replaced_by="412"),
            Dropped(claim="Back to normal by Friday", reason="no agreement says so"),
        ),
        claims_made=17,
        tokens_in=1380,
        tokens_out=412,
        cost_usd=0.021,
    )


def _reached(n: int, state: ReachState) -> Reached:
    return Reached(
        customer_id=f"C-{n}",
        state=state,
        reason="order not delivered when promised",
        fact_ids=(FactId(f"delivery-{n}"),),
        amount_minor=5250,
        currency="EUR",
    )


def _quote(n: int) -> Quote:
    return Quote(
        key=feedback_key("files", f"R-{n}"),
        feedback_id=f"R-{n}",
        text=QUOTES[n],
        customer_id=f"C-{n}",
        channel=("chat", "email", "review")[n],
        at=WORLD - timedelta(hours=n),
    )


def _queries(casefile: Casefile) -> list[FactQuery]:
    reach = casefile.reach
    return [one for one in (reach.hit_query, reach.risk_query) if one is not None]


def a_proposal(**changes: object) -> Proposal:
    """A ticket that waits, not stored."""
    casefile = late_parcels()
    given: dict[str, object] = {
        "id": "p_1",
        "kind": "ticket",
        "issue_id": casefile.issue.id,
        "casefile_version": 1,
        "destination": "tickets/logistics",
        "label": "Late",
        "reason": "412",
        "draft": draft_ticket(casefile, answer_due_at=NOW + timedelta(hours=4)),
        "owner": casefile.owner,
        "severity": "high",
        "risk": 3,
        "priority": 9.0,
        "sha256": "71c04be2" + "0" * 56,
        "policy": "p",
        "created_at": NOW,
        "expires_at": NOW + timedelta(days=7),
        "snapshot_at": WORLD,
        "made_by": MADE,
    }
    return Proposal.model_validate({**given, **changes})


# -- submissions -----------------------------------------------------------------------


def a_submission(casefile: Casefile, draft: Draft, **changes: object) -> Submission:
    owner = casefile.owner
    given: dict[str, object] = {
        "kind": ProposalKind.TICKET,
        "issue_id": casefile.issue.id,
        "casefile_version": 1,
        "destination": f"tickets/{owner.destination}" if owner else "tickets",
        "label": label_of(casefile),
        "reason": reason_line(casefile),
        "draft": draft,
        "owner": owner,
        "severity": casefile.impact.severity,
        "risk": casefile.impact.risk,
        "priority": casefile.impact.priority,
        "snapshot_at": WORLD,
        "trace": casefile.trace,
        "made_by": MADE,
        **changes,
    }
    return Submission.model_validate(given)


def _late(installation: Installation, casefile: Casefile) -> list[Submission]:
    """The ticket, and a message that promises a day without an agreement."""
    due = NOW + timedelta(minutes=46)
    ticket = a_submission(casefile, draft_ticket(casefile, answer_due_at=due), answer_due_at=due)
    message = _message(installation, casefile)
    see = next(one for one in message.draft.sections if one.key == "see")
    promising = see.model_copy(
        update={
            "sentences": (
                *see.sentences,
                Sentence(text="Your parcel will be with you by Friday."),
            )
        }
    )
    sections = tuple(promising if one is see else one for one in message.draft.sections)
    draft = message.draft.model_copy(update={"sections": sections})
    return [ticket, message.model_copy(update={"draft": draft})]


def _message(installation: Installation, casefile: Casefile) -> Submission:
    policy = installation.configuration.policy
    with installation.store.read() as unit:
        addressed = address(casefile, "affected", facts=unit.facts, policy=policy)
    draft = draft_message(
        casefile,
        "affected",
        recipients=addressed.recipients,
        policy=policy,
        next_word_at=next_word(policy, now=NOW),
    )
    return a_submission(
        casefile,
        draft,
        kind=ProposalKind.MESSAGE,
        audience="affected",
        destination="mail",
        label=message_label(casefile, "affected"),
        reason=message_reason(casefile, "affected", len(addressed.recipients)),
        priority=casefile.impact.priority - 1,
        recipients=addressed.recipients,
        left_out=addressed.left_out,
    )


def _twice(installation: Installation, casefile: Casefile) -> list[Submission]:
    due = NOW + timedelta(hours=1, minutes=52)
    draft = draft_ticket(casefile, answer_due_at=due)
    ticket = a_submission(casefile, draft, answer_due_at=due)
    return [ticket, _message(installation, casefile)]


def _icon(casefile: Casefile) -> Submission:
    draft = draft_ticket(casefile, answer_due_at=NOW - timedelta(minutes=12))
    return a_submission(casefile, draft, answer_due_at=NOW - timedelta(minutes=12))


# -- what was decided ------------------------------------------------------------------

STATES: Sequence[tuple[str, str, ProposalState, DeliveryState]] = (
    ("I-held001", "Invoice total is off", ProposalState.APPROVED, DeliveryState.HELD),
    ("I-send002", "Renewal date moved", ProposalState.SENDING, DeliveryState.SENDING),
    ("I-unkn003", "Invoice PDF is empty", ProposalState.UNKNOWN, DeliveryState.UNKNOWN),
    ("I-sent004", "Gift card shows 0", ProposalState.SENT, DeliveryState.SENT),
    ("I-fail005", "Size guide is missing", ProposalState.FAILED, DeliveryState.FAILED),
)


def _decided(installation: Installation) -> None:
    for place, (id_, label, state, delivery) in enumerate(STATES):
        casefile = charged_twice()
        issue = an_issue(id_, label, "double_charge", 4, 3)
        casefile = casefile.model_copy(update={"issue": issue, "alarm": an_alarm(issue)})
        with installation.store.write() as unit:
            unit.issues.save(issue)
            unit.issues.save_casefile(casefile)
        due = NOW + timedelta(hours=30)
        draft = draft_ticket(casefile, answer_due_at=due)
        ticket = a_submission(casefile, draft, priority=40.0 - place, answer_due_at=due)
        proposal = _propose(installation, ticket.model_copy(update={"label": label}))
        approve(installation, proposal, by="Noor Adil")
        _move(installation, proposal, state, delivery)
    rejected = charged_twice().model_copy(
        update={"issue": an_issue("I-reje006", "Old logo in mails", "double_charge", 4, 3)}
    )
    due = NOW + timedelta(hours=30)
    ticket = a_submission(rejected, draft_ticket(rejected, answer_due_at=due), answer_due_at=due)
    proposal = _propose(installation, ticket.model_copy(update={"label": "Old logo in mails"}))
    with installation.store.write() as unit:
        decide(
            unit,
            proposal.id,
            DecisionKind.REJECT,
            desk=installation.desk,
            by="Noor Adil",
            at=installation.clock(),
            seen_version=1,
            reason="The owner is wrong",
        )


def approve(installation: Installation, proposal: Proposal, *, by: str) -> Proposal:
    with installation.store.write() as unit:
        return decide(
            unit,
            proposal.id,
            DecisionKind.APPROVE,
            desk=installation.desk,
            by=by,
            at=installation.clock(),
            seen_version=proposal.version,
        )


def _move(
    installation: Installation, proposal: Proposal, state: ProposalState, to: DeliveryState
) -> None:
    if to is DeliveryState.HELD:
        return
    at = installation.clock()
    details = {
        DeliveryState.UNKNOWN: "No answer after the bytes had left.",
        DeliveryState.FAILED: "The project is closed.",
        DeliveryState.SENT: "Accepted.",
    }
    with installation.store.write() as unit:
        for delivery in unit.outbox.deliveries(proposal.id):
            row = unit.outbox.find_row(delivery.id)
            assert row is not None
            moved = delivery.model_copy(
                update={
                    "state": to,
                    "changed_at": at,
                    "attempts": 1,
                    "detail": details.get(to),
                    "external_id": "payments/2231" if to is DeliveryState.SENT else None,
                }
            )
            unit.outbox.put(row.model_copy(update={"delivery": moved}))
            unit.outbox.add_attempt(
                Attempt(
                    delivery_id=delivery.id,
                    number=1,
                    at=at - timedelta(minutes=34),
                    body_at=at - timedelta(minutes=34),
                    ended_at=at - timedelta(minutes=34) + timedelta(seconds=4.1),
                    result="no answer",
                )
            )
        unit.proposals.put_state(proposal.id, ProposalState.SENDING, at=at)
        if state is not ProposalState.SENDING:
            unit.proposals.put_state(proposal.id, state, at=at)
