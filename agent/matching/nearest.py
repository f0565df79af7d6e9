"""Small open issues and the nearest one to a new problem."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from domain.record import IssueId

if TYPE_CHECKING:
    from domain.ports import Vectors

# An issue without a report for so long is no longer joined by likeness.
OPEN_FOR = timedelta(days=14)
# Centred cosine from which two problems with the same driver are the same problem.
# 0.62: highest at which no two drivers' tuning phrasings met (measured 2026-11-24); a wrong
# merge is worse than a missed one.
SAME_FROM = 0.62


class Nearest(NamedTuple):
    """The nearest issue, its likeness (0 to 1), and the one after it."""

    issue_id: IssueId
    score: float
    runner_up: IssueId | None
    runner_up_score: float | None


class _Centre:
    def __init__(self, vector: Vectors, at: datetime) -> None:
        self.total = vector.copy()
        self.count = 1
        self.last = at


class NearestIssues:
    """Centres of open issues per driver, with their last report."""

    def __init__(self, mean: Vectors | None) -> None:
        self._mean = mean
        self._centres: dict[str, dict[IssueId, _Centre]] = defaultdict(dict)

    def centred(self, vectors: Vectors) -> Vectors:
        """Subtract the mean of the language and scale to length one."""
        moved = vectors if self._mean is None else vectors - self._mean
        scaled: Vectors = moved / (np.linalg.norm(moved, axis=-1, keepdims=True) + 1e-9)
        return scaled

    def add(self, driver: str, issue_id: IssueId, vector: Vectors, at: datetime) -> None:
        """Let an issue take a report in."""
        known = self._centres[driver].get(issue_id)
        if known is None:
            self._centres[driver][issue_id] = _Centre(vector, at)
            return
        known.total += vector
        known.count += 1
        known.last = max(known.last, at)

    def drop(self, driver: str, issue_id: IssueId) -> None:
        """Forget an issue that was taken into another."""
        self._centres[driver].pop(issue_id, None)

    def find(self, driver: str, vector: Vectors, at: datetime) -> Nearest | None:
        """Find the nearest open issue of a driver, whether near enough or not."""
        centres = self._centres[driver]
        for id_ in [id_ for id_, one in centres.items() if at - one.last > OPEN_FOR]:
            del centres[id_]
        if not centres:
            return None
        ids = list(centres)
        matrix = np.stack([centres[id_].total / centres[id_].count for id_ in ids])
        matrix = matrix / (np.linalg.norm(matrix, axis=1, keepdims=True) + 1e-9)
        likeness = np.clip(matrix @ vector, 0.0, 1.0)
        order = np.argsort(-likeness, kind="stable")
        second = int(order[1]) if len(order) > 1 else None
        return Nearest(
            ids[int(order[0])],
            float(likeness[order[0]]),
            ids[second] if second is not None else None,
            float(likeness[second]) if second is not None else None,
        )
