"""Addresses and secrets from the environment, paths of the home."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic import Field

from domain.errors import InvalidConfiguration
from domain.record import Record


class Setting(NamedTuple):
    """One environment variable: what it is for and what to do when it is absent."""

    name: str
    purpose: str
    when_absent: str
    secret: bool = False


SETTINGS = (
    Setting(
        "UNDERTONE_SMTP_URL",
        "mail server, smtp[s]://[user:password@]host:port",
        "Messages can be drafted but not approved. Set it to send mail.",
        secret=True,
    ),
    Setting(
        "UNDERTONE_MAIL_FROM",
        "sender of messages, for example Help <help@shop.example>",
        "Messages can be drafted but not approved. Set it to send mail.",
    ),
    Setting("UNDERTONE_TICKETS_DIR", "folder for ticket files", "HOME/tickets is used."),
    Setting(
        "UNDERTONE_UNDO_SECONDS",
        "seconds an approved draft is held, 0 sends at once",
        "undo_seconds of policy.yaml is used (30 as shipped).",
    ),
    Setting(
        "UNDERTONE_DATABASE_URL",
        "database, for example postgresql://host/name",
        "One SQLite file in the home is used.",
        secret=True,
    ),
    Setting(
        "UNDERTONE_CHROMA_URL",
        "Chroma server, for example http://127.0.0.1:8000",
        "Chroma runs inside the process, in the home.",
    ),
    Setting(
        "UNDERTONE_EMBEDDER_URL",
        "address that speaks OpenAI embeddings, for example https://vectors.example/v1",
        "The weights on this machine turn texts into vectors. No text leaves it.",
    ),
    Setting(
        "UNDERTONE_EMBEDDER_MODEL",
        "name of the embedding model at that address",
        "Needed together with UNDERTONE_EMBEDDER_URL.",
    ),
    Setting(
        "UNDERTONE_EMBEDDER_DIMENSIONS",
        "length of its vectors, for example 1024",
        "Needed together with UNDERTONE_EMBEDDER_URL.",
    ),
    Setting(
        "UNDERTONE_EMBEDDER_KEY",
        "key of that address",
        "None is sent.",
        secret=True,
    ),
    Setting(
        "UNDERTONE_EMBEDDER_PREFIX",
        "word before every text, for example query:",
        "Texts are sent without one.",
    ),
    Setting(
        "UNDERTONE_MODEL",
        "name of the chat model",
        "The local engine reads, investigates and writes. No call leaves the machine.",
    ),
    Setting(
        "OPENAI_API_KEY",
        "key of the model's address",
        "Needed together with UNDERTONE_MODEL, unless OPENAI_BASE_URL is set.",
        secret=True,
    ),
    Setting(
        "OPENAI_BASE_URL",
        "address that speaks chat completions",
        "The address of the openai library is used once a model and a key are set.",
    ),
)


class EmbeddingEndpoint(NamedTuple):
    """Where vectors are made when not on this machine."""

    url: str
    model: str
    dimensions: int
    key: str | None
    prefix: str


DEFAULT_BASE_URL = "https://api.openai.com/v1"


# Longer than the vectors of any model known in 2026-11.
_MOST_DIMENSIONS = 16_384


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def default_home() -> Path:
    """Give the user's data directory for this product."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share"))
    return base / "undertone"


class Settings(Record):
    """One installation: its home and what the environment says."""

    home: Path
    environment: dict[str, str] = Field(default_factory=dict, repr=False)
    unknown: tuple[str, ...] = ()
    """Names that look like ours and are none of them."""

    @classmethod
    def load(cls, home: Path | None, environment: Mapping[str, str]) -> Settings:
        """Take the settings from an environment.

        Raises:
            InvalidConfiguration: A value cannot be used; all problems together.
        """
        settings = cls.look(home, environment)
        problems = settings.problems()
        if problems:
            raise InvalidConfiguration(" ".join(problems))
        return settings

    @classmethod
    def look(cls, home: Path | None, environment: Mapping[str, str]) -> Settings:
        """Take the settings from an environment, also those that cannot be used."""
        names = {setting.name for setting in SETTINGS}
        found = {
            name: value.strip()
            for name, value in environment.items()
            if name in names and value.strip()
        }
        unknown = sorted(
            name
            for name, value in environment.items()
            if value and name.startswith("UNDERTONE_") and name not in names
        )
        return cls(
            home=(home or default_home()).expanduser().absolute(),
            environment=found,
            unknown=tuple(unknown),
        )

    def problems(self) -> list[str]:
        """Say which values cannot be used."""
        problems = []
        undo = self.environment.get("UNDERTONE_UNDO_SECONDS")
        if undo is not None and not undo.isdigit():
            problems.append(f"UNDERTONE_UNDO_SECONDS is {undo!r}: give whole seconds, 0 or more.")
        smtp = self.environment.get("UNDERTONE_SMTP_URL", "smtp://")
        if not smtp.startswith(("smtp://", "smtps://")):
            problems.append("UNDERTONE_SMTP_URL must begin with smtp:// or smtps://.")
        database = self.environment.get("UNDERTONE_DATABASE_URL", "sqlite://")
        if not database.startswith(("sqlite://", "postgresql://", "postgresql+psycopg://")):
            problems.append("UNDERTONE_DATABASE_URL must begin with postgresql:// or sqlite:///.")
        chroma = self.environment.get("UNDERTONE_CHROMA_URL")
        if chroma is not None and not _is_web_address(chroma):
            problems.append("UNDERTONE_CHROMA_URL must begin with http:// or https://.")
        return problems + self._endpoint_problems()

    def _endpoint_problems(self) -> list[str]:
        url = self.find("UNDERTONE_EMBEDDER_URL")
        if url is None:
            return []
        problems = []
        if not _is_web_address(url):
            problems.append("UNDERTONE_EMBEDDER_URL must begin with http:// or https://.")
        if self.find("UNDERTONE_EMBEDDER_MODEL") is None:
            problems.append("UNDERTONE_EMBEDDER_URL needs UNDERTONE_EMBEDDER_MODEL, its model.")
        size = self.find("UNDERTONE_EMBEDDER_DIMENSIONS") or ""
        if not (size.isdecimal() and 1 <= int(size) <= _MOST_DIMENSIONS):
            problems.append(
                "UNDERTONE_EMBEDDER_URL needs UNDERTONE_EMBEDDER_DIMENSIONS, the length of its "
                f"vectors: a whole number from 1 to {_MOST_DIMENSIONS:,}."
            )
        return problems

    def find(self, name: str) -> str | None:
        """The value of a variable, None when absent or empty."""
        return self.environment.get(name)

    @property
    def database_url(self) -> str:
        """Where the truth lies."""
        return self.find("UNDERTONE_DATABASE_URL") or f"sqlite:///{self.home / 'undertone.sqlite'}"

    @property
    def tickets_dir(self) -> Path:
        """Where ticket files go."""
        chosen = self.find("UNDERTONE_TICKETS_DIR")
        return Path(chosen).expanduser().absolute() if chosen else self.home / "tickets"

    @property
    def undo_seconds(self) -> int | None:
        """How long an approved draft is held; None leaves it to the policy."""
        value = self.find("UNDERTONE_UNDO_SECONDS")
        return None if value is None else int(value)

    @property
    def embedding_endpoint(self) -> EmbeddingEndpoint | None:
        """Where vectors are made instead of on this machine; None where it is not set."""
        url = self.find("UNDERTONE_EMBEDDER_URL")
        if url is None:
            return None
        prefix = self.find("UNDERTONE_EMBEDDER_PREFIX")
        return EmbeddingEndpoint(
            url=url,
            model=self.environment["UNDERTONE_EMBEDDER_MODEL"],
            dimensions=int(self.environment["UNDERTONE_EMBEDDER_DIMENSIONS"]),
            key=self.find("UNDERTONE_EMBEDDER_KEY"),
            prefix=f"{prefix} " if prefix else "",
        )

    @property
    def uses_model(self) -> bool:
        """Whether a model is configured: its name with a key or an address."""
        return bool(
            self.find("UNDERTONE_MODEL")
            and (self.find("OPENAI_API_KEY") or self.find("OPENAI_BASE_URL"))
        )

    @property
    def config_dir(self) -> Path:
        """Where people put their own taxonomy, owners, policy and wanted customers."""
        return self.home / "config"

    @property
    def models_dir(self) -> Path:
        """Where converted weights lie."""
        return self.home / "models"

    @property
    def chroma_dir(self) -> Path:
        """Where the embedded vector index lies; may be deleted at any time."""
        return self.home / "chroma"

    @property
    def vectors_path(self) -> Path:
        """The cache of vectors by text hash; may be deleted at any time."""
        return self.home / "vectors.sqlite"
