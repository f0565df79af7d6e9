"""Which attributes of a unit may tell exposed from not exposed."""

from __future__ import annotations

from collections.abc import Sequence

from domain.ports import AttributeProfile, KindProfile
from domain.predicates import Field

# Entities whose attributes a unit inherits over a link.
LINKED = ("order", "invoice", "subscription", "product", "customer", "account")
# An attribute with more values than this names things, it does not group them.
MOST_VALUES = 60
# Names that identify or describe a person or say how it ended, never why.
_NEVER = frozenset(
    [
        "name",
        "email",
        "phone",
        "address",
        "locale",
        "time_zone",
        "consent",
        "suppressed",
        "items",
        "text",
        "title",
        "description",
        "status",
        "state",
        "outcome",
        "result",
        "error",
        "reason",
        "failed",
        "success",
        "count",
        "quantity",
        "waited_s",
        "since",
        "fields_passed",
        "value_minor",
        "score",
        "rating",
        "resolution",
    ]
)


def groups(attribute: AttributeProfile) -> bool:
    """Whether an attribute sorts units into groups."""
    if attribute.name in _NEVER or attribute.name.endswith(("_id", "_at", "_minor", "_s")):
        return False
    if attribute.type in ("time",) or attribute.distinct < 2 or attribute.distinct > MOST_VALUES:
        return False
    # A number with many values is a measure; with few it is a code.
    return attribute.type != "number" or attribute.distinct <= 12


def candidate_fields(kind: str, profiles: Sequence[KindProfile]) -> tuple[Field, ...]:
    """Fields of a unit kind to split by: its own, then those of what it is linked to.

    A name that occurs on several kinds is taken from the nearest one.
    """
    known = {profile.kind: profile for profile in profiles}
    reachable = _reachable(kind, known)
    fields: dict[str, Field] = {}
    for source in (kind, *reachable):
        for attribute in known[source].attributes if source in known else ():
            if groups(attribute) and attribute.name not in fields:
                fields[attribute.name] = Field(kind=source, name=attribute.name)
    return tuple(fields.values())


def _reachable(kind: str, known: dict[str, KindProfile]) -> list[str]:
    if kind not in known:
        return []
    direct = [link for link in known[kind].links if link != kind and link in known]
    further = [
        link
        for middle in direct
        for link in known[middle].links
        if link in known and link not in (kind, *direct)
    ]
    ordered = [*direct, *further]
    return sorted(dict.fromkeys(ordered), key=lambda one: _nearness(one, direct))


def _nearness(kind: str, direct: Sequence[str]) -> tuple[bool, int]:
    place = LINKED.index(kind) if kind in LINKED else len(LINKED)
    return (kind not in direct, place)
