"""Where Chroma works: in a folder of the home, or on a server.

Both open a collection, throw it away, and replace it by a draft that was filled aside.
Errors of the library pass through; `vectorstore.chroma` translates them.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from domain.errors import IndexUnavailable
from vectorstore.generations import Generations, marked, remove, size_bytes, trust
from vectorstore.memory import fill_memory

# A healthy index of 384 dimensions takes 2.1 kB a vector; a broken one once grew to 64 GB.
_LARGEST_BYTES_PER_VECTOR = 16_000
_SLACK_BYTES = 512 * 2**20
_SERVER_TIMEOUT_S = 30.0
_HEARTBEAT_TIMEOUT_S = 5.0


class Opened(NamedTuple):
    """A collection with the client that serves it."""

    client: Any
    collection: Any
    generation: Path | None = None


class Place(Protocol):
    """What the adapter asks of a folder or a server."""

    def open(self, name: str) -> Opened: ...  # noqa: D102
    def open_draft(self, name: str) -> Opened: ...  # noqa: D102
    def adopt(self, draft: Opened, name: str) -> None: ...  # noqa: D102
    def abandon(self, draft: Opened) -> None: ...  # noqa: D102
    def is_there(self, opened: Opened) -> bool: ...  # noqa: D102
    def guarded(self, opened: Opened) -> contextlib.AbstractContextManager[None]: ...  # noqa: D102
    def check_size(self, opened: Opened) -> None: ...  # noqa: D102
    def discard(self, name: str) -> None: ...  # noqa: D102
    def release(self) -> None: ...  # noqa: D102


class Folder:
    """Chroma inside this process, in a folder that this process alone works on."""

    def __init__(self, folder: Path) -> None:
        fill_memory()
        self._generations = Generations(folder)

    def open(self, name: str) -> Opened:
        """Open the live generation, or an empty one."""
        self._generations.take()
        generation = self._generations.live()
        with marked(generation):
            return self._opened(generation, name)

    def open_draft(self, name: str) -> Opened:
        """Open an empty generation beside the live one."""
        self._generations.take()
        return self._opened(self._generations.begin(), name)

    def adopt(self, draft: Opened, name: str) -> None:  # noqa: ARG002
        """Make the draft live and remove what was."""
        assert draft.generation is not None  # noqa: S101
        close(draft)
        trust(draft.generation)
        self._generations.live()

    def abandon(self, draft: Opened) -> None:
        """Remove a draft."""
        assert draft.generation is not None  # noqa: S101
        close(draft)
        remove(draft.generation)

    def is_there(self, opened: Opened) -> bool:
        """Whether the files are still there."""
        assert opened.generation is not None  # noqa: S101
        return (opened.generation / "chroma.sqlite3").is_file()

    def guarded(self, opened: Opened) -> contextlib.AbstractContextManager[None]:
        """Mark the generation while something may tear it."""
        assert opened.generation is not None  # noqa: S101
        return marked(opened.generation)

    def check_size(self, opened: Opened) -> None:
        """Refuse an index that grew without bound.

        Raises:
            IndexUnavailable: It is far larger than its vectors.
        """
        assert opened.generation is not None  # noqa: S101
        largest = _SLACK_BYTES + opened.collection.count() * _LARGEST_BYTES_PER_VECTOR
        if size_bytes(opened.generation) > largest:
            raise IndexUnavailable("The vector index grew without bound; it is rebuilt from SQL.")

    def discard(self, name: str) -> None:  # noqa: ARG002
        """Remove all files."""
        self._generations.take()
        self._generations.discard()

    def release(self) -> None:
        """Let another process work on the folder."""
        self._generations.release()

    def _opened(self, generation: Path, name: str) -> Opened:
        import chromadb

        settings = _settings(chroma_api_impl="chromadb.api.rust.RustBindingsAPI")
        client = chromadb.PersistentClient(path=str(generation), settings=settings)
        return Opened(client, _collection(client, name), generation)


class Server:
    """Chroma on a server, which several processes share.

    A path in the URL (`http://host:8000/shop`) becomes a prefix of the collection name,
    so that several homes can share one server. Chroma has no authentication: loopback,
    or a proxy in front.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("The address of a Chroma server begins with http:// or https://.")
        self._secure = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port or (443 if self._secure else 8000)
        self._prefix = "".join(f"{part}-" for part in parts.path.split("/") if part)

    def open(self, name: str) -> Opened:
        """Open the collection, creating it when absent."""
        client = self._client()
        return Opened(client, _collection(client, self._prefix + name))

    def open_draft(self, name: str) -> Opened:
        """Open an empty collection of another name."""
        client = self._client()
        draft = f"{self._prefix}{name}-draft"
        _delete(client, draft)
        return Opened(client, _collection(client, draft))

    def adopt(self, draft: Opened, name: str) -> None:
        """Delete the collection and give its name to the draft."""
        _delete(draft.client, self._prefix + name)
        draft.collection.modify(name=self._prefix + name)
        close(draft)

    def abandon(self, draft: Opened) -> None:
        """Delete the collection of a draft."""
        draft.client.delete_collection(draft.collection.name)
        close(draft)

    def is_there(self, opened: Opened) -> bool:  # noqa: ARG002
        """A missing collection shows when it is used."""
        return True

    def guarded(self, opened: Opened) -> contextlib.AbstractContextManager[None]:  # noqa: ARG002
        """Nothing to mark: the server writes."""
        return contextlib.nullcontext()

    def check_size(self, opened: Opened) -> None:
        """The server's disk is the server's."""

    def discard(self, name: str) -> None:
        """Delete the collection."""
        client = self._client()
        _delete(client, self._prefix + name)
        close(Opened(client, None))

    def release(self) -> None:
        """Nothing is held."""

    def _client(self) -> Any:
        import chromadb

        self.check_heartbeat()
        client = chromadb.HttpClient(
            host=self._host, port=self._port, ssl=self._secure, settings=_settings()
        )
        for session in _sessions_of(client):
            session.timeout = _SERVER_TIMEOUT_S
        return client

    def check_heartbeat(self) -> None:
        """Ask for a sign of life with a limit of its own; opening a client has none.

        Raises:
            IndexUnavailable: None came.
        """
        import httpx2

        scheme = "https" if self._secure else "http"
        host = f"[{self._host}]" if ":" in self._host else self._host
        try:
            with httpx2.Client(trust_env=False, timeout=_HEARTBEAT_TIMEOUT_S) as client:
                address = f"{scheme}://{host}:{self._port}/api/v2/heartbeat"
                client.get(address).raise_for_status()
        except httpx2.HTTPError as error:
            raise IndexUnavailable(
                f"The Chroma server at {host}:{self._port} gives no sign of life "
                f"({type(error).__name__})."
            ) from error


def close(opened: Opened) -> None:
    """Close a client; its files or sockets are let go."""
    sessions = _sessions_of(opened.client)
    opened.client.close()
    for session in sessions:
        session.close()


def _sessions_of(client: Any) -> list[Any]:
    """The HTTP sessions of a client, none in process.

    The library gives them no time limit and leaves their sockets open, also after `close`;
    there is no public way to either.
    """
    clients = (client, getattr(client, "_admin_client", None))
    servers = [getattr(one, "_server", None) for one in clients]
    sessions = [getattr(server, "_session", None) for server in servers]
    return [session for session in sessions if session is not None]


def _settings(**more: Any) -> Any:
    from chromadb.config import Settings

    # Without `_env_file=None` a `.env` of the working folder would reconfigure the library.
    return Settings(_env_file=None, anonymized_telemetry=False, **more)


def _collection(client: Any, name: str) -> Any:
    collection = client.get_or_create_collection(
        name=name, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
    )
    space = collection.configuration_json["hnsw"]["space"]
    if space != "cosine":
        raise IndexUnavailable(f"The collection {name!r} measures {space!r}, not cosine.")
    return collection


def _delete(client: Any, name: str) -> None:
    if any(one.name == name for one in client.list_collections()):
        client.delete_collection(name)
