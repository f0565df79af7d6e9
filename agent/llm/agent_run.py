"""One bounded run of a LangChain agent; imported only when a run begins.

Every model call passes `Watch`: money and tokens are set aside before and settled after,
transient errors are tried again, and a message that is cut, refused or malformed ends
the run. Nothing that the agent says is used; only what its tools counted.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from langchain.agents import create_agent
from langchain.agents.middleware import (
    AgentMiddleware,
    ModelCallLimitMiddleware,
    ToolErrorMiddleware,
)
from langchain.agents.middleware.model_call_limit import ModelCallLimitExceededError
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import StructuredTool
from langgraph.errors import GraphRecursionError

from agent.llm.budget import Budget
from agent.llm.chat import (
    MAX_ANSWER_CHARS,
    ModelHandle,
    raise_if_not_recorded,
    reason_of,
    usage_of,
    was_refused,
)
from agent.llm.retry import call_with_retry
from agent.llm.tools import FAILED, SPECS, CaseTools
from domain.errors import ModelUnavailable
from domain.provenance import TraceStep

if TYPE_CHECKING:
    from langchain.agents.middleware import ModelRequest, ModelResponse

MOST_OUT = 700
_MOST_CALLS_AT_ONCE = 6


class Watch(AgentMiddleware[Any, Any, Any]):
    """Budget, retries, time and trace around every model call of one run."""

    def __init__(
        self,
        budget: Budget,
        *,
        name: str,
        turns: int,
        left: Callable[[], float],
        sleep: Callable[[float], None],
        note: Callable[[TraceStep], None],
    ) -> None:
        super().__init__()
        self._budget = budget
        self._name = name
        self._turns = turns
        self._left = left
        self._sleep = sleep
        self._note = note
        self._turn = 0
        self._tools = json.dumps([(spec.description, spec.schema) for spec in SPECS])

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[Any], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Let one turn of the agent through."""
        self._turn += 1
        began = time.perf_counter()
        before = self._budget.used()
        asked = request.override(model_settings={"max_tokens": MOST_OUT})
        response = call_with_retry(
            lambda _: self._once(asked, handler), total_s=self._left(), sleep=self._sleep
        )
        used = self._budget.used().since(before)
        calls = len(_message_of(response).tool_calls)
        what = f"{calls} tool calls" if calls != 1 else "1 tool call"
        self._note(
            TraceStep(
                step="Ask the model",
                asked=f"turn {self._turn} of at most {self._turns}",
                found=f"{what if calls else 'enough seen'}, "
                f"{used.tokens_in:,} tokens in, {used.tokens_out:,} out",
                by=self._name,
                seconds=round(time.perf_counter() - began, 3),
                cost_usd=used.cost_usd if self._budget.price_known else None,
            )
        )
        return response

    def _once(
        self, request: ModelRequest[Any], handler: Callable[[Any], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        texts = [_text_of(one) for one in (request.system_message, *request.messages) if one]
        held = self._budget.reserve([*texts, self._tools], max_out=MOST_OUT)
        try:
            response = handler(request)
        except Exception as error:
            if was_refused(error):
                self._budget.release(held)
            raise
        message = _message_of(response)
        self._budget.settle(held, *usage_of(message))
        _refuse_unusable(message)
        return response


def _message_of(response: ModelResponse[Any]) -> AIMessage:
    found = [one for one in response.result if isinstance(one, AIMessage)]
    if not found:
        raise ModelUnavailable("unusable answer")
    return found[-1]


def _text_of(message: Any) -> str:
    calls = getattr(message, "tool_calls", None)
    return str(message.text) + (json.dumps(calls) if calls else "")


def _refuse_unusable(message: AIMessage) -> None:
    """End the run at a message of which a part is missing or malformed."""
    if message.additional_kwargs.get("refusal"):
        raise ModelUnavailable("refused")
    if message.invalid_tool_calls:
        raise ModelUnavailable("invalid")
    finish = message.response_metadata.get("finish_reason")
    if finish not in ("stop", "tool_calls"):
        raise ModelUnavailable("cut" if finish == "length" else "ended early")
    size = len(message.text) + sum(len(str(one["args"])) for one in message.tool_calls)
    if size > MAX_ANSWER_CHARS or len(message.tool_calls) > _MOST_CALLS_AT_ONCE:
        raise ModelUnavailable("too long")


def _as_tools(tools: CaseTools) -> Sequence[StructuredTool]:
    return [
        StructuredTool.from_function(
            func=_calling(tools, spec.name),
            name=spec.name,
            description=spec.description,
            args_schema=spec.schema,
        )
        for spec in SPECS
    ]


def _calling(tools: CaseTools, name: str) -> Callable[..., str]:
    def call(**arguments: object) -> str:
        return tools.call(name, arguments)

    return call


class Messages(NamedTuple):
    """What an agent begins with, and what it is about."""

    system: str
    user: str
    prompt: str
    """`name/vN`."""
    case: str
    """What is asked about, for errors; never sent."""


def run_agent(
    handle: ModelHandle, tools: CaseTools, *, messages: Messages, watch: Watch, turns: int
) -> bool:
    """Let the agent look around; gives whether it ended by itself within its turns.

    Raises:
        ModelUnavailable: Late, cut, refused, malformed, over budget or unreachable.
        NotRecorded: In a replay, an answer that was not recorded.
    """
    agent = create_agent(
        model=handle.chat,
        tools=list(_as_tools(tools)),
        system_prompt=messages.system,
        middleware=[
            ModelCallLimitMiddleware(run_limit=turns, exit_behavior="error"),
            watch,
            ToolErrorMiddleware(on_error=lambda _error, _request: FAILED),
        ],
    )
    try:
        agent.invoke(
            {"messages": [HumanMessage(content=messages.user)]},
            # One tool at a time, so that results get their ids in the order of the calls.
            config={"recursion_limit": 8 * turns + 8, "callbacks": [], "max_concurrency": 1},
        )
    except (ModelCallLimitExceededError, GraphRecursionError):
        return False
    except ModelUnavailable:
        raise
    except Exception as error:
        raise_if_not_recorded(error, prompt=messages.prompt, case=messages.case)
        raise ModelUnavailable(reason_of(error)) from error
    return True
