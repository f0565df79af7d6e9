"""Put the model into the three seats."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from agent.casework.investigate import LocalInvestigator
from agent.llm.budget import Ledger
from agent.llm.investigator import ModelInvestigator
from agent.llm.provider import ModelProvider
from agent.llm.reader import ModelReader
from agent.llm.recording import Tape
from agent.llm.writer import DraftCheck, ModelWriter
from domain.people import ModelPolicy
from domain.seats import Reader, Writer


class ModelSeats(NamedTuple):
    """The model's reader, investigator and writer, each with the local one behind it."""

    reader: ModelReader
    investigator: ModelInvestigator
    writer: ModelWriter


def make_model_seats(
    *,
    name: str,
    base_url: str,
    key: str | None,
    policy: ModelPolicy,
    ledger: Ledger,
    check: DraftCheck,
    reader: Reader,
    investigator: LocalInvestigator,
    writer: Writer,
    sleep: Callable[[float], None] = time.sleep,
    tape: Tape | None = None,
) -> ModelSeats:
    """Give the seats over one model; nothing is imported, opened or asked before first use.

    `reader`, `investigator` and `writer` are the local ones, whose results stand whenever
    the model's cannot. `tape` counts, keeps or replays what passes on the wire.
    """
    provider = ModelProvider(
        name=name,
        base_url=base_url,
        key=key,
        policy=policy,
        ledger=ledger,
        sleep=sleep,
        tape=tape,
    )
    return ModelSeats(
        reader=ModelReader(reader, provider.chat, policy),
        investigator=ModelInvestigator(investigator, provider),
        writer=ModelWriter(
            writer,
            lambda issue_id: provider.chat(provider.budget_of(issue_id)),
            policy,
            check=check,
        ),
    )
