"""Answers of a model kept by the hash of the request, and what passed on the wire.

The hash is over what decides an answer (model, messages, tools, schema, parameters) and
not over what differs from run to run: addresses, keys, and the ids that a provider gives
to tool calls. A model is shown redacted text only, so a recording holds no other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import Field, ValidationError

from domain.errors import InvalidInput
from domain.people import ModelPolicy
from domain.record import Record, digest

NOT_RECORDED = "not_recorded"
"""The code of the error that a replay gives for a request that was not recorded."""

_HEADER = "recording.json"
_ANSWERS = "answers"
R = TypeVar("R", bound=Record)
_UNREAD = frozenset({"stream", "stream_options", "user", "metadata", "store"})


class Header(Record):
    """Whose answers they are, and under which limits they were asked for."""

    model: str
    policy: ModelPolicy


class Answer(Record):
    """The part of a completion that is worth keeping."""

    choices: list[dict[str, Any]]
    usage: dict[str, Any] | None
    model: str | None

    def tokens(self, name: str) -> int:
        """A count of the usage; 0 where it has none."""
        count = (self.usage or {}).get(name)
        return count if isinstance(count, int) else 0


class Kept(Record):
    """One request with its answer."""

    request: dict[str, Any]
    answer: Answer
    seconds: float = Field(ge=0, allow_inf_nan=False)
    """How long the model took."""


class Spent(NamedTuple):
    """What passed on the wire up to a moment."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    """Waited for the model; in a replay what was waited when it was recorded."""
    replayed_s: float = 0.0
    """Of these seconds, those that were not waited now."""

    def since(self, before: Spent) -> Spent:
        """What passed after an earlier moment."""
        return Spent(
            self.calls - before.calls,
            self.tokens_in - before.tokens_in,
            self.tokens_out - before.tokens_out,
            self.seconds - before.seconds,
            self.replayed_s - before.replayed_s,
        )


class Reply(NamedTuple):
    """An answer of the wire."""

    status: int
    body: bytes


class Recording:
    """A folder: `recording.json` says whose it is, `answers/` holds one file a request."""

    def __init__(self, folder: Path, header: Header) -> None:
        self.folder = folder
        self.header = header
        self._kept = {path.stem: _load_kept(path) for path in _files(folder)}

    @classmethod
    def open(cls, folder: Path) -> Recording:
        """Open a recording to be replayed.

        Raises:
            InvalidInput: There is none, or a file of it cannot be read.
        """
        path = folder / _HEADER
        if not path.is_file():
            raise InvalidInput(
                f"{folder} holds no recording. Make one with: "
                f"undertone eval record --recordings {folder}"
            )
        return cls(folder, _load(path, Header))

    @classmethod
    def begin(cls, folder: Path, header: Header) -> Recording:
        """Open a recording to be added to; a new folder where there is none.

        Raises:
            InvalidInput: It holds the answers of another model, or under other limits.
        """
        path = folder / _HEADER
        if path.is_file() and _load(path, Header) != header:
            raise InvalidInput(
                f"{folder} holds answers of another model, or under another model policy. "
                "Name a new folder with --recordings, or delete this one."
            )
        (folder / _ANSWERS).mkdir(parents=True, exist_ok=True)
        _write(path, header)
        return cls(folder, header)

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: str) -> Kept | None:
        """The answer to a request, by its hash."""
        return self._kept.get(key)

    def keep(self, key: str, kept: Kept) -> None:
        """Keep an answer, whole or not at all."""
        _write(self.folder / _ANSWERS / f"{key}.json", kept)
        self._kept[key] = kept

    def difference(self, request: Mapping[str, Any]) -> str:
        """Say in which parts a request differs from the kept one that is most like it."""
        asked = _parts(request)
        found = [
            [name for name, part in _parts(one.request).items() if part != asked[name]]
            for one in self._kept.values()
        ]
        nearest = min(found, key=lambda names: (len(names), names), default=[])
        return f"changed: {', '.join(nearest)}" if nearest else "nothing is recorded"


class Tape:
    """The wire to one model: counts what passes, and keeps or replays it.

    `recording`: where answers are kept; None keeps nothing. `asks`: whether the model is
    asked for what is not kept; False is a replay.
    """

    def __init__(self, recording: Recording | None = None, *, asks: bool = True) -> None:
        self._recording = recording
        self._asks = asks
        self._spent = Spent()
        self._unanswered: set[str] = set()

    @property
    def spent(self) -> Spent:
        """What passed so far."""
        return self._spent

    @property
    def kept(self) -> int:
        """Answers in the recording."""
        return len(self._recording) if self._recording is not None else 0

    @property
    def unanswered(self) -> int:
        """Requests that got no answer that could be kept."""
        return len(self._unanswered)

    def pass_on(
        self, body: bytes, ask: Callable[[], Reply], *, clock: Callable[[], float]
    ) -> Reply:
        """Give the answer to a request: the kept one, or that of the model."""
        request = plain_request(json.loads(body))
        key = digest(request)
        known = self._recording.find(key) if self._recording is not None else None
        if known is not None:
            self._count(known.answer, known.seconds, replayed=True)
            return _reply(known.answer)
        if self._recording is not None and not self._asks:
            return _not_recorded(self._recording.difference(request))
        self._unanswered.add(key)
        began = clock()
        reply = ask()
        seconds = round(clock() - began, 3)
        answer = _answer_of(reply)
        if answer is None:
            return reply
        self._unanswered.discard(key)
        self._count(answer, seconds, replayed=False)
        if self._recording is None:
            return reply
        self._recording.keep(key, Kept(request=request, answer=answer, seconds=seconds))
        return _reply(answer)

    def _count(self, answer: Answer, seconds: float, *, replayed: bool) -> None:
        before = self._spent
        self._spent = Spent(
            before.calls + 1,
            before.tokens_in + answer.tokens("prompt_tokens"),
            before.tokens_out + answer.tokens("completion_tokens"),
            before.seconds + seconds,
            before.replayed_s + (seconds if replayed else 0.0),
        )


def plain_request(request: Mapping[str, Any]) -> dict[str, Any]:
    """Give what decides an answer, with the ids of tool calls numbered in their order."""
    numbers: dict[str, str] = {}

    def number(id_: str) -> str:
        return numbers.setdefault(id_, f"call_{len(numbers) + 1}")

    def plain(message: Mapping[str, Any]) -> dict[str, Any]:
        found = dict(message)
        if "tool_calls" in found:
            found["tool_calls"] = [{**one, "id": number(one["id"])} for one in found["tool_calls"]]
        if "tool_call_id" in found:
            found["tool_call_id"] = number(found["tool_call_id"])
        return found

    kept = {name: value for name, value in request.items() if name not in _UNREAD}
    return {**kept, "messages": [plain(one) for one in request.get("messages", [])]}


def _parts(request: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a request that a person can have changed, by the name they have for them."""
    messages = request["messages"]
    named = {
        "model": request.get("model"),
        "instructions": [one for one in messages if one["role"] == "system"],
        "data": [one for one in messages if one["role"] != "system"],
        "tools": request.get("tools"),
        "schema": request.get("response_format"),
    }
    rest = {"messages", "model", "tools", "response_format"}
    return {**named, "parameters": {name: v for name, v in request.items() if name not in rest}}


def _answer_of(reply: Reply) -> Answer | None:
    """What of a reply is worth keeping; None where it is no completion."""
    if reply.status != 200:
        return None
    try:
        whole = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(whole, dict):
        return None
    usage = whole.get("usage")
    found = {
        "choices": whole.get("choices"),
        "usage": usage if isinstance(usage, dict) else None,
        "model": whole.get("model"),
    }
    try:
        return Answer.model_validate(found)
    except ValidationError:
        return None


def _reply(answer: Answer) -> Reply:
    whole = {"id": "recorded", "object": "chat.completion", "created": 0, **answer.model_dump()}
    return Reply(200, json.dumps(whole).encode())


def _not_recorded(message: str) -> Reply:
    error = {"code": NOT_RECORDED, "message": message, "type": NOT_RECORDED}
    return Reply(404, json.dumps({"error": error}).encode())


def _files(folder: Path) -> list[Path]:
    return sorted((folder / _ANSWERS).glob("*.json"))


def _load_kept(path: Path) -> Kept:
    """Load an answer; one that stands under another request's hash would never be found."""
    kept = _load(path, Kept)
    if digest(kept.request) != path.stem:
        raise InvalidInput(f"{path} is not part of a recording.")
    return kept


def _load(path: Path, kind: type[R]) -> R:
    try:
        return kind.model_validate_json(path.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} is not part of a recording.") from error


def _write(path: Path, record: Record) -> None:
    """Write a file whole: beside it first, then in its place."""
    beside = path.with_suffix(".part")
    text = json.dumps(record.model_dump(mode="json"), indent=1, sort_keys=True, ensure_ascii=True)
    beside.write_text(text + "\n", encoding="utf-8")
    beside.replace(path)
