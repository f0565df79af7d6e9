"""Every error that crosses a room.

UndertoneError
  Misuse (exit 2, HTTP 422)   bad input or configuration; the message says which line
    InvalidConfiguration, InvalidInput, InvalidAddress, InvalidEdit, CannotDecide, NotRecorded
  NotFound (exit 2, HTTP 404)
  Forbidden (exit 2, HTTP 403)
  Conflict (exit 2, HTTP 409)   somebody was faster, or the page is old
    AlreadyDecided, StaleVersion
  BrokenInvariant (exit 2, HTTP 500)
    ForbiddenMove, BytesChanged
  Unavailable (exit 3, HTTP 503)   the world: network, key, disk
    IndexUnavailable, EmbedderUnavailable, ModelUnavailable, DestinationUnavailable, StoreBusy,
    StoreUnavailable
    RefusedForNow, RefusedForGood, NoAnswer   what a destination says while bytes are handed over
"""

from __future__ import annotations

from datetime import datetime


class UndertoneError(Exception):
    """The root: the app turns it into an exit code or an HTTP answer."""


class Misuse(UndertoneError):
    """What was asked for cannot be; the caller changes the request."""


class InvalidConfiguration(Misuse):
    """A file or setting is wrong; the message names the line."""


class InvalidInput(Misuse):
    """A record cannot be stored; the caller sets it aside with the message."""


class InvalidAddress(InvalidInput):
    """A recipient cannot be written to; the caller leaves them out and says so."""


class InvalidEdit(Misuse):
    """An edit names a part that does not exist, or empties one that must not be."""


class CannotDecide(Misuse):
    """The decision is not possible now: an open check, a missing setting, undo too late."""


class NotRecorded(Misuse):
    """Raised by a model's adapter in a replay: this request is not among the recorded ones.

    Nobody falls back to the local engine: the figures would be those of another engine.
    """

    def __init__(self, *, prompt: str, case: str, change: str, place: str = "") -> None:
        self.prompt, self.case, self.change, self.place = prompt, case, change, place
        where = f"{place}, case {case!r}" if place else f"case {case!r}"
        super().__init__(f"No recorded answer for prompt {prompt!r} ({where}; {change}).")

    def within(self, place: str) -> NotRecorded:
        """Give the same error with where it happened, for example `suite 'reading'`."""
        return NotRecorded(prompt=self.prompt, case=self.case, change=self.change, place=place)


class NotFound(UndertoneError):
    """Nothing has this id."""

    def __init__(self, what: str, id_: str) -> None:
        super().__init__(f"No {what} has the id {id_!r}.")


class Forbidden(UndertoneError):
    """The role does not allow it."""


class Conflict(UndertoneError):
    """The state moved on; the caller reloads."""


class AlreadyDecided(Conflict):
    """Raised by the store: somebody was faster."""

    def __init__(self, id_: str, *, by: str, at: datetime, kind: str) -> None:
        self.by, self.at, self.kind = by, at, kind
        super().__init__(
            f"Proposal {id_!r} was already decided ({kind}) by {by!r} at {at:%H:%M:%S} UTC. "
            "Reload to see the decision."
        )


class StaleVersion(Conflict):
    """Raised by the store: the person saw an older version."""

    def __init__(self, id_: str, *, seen: int, current: int, by: str, at: datetime) -> None:
        self.seen, self.current, self.by, self.at = seen, current, by, at
        super().__init__(
            f"Proposal {id_!r} is at draft {current} since {at:%H:%M:%S} UTC ({by}); "
            f"you saw draft {seen}. Read draft {current}, then decide."
        )


class BrokenInvariant(UndertoneError):
    """A promise of the product would be broken; nothing was done."""


class ForbiddenMove(BrokenInvariant):
    """A state cannot follow another."""

    def __init__(self, what: str, state: str, to: str) -> None:
        super().__init__(f"{what} cannot go from {state!r} to {to!r}.")


class BytesChanged(BrokenInvariant):
    """The bytes at the wire are not the approved ones."""


class Unavailable(UndertoneError):
    """Something outside is missing or down; trying later may help."""


class IndexUnavailable(Unavailable):
    """The vector index cannot be used. Callers go on without it; the app rebuilds it."""


class EmbedderUnavailable(Unavailable):
    """No embedder can be loaded. Callers go on with words alone and say so."""


class ModelUnavailable(Unavailable):
    """The model gave no usable answer. Callers keep the local result and say why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The model gave no usable answer: {reason}.")


class DestinationUnavailable(Unavailable):
    """A destination is not configured or cannot be reached."""


class StoreBusy(Unavailable):
    """The store did not answer in time."""


class StoreUnavailable(Unavailable):
    """The store cannot be opened, read or written; a person looks at its disk or server."""


class RefusedForNow(Unavailable):
    """Raised by a destination: nothing was accepted, and trying later may help."""


class RefusedForGood(Unavailable):
    """Raised by a destination: nothing was accepted, and trying again is pointless."""


class NoAnswer(Unavailable):
    """Raised by a destination: bytes may have been accepted, and no answer says so.

    The dispatcher marks the delivery unknown; only a look-up or a person settles it.
    """
