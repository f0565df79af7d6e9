"""Open issues as points, and the nearest one to a new problem."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from domain.record import IssueId

if TYPE_CHECKING:
    import numpy.typing as npt

    from domain.vectors import Vectors

# An issue without a report for so long is no longer joined by likeness: in 14 days a driver
# with one report a week still keeps its issue, and last month's does not swallow this one's.
OPEN_FOR = timedelta(days=14)
# So many of the likest are looked at; issues that are no longer open are let go once a day,
# so few of them can stand before an open one.
_LOOKED_AT = 16


class Nearest(NamedTuple):
    """The nearest issue, its likeness (0 to 1), and the one after it."""

    issue_id: IssueId
    score: float
    runner_up: IssueId | None = None
    runner_up_score: float | None = None


class Shelf:
    """Centres of the open issues of one driver, in rows."""

    def __init__(self) -> None:
        self._ids: list[IssueId] = []
        self._places: dict[IssueId, int] = {}
        self._last: list[datetime] = []
        self._rows: npt.NDArray[np.float32] | None = None

    def put(self, id_: IssueId, total: Vectors, at: datetime) -> None:
        """Set the sum of an issue's vectors and its last report."""
        row = total / (float(np.linalg.norm(total)) + 1e-9)
        place = self._places.get(id_)
        if place is None:
            place = self._places[id_] = len(self._ids)
            self._ids.append(id_)
            self._last.append(at)
            self._rows = _with_room(self._rows, place, len(row))
        if self._rows is not None:
            self._rows[place] = row
        self._last[place] = max(self._last[place], at)

    def drop(self, id_: IssueId) -> None:
        """Forget an issue; the last row takes its place."""
        place = self._places.pop(id_, None)
        if place is None or self._rows is None:
            return
        last_id, last_at = self._ids.pop(), self._last.pop()
        if last_id != id_:
            self._ids[place], self._last[place] = last_id, last_at
            self._rows[place] = self._rows[len(self._ids)]
            self._places[last_id] = place

    def find(self, vector: Vectors, at: datetime) -> Nearest | None:
        """Find the nearest open issue, whether near enough or not."""
        if not self._ids or self._rows is None:
            return None
        likeness = np.clip(self._rows[: len(self._ids)] @ vector, 0.0, 1.0)
        open_since = at - OPEN_FOR
        # Ids break ties, so that the order in which issues were put does not matter.
        order = sorted(
            (
                place
                for place in np.argsort(-likeness)[:_LOOKED_AT].tolist()
                if self._last[place] >= open_since
            ),
            key=lambda place: (-float(likeness[place]), self._ids[place]),
        )
        if not order:
            return None
        first = order[0]
        if len(order) == 1:
            return Nearest(self._ids[first], float(likeness[first]))
        second = order[1]
        return Nearest(
            self._ids[first], float(likeness[first]), self._ids[second], float(likeness[second])
        )


def _with_room(
    rows: npt.NDArray[np.float32] | None, place: int, width: int
) -> npt.NDArray[np.float32]:
    if rows is None:
        return np.zeros((16, width), dtype=np.float32)
    if place < len(rows):
        return rows
    # A quarter more, as a row is 3.6 kB and most drivers have few open issues.
    more = np.zeros((16 + len(rows) // 4, width), dtype=np.float32)
    return np.vstack([rows, more])
