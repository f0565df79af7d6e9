"""A scripted model on loopback that speaks chat completions, for suites that need one.

It answers from a rule and no network is used. The server runs in a thread of its own and
ends with the block that opened it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Calls(NamedTuple):
    """An answer that calls tools: each with its arguments."""

    calls: tuple[tuple[str, dict[str, Any]], ...]


class Says(NamedTuple):
    """An answer in words, or a JSON object."""

    content: str | dict[str, Any]


Request = dict[str, Any]
Answer = Calls | Says
Rule = Callable[[Request], Answer]

NAME = "scripted"
"""The model's name, as it stands in traces."""
_USAGE = {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200}


def is_final(request: Request) -> bool:
    """Whether a request asks for the closing JSON object."""
    return "response_format" in request


def turns_taken(request: Request) -> int:
    """How many answers the model has given in this conversation."""
    return sum(one["role"] == "assistant" for one in request["messages"])


@contextmanager
def scripted_model(rule: Rule) -> Iterator[str]:
    """Run a model that answers by a rule; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = _completion(rule(json.loads(self.rfile.read(length))))
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: requests hold customers' words."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _completion(answer: Answer) -> bytes:
    if isinstance(answer, Calls):
        finish, content = "tool_calls", None
        told = [
            {
                "id": f"call_{place}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(given)},
            }
            for place, (name, given) in enumerate(answer.calls)
        ]
    else:
        finish, told = "stop", []
        said = answer.content
        content = said if isinstance(said, str) else json.dumps(said)
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if told:
        message["tool_calls"] = told
    choice = {"index": 0, "message": message, "finish_reason": finish}
    whole = {
        "id": NAME,
        "object": "chat.completion",
        "created": 1,
        "model": NAME,
        "choices": [choice],
        "usage": _USAGE,
    }
    return json.dumps(whole).encode()
