"""The engine under test in its seats: local, a model, or the recorded answers of one."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from agent.casework.checks import check_draft
from agent.casework.investigate import LocalInvestigator
from agent.casework.write import LocalWriter
from agent.llm.budget import Ledger
from agent.llm.factory import make_model_seats
from agent.llm.recording import Header, Recording, Tape
from agent.reading.local import LocalReader
from app.settings import DEFAULT_BASE_URL, Settings
from app.spend import DayLedger
from app.wiring import Installation
from domain.errors import Misuse
from domain.people import ModelPolicy, Policy
from domain.seats import Reader
from evals.scripted import NAME
from evals.seats import EngineName, ModelSeats, ModelUse, Seats

# Nothing listens there, and a replay sends nothing.
_NOWHERE = "http://127.0.0.1:9/v1"


class _Unpaid:
    """A ledger of a model that costs nothing: each call stands alone."""

    def add_usd(self, amount: float) -> float:
        """Give the amount itself."""
        return amount

    def add_tokens(self, count: int) -> int:
        """Give the count itself."""
        return count


def read_engine(name: str) -> EngineName:
    """Give the engine of a name.

    Raises:
        Misuse: There is none.
    """
    if name not in tuple(EngineName):
        raise Misuse(f"No engine is named {name!r}. Engines: {', '.join(EngineName)}.")
    return EngineName(name)


def take_seats(settings: Settings, name: EngineName, *, recordings: Path) -> Seats:
    """Give the engine under test; only `openai` ever opens a connection.

    Raises:
        Misuse: The model is asked for and not configured, or there is no recording.
    """
    match name:
        case EngineName.LOCAL:
            installation = _offline(settings)
            reader = LocalReader(installation.embedder)
            return Seats(
                name,
                installation.embedder,
                reader,
                LocalInvestigator(),
                LocalWriter(),
                model_at=scripted_seats,
            )
        case EngineName.OPENAI:
            return _configured(settings, Tape())
        case EngineName.REPLAY:
            return _replayed(settings, Recording.open(recordings))


def recording_seats(settings: Settings, *, recordings: Path) -> tuple[Seats, Tape]:
    """Give the configured model, and the tape that keeps its answers in a folder.

    Raises:
        Misuse: No model is configured, or the folder holds the answers of another one.
    """
    header = Header(model=_model_name(settings), policy=_model_policy(settings))
    tape = Tape(Recording.begin(recordings, header))
    return _configured(settings, tape), tape


def _replayed(settings: Settings, recording: Recording) -> Seats:
    """Give the recorded model, under the limits that it was recorded with."""
    header, installation = recording.header, _offline(settings)
    return _with_model(
        EngineName.REPLAY,
        installation,
        name=header.model,
        base_url=_NOWHERE,
        key=None,
        policy=header.policy,
        ledger=_Unpaid(),
        tape=Tape(recording, asks=False),
    )


def scripted_seats(address: str) -> ModelSeats:
    """Give the seats of a scripted model at an address; it reads all, nothing is stored or paid."""
    return _model_seats(
        LocalReader(None),
        name=NAME,
        base_url=address,
        key=None,
        policy=ModelPolicy(read="all"),
        ledger=_Unpaid(),
        tape=None,
    )


def _offline(settings: Settings) -> Installation:
    # Without its environment nothing leaves the machine, whatever is set.
    return Installation(settings.model_copy(update={"environment": {}}))


def _model_name(settings: Settings) -> str:
    name = settings.find("UNDERTONE_MODEL")
    if not settings.uses_model or name is None:
        raise Misuse(
            "The engine 'openai' needs UNDERTONE_MODEL together with OPENAI_API_KEY or "
            "OPENAI_BASE_URL. Set them, or use --engine local."
        )
    return name


def _model_policy(settings: Settings) -> ModelPolicy:
    return Installation.open(settings).configuration.policy.model


def _configured(settings: Settings, tape: Tape) -> Seats:
    name = _model_name(settings)
    installation = Installation.open(settings)
    return _with_model(
        EngineName.OPENAI,
        installation,
        name=name,
        base_url=settings.find("OPENAI_BASE_URL") or DEFAULT_BASE_URL,
        key=settings.find("OPENAI_API_KEY"),
        policy=installation.configuration.policy.model,
        ledger=DayLedger(installation.store, clock=installation.clock),
        tape=tape,
    )


def _with_model(
    engine: EngineName,
    installation: Installation,
    *,
    name: str,
    base_url: str,
    key: str | None,
    policy: ModelPolicy,
    ledger: Ledger,
    tape: Tape,
) -> Seats:
    made = _model_seats(
        LocalReader(installation.embedder),
        name=name,
        base_url=base_url,
        key=key,
        policy=policy,
        ledger=ledger,
        tape=tape,
    )
    use = ModelUse(name, policy.prices.get(name), policy, lambda: tape.spent)
    return Seats(engine, installation.embedder, *made, model_at=scripted_seats, model=use)


def _model_seats(
    reader: Reader,
    *,
    name: str,
    base_url: str,
    key: str | None,
    policy: ModelPolicy,
    ledger: Ledger,
    tape: Tape | None,
) -> ModelSeats:
    made = make_model_seats(
        name=name,
        base_url=base_url,
        key=key,
        policy=policy,
        ledger=ledger,
        check=partial(check_draft, policy=Policy()),
        reader=reader,
        investigator=LocalInvestigator(),
        writer=LocalWriter(),
        tape=tape,
    )
    return ModelSeats(made.reader, made.investigator, made.writer)
