"""The one place that names concrete classes, looks at the clock and makes random ids."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property, partial

from agent.casework.checks import check_draft
from agent.casework.investigate import LocalInvestigator
from agent.casework.write import LocalWriter
from agent.config.load import load_configuration
from agent.delivery.claim import Rules
from agent.delivery.desk import Desk
from agent.engine import Engine, Indexes
from agent.reading.local import LocalReader
from agent.recall import FusedRecall
from agent.review import Bench
from app.access import Access
from app.inbox.store_backend import ModelInUse, SqlBackend
from app.redacted_embedder import RedactedEmbedder
from app.settings import DEFAULT_BASE_URL, EmbeddingEndpoint, Settings
from app.spend import DayLedger
from connectors.smtp.actions import MailDestination
from connectors.smtp.settings import read_sender, read_server
from connectors.ticket_files.actions import TicketFiles
from domain.destinations import Destination
from domain.errors import EmbedderUnavailable
from domain.people import Configuration
from domain.ports import Progress
from domain.seats import Investigator, Reader, Writer
from domain.vectors import Embedder
from storage.store import SqlStore
from vectorstore.cached import CachedEmbedder
from vectorstore.chroma import ChromaIndex
from vectorstore.e5.embedder import E5Embedder
from vectorstore.e5.weights import find_weight_file
from vectorstore.remote import RemoteEmbedder

_SECRET_SETTING = "secret"  # noqa: S105  the name of the setting, not its value


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def new_secret() -> str:
    """A random secret of 256 bits, for tokens, links, leases."""
    return secrets.token_urlsafe(32)


def open_embedder(settings: Settings, *, progress: Progress | None = None) -> Embedder | None:
    """The embedder behind its cache: an endpoint where one is set, else the embedded one.

    None where neither can be had: then words decide alone.
    """
    endpoint = settings.embedding_endpoint
    if endpoint is not None:
        remote = open_endpoint(endpoint)
        outside = RedactedEmbedder(remote)
        return CachedEmbedder(outside, settings.vectors_path, on_close=remote.close)
    try:
        find_weight_file()
    except EmbedderUnavailable:
        return None
    return CachedEmbedder(E5Embedder(settings.models_dir, progress=progress), settings.vectors_path)


def open_endpoint(endpoint: EmbeddingEndpoint) -> RemoteEmbedder:
    """The embedder behind an address, without redaction and cache; close it after use."""
    return RemoteEmbedder(
        base_url=endpoint.url,
        model=endpoint.model,
        dimensions=endpoint.dimensions,
        key=endpoint.key,
        prefix=endpoint.prefix,
    )


class Installation:
    """One home with everything opened at first use."""

    def __init__(self, settings: Settings, *, clock: Callable[[], datetime] = now) -> None:
        self.settings = settings
        self.clock = clock
        self._indexes: dict[str, ChromaIndex] = {}

    @classmethod
    def open(cls, settings: Settings) -> Installation:
        """Open a home, creating the folder and the database when absent."""
        settings.home.mkdir(parents=True, exist_ok=True)
        installation = cls(settings)
        installation.store.prepare()
        return installation

    @cached_property
    def store(self) -> SqlStore:
        """The truth."""
        return SqlStore(self.settings.database_url)

    @cached_property
    def configuration(self) -> Configuration:
        """The four files."""
        loaded = load_configuration(self.settings.config_dir)
        undo = self.settings.undo_seconds
        if undo is None:
            return loaded
        policy = loaded.policy.model_copy(update={"undo_seconds": undo})
        return loaded.model_copy(update={"policy": policy})

    @cached_property
    def embedder(self) -> Embedder | None:
        """Turns texts into vectors; None means words alone."""
        return open_embedder(self.settings)

    @cached_property
    def secret(self) -> bytes:
        """The installation's own secret, made once; marks tickets and mails as ours."""
        with self.store.write() as unit:
            known = unit.settings.find(_SECRET_SETTING)
            if known is None:
                known = secrets.token_hex(32)
                unit.settings.put(_SECRET_SETTING, known)
        return bytes.fromhex(known)

    @cached_property
    def indexes(self) -> Indexes:
        """Chroma, in the home or on a server."""
        if self.embedder is None:
            return Indexes(None, None)
        return Indexes(self.index("items"), self.index("cases"))

    def index(self, kind: str) -> ChromaIndex:
        """The vector index of `items` or `cases`.

        Raises:
            EmbedderUnavailable: There is no embedder, so there is no index.
        """
        if kind in self._indexes:
            return self._indexes[kind]
        if self.embedder is None:
            raise EmbedderUnavailable("Without an embedder there is no vector index.")
        url = self.settings.find("UNDERTONE_CHROMA_URL")
        index = ChromaIndex(
            kind=kind,
            model_id=self.embedder.model_id,
            dimensions=self.embedder.dimensions,
            directory=None if url else self.settings.chroma_dir / kind,
            url=url,
        )
        self._indexes[kind] = index
        return index

    @cached_property
    def recall(self) -> FusedRecall:
        """Similar cases and items."""
        return FusedRecall(
            self.store,
            embedder=self.embedder,
            items=self.indexes.items,
            cases=self.indexes.cases,
        )

    @cached_property
    def destinations(self) -> dict[str, Destination]:
        """Where things leave, by name."""
        server = self.settings.find("UNDERTONE_SMTP_URL")
        sender = self.settings.find("UNDERTONE_MAIL_FROM")
        return {
            "tickets": TicketFiles(self.settings.tickets_dir, secret=self.secret),
            "mail": MailDestination(
                server=read_server(server) if server else None,
                sender=read_sender(sender) if sender else None,
                secret=self.secret,
            ),
        }

    @cached_property
    def desk(self) -> Desk:
        """What a decision needs."""
        policy = self.configuration.policy
        return Desk(
            destinations=self.destinations,
            check=partial(check_draft, policy=policy),
            policy=policy,
            undo_seconds=policy.undo_seconds,
            new_token=new_secret,
        )

    @cached_property
    def engine(self) -> Engine:
        """The verbs."""
        reader, investigator, writer = self.seats()
        return Engine(
            self.store,
            reader=reader,
            bench=Bench(
                investigator=investigator,
                writer=writer,
                recall=self.recall,
                configuration=self.configuration,
                desk=self.desk,
            ),
            embedder=self.embedder,
            indexes=self.indexes,
            rules=Rules(self.destinations, self.configuration.policy, new_secret),
            clock=self.clock,
        )

    def seats(self) -> tuple[Reader, Investigator, Writer]:
        """The local engine, and the model in front of it where one is configured."""
        reader, investigator, writer = (
            LocalReader(self.embedder),
            LocalInvestigator(),
            LocalWriter(),
        )
        name = self.settings.find("UNDERTONE_MODEL")
        if not self.settings.uses_model or name is None:
            return reader, investigator, writer
        from agent.llm.factory import make_model_seats

        seats = make_model_seats(
            name=name,
            base_url=self.settings.find("OPENAI_BASE_URL") or DEFAULT_BASE_URL,
            key=self.settings.find("OPENAI_API_KEY"),
            policy=self.configuration.policy.model,
            ledger=DayLedger(self.store, clock=self.clock),
            check=self.desk.check,
            reader=reader,
            investigator=investigator,
            writer=writer,
        )
        return seats.reader, seats.investigator, seats.writer

    @cached_property
    def access(self) -> Access:
        """Links, sessions, tokens."""
        return Access(self.store, clock=self.clock, new_secret=new_secret)

    def create_token(self, name: str, role: str) -> str:
        """Make a token for a machine; shown once."""
        return self.access.create_token(name, role)

    @cached_property
    def backend(self) -> SqlBackend:
        """What the inbox and the API ask."""
        return SqlBackend(
            self.store,
            engine=self.engine,
            desk=self.desk,
            configuration=self.configuration,
            model=self._model_in_use(),
            clock=self.clock,
        )

    def _model_in_use(self) -> ModelInUse | None:
        name = self.settings.find("UNDERTONE_MODEL")
        if not self.settings.uses_model or name is None:
            return None
        return ModelInUse(name, name in self.configuration.policy.model.prices)

    def close(self) -> None:
        """Let go of files and connections."""
        for index in self._indexes.values():
            index.close()
        embedder = self.__dict__.get("embedder")
        if isinstance(embedder, CachedEmbedder):
            embedder.close()
        self.store.close()
