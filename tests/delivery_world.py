"""A small world for delivery: a store, a clock, drafts, and an outside that keeps a log."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path

from agent.casework.checks import check_draft
from agent.delivery.claim import Rules
from agent.delivery.decide import decide
from agent.delivery.desk import Desk
from agent.delivery.dispatch import DeliverReport, deliver
from agent.delivery.faults import Faults, no_faults
from agent.delivery.propose import Proposed, Submission, propose
from domain.destinations import Destination, MessageAction, OnStep, Sent, TicketAction, WireStep
from domain.errors import DestinationUnavailable, InvalidAddress
from domain.facts import Fact
from domain.issues import ReachState
from domain.people import Owner, Policy
from domain.proposals import (
    DecisionKind,
    Delivery,
    Draft,
    Evidence,
    EvidenceKind,
    Proposal,
    ProposalKind,
    ProposalState,
    Recipient,
    Section,
    SectionRole,
    Sentence,
)
from domain.provenance import MadeBy
from domain.record import IssueId, ProposalId
from storage.store import SqlStore
from tests.clock import FakeClock

MORNING = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
OWNER = Owner(
    match="delivery",
    department="Delivery operations",
    person="Ines Kahl",
    email="ines@shop.example",
    destination="logistics",
)
SECRET = b"a secret of thirty-two bytes ..."
ISSUE = IssueId("i_1")


@dataclass
class FakeOutside:
    """A destination whose outside world is a list."""

    name: str
    missing: str | None = None
    accepted: list[tuple[str, bytes]] = field(default_factory=list)
    tickets: dict[str, bytes] = field(default_factory=dict)
    errors: list[Exception | None] = field(default_factory=list)
    """What the next sends raise, before the body."""
    late_errors: list[Exception | None] = field(default_factory=list)
    """What the next sends raise after the body was accepted."""
    find_errors: list[Exception] = field(default_factory=list)
    finds: list[str] = field(default_factory=list)
    hidden: bool = False
    """Whether look-ups find nothing although it is there."""

    def freeze(self, action: TicketAction | MessageAction) -> bytes:
        if isinstance(action, MessageAction) and " " in action.address:
            raise InvalidAddress("No.")
        return json.dumps(action.model_dump(mode="json"), sort_keys=True).encode()

    def find(self, key: str) -> Sent | None:
        self.finds.append(key)
        if self.find_errors:
            raise self.find_errors.pop(0)
        if self.name == "mail":
            raise DestinationUnavailable("Mail cannot be asked.")
        frozen = None if self.hidden else self.tickets.get(key)
        return None if frozen is None else Sent(external_id=f"T-{key[:8]}", sha256=sha256(frozen))

    def send(self, frozen: bytes, *, key: str, address: str | None, on_step: OnStep) -> Sent:
        on_step(WireStep.CONNECTED)
        if self.errors and (error := self.errors.pop(0)):
            raise error
        on_step(WireStep.BODY_BEGINS)
        on_step(WireStep.MID_BODY)
        self.accepted.append((key, frozen))
        self.tickets[key] = frozen
        on_step(WireStep.BODY_ENDED)
        if self.late_errors and (error := self.late_errors.pop(0)):
            raise error
        on_step(WireStep.ANSWERED)
        return Sent(external_id=f"T-{key[:8]}", detail="250 fine")


def sha256(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()


def a_ticket_draft(affected: int = 412, *, subject: str | None = None) -> Draft:
    """A ticket about late parcels; every number has its mark."""
    claim = f"{affected} affected"
    return Draft(
        kind=ProposalKind.TICKET,
        subject=subject or "NordPost does not deliver in North since 3 March 06:00",
        sections=(
            _line("symptom", "Symptom", "Customers report: parcel late.", 2),
            _line("who", "Who", f"{claim}, most of them silent.", 1),
            _line("cause", "Cause", "NordPost does not deliver in North since 3 March 06:00.", 3),
            _line("ask", "Ask", "Confirm or refute this cause, and answer with the remedy."),
            Section(
                key="quotes",
                heading="In their words",
                role=SectionRole.QUOTES,
                sentences=(
                    Sentence(text="“My parcel is late.”", marks=(2,), remark="Customer c1, email"),
                ),
            ),
            Section(
                key="exposed",
                heading="Exposed against not exposed",
                role=SectionRole.TABLE,
                table=(("Delivery", "Hit"), ("NordPost | North", "all")),
            ),
            Section(
                key="why_you",
                heading="Why you",
                role=SectionRole.WHY_YOU,
                sentences=(Sentence(text="Ines Kahl is accountable for “delivery”.", marks=(4,)),),
            ),
        ),
        evidence=(
            _evidence(1, claim, EvidenceKind.ROWS, "q_1", title=claim),
            _evidence(2, "My parcel is late.", EvidenceKind.QUOTE, "f1"),
            _evidence(
                3,
                "NordPost does not deliver in North since 3 March 06:00",
                EvidenceKind.COMPARISON,
                "q_2",
            ),
            _evidence(4, "“delivery”", EvidenceKind.POLICY, "owners.yaml: delivery"),
        ),
    )


def a_message_draft() -> Draft:
    """A message with two slots and nothing promised."""
    return Draft(
        kind=ProposalKind.MESSAGE,
        subject="Parcel late: what we know",
        sections=(
            _paragraph("hello", "$hello"),
            _paragraph("see", "Our records show a problem with $item: not delivered.", 1),
            _paragraph("doing", "Our Delivery operations team has been asked to deal with it."),
            _paragraph("sign", "Customer support"),
        ),
        evidence=(
            _evidence(
                1,
                "Our records show a problem with $item: not delivered.",
                EvidenceKind.ROWS,
                "q_1",
            ),
        ),
    )


def _line(key: str, heading: str, text: str, *marks: int) -> Section:
    sentence = Sentence(text=text, marks=marks)
    return Section(key=key, heading=heading, role=SectionRole.LINE, sentences=(sentence,))


def _paragraph(key: str, text: str, *marks: int) -> Section:
    sentence = Sentence(text=text, marks=marks)
    return Section(key=key, heading=None, role=SectionRole.PARAGRAPH, sentences=(sentence,))


def _evidence(
    number: int, claim: str, kind: EvidenceKind, ref: str, *, title: str = "Rows"
) -> Evidence:
    return Evidence(number=number, claim=claim, kind=kind, ref=ref, title=title)


def a_recipient(id_: str, *, address: str | None = None, name: str | None = None) -> Recipient:
    shown = name or id_.title()
    return Recipient(
        customer_id=id_,
        address=address or f"{id_}@example.com",
        name=shown,
        state=ReachState.AFFECTED,
        values={"hello": f"Hello {shown},", "item": f"your order {id_}-77"},
    )


def a_ticket(draft: Draft | None = None, **changes: object) -> Submission:
    return Submission(
        kind=ProposalKind.TICKET,
        issue_id=ISSUE,
        casefile_version=1,
        destination="tickets/logistics",
        label="NordPost late in North",
        reason="412 affected",
        draft=draft or a_ticket_draft(),
        owner=OWNER,
        severity="high",
        risk=2,
        priority=5.0,
        snapshot_at=MORNING,
        made_by=MadeBy(engine="local", version="1"),
    ).model_copy(update=changes)


def a_message(recipients: Sequence[Recipient] | None = None, **changes: object) -> Submission:
    return Submission(
        kind=ProposalKind.MESSAGE,
        issue_id=ISSUE,
        casefile_version=1,
        audience="affected",
        destination="mail",
        label="Parcel late: message",
        reason="2 recipients",
        draft=a_message_draft(),
        owner=OWNER,
        severity="high",
        risk=2,
        priority=4.0,
        recipients=tuple(
            recipients if recipients is not None else (a_recipient("ann"), a_recipient("bob"))
        ),
        snapshot_at=MORNING,
        made_by=MadeBy(engine="local", version="1"),
    ).model_copy(update=changes)


def a_customer(id_: str, **attributes: object) -> Fact:
    return Fact.model_validate(
        {
            "id": f"customer-{id_}",
            "kind": "customer",
            "at": MORNING,
            "subject": f"customer:{id_}",
            "customer_id": id_,
            "attributes": {"email": f"{id_}@example.com", "consent": True, **attributes},
        }
    )


class World:
    """Store, clock, desk and destinations, with the verbs of a day."""

    def __init__(
        self,
        home: Path,
        *,
        destinations: Sequence[Destination] | None = None,
        policy: Policy | None = None,
        undo_seconds: int = 30,
        clock: FakeClock | None = None,
        name: str = "first",
    ) -> None:
        self.clock = clock or FakeClock(MORNING)
        self.store = SqlStore(f"sqlite:///{home / 'undertone.db'}")
        self.store.prepare()
        self.policy = policy or Policy()
        self.mail = FakeOutside("mail")
        self.tickets = FakeOutside("tickets")
        present = destinations if destinations is not None else (self.mail, self.tickets)
        self.destinations = {one.name: one for one in present}
        numbers = count(1)
        self.new_token: Callable[[], str] = lambda: f"{name}-{next(numbers)}"
        self.undo_seconds = undo_seconds

    def desk(self, faults: Faults = no_faults) -> Desk:
        return Desk(
            destinations=self.destinations,
            check=partial(check_draft, policy=self.policy),
            policy=self.policy,
            undo_seconds=self.undo_seconds,
            new_token=self.new_token,
            faults=faults,
        )

    def know(self, *customers: Fact) -> None:
        with self.store.write() as unit:
            unit.facts.add(customers)

    def propose(self, submission: Submission) -> Proposed:
        with self.store.write() as unit:
            return propose(unit, submission, desk=self.desk(), at=self.clock())

    def proposed(self, submission: Submission) -> Proposal:
        proposal = self.propose(submission).proposal
        assert proposal is not None
        return proposal

    def decide(
        self,
        id_: ProposalId,
        kind: str,
        *,
        seen: int = 1,
        by: str = "mara",
        faults: Faults = no_faults,
        **more: object,
    ) -> Proposal:
        with self.store.write() as unit:
            return decide(
                unit,
                id_,
                DecisionKind(kind),
                desk=self.desk(faults),
                by=by,
                at=self.clock(),
                seen_version=seen,
                **more,
            )

    def deliver(self, faults: Faults = no_faults) -> DeliverReport:
        rules = Rules(self.destinations, self.policy, self.new_token)
        return deliver(self.store, rules, clock=self.clock, faults=faults)

    def proposal(self, id_: ProposalId) -> Proposal:
        with self.store.read() as unit:
            return unit.proposals.get(id_)

    def deliveries(self, id_: ProposalId) -> list[Delivery]:
        with self.store.read() as unit:
            return unit.outbox.deliveries(id_)

    def states(self, id_: ProposalId) -> list[str]:
        return [one.state.value for one in self.deliveries(id_)]

    def proposals_waiting(self) -> list[Proposal]:
        with self.store.read() as unit:
            return unit.proposals.list_all(states=[ProposalState.PROPOSED])
