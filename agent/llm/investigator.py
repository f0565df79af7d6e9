"""The agent in the seat of the investigator, on top of the local one.

The local investigator counts first: it gives the outcome, the attributes and the result
that stands whenever the agent's cannot be bound. The agent then looks around with
read-only tools and names causes by ids; code counts each of them again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from agent.casework import words
from agent.casework.case import Case, Cause, plural
from agent.casework.diagnose import chances, explained_share
from agent.casework.investigate import Examined, LocalInvestigator, conclude
from agent.casework.proof import to_hypothesis
from agent.llm.binding import Bound, Run, bind
from agent.llm.budget import Budget
from agent.llm.chat import cut_after, parse_answer
from agent.llm.provider import ModelProvider
from agent.llm.schemas import InvestigationAnswer, strict_schema
from agent.llm.tools import CaseTools
from domain.errors import ModelUnavailable
from domain.ports import FactTable
from domain.provenance import MadeBy, Trace, TraceStep
from domain.seats import ChatMessage, ChatRequest, Inquiry, Investigation, Recall
from prompts.catalog import Prompt, get_prompt

VERSION = "1"
_MOST_OUT = 900
_CONCLUDE = (
    "Your turns are over and no tool can be called any more. `results` holds what the tools "
    "gave, each under its id. Give your verdict as one JSON object."
)


class _Looked(NamedTuple):
    """What a run of the agent came to."""

    answer: InvestigationAnswer | None
    reason: str | None
    """Why there is no answer."""
    steps: tuple[TraceStep, ...]


class ModelInvestigator:
    """Lets an agent look for the cause; every number and word is still counted by code."""

    def __init__(
        self,
        local: LocalInvestigator,
        provider: ModelProvider,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._local = local
        self._provider = provider
        self._clock = clock

    def investigate(self, inquiry: Inquiry, *, facts: FactTable, recall: Recall) -> Investigation:
        """Give at most three hypotheses or unknown, with the trace."""
        examined = self._local.examine(inquiry, facts=facts, recall=recall)
        budget = self._provider.start_issue(inquiry.issue.id)
        if examined.case is None:
            why = "no record of the reporters went wrong, so there is nothing to compare"
            return _with_note(examined.investigation, f"the model was not asked: {why}")
        if self._provider.policy.steps < 2:
            return _with_note(examined.investigation, "the model was not asked: steps is below 2")
        tools = CaseTools(examined.case, inquiry, facts=facts, recall=recall)
        prompt = get_prompt("investigate")
        looked = self._look(inquiry, examined.case, tools, prompt, budget)
        run = Run(frozenset(tools.results), tools.vocabulary)
        bound = Bound((), (), ())
        if looked.answer is not None:
            bound = bind(looked.answer, examined, examined.case, run, facts=facts)
        trace = _trace(examined, looked, bound, budget)
        made_by = MadeBy(engine=self._provider.name, version=VERSION, prompt=prompt.id)
        return _decide(examined, examined.case, looked, bound, trace, made_by, facts)

    def _look(
        self,
        inquiry: Inquiry,
        case: Case,
        tools: CaseTools,
        prompt: Prompt,
        budget: Budget,
    ) -> _Looked:
        deadline = self._clock() + self._provider.policy.timeout_s
        turns = self._provider.policy.steps - 1
        described = _described(inquiry, case, tools)
        try:
            ended = self._run(tools, prompt, described, budget, turns, deadline)
            if not ended:
                tools.steps.append(_step("Stop", "turns of the agent", f"all {turns} used"))
            if not tools.results:
                raise ModelUnavailable("it looked at no record")
            answer = self._conclude(tools, prompt, described, budget, deadline - self._clock())
        except ModelUnavailable as error:
            return _Looked(None, error.reason, tuple(tools.steps))
        return _Looked(answer, None, tuple(tools.steps))

    def _run(
        self,
        tools: CaseTools,
        prompt: Prompt,
        described: dict[str, Any],
        budget: Budget,
        turns: int,
        deadline: float,
    ) -> bool:
        from agent.llm.agent_run import Messages, Watch, run_agent

        left = max(deadline - self._clock(), 0.01)
        system, user = prompt.messages(described, max_steps=str(turns))
        handle = self._provider.open(left)
        watch = Watch(
            budget,
            name=self._provider.name,
            turns=turns,
            left=lambda: deadline - self._clock(),
            sleep=self._provider.sleep,
            note=tools.steps.append,
        )
        with cut_after(handle, left) as fired:
            try:
                return run_agent(
                    handle,
                    tools,
                    messages=Messages(system.text, user.text, prompt.id, tools.case_id),
                    watch=watch,
                    turns=turns,
                )
            except ModelUnavailable as error:
                if fired.is_set():
                    raise ModelUnavailable("late") from error
                raise

    def _conclude(
        self,
        tools: CaseTools,
        prompt: Prompt,
        described: dict[str, Any],
        budget: Budget,
        left_s: float,
    ) -> InvestigationAnswer:
        if left_s <= 0:
            raise ModelUnavailable("late")
        began, before = time.perf_counter(), budget.used()
        results = [{"id": id_, **content} for id_, content in tools.results.items()]
        messages = prompt.messages({**described, "results": results}, max_steps="0")
        answer = self._provider.chat(budget).complete(
            ChatRequest(
                messages=(*messages, ChatMessage(role="user", text=_CONCLUDE)),
                schema_name="investigation",
                json_schema=strict_schema(InvestigationAnswer),
                max_tokens=_MOST_OUT,
                prompt=prompt.id,
                case=tools.case_id,
            ),
            timeout_s=left_s,
        )
        used = budget.used().since(before)
        parsed = parse_answer(answer.text, InvestigationAnswer)
        named = words.counted(len(parsed.hypotheses), "cause")
        tools.steps.append(
            TraceStep(
                step="Conclude",
                asked=f"causes that cite {words.counted(len(results), 'result')}",
                found=f"{'unknown' if parsed.verdict == 'unknown' else named}, "
                f"{used.tokens_in:,} tokens in, {used.tokens_out:,} out",
                by=self._provider.name,
                seconds=round(time.perf_counter() - began, 3),
                cost_usd=used.cost_usd if budget.price_known else None,
            )
        )
        return parsed


def _described(inquiry: Inquiry, case: Case, tools: CaseTools) -> dict[str, Any]:
    """Give the agent its case: no customer, no order, no text that is not redacted."""
    shared = {
        name: value for name, value in inquiry.issue.slice.items() if name in tools.vocabulary
    }
    return {
        "problem": inquiry.issue.driver,
        "first_report": words.moment(inquiry.issue.opened_at),
        "reports": len(inquiry.reports),
        "units": plural(case.outcome.unit),
        "hit_means": case.outcome.words,
        "shared_by_reporters": json.loads(json.dumps(shared, default=str)),
        "attributes": {name: list(values) for name, values in tools.vocabulary.items()},
    }


def _decide(
    examined: Examined,
    case: Case,
    looked: _Looked,
    bound: Bound,
    trace: Trace,
    made_by: MadeBy,
    facts: FactTable,
) -> Investigation:
    """Join both results. Counts decide; the model can add a cause, never remove one."""
    local = examined.investigation.model_copy(update={"trace": trace})
    if looked.answer is None:
        return _with_note(local, f"the model gave no usable answer: {looked.reason}")
    if bound.found and _explains_more(examined, case, bound.found, facts):
        return _from_model(examined, case, bound.found, trace, made_by, facts)
    if bound.agreed and bound.agreed[0] == examined.causes[0]:
        return local.model_copy(update={"made_by": made_by})
    return _with_note(local, _why_local(examined, looked.answer, bound))


def _explains_more(
    examined: Examined, case: Case, found: Sequence[Cause], facts: FactTable
) -> bool:
    """Whether what the model named covers more of the reporters than what was counted."""
    if not examined.causes:
        return True
    best = explained_share(case, _best(found), facts=facts)
    return best > explained_share(case, examined.causes[0], facts=facts)


def _best(causes: Sequence[Cause]) -> Cause:
    return max(causes, key=lambda one: one.candidate.score)


def _why_local(examined: Examined, answer: InvestigationAnswer, bound: Bound) -> str:
    if bound.agreed:
        return "the model named a weaker cause first; the counts decide"
    if bound.found:
        return "what the model named covers no more of the reporters"
    if bound.dropped:
        return "no cause that the model named holds when counted"
    if answer.verdict == "unknown" and examined.causes:
        return "the model ended with unknown; the counted cause stands"
    return "the model found no cause either"


def _from_model(
    examined: Examined,
    case: Case,
    causes: Sequence[Cause],
    trace: Trace,
    made_by: MadeBy,
    facts: FactTable,
) -> Investigation:
    """Prove causes that only the model named, with the counts of the local engine."""
    ranked = sorted(causes, key=lambda one: -one.candidate.score)
    odds = chances(ranked, explained_share(case, ranked[0], facts=facts))
    tried = examined.tried + len(causes)
    hypotheses = [
        to_hypothesis(case, cause, chance=chance, tried=tried, facts=facts)
        for cause, chance in zip(ranked, odds, strict=True)
    ]
    return conclude(case, hypotheses, trace=trace, made_by=made_by)


def _trace(examined: Examined, looked: _Looked, bound: Bound, budget: Budget) -> Trace:
    local, used = examined.investigation.trace, budget.used()
    steps = [*local.steps, *looked.steps]
    if looked.answer is not None:
        kept = len(bound.agreed) + len(bound.found)
        found = f"{kept} kept, {len(bound.dropped)} dropped"
        if examined.causes and not kept:
            found += "; the counted cause stands"
        steps.append(_step("Check the causes", "every id, value and count", found))
    else:
        steps.append(_step("Fall back", "a usable answer of the model", f"none: {looked.reason}"))
    claims = len(looked.answer.hypotheses) if looked.answer else 0
    return local.model_copy(
        update={
            "steps": tuple(steps),
            "dropped": (*local.dropped, *bound.dropped),
            "claims_made": local.claims_made + claims,
            "tokens_in": used.tokens_in,
            "tokens_out": used.tokens_out,
            "cost_usd": used.cost_usd,
            "price_known": budget.price_known,
        }
    )


def _step(name: str, asked: str, found: str) -> TraceStep:
    return TraceStep(step=name, asked=asked, found=found, by="local", seconds=0.0)


def _with_note(local: Investigation, note: str) -> Investigation:
    return local.model_copy(update={"made_by": local.made_by.model_copy(update={"note": note})})
