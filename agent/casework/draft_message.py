"""The message to one audience: what we see, that we are on it, when we write again.

No agreement with the owner exists yet, so nothing is promised but the next word,
which is the company's own policy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from agent.casework import words
from agent.casework.marks import Marks
from domain.facts import Fact, as_flag
from domain.issues import Casefile, Hypothesis, Reached, ReachState
from domain.people import Policy
from domain.ports import FactTable
from domain.predicates import FactQuery
from domain.proposals import (
    Draft,
    EvidenceKind,
    LeftOut,
    ProposalKind,
    Recipient,
    Section,
    SectionRole,
    Sentence,
)

Audience = Literal["affected", "at_risk"]


class Addressed(NamedTuple):
    """Who gets a message and who is left out, each customer once."""

    recipients: tuple[Recipient, ...]
    left_out: tuple[LeftOut, ...]


def address(
    casefile: Casefile, audience: Audience, *, facts: FactTable, policy: Policy
) -> Addressed:
    """Choose the recipients of an audience, in customer id order.

    Left out are customers without an address, with consent false or not understood,
    suppressed ones, and, where the policy says so, those whose consent is not known.
    """
    states = (
        (ReachState.AFFECTED, ReachState.SILENT)
        if audience == "affected"
        else (ReachState.AT_RISK,)
    )
    reached = [one for one in casefile.reach.customers if one.state in states]
    profiles = _profiles(facts)
    units = {
        fact.id: fact for fact in facts.facts([id_ for one in reached for id_ in one.fact_ids[:1]])
    }
    recipients: list[Recipient] = []
    left_out: list[LeftOut] = []
    for one in reached:
        profile = profiles.get(one.customer_id, {})
        reason = _left_out(profile, policy)
        if reason is not None:
            left_out.append(LeftOut(customer_id=one.customer_id, reason=reason))
            continue
        unit = units.get(one.fact_ids[0]) if one.fact_ids else None
        name = profile.get("name")
        recipients.append(
            Recipient(
                customer_id=one.customer_id,
                address=str(profile["email"]).strip(),
                name=str(name).strip() if name else None,
                state=one.state,
                values=_values(one, unit, str(name).strip() if name else None),
            )
        )
    return Addressed(tuple(recipients), tuple(left_out))


def _profiles(facts: FactTable) -> dict[str, dict[str, object]]:
    """Customer id → what the current `customer` facts say of them together."""
    profiles: dict[str, dict[str, object]] = {}
    offset, page = 0, 1000
    while rows := facts.rows(FactQuery(kind="customer"), limit=page, offset=offset):
        for fact in rows:
            subject = (fact.subject or fact.id).removeprefix("customer:")
            profiles.setdefault(fact.customer_id or subject, {}).update(fact.attributes)
        offset += page
    return profiles


LeftOutReason = Literal["no address", "consent is false", "consent is not understood", "suppressed"]


def _left_out(profile: Mapping[str, object], policy: Policy) -> LeftOutReason | None:
    suppressed, consent = profile.get("suppressed"), profile.get("consent")
    if suppressed is not None and as_flag(suppressed) is not False:
        return "suppressed"
    if consent is not None and as_flag(consent) is None:
        return "consent is not understood"
    allowed = policy.write_to_unknown_consent if consent is None else as_flag(consent)
    if not allowed:
        return "consent is false"
    email = profile.get("email")
    if not isinstance(email, str) or "@" not in email.strip():
        return "no address"
    return None


def _values(one: Reached, unit: Fact | None, name: str | None) -> dict[str, str]:
    values = {"hello": f"Hello {name}," if name else "Hello,"}
    values["item"] = _item(unit)
    due = unit and (unit.attributes.get("promised_at") or unit.attributes.get("due_at"))
    if isinstance(due, str):
        values["due"] = _due_text(due)
    if one.amount_minor is not None and one.currency:
        values["amount"] = words.money(one.amount_minor, one.currency)
    return values


def _due_text(value: str) -> str:
    try:
        return words.weekday(datetime.fromisoformat(value.replace("Z", "+00:00")))
    except ValueError:
        return value


def _item(unit: Fact | None) -> str:
    if unit is None:
        return "your order"
    for name in ("order", "invoice"):
        value = unit.attributes.get(f"{name}_id")
        if value is None and unit.kind == name:
            value = (unit.subject or unit.id).removeprefix(f"{name}:")
        if value is None and (unit.subject or "").startswith(f"{name}:"):
            value = (unit.subject or "").removeprefix(f"{name}:")
        if isinstance(value, str | int):
            return f"your {name} {value}"
    return f"your {unit.kind}"


def draft_message(
    casefile: Casefile,
    audience: Audience,
    *,
    recipients: Sequence[Recipient],
    policy: Policy,
    next_word_at: datetime,
) -> Draft:
    """Write the template for one audience; `$slots` stand where recipients differ.

    A slot is used only if every recipient has a value for it.
    """
    marks = Marks()
    shared = set.intersection(*(set(one.values) for one in recipients)) if recipients else set()
    paragraphs = [
        ("hello", (Sentence(text="$hello", marks=()),)),
        ("see", _see(casefile, audience, shared, marks)),
        ("doing", _doing(casefile, marks)),
        ("next", _next(marks, next_word_at)),
        ("sign", (Sentence(text=policy.sender_name),)),
    ]
    return Draft(
        kind=ProposalKind.MESSAGE,
        subject=_subject(casefile, audience),
        sections=tuple(
            Section(key=key, heading=None, role=SectionRole.PARAGRAPH, sentences=sentences)
            for key, sentences in paragraphs
        ),
        evidence=marks.evidence,
    )


def _subject(casefile: Casefile, audience: Audience) -> str:
    topic = casefile.issue.label.split(":")[0].strip()
    return (
        f"{topic}: what we know"
        if audience == "affected"
        else f"{topic}: a problem that may affect you"
    )


def _see(
    casefile: Casefile, audience: Audience, shared: set[str], marks: Marks
) -> tuple[Sentence, ...]:
    proved = casefile.diagnosis.proved
    query = casefile.reach.hit_query if audience == "affected" else casefile.reach.risk_query
    ref = query.id if query else f"reports:{casefile.issue.id}"
    due = ", due on $due," if "due" in shared else ""
    outcome = (proved.outcome if proved and proved.outcome else "affected").rstrip(".")
    subject = _subject_of(proved)
    if audience == "affected":
        text = f"Our records show that {subject}{due} was {words.lower_first(outcome)}."
    else:
        text = f"A problem that we are looking into may affect $item{due.rstrip(',')}."
    rows = tuple(id_ for one in casefile.reach.customers for id_ in one.fact_ids[:1])
    first = marks.add(
        text,
        kind=EvidenceKind.ROWS,
        ref=ref,
        title="Each customer's own record",
        explanation="The dotted words come from the record of the customer who gets the copy.",
        row_ids=rows,
    )
    sentences = [Sentence(text=text, marks=(first,))]
    if audience == "affected" and "amount" in shared and casefile.impact.money:
        sentences.append(_amount(casefile, marks))
    if proved is not None:
        sentences.append(_known(casefile, proved, marks))
    return tuple(sentences)


def _subject_of(proved: Hypothesis | None) -> str:
    """What went wrong, in the customer's eyes: the order itself, or the payment for it."""
    if proved is None or proved.unit in (None, "delivery", "shipment", "order", "invoice"):
        return "$item"
    return f"the {proved.unit} for $item"


def _amount(casefile: Casefile, marks: Marks) -> Sentence:
    text = "The amount is $amount."
    query = casefile.reach.hit_query
    number = marks.add(
        text,
        kind=EvidenceKind.ROWS,
        ref=query.id if query else f"reports:{casefile.issue.id}",
        title="Amount of each customer's own rows",
    )
    return Sentence(text=text, marks=(number,))


def _known(casefile: Casefile, proved: Hypothesis, marks: Marks) -> Sentence:
    since = proved.started_at or casefile.issue.opened_at
    statement = proved.statement.strip().rstrip(".")
    text = f"What we see: {statement}, since {words.weekday(since)}."
    ref = proved.comparison.cohorts[0].hits_query_id if proved.comparison else "reports"
    number = marks.add(
        text,
        kind=EvidenceKind.COMPARISON if proved.comparison else EvidenceKind.ROWS,
        ref=ref,
        title="Exposed against not exposed",
        explanation="See the ticket of the same issue for the comparison.",
    )
    return Sentence(text=text, marks=(number,))


def _doing(casefile: Casefile, marks: Marks) -> tuple[Sentence, ...]:
    if casefile.owner is None:
        return (Sentence(text="We are looking into it."),)
    text = f"Our {casefile.owner.department} team has been asked to deal with it."
    number = marks.add(
        text,
        kind=EvidenceKind.POLICY,
        ref=f"owners.yaml: {casefile.owner.match}",
        title="Ownership map",
        explanation="The ticket of the same issue goes to this department.",
    )
    return (Sentence(text=text, marks=(number,)),)


def _next(marks: Marks, next_word_at: datetime) -> tuple[Sentence, ...]:
    text = f"We will write to you again by {words.weekday(next_word_at)}, {next_word_at:%H:%M} UTC."
    number = marks.add(
        text,
        kind=EvidenceKind.POLICY,
        ref="next_word_hours",
        title="When we write again",
        explanation="From policy.yaml, counted from when the draft was made.",
    )
    return (Sentence(text=text, marks=(number,)),)


def next_word(policy: Policy, *, now: datetime) -> datetime:
    """Give the time until which a message says that we write again, on a full hour."""
    at = now + timedelta(hours=policy.next_word_hours)
    return at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def suppressed_now(facts: FactTable, customer_id: str, *, policy: Policy) -> str | None:
    """Say why a customer may not be written to at this moment; None when they may."""
    reasons = [_left_out(one.attributes, policy) for one in facts.profile_of(customer_id)]
    # Of several records about one customer, one that forbids is enough.
    forbids = [one for one in reasons if one not in (None, "no address")]
    return forbids[0] if forbids else reasons[-1] if reasons else "no address"
