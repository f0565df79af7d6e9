"""Every error of the product as an HTTP problem (RFC 9457) and as an exit code."""

from __future__ import annotations

from http import HTTPStatus
from typing import NamedTuple

from pydantic import JsonValue

from domain.errors import (
    AlreadyDecided,
    BrokenInvariant,
    Conflict,
    Forbidden,
    Misuse,
    NotFound,
    StaleVersion,
    Unavailable,
    UndertoneError,
)

PROBLEM_TYPE = "application/problem+json"

# The first class that fits wins, so the narrow ones stand first.
_STATUS: tuple[tuple[type[UndertoneError], HTTPStatus], ...] = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (Conflict, HTTPStatus.CONFLICT),
    (Misuse, HTTPStatus.UNPROCESSABLE_ENTITY),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (BrokenInvariant, HTTPStatus.INTERNAL_SERVER_ERROR),
)


class SignedOut(Forbidden):
    """Raised by a page or an address: nobody is signed in."""


class TooManyTries(Forbidden):
    """Raised at sign-in: too many wrong links from one address; try later."""


class Problem(NamedTuple):
    """What went wrong, for a person and for a machine."""

    status: int
    title: str
    detail: str
    extra: dict[str, JsonValue]

    @property
    def body(self) -> dict[str, JsonValue]:
        """The object of `application/problem+json`."""
        return {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }


def status_of(error: UndertoneError) -> int:
    """Give the HTTP status of an error."""
    if isinstance(error, SignedOut):
        return HTTPStatus.UNAUTHORIZED
    if isinstance(error, TooManyTries):
        return HTTPStatus.TOO_MANY_REQUESTS
    return next(
        (status for kind, status in _STATUS if isinstance(error, kind)),
        HTTPStatus.INTERNAL_SERVER_ERROR,
    )


def problem_of(error: UndertoneError) -> Problem:
    """Give the problem of an error, with who and when for a lost race."""
    return problem(status_of(error), str(error), **_extra(error))


def problem(status: int, detail: str, **extra: JsonValue) -> Problem:
    """Give a problem with the usual title of its status."""
    return Problem(int(status), HTTPStatus(status).phrase, detail, extra)


def _extra(error: UndertoneError) -> dict[str, JsonValue]:
    if isinstance(error, AlreadyDecided):
        return {"by": error.by, "at": error.at.isoformat(), "decision": error.kind}
    if isinstance(error, StaleVersion):
        return {
            "by": error.by,
            "at": error.at.isoformat(),
            "seen_version": error.seen,
            "version": error.current,
        }
    return {}


def exit_code(error: BaseException) -> int | None:
    """Give the exit code of an error; None for one that is a fault of ours."""
    if isinstance(error, Unavailable | OSError):
        return 3
    return 2 if isinstance(error, UndertoneError) else None


def explain(error: BaseException) -> str:
    """Give the one line that a person reads on the terminal."""
    if isinstance(error, OSError) and error.strerror:
        name = f": {error.filename}" if error.filename else ""
        return f"{error.strerror}{name}"
    return str(error) or type(error).__name__
