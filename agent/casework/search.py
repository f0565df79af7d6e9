"""Find the smallest set of attribute values that tells those who are hit from the others.

One tally over all candidate attributes travels from the store; every combination of one
to three values is summed from it. Chances are multiplied by the number of combinations
tried (Bonferroni). A larger set is taken over a smaller one only if each of its values
sharpens the separation; the smallest set that separates as well wins.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from agent.casework.cohorts import Counts, chance_of, ratio_of
from domain.ports import Tally
from domain.predicates import Field, Scalar

Combination = tuple[tuple[int, Scalar], ...]
"""Positions of fields with their values, in order."""

MOST_VALUES = 3
# After correction for everything tried.
SIGNIFICANT = 1e-3
# A cause that multiplies the usual share less than this is not worth a ticket.
LEAST_RATIO = 2.0
# Part of all hits that the set must hold; other causes may hold the rest.
LEAST_SHARE_OF_HITS = 0.25
# Part of the reporters' own hits that the set must hold; up to half of what an issue holds
# may be another trouble.
LEAST_SHARE_OF_REPORTED = 0.5


# Nats that a further value must bring: about a factor of 20 in likelihood, the usual bar
# for strong evidence (Kass and Raftery 1995), since one was free to choose it.
PARSIMONY = 3.0


class Candidate(NamedTuple):
    """A combination with its counts and how well it separates."""

    values: Combination
    exposed: Counts
    other: Counts
    ratio: float
    p_value: float
    """After correction."""
    score: float


class Search(NamedTuple):
    """All that passed, best first, and how many were tried."""

    candidates: list[Candidate]
    tried: int


def search(
    fields: Sequence[Field],
    tallies: Sequence[Tally],
    *,
    told: Sequence[Collection[tuple[Scalar | None, ...]]] = (),
) -> Search:
    """Search combinations of one to three values.

    `told` holds the values of the hits of each person who wrote: where another fault has
    the same outcome, a set that does not reach most of them explains another issue.
    """
    total = Counts(sum(one.units for one in tallies), sum(one.hits for one in tallies))
    if total.hits < 2:
        return Search([], 0)
    counts = dict(_combinations(tallies, len(fields)))
    tried = len(counts)
    reported = _reported(told, len(fields))
    # Who wrote vouches for a set that is a small part of all that goes wrong.
    share = 0.0 if told else LEAST_SHARE_OF_HITS
    found = []
    for values, exposed in counts.items():
        candidate = judge(values, exposed, total, tried, least_share=share)
        if candidate is not None:
            found.append(candidate)
    found.sort(key=lambda one: (-one.score, len(one.values), str(one.values)))
    return Search(_vouched(found, reported, len(told)), tried)


def _vouched(
    found: Sequence[Candidate], reported: Mapping[Combination, int], people: int
) -> list[Candidate]:
    """Leave out what most of those who wrote do not share.

    A part of what they share stays if it separates better: they then wrote about more
    than one trouble, and the whole would blame too many.
    """
    least = LEAST_SHARE_OF_REPORTED * people
    lead = next((one for one in found if reported.get(one.values, 0) >= least), None)
    if lead is None or not people:
        return list(found) if not people else []
    return [
        one
        for one in found
        if reported.get(one.values, 0) >= least
        or (
            set(lead.values) < set(one.values)
            and one.score > lead.score + PARSIMONY
            and reported.get(one.values, 0) >= least / 2
        )
    ]


def _combinations(tallies: Sequence[Tally], width: int) -> Iterator[tuple[Combination, Counts]]:
    """Sum the tallies up to every combination that holds at least one hit."""
    interesting: set[Combination] = set()
    for tally in tallies:
        if tally.hits:
            interesting |= set(_parts(tally, width))
    units: dict[Combination, int] = defaultdict(int)
    hits: dict[Combination, int] = defaultdict(int)
    for tally in tallies:
        for part in _parts(tally, width):
            if part in interesting:
                units[part] += tally.units
                hits[part] += tally.hits
    for part in interesting:
        yield part, Counts(units[part], hits[part])


def _parts(tally: Tally, width: int) -> Iterator[Combination]:
    known = [
        (place, value) for place, value in enumerate(tally.values[:width]) if value is not None
    ]
    for size in range(1, MOST_VALUES + 1):
        yield from combinations(known, size)


def _reported(
    told: Sequence[Collection[tuple[Scalar | None, ...]]], width: int
) -> Mapping[Combination, int]:
    """How many of those who wrote have a hit inside each combination."""
    counts: dict[Combination, int] = defaultdict(int)
    for hits in told:
        inside = {part for values in hits for part in _parts(Tally(values, 1, 1), width)}
        for part in inside:
            counts[part] += 1
    return counts


def judge(
    values: Combination,
    exposed: Counts,
    total: Counts,
    tried: int,
    *,
    least_share: float = LEAST_SHARE_OF_HITS,
) -> Candidate | None:
    """Give the candidate if it separates after correction for all that was tried."""
    other = Counts(total.units - exposed.units, total.hits - exposed.hits)
    if exposed.hits < max(2, least_share * total.hits):
        return None
    ratio, low, _ = ratio_of(exposed, other)
    if ratio < LEAST_RATIO or low <= 1.0:
        return None
    p_value = min(1.0, chance_of(exposed, other) * tried)
    if p_value > SIGNIFICANT:
        return None
    return Candidate(values, exposed, other, ratio, p_value, information(exposed, other))


def information(exposed: Counts, other: Counts) -> float:
    """Log-likelihood ratio of two rates against one, in nats: how well a split separates."""

    def likelihood(counts: Counts, rate: float) -> float:
        hits, rest = counts.hits, counts.units - counts.hits
        value = hits * math.log(rate) if hits else 0.0
        return value + (rest * math.log(1 - rate) if rest else 0.0)

    pooled = (exposed.hits + other.hits) / max(exposed.units + other.units, 1)
    if not 0 < pooled < 1:
        return 0.0
    split = likelihood(exposed, exposed.rate) + likelihood(other, other.rate)
    together = likelihood(exposed, pooled) + likelihood(other, pooled)
    return split - together


def smallest(candidates: Sequence[Candidate]) -> Candidate | None:
    """Give the best candidate, made as small as the separation allows.

    Among sets that hold (nearly) the same hits in (nearly) the same units, the one with
    the fewest values is meant: a further value that the others imply tells nothing.
    """
    if not candidates:
        return None
    best = candidates[0]
    for one in sorted(candidates, key=lambda one: (len(one.values), -one.score)):
        if len(one.values) >= len(best.values):
            break
        inside = set(one.values) <= set(best.values)
        if inside and one.score >= best.score - PARSIMONY * (len(best.values) - len(one.values)):
            return one
    return best


def rivals(best: Candidate, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Other explanations: sets of which neither contains the other, best first."""
    chosen = set(best.values)
    return [
        one for one in candidates if not set(one.values) <= chosen and not chosen <= set(one.values)
    ]
