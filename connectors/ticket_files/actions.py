"""The destination `tickets`: one Markdown file per issue, found again by its marker."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from connectors.kit.marker import marker
from connectors.kit.whole_file import sync_folder, write_whole
from connectors.ticket_files.document import (
    file_name,
    folder_name,
    held_hash,
    marker_of,
    merge,
    queue_of,
    title_of,
    write_document,
)
from connectors.ticket_files.settings import FOLDER_NAME
from domain.destinations import MessageAction, OnStep, Sent, TicketAction, WireStep
from domain.errors import (
    BytesChanged,
    DestinationUnavailable,
    InvalidInput,
    NoAnswer,
    RefusedForGood,
    RefusedForNow,
)

# A marker stands in the first lines of a file, or, after an edit, in one of our lines.
READ_BYTES = 1_000_000
_FOR_GOOD = frozenset({errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ})


class TicketFiles:
    """`Destination` in a folder."""

    def __init__(self, folder: Path, *, secret: bytes) -> None:
        self._folder = folder
        self._secret = secret

    @property
    def name(self) -> str:
        """`tickets`."""
        return "tickets"

    @property
    def missing(self) -> str | None:
        """What keeps files from being written, with what to do; None when ready."""
        present = next((one for one in (self._folder, *self._folder.parents) if one.exists()), None)
        if present is None or not present.is_dir() or not os.access(present, os.W_OK | os.X_OK):
            return f"Tickets cannot be written to {str(self._folder)!r}. Set {FOLDER_NAME}."
        return None

    def freeze(self, action: TicketAction | MessageAction) -> bytes:
        """Give exactly the bytes of a file that does not exist yet."""
        if not isinstance(action, TicketAction):
            raise InvalidInput("A message cannot be filed as a ticket.")
        return write_document(action, marker=marker(self._secret, action.key)).encode()

    def find(self, key: str) -> Sent | None:
        """Look for our file of a key in all folders, whatever its name is now."""
        token = marker(self._secret, key)
        try:
            paths = self._with_marker(token)
            return self._found(paths) if paths else None
        except OSError as error:
            raise DestinationUnavailable(
                f"The folder of tickets cannot be read now: {error.strerror}."
            ) from error

    def send(self, frozen: bytes, *, key: str, address: str | None, on_step: OnStep) -> Sent:
        """Make the file, or bring the one that exists up to these bytes."""
        del address
        document, token = frozen.decode(), marker(self._secret, key)
        if marker_of(document) != token:
            raise BytesChanged("Not filed: these bytes belong to another ticket.")
        try:
            paths = self._with_marker(token)
            path = paths[0] if paths else self._fresh_path(document, token)
            present = _read(path) if paths else None
        except OSError as error:
            raise _refused(error) from error
        on_step(WireStep.CONNECTED)
        content, detail = (document, "") if present is None else merge(present, document)
        on_step(WireStep.BODY_BEGINS)
        if content != present:
            self._write(path, content, present, on_step)
        on_step(WireStep.ANSWERED)
        return Sent(external_id=self._id(path), detail=detail or "Filed.")

    def _write(self, path: Path, content: str, present: str | None, on_step: OnStep) -> None:
        def still_the_same() -> None:
            # Whoever saved the file since we read it keeps their words.
            if (_read(path) if path.exists() else None) != present:
                raise RefusedForNow("The file was changed this very moment.")

        try:
            write_whole(
                path,
                content.encode(),
                halfway=lambda: on_step(WireStep.MID_BODY),
                written=still_the_same,
            )
        except OSError as error:
            raise _refused(error) from error
        on_step(WireStep.BODY_ENDED)
        try:
            sync_folder(path.parent)
        except OSError as error:
            raise NoAnswer(f"The file may not survive a power cut: {error.strerror}.") from error

    def _fresh_path(self, document: str, token: str) -> Path:
        root = self._folder.resolve()
        folder = root / folder_name(queue_of(document))
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / file_name(title_of(document), token)
        if not path.resolve().is_relative_to(root):
            raise RefusedForGood("The queue's folder leads out of the folder of tickets.")
        return path

    def _with_marker(self, token: str) -> list[Path]:
        """Give our files of a marker, oldest first: by name, else by what is in them."""
        named = [path for path in self._files() if token in path.name]
        paths = named or [path for path in self._files() if _bears(path, token)]
        return sorted(paths, key=lambda path: (path.stat().st_ctime_ns, path.name))

    def _files(self) -> Iterator[Path]:
        def stop(error: OSError) -> None:
            raise error

        if not self._folder.exists():
            return
        for folder, folders, names in os.walk(self._folder, onerror=stop, followlinks=False):
            folders[:] = [one for one in folders if not one.startswith(".")]
            for name in names:
                if name.endswith(".md") and not name.startswith("."):
                    yield Path(folder) / name

    def _found(self, paths: list[Path]) -> Sent:
        document = paths[0].read_bytes().decode("utf-8", "replace")
        more = ", ".join(self._id(path) for path in paths[1:])
        detail = f"Kept the older; the same marker stands in {more} too." if more else ""
        return Sent(external_id=self._id(paths[0]), detail=detail, sha256=held_hash(document))

    def _id(self, path: Path) -> str:
        return path.resolve().relative_to(self._folder.resolve()).as_posix()


def _bears(path: Path, token: str) -> bool:
    with path.open("rb") as file:
        content = file.read(READ_BYTES)
    return (
        token.encode() in content
        and marker_of(content.decode("utf-8", "replace").replace("\r\n", "\n")) == token
    )


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise RefusedForGood(
            f"{path.name!r} was changed and is not UTF-8 now; it was not touched."
        ) from error


def _refused(error: OSError) -> RefusedForNow | RefusedForGood:
    reason = f"The file was not written: {error.strerror or type(error).__name__}."
    return RefusedForGood(reason) if error.errno in _FOR_GOOD else RefusedForNow(reason)
