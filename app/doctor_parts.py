"""The parts that `doctor` tries: reader, vector index, mail, store."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from app.settings import Settings
from app.wiring import Installation, open_endpoint
from connectors.smtp.actions import TimeOuts, greet
from connectors.smtp.settings import read_sender, read_server
from domain.errors import EmbedderUnavailable, IndexUnavailable, Misuse, Unavailable
from vectorstore.e5.weights import MODEL_ID, find_weight_file
from vectorstore.places import Server

# A person waits for the answer.
_PATIENCE_S = 5.0
_OLDEST_SQLITE = (3, 35)


@dataclass
class Findings:
    """What has to be mended, as sentences."""

    wrong: list[str] = field(default_factory=list)
    """Set, and not usable as it is."""
    down: list[str] = field(default_factory=list)
    """Right as set, and not answering now."""


def look_at_reader(settings: Settings, found: Findings) -> str:
    """Say what turns texts into vectors."""
    if settings.find("UNDERTONE_EMBEDDER_URL") is not None:
        return _endpoint_text(settings, found)
    try:
        find_weight_file()
    except EmbedderUnavailable as error:
        found.wrong.append(f"{error} Until then words alone decide.")
        return "local engine, words only"
    return f"local engine, {MODEL_ID}"


def _endpoint_text(settings: Settings, found: Findings) -> str:
    if any("UNDERTONE_EMBEDDER" in problem for problem in settings.problems()):
        return "local engine, its embeddings endpoint is not usable"
    endpoint = settings.embedding_endpoint
    assert endpoint is not None  # noqa: S101  the caller looked
    text = f"local engine, vectors of {endpoint.model} from {urlsplit(endpoint.url).hostname}"
    embedder = open_endpoint(endpoint)
    try:
        embedder.embed(["parcel"])
    except EmbedderUnavailable as error:
        found.down.append(f"{error} Until then words alone decide.")
        return f"{text}, which does not answer"
    finally:
        embedder.close()
    return text


def look_at_index(settings: Settings, found: Findings) -> str:
    """Say where the vector index lies."""
    url = settings.find("UNDERTONE_CHROMA_URL")
    if url is None:
        return f"{settings.chroma_dir}{'' if settings.chroma_dir.is_dir() else ' (not made yet)'}"
    try:
        Server(url).check_heartbeat()
    except ValueError:
        return "not usable"
    except IndexUnavailable as error:
        found.down.append(f"{error} Work goes on with full text alone.")
        return "UNDERTONE_CHROMA_URL, which does not answer"
    return "the server of UNDERTONE_CHROMA_URL"


def look_at_mail(settings: Settings, found: Findings) -> str:
    """Say whether messages can leave."""
    given = {name: settings.find(name) for name in ("UNDERTONE_SMTP_URL", "UNDERTONE_MAIL_FROM")}
    missing = [name for name, value in given.items() if not value]
    if missing:
        return f"not set up, messages can be drafted only. Missing: {', '.join(missing)}"
    try:
        server = read_server(given["UNDERTONE_SMTP_URL"] or "")
        sender = read_sender(given["UNDERTONE_MAIL_FROM"] or "")
    except Misuse as error:
        found.wrong.append(str(error))
        return "not usable"
    text = f"{server.host}:{server.port}, from {sender.address}"
    try:
        greet(server, sender, time_outs=TimeOuts(command_s=_PATIENCE_S))
    except Unavailable as error:
        told = str(error).rstrip(".")
        found.down.append(f"Mail: {told}. Approved messages wait until it does.")
        return f"{text}, which does not let us in"
    return text


def look_at_store(settings: Settings, found: Findings) -> str:
    """Say where everything is kept, and how much there is."""
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        found.wrong.append(f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or newer is needed.")
    where = "the database of UNDERTONE_DATABASE_URL"
    if not settings.find("UNDERTONE_DATABASE_URL"):
        path = Path(settings.database_url.removeprefix("sqlite:///"))
        if not path.exists():
            return f"{path} (not made yet), SQLite {sqlite3.sqlite_version}"
        where = f"{path} ({path.stat().st_size / 2**20:.1f} MB), SQLite {sqlite3.sqlite_version}"
    if any("UNDERTONE_DATABASE_URL" in problem for problem in settings.problems()):
        return "not usable"
    try:
        return f"{where}: {_counts_text(settings)}"
    except Misuse as error:
        found.wrong.append(f"UNDERTONE_DATABASE_URL: {error}")
    except Unavailable as error:
        advice = str(error).removesuffix(" Run: undertone doctor")
        found.down.append(f"{advice} Nothing can be read or written until it can.")
    return f"{where}, not usable"


def _counts_text(settings: Settings) -> str:
    installation = Installation(settings)
    try:
        with installation.store.read() as unit:
            counts = unit.feedback.counts()
            facts = unit.facts.total()
    finally:
        installation.store.close()
    return (
        f"{counts['items']:,} items, {counts['customers_items'] - counts['read']:,} to be read, "
        f"{facts:,} facts, {counts['set_aside']:,} rows set aside"
    )
