"""Neighbours of complaints among all messages of their world."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from agent.recall import Bm25
from evals.scores import Counts, Unit, bootstrap, share
from evals.stages import Chain
from evals.suite import Bench, CaseResult, Measured

_NEAREST = 10
# 60 queries a world keep the smoke run short; they are spread evenly over its time.
_QUERIES = 60


class _Asked(NamedTuple):
    case_id: str
    drivers: frozenset[str]
    neighbours: list[frozenset[str]]
    bm25: frozenset[str]


def measure(bench: Bench) -> Measured:
    """Score the neighbours of one part."""
    asked = [one for chain in bench.chains for one in _ask(chain)]
    alike = [sum(bool(one.drivers & other) for other in one.neighbours) for one in asked]
    first = [bool(one.neighbours) and bool(one.drivers & one.neighbours[0]) for one in asked]
    bm25 = [bool(one.drivers & one.bm25) for one in asked]
    return Measured(
        scores={
            "first_is_alike": share(sum(first), len(first)),
            "ten_are_alike": bootstrap(alike, _mean_share, unit=Unit.SHARE),
            "bm25_first_is_alike": share(sum(bm25), len(bm25)),
        },
        cases=[case for one in asked for case in _cases(one)],
    )


def _mean_share(outcomes: Sequence[int], counts: Counts) -> float:
    return float(np.dot(outcomes, counts)) / (_NEAREST * int(counts.sum()))


def _ask(chain: Chain) -> Iterator[_Asked]:
    labels = chain.world.truth.labels
    texts = [one.reading.problem for one in chain.read]
    drivers = [frozenset(labels[one.item.key].drivers) for one in chain.read]
    complaints = [place for place, named in enumerate(drivers) if named]
    places = complaints[:: max(1, len(complaints) // _QUERIES)]
    words = Bm25(texts)
    for place, rows in zip(places, chain.neighbours(places, k=_NEAREST), strict=True):
        scores = words.scores(texts[place])
        scores[place] = -np.inf
        yield _Asked(
            f"{chain.world.name}/{chain.read[place].item.id}",
            drivers[place],
            [drivers[row] for row in rows],
            drivers[int(np.argmax(scores))],
        )


def _cases(one: _Asked) -> Iterator[CaseResult]:
    wanted = " ".join(sorted(one.drivers))
    first = " ".join(sorted(one.neighbours[0])) if one.neighbours else ""
    is_alike = bool(one.neighbours) and bool(one.drivers & one.neighbours[0])
    yield CaseResult("first_is_alike", one.case_id, wanted, first, float(not is_alike))
    others = sum(not (one.drivers & other) for other in one.neighbours)
    got = f"{len(one.neighbours) - others} alike"
    yield CaseResult("ten_are_alike", one.case_id, f"10 {wanted}", got, float(others))
