"""What stands around every request: host, body limit, headers, the last resort."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.problems import PROBLEM_TYPE, problem

log = logging.getLogger("undertone.web")

MAX_BODY = 32 * 2**20
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Protection:
    """Answers only our own names, limits bodies, adds headers, and catches what is left.

    `hosts` are the values of the Host header that are answered (None: any), so that a
    foreign name that resolves to this machine reaches nothing.
    """

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str] | None = None) -> None:
        self._app = RequestBodyLimitMiddleware(app, max_body_size=MAX_BODY)
        self._hosts = None if hosts is None else frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                _add_headers(MutableHeaders(scope=message), scope["path"])
            await send(message)

        refusal = self._refusal(Headers(scope=scope))
        if refusal is not None:
            await refusal(scope, receive, with_headers)
            return
        try:
            await self._app(scope, receive, with_headers)
        except Exception:
            log.exception("a request failed", extra={"path": scope["path"]})
            if begun:
                raise
            await _fault(scope["path"])(scope, receive, with_headers)

    def _refusal(self, headers: Headers) -> Response | None:
        host = host_name(headers.get("host", ""))
        if self._hosts is not None and host not in self._hosts:
            return _problem(
                HTTPStatus.MISDIRECTED_REQUEST, "This address does not serve that name."
            )
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY:
            size = MAX_BODY // 2**20
            return _problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"At most {size} MB in one request. Send parts.",
            )
        return None


def host_name(header: str) -> str:
    """Give the name in a Host header without its port."""
    if header.startswith("["):
        return header.partition("]")[0] + "]"
    return header.partition(":")[0].lower()


def _add_headers(headers: MutableHeaders, path: str) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if not path.startswith("/static/"):
        headers.setdefault("Cache-Control", "no-store")


def _problem(status: int, detail: str) -> Response:
    found = problem(status, detail)
    return JSONResponse(found.body, status_code=found.status, media_type=PROBLEM_TYPE)


def _fault(path: str) -> Response:
    detail = "That is a fault of ours. It is in the log."
    if path.startswith("/api/"):
        return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)
    return PlainTextResponse(detail, status_code=500)
