"""What counts as a hit, for any kind of fact, as predicates.

An outcome belongs to a unit kind and is found from the attributes that facts of that
kind carry: a promise that was not kept, a payment captured twice, a bad status, a unit
that was given back. Nothing here knows a company.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from agent.casework.statuses import BAD, is_bad, is_undecided
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

_PROMISES = (
    "promised_at expected_at estimated_at scheduled_at planned_at deadline_at eta_at "
    "appointment_at slot_at target_at promised_by"
).split()
_DONE = (
    "delivered_at completed_at done_at arrived_at finished_at fulfilled_at returned_at "
    "activated_at repaired_at resolved_at installed_at visited_at handed_over_at closed_at"
).split()
_TAKEN = frozenset(
    "captured paid settled succeeded success completed charged booked collected".split()
)
_GIVEN_BACK = frozenset("refunded reversed voided chargeback credited returned".split())
_SETTLED = (*sorted(_TAKEN), "cancelled", "canceled", "void", "voided", "refunded", "closed")
# Flags that are bad when set, and flags that are bad when not set.
_BAD_FLAGS = frozenset(
    "failed error damaged broken lost late defective missing wrong declined cancelled rejected "
    "escalated incomplete crashed timed_out is_late is_damaged is_defective".split()
)
_GOOD_FLAGS = frozenset("ok success succeeded completed delivered passed solved resolved".split())
# Events whose existence is itself the outcome of the entity they refer to.
_EVENTS = {
    "return": "given back",
    "cancellation": "cancelled",
    "chargeback": "charged back",
    "complaint": "complained about",
    "claim": "claimed for",
}
# Days from an order to its return: a month to send it back is usual in retail, and a week
# until it is recorded (EU right of withdrawal: 14 days; common shop terms: 30).
_EVENT_DAYS = 45


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
    done: Field | None = None
    """When a unit that is not hit was decided; before that it was exposed to nothing."""
    undecided: Predicate | None = None
    """Units that began and may still be hit: that they are not says nothing yet."""
    look_back_days: int = 10
    """How long before the first report a unit may have begun to explain it."""
    money: str | None = None
    """What the amounts of hit units mean."""


def outcomes_of(profiles: Sequence[KindProfile], *, at: datetime) -> list[Outcome]:
    """All outcomes that the kinds at hand can show at a world time."""
    found: list[Outcome] = []
    for profile in profiles:
        names = {one.name: one for one in profile.attributes}
        found += _broken_promise(profile.kind, names, at)
        found += _overdue(profile.kind, names, profiles, at)
        found += _taken_twice(profile, names, profiles, at)
        found += _bad_status(profile, names, profiles, at)
        found += _bad_flag(profile.kind, names)
        found += _event(profile, profiles)
    return found


def _broken_promise(kind: str, names: dict[str, AttributeProfile], at: datetime) -> list[Outcome]:
    promised = next((name for name in _PROMISES if name in names), None)
    done = next((name for name in _DONE if name in names), None)
    if promised is None or (done is None and kind != "delivery"):
        return []
    done = done or "delivered_at"
    due, end = Field(kind=kind, name=promised), Field(kind=kind, name=done)
    passed = Compare(field=due, op="le", value=time_text(at))
    called_off = _called_off(kind, names)
    missing = all_of(Not(term=Present(field=end)), *_not_finished(kind, names))
    late = Either(terms=(CompareFields(left=end, op="gt", right=due), missing))
    pending: list[Predicate] = [
        missing,
        Compare(field=due, op="gt", value=time_text(at)),
        *_still_going(kind, names),
    ]
    verb = done.removesuffix("_at").replace("_", " ")
    return [
        Outcome(
            unit=kind,
            name="late",
            words=f"not {verb} when promised",
            hit=all_of(passed, late, *called_off),
            since=due,
            open_unit=kind,
            open_where=all_of(*pending),
            due=due,
            done=end,
            money="of goods late" if kind in ("delivery", "shipment", "order") else "late",
        )
    ]


def _called_off(kind: str, names: dict[str, AttributeProfile]) -> list[Predicate]:
    """A unit that was called off breaks no promise."""
    off = [str(v) for v, _ in _values(names, "status") if str(v).lower() in _CALLED_OFF]
    if not off:
        return []
    return [Not(term=OneOf(field=Field(kind=kind, name="status"), values=tuple(off)))]


_CALLED_OFF = ("cancelled", "canceled", "void", "voided", "withdrawn")


def _not_finished(kind: str, names: dict[str, AttributeProfile]) -> list[Predicate]:
    """A status may say that it is done where no time does."""
    over = [str(v) for v, _ in _values(names, "status") if str(v).lower() in _FINISHED]
    if not over:
        return []
    return [Not(term=OneOf(field=Field(kind=kind, name="status"), values=tuple(over)))]


_FINISHED = ("delivered", "completed", "done", "arrived", "fulfilled", "handed over", "collected")


def _still_going(kind: str, names: dict[str, AttributeProfile]) -> list[Predicate]:
    over = [str(v) for v, _ in _values(names, "status") if str(v).lower() in BAD]
    if not over:
        return []
    return [Not(term=OneOf(field=Field(kind=kind, name="status"), values=tuple(over)))]


def _overdue(
    kind: str,
    names: dict[str, AttributeProfile],
    profiles: Sequence[KindProfile],
    at: datetime,
) -> list[Outcome]:
    """A bill whose day has passed and that nobody paid."""
    if "due_at" not in names:
        return []
    due = Field(kind=kind, name="due_at")
    settled: list[Predicate] = []
    if "paid_at" in names:
        settled.append(Present(field=Field(kind=kind, name="paid_at")))
    if "status" in names:
        settled.append(OneOf(field=Field(kind=kind, name="status"), values=_SETTLED))
    if any(one.kind == "payment" and kind in one.links for one in profiles):
        taken = OneOf(field=Field(kind="payment", name="status"), values=tuple(sorted(_TAKEN)))
        settled.append(Related(kind="payment", link=kind, where=taken))
    if not settled:
        return []
    unpaid = [Not(term=term) for term in settled]
    return [
        Outcome(
            unit=kind,
            name="overdue",
            words="not paid when due",
            hit=all_of(Compare(field=due, op="le", value=time_text(at)), *unpaid),
            since=due,
            open_unit=kind,
            open_where=all_of(Compare(field=due, op="gt", value=time_text(at)), *unpaid),
            due=due,
            money="not paid",
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
    taken = _taken(names)
    if not taken or kind not in _MONEY_MOVES:
        return []
    status = Field(kind=kind, name="status")
    is_taken = OneOf(field=status, values=taken)
    amount = Field(kind=kind, name="amount_minor")
    found = []
    for reference in _references(names):
        same = [Field(kind=kind, name=f"{reference}_id"), amount]
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


_MONEY_MOVES = ("payment", "charge", "transaction", "debit")


def _taken(names: dict[str, AttributeProfile]) -> tuple[str, ...]:
    return tuple(str(v) for v, _ in _values(names, "status") if str(v).lower() in _TAKEN)


def _references(names: dict[str, AttributeProfile]) -> list[str]:
    """What money is taken for."""
    known = ("invoice", "order", "subscription", "booking")
    return [reference for reference in known if f"{reference}_id" in names]


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


def _bad_status(
    profile: KindProfile,
    names: dict[str, AttributeProfile],
    profiles: Sequence[KindProfile],
    at: datetime,
) -> list[Outcome]:
    """A unit that ended badly; money that a second try took, or an open bill, did not yet."""
    kind, found = profile.kind, []
    moves = kind in _MONEY_MOVES and bool(_taken(names))
    mended = _taken_anyway(kind, names) if moves else []
    to_come = _unpaid(profiles, at) if moves else {}
    for name in names:
        field, values = Field(kind=kind, name=name), [value for value, _ in names[name].values]
        bad = tuple(str(value) for value in values if is_bad(name, value))
        waiting = tuple(value for value in values if is_undecided(value))
        if bad:
            found.append(
                Outcome(
                    unit=kind,
                    name=f"bad {name}",
                    words=" or ".join(value.replace("_", " ") for value in bad[:3]),
                    hit=all_of(OneOf(field=field, values=bad), *mended),
                    since=Field(kind=kind, name="at"),
                    undecided=OneOf(field=field, values=waiting) if waiting else None,
                    money=f"in {kind}s that went wrong",
                    **to_come,
                )
            )
    return found


def _taken_anyway(kind: str, names: dict[str, AttributeProfile]) -> list[Predicate]:
    """Rule out what another try took for the same thing; a subscription is many of them."""
    taken = OneOf(field=Field(kind=kind, name="status"), values=_taken(names))
    single = [one for one in _references(names) if one != "subscription"]
    return [Not(term=Related(kind=kind, link=reference, where=taken)) for reference in single[:1]]


def _bad_flag(kind: str, names: dict[str, AttributeProfile]) -> list[Outcome]:
    found = []
    for name, profile in names.items():
        if profile.type != "flag" or name not in _BAD_FLAGS | _GOOD_FLAGS:
            continue
        is_bad = name in _BAD_FLAGS
        word = name.removeprefix("is_").replace("_", " ")
        found.append(
            Outcome(
                unit=kind,
                name=f"flag {name}",
                words=word if is_bad else f"not {word}",
                hit=Compare(field=Field(kind=kind, name=name), op="eq", value=is_bad),
                since=Field(kind=kind, name="at"),
                money=f"in {kind}s that went wrong",
            )
        )
    return found


def _event(profile: KindProfile, profiles: Sequence[KindProfile]) -> list[Outcome]:
    if profile.kind not in _EVENTS:
        return []
    entity = entity_of(profile, profiles)
    if entity is None:
        return []
    return [event_outcome(profile.kind, entity, words=_EVENTS[profile.kind])]


def entity_of(profile: KindProfile, profiles: Sequence[KindProfile]) -> str | None:
    """What an event happens to, the narrowest first; None where no such facts are known."""
    known = {one.kind for one in profiles}
    narrow = ("order", "rental", "booking", "account", "customer")
    return next((link for link in narrow if link in profile.links and link in known), None)


def event_outcome(kind: str, entity: str, *, words: str, where: Predicate | None = None) -> Outcome:
    """An entity to which an event happened; what was sold may yet come back."""
    happened = Related(kind=kind, link=entity, where=where)
    sold = kind == "return"
    return Outcome(
        unit=entity,
        name=f"has a {kind}",
        words=words,
        hit=happened,
        since=Field(kind=entity, name="at"),
        open_unit=entity if sold else None,
        open_where=Not(term=Related(kind=kind, link=entity)) if sold else None,
        undecided=Not(term=happened),
        look_back_days=_EVENT_DAYS,
        money=f"of goods {words}" if sold else words,
    )
