"""A server on loopback that speaks chat completions, scripted by the test."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Request = dict[str, Any]
Reply = Callable[["_Handler"], None]
"""Writes one answer, or does what a broken server does."""
Script = Callable[[Request], Reply]
USAGE = {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200}


@dataclass
class ModelLog:
    """What the server was asked."""

    url: str
    requests: list[Request] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def texts(self) -> str:
        """All that reached the server, as one text."""
        return json.dumps(self.requests, ensure_ascii=False)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    log: ModelLog
    script: Script

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        request = json.loads(body) if body.startswith(b"{") else {}
        self.log.requests.append(request)
        self.log.headers.append({name.lower(): value for name, value in self.headers.items()})
        self.log.paths.append(self.path)
        try:
            type(self).script(request)(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_POST  # noqa: N815
    do_PATCH = do_POST  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def give(
        self,
        body: bytes,
        *,
        code: int = 200,
        kind: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> None:
        """Write one whole answer."""
        self.send_response(code)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def model_server(*script: Reply | Script, then: Script | None = None) -> Iterator[ModelLog]:
    """Run a server that gives these replies in turn, then `then` (or the last one again)."""
    replies = list(script)

    def next_reply(request: Request) -> Reply:
        if len(replies) > 1 or (replies and then is not None):
            return replies.pop(0)
        return then(request) if then is not None else replies[0]

    with scripted_server(next_reply) as log:
        yield log


@contextmanager
def scripted_server(script: Script) -> Iterator[ModelLog]:
    """Run a server whose script sees each request."""
    log = ModelLog("")
    handler = type("Handler", (_Handler,), {"log": log, "script": staticmethod(script)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    log.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield log
    finally:
        log.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def completion(message: dict[str, Any], *, finish: str | None, usage: Any = USAGE) -> bytes:
    """Give the JSON of one completion."""
    whole: dict[str, Any] = {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "stub",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", **message},
                "finish_reason": finish,
            }
        ],
    }
    if usage is not None:
        whole["usage"] = usage
    return json.dumps(whole).encode()


def said(
    content: Any, *, finish: str | None = "stop", usage: Any = USAGE, refusal: str | None = None
) -> Reply:
    """An answer in words; what is not text becomes JSON."""
    text = content if isinstance(content, str) or content is None else json.dumps(content)
    message = {"content": text} | ({"refusal": refusal} if refusal else {})
    return lambda handler: handler.give(completion(message, finish=finish, usage=usage))


def called(*calls: tuple[str, Any], usage: Any = USAGE, ids: list[Any] | None = None) -> Reply:
    """An answer that calls tools; arguments that are text go out as they are."""
    told = [
        {
            "id": ids[place] if ids else f"call_{place}",
            "type": "function",
            "function": {
                "name": name,
                "arguments": given if isinstance(given, str) else json.dumps(given),
            },
        }
        for place, (name, given) in enumerate(calls)
    ]
    message = {"content": None, "tool_calls": told}
    return lambda handler: handler.give(completion(message, finish="tool_calls", usage=usage))


def status(code: int, *, error_code: str | None = None, **headers: str) -> Reply:
    """An error of the server."""
    body = {"error": {"message": "a text that must not be shown", "code": error_code, "type": "x"}}
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.give(json.dumps(body).encode(), code=code, headers=given)


def raw(body: bytes, *, kind: str = "application/json") -> Reply:
    """A 200 with any body."""
    return lambda handler: handler.give(body, kind=kind)


def reset(handler: _Handler) -> None:
    """Break the line with RST."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.shutdown(socket.SHUT_RD)
    handler.close_connection = True
    handler.connection.close()


def silent(handler: _Handler) -> None:
    """Never answer."""
    handler.log.closing.wait(20)
    handler.close_connection = True


def trickle(handler: _Handler) -> None:
    """Answer a byte at a time, each well within a read time-out."""
    body = completion({"content": "{}"}, finish="stop")
    handler.send_response(200)
    handler.send_header("content-type", "application/json")
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    for byte in body:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        if handler.log.closing.wait(0.05):
            return


def is_final(request: Request) -> bool:
    """Whether a request asks for a JSON object, not for tool calls."""
    return "response_format" in request


def data_of(request: Request) -> dict[str, Any]:
    """The data that was sent in its fence."""
    text = next(one["content"] for one in request["messages"] if "<data>" in one["content"])
    data: dict[str, Any] = json.loads(text.partition("<data>\n")[2].partition("\n</data>")[0])
    return data
