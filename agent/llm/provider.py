"""One configured model: where it is and what it may cost."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from agent.llm.budget import Budget, Ledger
from agent.llm.chat import BudgetedChat, ModelHandle
from agent.llm.recording import Tape
from domain.people import ModelPolicy
from domain.record import IssueId

# Issues whose spend is remembered; more are never worked at one time.
_REMEMBERED = 256


class ModelProvider:
    """Opens handles, and gives each piece of work its budget. Its `repr` never shows the key."""

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        key: str | None,
        policy: ModelPolicy,
        ledger: Ledger,
        sleep: Callable[[float], None] = time.sleep,
        tape: Tape | None = None,
    ) -> None:
        self.name = name
        self.policy = policy
        self.sleep = sleep
        self._base_url = base_url
        self._key = key
        self._ledger = ledger
        self._tape = tape
        self._issues: OrderedDict[IssueId, Budget] = OrderedDict()

    def open(self, timeout_s: float) -> ModelHandle:
        """Give a handle with its own client, to be closed by whoever asked for it."""
        return ModelHandle(
            name=self.name,
            base_url=self._base_url,
            key=self._key,
            timeout_s=timeout_s,
            tape=self._tape,
        )

    def new_budget(self) -> Budget:
        """Give the limits of one piece of work inside the day's budget."""
        return Budget(model=self.name, policy=self.policy, ledger=self._ledger)

    def start_issue(self, issue_id: IssueId) -> Budget:
        """Give a fresh budget to an issue that is worked from the start."""
        self._issues.pop(issue_id, None)
        return self.budget_of(issue_id)

    def budget_of(self, issue_id: IssueId) -> Budget:
        """Give the one budget of an issue: its investigation and its drafts share it."""
        if issue_id not in self._issues:
            self._issues[issue_id] = self.new_budget()
            if len(self._issues) > _REMEMBERED:
                self._issues.popitem(last=False)
        return self._issues[issue_id]

    def chat(self, budget: Budget | None = None) -> BudgetedChat:
        """Give a chat that spends from a budget, a fresh one where none is given."""
        return BudgetedChat(
            name=self.name, make=self.open, budget=budget or self.new_budget(), sleep=self.sleep
        )
