"""Faults of recall. A stage gives rows of neighbours, best first, for each query."""

from __future__ import annotations

from evals.stages import Chain, Fault, Stage


def _worst_first(ranked: list[list[int]], chain: Chain) -> list[list[int]]:
    del chain
    return [list(reversed(rows)) for rows in ranked]


def _of_the_query_before(ranked: list[list[int]], chain: Chain) -> list[list[int]]:
    del chain
    return [ranked[-1], *ranked[:-1]] if ranked else []


FAULTS = (
    Fault(Stage.RECALL, "worst neighbour first", _worst_first),
    Fault(Stage.RECALL, "neighbours of the query before", _of_the_query_before),
)
