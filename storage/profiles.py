"""What the facts of one kind look like: attributes, their values, links."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from domain.ports import AttributeProfile, KindProfile
from domain.predicates import Scalar
from storage.linking import is_time

_SHOWN = 50
_SAMPLE = 20


def profile(
    kind: str,
    *,
    attributes: Iterable[Mapping[str, Scalar]],
    links: Iterable[str],
    facts: int,
    span: tuple[datetime, datetime],
) -> KindProfile:
    """Count the comparable attributes of facts of a kind."""
    counts: dict[str, Counter[Scalar]] = defaultdict(Counter)
    for fields in attributes:
        for name, value in fields.items():
            counts[name][value] += 1
    return KindProfile(
        kind,
        facts=facts,
        attributes=tuple(_attribute(name, values) for name, values in sorted(counts.items())),
        links=tuple(sorted(set(links) - {kind})),
        first_at=span[0],
        last_at=span[1],
    )


def _attribute(name: str, values: Counter[Scalar]) -> AttributeProfile:
    ranked = sorted(values.items(), key=lambda one: (-one[1], str(one[0])))[:_SHOWN]
    return AttributeProfile(
        name,
        present=sum(values.values()),
        distinct=len(values),
        values=tuple(ranked),
        type=_type_of([value for value, _ in ranked[:_SAMPLE]]),
    )


def _type_of(sample: list[Scalar]) -> Literal["text", "number", "time", "flag"]:
    if all(isinstance(value, bool) for value in sample):
        return "flag"
    if all(isinstance(value, int | float) for value in sample):
        return "number"
    return "time" if all(is_time(value) for value in sample) else "text"
