"""Words for an alarm: label, terms, severity, reason."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from agent.casework.detect import CellKind, Emergence
from domain.issues import Severity
from domain.predicates import Scalar

LONGEST_LABEL = 38
_TERMS = 6
# So many telling words stand in a label that has no slice.
_LABEL_TERMS = 2
# Members that must use a word for it to be telling.
_LEAST_USING = 2
# From so many reporters, or so many times the usual level, a problem is high.
_MANY = 20
_COMMON = frozenset(
    "this that with have from your were what when will they them then there been would could about "
    "please hello dear thanks thank regards again still just like very more some only than into "
    "where which while nobody nothing since because other after before should does cannot never "
    "here even also much many over their being doing going come came want need know think said "
    "says told make made take took gave give back well really ever every must thing things".split()
)


def label_for(driver: str, slice_: Mapping[str, Scalar], terms: Sequence[str] = ()) -> str:
    """Give `Late delivery: NordPost, North`, as much of it as fits 38 characters.

    Without a slice the most telling words stand in its place.
    """
    driver = driver or "Problem"
    values = [_shown(name, value) for name, value in slice_.items()] or list(terms[:_LABEL_TERMS])
    while values:
        label = f"{driver}: {', '.join(values)}"
        if len(label) <= LONGEST_LABEL:
            return label
        values.pop()
    if len(driver) <= LONGEST_LABEL:
        return driver
    return driver[: LONGEST_LABEL - 1].rstrip() + "…"


def _shown(name: str, value: Scalar) -> str:
    """A value as it is, unless it says nothing without its name."""
    if isinstance(value, bool):
        return name if value else f"not {name}"
    return f"{name} {value}" if isinstance(value, int | float) else str(value)


def outcome_label(outcome: str) -> str:
    """Give `Delivery not delivered when promised` for a kind of trouble without a driver."""
    unit, _, what = outcome.partition(": ")
    return f"{unit.replace('_', ' ').capitalize()} {what}".strip()


def telling_terms(
    members: Sequence[Sequence[str]], everywhere: Mapping[str, int], texts: int
) -> tuple[str, ...]:
    """Words that members use far more than all reports do, most telling first."""
    inside: Counter[str] = Counter(word for words in members for word in set(words))
    scored = []
    for word, count in inside.items():
        if count < _LEAST_USING or word in _COMMON:
            continue
        share, usual = count / len(members), (everywhere.get(word, 0) + 1) / (texts + 2)
        scored.append((count * math.log(share / usual), word))
    best = sorted(scored, key=lambda one: (-one[0], one[1]))[:_TERMS]
    return tuple(word for score, word in best if score > 0)


def severity_of(reporters: int, expected: float, *, safety: bool) -> Severity:
    """Severity as far as reports alone tell; the reach may raise it."""
    if safety:
        return "critical"
    if reporters >= _MANY or reporters >= _MANY * max(expected, 0.2):
        return "high"
    return "medium"


def alarm_reason(emergence: Emergence, slice_: Mapping[str, Scalar]) -> str:
    """Say why it fired."""
    hours = round(emergence.window.total_seconds() / 3600)
    among = f" among {', '.join(str(value) for value in slice_.values())}" if slice_ else ""
    usual = f"{emergence.expected:.1f}" if emergence.expected >= 0.05 else "under 0.1"
    said = f"{emergence.reporters} customers in {hours} h{among}; {usual} are usual for so long."
    if emergence.cell.kind is not CellKind.TROUBLE:
        return said
    return said + (
        " The records show more of it than usual, too."
        if emergence.surging
        else " Their own records show it."
    )
