"""Words for an alarm: label, terms, severity, reason."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from agent.matching.emergence import Emergence
from domain.issues import Severity
from domain.predicates import Scalar

LONGEST_LABEL = 38
_TERMS = 6
_COMMON = frozenset(
    "this that with have from your were what when will they them then there been would could about "
    "please hello dear thanks thank regards again still just like very more some only than into "
    "where which while nobody nothing since because other after before".split()
)


def label_for(driver: str, slice_: Mapping[str, Scalar]) -> str:
    """Give `Late delivery: Swiftline, North`, as much of it as fits 38 characters."""
    values = [str(value) for value in slice_.values()]
    while values:
        label = f"{driver}: {', '.join(values)}"
        if len(label) <= LONGEST_LABEL:
            return label
        values.pop()
    return driver[:LONGEST_LABEL]


def telling_terms(
    members: Sequence[Sequence[str]], everywhere: Counter[str], texts: int
) -> tuple[str, ...]:
    """Words that members use far more than all reports do, most telling first."""
    inside: Counter[str] = Counter(word for words in members for word in set(words))
    scored = []
    for word, count in inside.items():
        if count < 2 or word in _COMMON or not word.isalpha():
            continue
        share, usual = count / len(members), (everywhere[word] + 1) / (texts + 2)
        scored.append((count * math.log(share / usual), word))
    best = sorted(scored, key=lambda one: (-one[0], one[1]))[:_TERMS]
    return tuple(word for score, word in best if score > 0)


def severity_of(reporters: int, expected: float, *, safety: bool) -> Severity:
    """Severity as far as reports alone tell; the reach may raise it."""
    if safety:
        return "critical"
    if reporters >= 20 or reporters >= 20 * max(expected, 0.2):
        return "high"
    return "medium"


def alarm_reason(emergence: Emergence, slice_: Mapping[str, Scalar]) -> str:
    """Say in one sentence why it fired."""
    hours = round(emergence.window.total_seconds() / 3600)
    among = f" among {', '.join(str(value) for value in slice_.values())}" if slice_ else ""
    return (
        f"{emergence.reporters} customers in {hours} h{among}; "
        f"{emergence.expected:.1f} are usual for so long."
    )
