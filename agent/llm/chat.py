"""The one place that constructs a model, and the adapter that lets nothing of it leak.

Customer text is in requests, so neither requests, answers nor exception texts are logged.
"""

from __future__ import annotations

import json
import logging
import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from agent.llm.budget import Budget
from agent.llm.recording import NOT_RECORDED, Tape
from agent.llm.retry import call_with_retry
from agent.llm.schemas import Answer
from domain.errors import ModelUnavailable, NotRecorded
from domain.seats import ChatAnswer, ChatMessage, ChatModel, ChatRequest

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage
    from langchain_openai import ChatOpenAI

log = logging.getLogger("undertone.model")
A = TypeVar("A", bound=Answer)

# An answer beyond this is refused unread: ten times the longest honest one.
MAX_ANSWER_CHARS = 60_000

# Variables that would silently send prompts elsewhere or change what is sent.
_FOREIGN_VARIABLES = (
    "LANGSMITH_GATEWAY", "LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2", "OPENAI_PROXY",
    "OPENAI_API_BASE", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS",
    "OPENAI_ADMIN_KEY", "OPENAI_API_TYPE", "OPENAI_API_VERSION", "LC_OUTPUT_VERSION",
    "LANGGRAPH_DEFAULT_RECURSION_LIMIT",
)  # fmt: skip


@cache
def _certificates() -> ssl.SSLContext:
    """Whom we trust, read once: reading it costs more than all else before a call."""
    import httpx2

    return httpx2.create_ssl_context(trust_env=False)


class ModelHandle:
    """A configured model: one HTTP client of its own, which can be cut off from outside.

    `tape`: counts, keeps or replays what passes on the wire; None leaves the wire alone.
    """

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        key: str | None,
        timeout_s: float,
        tape: Tape | None = None,
    ) -> None:
        import httpx2
        import langsmith
        from langchain_openai import ChatOpenAI
        from pydantic import SecretStr

        for variable in _FOREIGN_VARIABLES:
            os.environ.pop(variable, None)
        langsmith.configure(enabled=False)
        self.name = name
        transport: httpx2.BaseTransport = httpx2.HTTPTransport(
            verify=_certificates(), trust_env=False, limits=httpx2.Limits(max_connections=8)
        )
        if tape is not None:
            from agent.llm.wire import TapedTransport

            transport = TapedTransport(tape, transport)
        self._client = httpx2.Client(
            trust_env=False, follow_redirects=False, transport=transport, timeout=timeout_s
        )
        self._async_client = httpx2.AsyncClient(
            verify=_certificates(), trust_env=False, follow_redirects=False
        )
        self.chat: ChatOpenAI = ChatOpenAI(
            model_name=name,
            openai_api_base=base_url,
            openai_api_key=SecretStr(key or "unused"),
            max_retries=0,
            request_timeout=timeout_s,
            stream_usage=True,
            use_responses_api=False,
            http_client=self._client,
            http_async_client=self._async_client,
        )

    def close(self) -> None:
        """Cut every open call; a thread that waits in one gets an error."""
        self._client.close()


MakeHandle = Callable[[float], ModelHandle]
"""Gives a fresh handle with a read time-out in seconds; one per call, so that a call can be cut."""


@contextmanager
def cut_after(handle: ModelHandle, seconds: float) -> Iterator[threading.Event]:
    """Close the handle when the total time is up; a read time-out alone bounds each read only."""
    fired = threading.Event()

    def cut() -> None:
        fired.set()
        handle.close()

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield fired
    finally:
        timer.cancel()
        handle.close()


class BudgetedChat(ChatModel):
    """`ChatModel` over langchain-openai: deadline, retries, budget, strict JSON."""

    def __init__(
        self,
        *,
        name: str,
        make: MakeHandle,
        budget: Budget,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name = name
        self._make = make
        self._budget = budget
        self._sleep = sleep

    @property
    def name(self) -> str:
        """The model's name."""
        return self._name

    @property
    def budget(self) -> Budget:
        """What this work may cost and has cost."""
        return self._budget

    def complete(self, request: ChatRequest, *, timeout_s: float) -> ChatAnswer:
        """Ask for one JSON object; see the port."""
        try:
            return call_with_retry(
                lambda left: self._once(request, left), total_s=timeout_s, sleep=self._sleep
            )
        except ModelUnavailable:
            raise
        except Exception as error:
            raise_if_not_recorded(error, prompt=request.prompt, case=request.case)
            log.warning(
                "model call failed",
                extra={"prompt": request.prompt, "error": type(error).__name__},
            )
            raise ModelUnavailable(reason_of(error)) from error

    def _once(self, request: ChatRequest, left_s: float) -> ChatAnswer:
        texts = [one.text for one in request.messages] + [json.dumps(request.json_schema)]
        held = self._budget.reserve(texts, max_out=request.max_tokens)
        handle = self._make(left_s)
        with cut_after(handle, left_s) as fired:
            try:
                message = handle.chat.invoke(
                    _messages(request.messages),
                    timeout=left_s,
                    max_tokens=request.max_tokens,
                    extra_body={"response_format": _response_format(request)},
                )
            except Exception as error:
                if was_refused(error):
                    self._budget.release(held)
                if fired.is_set():
                    raise ModelUnavailable("late") from error
                raise
        tokens_in, tokens_out = usage_of(message)
        cost = self._budget.settle(held, tokens_in, tokens_out)
        return ChatAnswer(
            text=complete_text(message),
            model=self._name,
            tokens_in=tokens_in if tokens_in is not None else held.tokens_in,
            tokens_out=tokens_out if tokens_out is not None else held.tokens_out,
            cost_usd=cost if self._budget.price_known else None,
        )


def raise_if_not_recorded(error: BaseException, *, prompt: str, case: str) -> None:
    """Raise what a replay has to say, if that is what a library's error is about.

    Raises:
        NotRecorded: The request is not among the recorded ones.
    """
    if getattr(error, "code", None) != NOT_RECORDED:
        return
    body = getattr(error, "body", None)
    change = body.get("message", "") if isinstance(body, dict) else ""
    raise NotRecorded(prompt=prompt, case=case, change=change) from error


def was_refused(error: BaseException) -> bool:
    """Whether the server answered with an error, so that nothing was made or billed."""
    return getattr(error, "status_code", None) is not None


def _response_format(request: ChatRequest) -> dict[str, Any]:
    return {
        "type": "json_schema",
        "json_schema": {
            "name": request.schema_name,
            "strict": True,
            "schema": request.json_schema,
        },
    }


def _messages(messages: tuple[ChatMessage, ...]) -> list[BaseMessage]:
    from langchain_core.messages import HumanMessage, SystemMessage

    return [
        SystemMessage(content=one.text) if one.role == "system" else HumanMessage(content=one.text)
        for one in messages
    ]


def usage_of(message: Any) -> tuple[int | None, int | None]:
    """Tokens in and out of a message; None where the server does not say."""
    usage = getattr(message, "usage_metadata", None)
    if not usage:
        return None, None
    return int(usage["input_tokens"]), int(usage["output_tokens"])


def complete_text(message: Any) -> str:
    """Give the text of a complete answer.

    Raises:
        ModelUnavailable: It is refused, cut, empty or too long.
    """
    if message.additional_kwargs.get("refusal"):
        raise ModelUnavailable("refused")
    finish = message.response_metadata.get("finish_reason")
    if finish != "stop":
        raise ModelUnavailable("cut" if finish == "length" else f"ended with {finish!r}")
    text = str(message.text)
    if not text.strip():
        raise ModelUnavailable("empty")
    if len(text) > MAX_ANSWER_CHARS:
        raise ModelUnavailable("too long")
    return text


def parse_answer(text: str, kind: type[A]) -> A:
    """Parse a complete answer under its closed schema.

    Raises:
        ModelUnavailable: Not JSON, a key twice, NaN, or not the schema.
    """
    try:
        json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
        return kind.model_validate_json(text)
    except (ValueError, RecursionError) as error:
        raise ModelUnavailable("invalid") from error


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("duplicate key")
    return dict(pairs)


def _no_constant(name: str) -> float:
    raise ValueError(name)


def reason_of(error: BaseException) -> str:
    """Say in a few words why a call failed, without the library's text."""
    code = getattr(error, "code", None)
    words = {
        "context_length_exceeded": "the request is too long for the model",
        "content_filter": "refused by the provider's filter",
        "insufficient_quota": "the account has no credit",
        "invalid_json_schema": "the provider refuses the schema",
    }
    if code in words:
        return words[code]
    status = getattr(error, "status_code", None)
    if status in (401, 403):
        return "the key is refused"
    if status == 404:
        return "the address has no such model"
    if status is not None:
        return f"the server answered {status}"
    name = type(error).__name__
    if "Timeout" in name:
        return "late"
    return "unreachable" if "Connection" in name else "unusable answer"
