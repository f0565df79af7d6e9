"""What the event stream tells an open page: counts, what moved, whether sending is stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

from pydantic import JsonValue

from app.inbox.backend import InboxBackend, ListRow, Tab
from app.inbox.views import row_state
from domain.record import time_text

EVERY_S = 1.5
_WATCHED, _WAITING = 30, 200


class Announcer:
    """Puts the state of the inbox into one JSON text; equal texts need not be told again."""

    def __init__(
        self, backend: InboxBackend, *, clock: Callable[[], datetime], every_s: float = EVERY_S
    ) -> None:
        self._backend = backend
        self._clock = clock
        self.every_s = every_s

    def told(self, since: datetime) -> str:
        """Give counts, new drafts since a time, and the state of what is on its way."""
        counts = self._backend.counts()
        waiting = self._backend.list_page(Tab.DECIDE, limit=_WAITING).rows
        rows = [
            row
            for tab in (Tab.WAY, Tab.UNKNOWN, Tab.DONE)
            for row in self._backend.list_page(tab, limit=_WATCHED).rows
        ]
        moved: dict[str, JsonValue] = {row.proposal.id: _state(row) for row in rows}
        told: dict[str, JsonValue] = {
            "decide": counts.decide,
            "way": counts.way,
            "unknown": counts.unknown,
            "done": counts.done,
            "fresh": [one.proposal.id for one in waiting if one.proposal.changed_at > since],
            "stopped": self._backend.switch().stopped,
            "states": moved,
        }
        return json.dumps(told, sort_keys=True)


def _state(row: ListRow) -> JsonValue:
    shape, word = row_state(row)
    return {"shape": shape, "word": word, "at": time_text(row.proposal.changed_at)}
