"""What the model has used today, in the store, so that every process sees one sum."""

from __future__ import annotations

from app.inbox.store_backend import SPEND
from domain.ports import Clock, Store

_TOKENS = "tokens:"


class DayLedger:
    """Sums of the day, by the wall clock in UTC."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def add_usd(self, amount: float) -> float:
        """Add US dollars; gives the sum of the day."""
        return self._add(SPEND, amount)

    def add_tokens(self, count: int) -> int:
        """Add tokens; gives the sum of the day."""
        return round(self._add(_TOKENS, count))

    def _add(self, kind: str, amount: float) -> float:
        with self._store.write() as unit:
            return unit.settings.add_amount(f"{kind}{self._clock():%Y-%m-%d}", amount)
