"""tenacity around every call: bounded in attempts, time and money."""

from __future__ import annotations

import email.utils
import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from domain.errors import ModelUnavailable

log = logging.getLogger("undertone.model")
T = TypeVar("T")

_AGAIN = frozenset({408, 409, 429})


def transient(error: BaseException) -> bool:
    """Whether trying again may help; an empty account is not transient."""
    import openai

    if isinstance(error, openai.APIStatusError):
        if error.code == "insufficient_quota":
            return False
        return error.status_code in _AGAIN or error.status_code >= 500
    return isinstance(error, openai.APIConnectionError)


def retry_after(
    error: BaseException | None, *, wall: Callable[[], float] = time.time
) -> float | None:
    """Seconds that the other side asked us to wait; None when it did not."""
    headers: Any = getattr(getattr(error, "response", None), "headers", None) or {}
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        return seconds if 0 <= seconds < 86_400 else None
    told = email.utils.parsedate_tz(headers.get("retry-after", ""))
    return max(0.0, email.utils.mktime_tz(told) - wall()) if told else None


def call_with_retry(
    call: Callable[[float], T],
    *,
    attempts: int = 4,
    total_s: float = 30.0,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> T:
    """Call with the seconds that are left, again after transient errors.

    Raises:
        ModelUnavailable: The time is up before a try.
    """
    deadline = clock() + total_s
    backoff = wait_random_exponential(multiplier=0.5, max=8)

    tries = stop_after_attempt(attempts)

    def wait(state: RetryCallState) -> float:
        told = retry_after(state.outcome.exception() if state.outcome else None)
        return backoff(state) if told is None else told + backoff(state) * 0.1

    def late(state: RetryCallState) -> bool:
        return clock() + state.upcoming_sleep >= deadline

    def note(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning(
            "model call is tried again",
            extra={
                "attempt": state.attempt_number,
                "wait_s": round(state.upcoming_sleep, 2),
                "error": type(error).__name__,
            },
        )

    def once() -> T:
        left = deadline - clock()
        if left <= 0:
            raise ModelUnavailable("late")
        return call(left)

    return Retrying(
        retry=retry_if_exception(transient),
        wait=wait,
        stop=lambda state: tries(state) or late(state),
        reraise=True,
        sleep=sleep,
        before_sleep=note,
    )(once)
