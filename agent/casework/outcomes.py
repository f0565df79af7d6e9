"""What counts as a hit, for any kind of fact, as predicates.

An outcome belongs to a unit kind and is found from the attributes that facts of that
kind carry: a promise that was not kept, a payment captured twice, a bad status, a unit
that was given back. Nothing here knows a company.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from domain.ports import AttributeProfile, KindProfile
from domain.predicates import (
    Compare,
    CompareFields,
    Either,
    Field,
    Not,
    OneOf,
    Predicate,
    Present,
    Related,
    Repeats,
    Scalar,
    all_of,
)
from domain.record import Record, time_text

_PROMISES = ("promised_at", "expected_at", "estimated_at", "scheduled_at", "deadline_at", "eta_at")
_DONE = (
    "delivered_at", "completed_at", "done_at", "arrived_at", "finished_at", "fulfilled_at",
    "returned_at", "activated_at", "repaired_at", "resolved_at",
)  # fmt: skip
_BAD = frozenset(
    [
        "failed",
        "failure",
        "error",
        "declined",
        "rejected",
        "lost",
        "damaged",
        "broken",
        "timeout",
        "timed_out",
        "aborted",
        "undelivered",
        "returned_to_sender",
        "cancelled",
        "canceled",
        "denied",
        "crashed",
        "defective",
        "expired",
        "missed",
        "no_show",
        "unreachable",
        "bounced",
    ]
)
_TAKEN = frozenset(
    ["captured", "paid", "settled", "succeeded", "success", "completed", "charged", "booked"]
)
_GIVEN_BACK = frozenset(["refunded", "reversed", "voided", "chargeback", "credited"])
_STATUS = frozenset(["status", "state", "result", "outcome"])
# Events whose existence is itself the outcome of the entity they refer to.
_EVENTS = {"return": "given back", "cancellation": "cancelled", "chargeback": "charged back"}


class Outcome(Record):
    """One way in which units of a kind can go wrong."""

    unit: str
    name: str
    words: str
    """What a hit is, to stand after `402 of 1,320`: `not delivered when promised`."""
    hit: Predicate
    since: Field
    """The time at which a hit shows."""
    open_unit: str | None = None
    """Kind of the units that are not decided yet, when such exist."""
    open_where: Predicate | None = None
    due: Field | None = None
    """When an open unit will be decided."""
    money: str | None = None
    """What the amounts of hit units mean."""


def outcomes_of(profiles: Sequence[KindProfile], *, at: datetime) -> list[Outcome]:
    """All outcomes that the kinds at hand can show at a world time."""
    found: list[Outcome] = []
    for profile in profiles:
        names = {one.name: one for one in profile.attributes}
        found += _broken_promise(profile.kind, names, at)
        found += _taken_twice(profile, names, profiles, at)
        found += _bad_status(profile.kind, names)
        found += _event(profile, profiles)
    return found


def _broken_promise(kind: str, names: dict[str, AttributeProfile], at: datetime) -> list[Outcome]:
    promised = next((name for name in _PROMISES if name in names), None)
    done = next((name for name in _DONE if name in names), None)
    if promised is None or (done is None and kind != "delivery"):
        return []
    done = done or "delivered_at"
    due, end = Field(kind=kind, name=promised), Field(kind=kind, name=done)
    now = time_text(at)
    passed = Compare(field=due, op="le", value=now)
    late = Either(terms=(CompareFields(left=end, op="gt", right=due), Not(term=Present(field=end))))
    pending: list[Predicate] = [
        Not(term=Present(field=end)),
        Compare(field=due, op="gt", value=now),
    ]
    over = [value for value, _ in _values(names, "status") if str(value) in _BAD]
    if over:
        status = Field(kind=kind, name="status")
        pending.append(Not(term=OneOf(field=status, values=tuple(over))))
    verb = done.removesuffix("_at").replace("_", " ")
    return [
        Outcome(
            unit=kind,
            name="late",
            words=f"not {verb} when promised",
            hit=all_of(passed, late),
            since=due,
            open_unit=kind,
            open_where=all_of(*pending),
            due=due,
            money="of goods late",
        )
    ]


def _values(names: dict[str, AttributeProfile], name: str) -> Sequence[tuple[Scalar, int]]:
    return names[name].values if name in names else ()


def _taken_twice(
    profile: KindProfile,
    names: dict[str, AttributeProfile],
    profiles: Sequence[KindProfile],
    at: datetime,
) -> list[Outcome]:
    kind = profile.kind
    taken = tuple(
        str(value) for value, _ in _values(names, "status") if str(value).lower() in _TAKEN
    )
    if not taken or kind not in ("payment", "charge", "transaction", "debit"):
        return []
    status = Field(kind=kind, name="status")
    is_taken = OneOf(field=status, values=taken)
    amount = Field(kind=kind, name="amount_minor")
    found = []
    for reference in ("invoice", "order", "subscription", "booking"):
        name = f"{reference}_id"
        if name not in names:
            continue
        same = [Field(kind=kind, name=name), amount]
        if reference == "subscription" and "period" in names:
            same.append(Field(kind=kind, name="period"))
        given_back = _given_back(kind, names, profiles, reference)
        found.append(
            Outcome(
                unit=kind,
                name=f"taken twice for one {reference}",
                words="taken more than once",
                hit=all_of(is_taken, Repeats(same=tuple(same), where=is_taken), *given_back),
                since=Field(kind=kind, name="at"),
                **_unpaid(profiles, at),
                money="taken twice",
            )
        )
    return found


def _given_back(
    kind: str, names: dict[str, AttributeProfile], profiles: Sequence[KindProfile], reference: str
) -> list[Predicate]:
    """Rule out what was given back: by a row of the same kind, or by a refund row."""
    status = Field(kind=kind, name="status")
    back = tuple(str(v) for v, _ in _values(names, "status") if str(v).lower() in _GIVEN_BACK)
    terms: list[Predicate] = []
    if back:
        refunded = OneOf(field=status, values=back)
        terms.append(Not(term=Related(kind=kind, link=reference, where=refunded)))
    if any(profile.kind == "refund" for profile in profiles):
        terms.append(Not(term=Related(kind="refund", link=reference)))
    return terms


def _unpaid(profiles: Sequence[KindProfile], at: datetime) -> dict[str, Any]:
    """Open invoices that fall due later are the payments to come."""
    for profile in profiles:
        if profile.kind == "invoice" and any(one.name == "due_at" for one in profile.attributes):
            due = Field(kind="invoice", name="due_at")
            settled = OneOf(
                field=Field(kind="invoice", name="status"),
                values=("paid", "captured", "settled", "cancelled", "void", "refunded", "failed"),
            )
            later = Compare(field=due, op="gt", value=time_text(at))
            paid = Related(
                kind="payment",
                link="invoice",
                where=OneOf(
                    field=Field(kind="payment", name="status"), values=tuple(sorted(_TAKEN))
                ),
            )
            return {
                "open_unit": "invoice",
                "open_where": all_of(later, Not(term=settled), Not(term=paid)),
                "due": due,
            }
    return {}


def _bad_status(kind: str, names: dict[str, AttributeProfile]) -> list[Outcome]:
    found = []
    for name, profile in names.items():
        if name not in _STATUS:
            continue
        bad = tuple(str(value) for value, _ in profile.values if str(value).lower() in _BAD)
        if bad:
            found.append(
                Outcome(
                    unit=kind,
                    name=f"bad {name}",
                    words=" or ".join(value.replace("_", " ") for value in bad[:3]),
                    hit=OneOf(field=Field(kind=kind, name=name), values=bad),
                    since=Field(kind=kind, name="at"),
                )
            )
    return found


def _event(profile: KindProfile, profiles: Sequence[KindProfile]) -> list[Outcome]:
    if profile.kind not in _EVENTS:
        return []
    entity = next(
        (link for link in ("order", "account", "customer") if link in profile.links), None
    )
    if entity is None or all(one.kind != entity for one in profiles):
        return []
    return [
        Outcome(
            unit=entity,
            name=f"has a {profile.kind}",
            words=_EVENTS[profile.kind],
            hit=Related(kind=profile.kind, link=entity),
            since=Field(kind=entity, name="at"),
        )
    ]
