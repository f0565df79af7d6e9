"""The tape in the place of the network; imported only when a model is opened."""

from __future__ import annotations

import time

import httpx2

from agent.llm.recording import Reply, Tape


class TapedTransport(httpx2.BaseTransport):
    """Lets every request pass a tape; what it does not hold goes on to the network."""

    def __init__(self, tape: Tape, onward: httpx2.BaseTransport) -> None:
        self._tape = tape
        self._onward = onward

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Give the answer of the tape or of the network, read to its end."""
        headers: dict[str, str] = {}

        def ask() -> Reply:
            response = self._onward.handle_request(request)
            try:
                body = response.read()
            finally:
                response.close()
            for name in ("content-type", "retry-after", "retry-after-ms"):
                if name in response.headers:
                    headers[name] = response.headers[name]
            return Reply(response.status_code, body)

        reply = self._tape.pass_on(request.read(), ask, clock=time.perf_counter)
        headers.setdefault("content-type", "application/json")
        return httpx2.Response(reply.status, headers=headers, content=reply.body, request=request)

    def close(self) -> None:
        """Cut what is open on the network."""
        self._onward.close()
