"""Faults at the wire. A stage gives the destination that a delivery is handed to."""

from __future__ import annotations

from contextlib import suppress

from domain.destinations import Destination, MessageAction, OnStep, Sent, TicketAction, WireStep
from domain.errors import RefusedForNow, Unavailable
from evals.stages import Chain, Fault, Stage


class _Passing:
    """A destination that passes everything on."""

    def __init__(self, inner: Destination) -> None:
        self.inner = inner

    @property
    def name(self) -> str:
        """That of the destination behind it."""
        return self.inner.name

    @property
    def missing(self) -> str | None:
        """That of the destination behind it."""
        return self.inner.missing

    def freeze(self, action: TicketAction | MessageAction) -> bytes:
        """Freeze as the destination behind it does."""
        return self.inner.freeze(action)

    def find(self, key: str) -> Sent | None:
        """Look as the destination behind it does."""
        return self.inner.find(key)

    def send(self, frozen: bytes, *, key: str, address: str | None, on_step: OnStep) -> Sent:
        """Send as the destination behind it does."""
        return self.inner.send(frozen, key=key, address=address, on_step=on_step)


class _Twice(_Passing):
    """Says that nothing was accepted although it was, so that a retry sends again."""

    def __init__(self, inner: Destination) -> None:
        super().__init__(inner)
        self._lied_about: set[str] = set()

    def send(self, frozen: bytes, *, key: str, address: str | None, on_step: OnStep) -> Sent:
        """Send, and deny it once."""
        sent = super().send(frozen, key=key, address=address, on_step=on_step)
        if key not in self._lied_about:
            self._lied_about.add(key)
            raise RefusedForNow("Nothing was accepted.")
        return sent


class _OtherBytes(_Passing):
    """Adds a byte after approval."""

    def send(self, frozen: bytes, *, key: str, address: str | None, on_step: OnStep) -> Sent:
        """Send other bytes."""
        return super().send(frozen + b".", key=key, address=address, on_step=on_step)


class _Early(_Passing):
    """Sends what it freezes, before anybody approved it."""

    def freeze(self, action: TicketAction | MessageAction) -> bytes:
        """Freeze, and send at once under a key of its own."""
        frozen = super().freeze(action)
        with suppress(Unavailable):
            super().send(frozen, key=f"early-{action.key}", address=None, on_step=_unheard)
        return frozen


def _unheard(step: WireStep) -> None:
    """Nobody listens to the steps of what must not be sent."""
    del step


def _twice(destination: Destination, chain: Chain) -> Destination:
    del chain
    return _Twice(destination)


def _other_bytes(destination: Destination, chain: Chain) -> Destination:
    del chain
    return _OtherBytes(destination)


def _early(destination: Destination, chain: Chain) -> Destination:
    del chain
    return _Early(destination)


FAULTS = (
    Fault(Stage.DELIVERY, "a retry that sends twice", _twice),
    Fault(Stage.DELIVERY, "a byte changed after approval", _other_bytes),
    Fault(Stage.DELIVERY, "sent before anybody approved", _early),
)
