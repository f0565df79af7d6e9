"""Which attribute values the members of an issue share, more than luck explains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from agent.matching.context import Context, ContextBook, Pair, Trouble
from agent.matching.reports import Report
from domain.predicates import Scalar

# Share of the members that must carry a value for it to belong to the slice.
_MEMBERS_SHARE = 0.75
# Least share of members whose own records show the trouble, for it to be what they share.
_TROUBLED_SHARE = 0.5
# Chance by luck under which a value belongs to the slice: among all records that went
# wrong lately; among those of them that have the values before it, a smaller number to
# judge by; among the members, where the records do not contradict; among them alone.
_RECORDS_CHANCE = 1e-4
_FURTHER_CHANCE = 5e-3
_MEMBERS_CHANCE = 1e-3
_MEMBERS_ALONE_CHANCE = 1e-5
# The same for a value with which the alarm fired: its reports have passed a bar of their own.
_HINT_CHANCE = 0.05
# How many times as common as usual a value must be, and how common it usually is at most.
_LEAST_LIFT = 1.4
_MOST_USUAL = 0.9
# The records of so many days before the alarm show whom the trouble hits.
BEFORE = timedelta(hours=72)
# Fewer records than this do not speak against a value that all members share.
_FEW_RECORDS = 6
# From so many records on, they alone judge what settled members share.
_ENOUGH = 12
_MOST_PAIRS = 4


class Signature(NamedTuple):
    """What the records of an issue's members have in common."""

    outcome: str
    """Kind of trouble; empty when their records show none."""
    pairs: dict[str, Scalar]

    def fits(self, context: Context, *, since: datetime) -> bool:
        """Whether one record shows the same trouble with all values, or the words' attributes.

        A record that went wrong before `since` does not count.
        """
        wanted = set(self.pairs.items())
        if not self.outcome:
            return wanted <= context.own
        earliest = since.timestamp()
        return any(
            one.outcome == self.outcome and one.since >= earliest and wanted <= one.pairs
            for one in context.troubles
        )

    @property
    def is_known(self) -> bool:
        """Whether there is anything to fit."""
        return bool(self.outcome or self.pairs)


NO_SIGNATURE = Signature("", {})


def signature_of(
    members: Sequence[Report],
    *,
    at: datetime,
    book: ContextBook,
    own_share: Callable[[Pair], float],
    hint: Pair | None = None,
    outcome: str | None = None,
    settled: bool = False,
) -> Signature:
    """Learn what members share; `hint` is the value with which the alarm fired, if any.

    `settled` members were let in by what earlier ones shared, so that only the records,
    where there are enough, can tell whether they share more than luck explains.
    """
    about = outcome if outcome is not None else _outcome(members)
    if not about:
        sets = [one.context.own for one in members]
        return Signature("", _grow(sets, [], own_share, hint, settled=settled))
    latest = [_newest(one, about) for one in members]
    own = [one.pairs for one in latest if one is not None]
    lately = [one.pairs for one in book.lately(about, at - BEFORE, at)]
    usual = partial(book.usual_share, about, at=at)
    pairs = _grow(own, lately, usual, hint, settled=settled)
    return Signature(about, pairs)


def _outcome(members: Sequence[Report]) -> str:
    counts = Counter(
        about for one in members for about in {trouble.outcome for trouble in one.context.troubles}
    )
    for about, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        if count >= _TROUBLED_SHARE * len(members):
            return about
    return ""


def _newest(report: Report, about: str) -> Trouble | None:
    return next((one for one in reversed(report.context.troubles) if one.outcome == about), None)


def _grow(
    members: Sequence[frozenset[Pair]],
    records: Sequence[frozenset[Pair]],
    usual: Callable[[Pair], float],
    hint: Pair | None,
    *,
    settled: bool,
) -> dict[str, Scalar]:
    """Add one value after the other, each judged among those that have the ones before."""
    chosen: dict[str, Scalar] = {}
    while len(chosen) < _MOST_PAIRS:
        wanted = set(chosen.items())
        inside = [one for one in members if wanted <= one]
        around = [one for one in records if wanted <= one]
        best = _best(inside, around, usual, chosen, by_records=settled and len(around) >= _ENOUGH)
        if best is None:
            break
        chosen[best[0]] = best[1]
    if not chosen and hint is not None and _is_lifted(hint, members, records, usual):
        chosen[hint[0]] = hint[1]
    return chosen


def _is_lifted(
    pair: Pair,
    members: Sequence[frozenset[Pair]],
    records: Sequence[frozenset[Pair]],
    usual: Callable[[Pair], float],
) -> bool:
    """Whether a value with which a cell rose is more than the most common one."""
    share = usual(pair)
    if share > _MOST_USUAL or not any(pair in one for one in members):
        return False
    having = sum(pair in one for one in records)
    return not records or chance(having, len(records), share) <= _HINT_CHANCE


def _best(
    inside: Sequence[frozenset[Pair]],
    around: Sequence[frozenset[Pair]],
    usual: Callable[[Pair], float],
    chosen: dict[str, Scalar],
    *,
    by_records: bool,
) -> Pair | None:
    counts: Counter[Pair] = Counter(pair for one in inside for pair in one)
    scored = []
    for pair, count in counts.items():
        if pair[0] in chosen or count < _MEMBERS_SHARE * len(inside) or count < 2:
            continue
        share = usual(pair)
        if share > _MOST_USUAL or count / len(inside) < _LEAST_LIFT * share:
            continue
        members_chance = 1.0 if by_records else chance(count, len(inside), share)
        having = sum(pair in one for one in around)
        records_chance = chance(having, len(around), share)
        lifted = len(around) < _FEW_RECORDS or having >= _LEAST_LIFT * share * len(around)
        bar = _MEMBERS_CHANCE if lifted else _MEMBERS_ALONE_CHANCE
        if records_chance <= (_FURTHER_CHANCE if chosen else _RECORDS_CHANCE) or (
            members_chance <= bar
        ):
            scored.append((min(members_chance, records_chance), str(pair), pair))
    return min(scored)[2] if scored else None


def chance(count: int, total: int, share: float) -> float:
    """Give the chance that at least `count` of `total` carry what a share of all carry."""
    from scipy.special import betainc

    if count <= 0:
        return 1.0
    return float(betainc(count, total - count + 1, share))
