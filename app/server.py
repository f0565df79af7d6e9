"""The web application: pages, API, events, and what protects them."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterable, Callable
from datetime import datetime
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.templating import Jinja2Templates
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.base import RequestResponseEndpoint
from starlette.staticfiles import StaticFiles

from app.access import Access
from app.api import Api, Intake
from app.inbox.backend import InboxBackend
from app.inbox.pages import Pages, announcement
from app.problems import PROBLEM_TYPE, Problem, SignedOut, problem, problem_of
from domain.errors import UndertoneError

log = logging.getLogger("undertone.web")

MAX_BODY = 32 * 2**20
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_EVERY_S = 2.0


def create_app(
    backend: InboxBackend,
    *,
    access: Access,
    intake: Intake,
    clock: Callable[[], datetime],
    hosts: frozenset[str] | None = None,
    lifespan: Any = None,
) -> FastAPI:
    """Give the application.

    `hosts` are the values of the Host header that are answered (None: any), so that a
    foreign name that resolves to this machine reaches nothing.
    """
    app = FastAPI(
        title="Undertone", version="0.1.0", docs_url=None, redoc_url=None, lifespan=lifespan
    )
    folder = files("app.inbox")
    templates = Jinja2Templates(directory=str(folder / "templates"))
    templates.env.globals["static"] = _static_names()
    pages = Pages(backend, access, templates, clock=clock)
    app.include_router(Api(backend, access, intake).router())
    app.include_router(pages.router())
    app.mount("/static", StaticFiles(directory=str(folder / "static")), name="static")
    _add_events(app, backend, pages)
    _add_problems(app, templates)
    _add_protection(app, hosts)
    return app


def _static_names() -> Callable[[str], str]:
    folder = files("app.inbox") / "static"
    known: dict[str, str] = {}

    def address(name: str) -> str:
        if name not in known:
            digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()[:10]
            known[name] = f"/static/{name}?{digest}"
        return known[name]

    return address


def _add_events(app: FastAPI, backend: InboxBackend, pages: Pages) -> None:
    @app.get("/events", response_class=EventSourceResponse, include_in_schema=False)
    async def events(request: Request) -> AsyncIterable[ServerSentEvent]:
        await run_in_threadpool(pages.person, request)
        told = ""
        while not await request.is_disconnected():
            now = await run_in_threadpool(announcement, backend)
            if now != told:
                told = now
                yield ServerSentEvent(event="counts", raw_data=now)
            await asyncio.sleep(_EVERY_S)


def _add_problems(app: FastAPI, templates: Jinja2Templates) -> None:
    def answer(request: Request, found: Problem) -> Response:
        if _wants_page(request):
            context = {"problem": found, "back": _back(request)}
            return templates.TemplateResponse(
                request, "problem.html", context, status_code=found.status
            )
        headers = {"WWW-Authenticate": "Bearer"} if found.status == 401 else None
        return JSONResponse(
            found.body, status_code=found.status, media_type=PROBLEM_TYPE, headers=headers
        )

    @app.exception_handler(UndertoneError)
    async def known(request: Request, error: UndertoneError) -> Response:
        if isinstance(error, SignedOut) and _wants_page(request) and request.method == "GET":
            return RedirectResponse("/sign-in", status_code=303)
        return answer(request, problem_of(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        # What was sent is not repeated: it may be a customer's.
        told = "; ".join(
            f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()
        )
        return answer(request, problem(422, told))

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        return answer(request, problem(error.status_code, str(error.detail)))

    @app.exception_handler(ValueError)
    async def wrong(request: Request, error: ValueError) -> Response:
        del error
        return answer(request, problem(422, "A value of the form cannot be used."))

    @app.exception_handler(Exception)
    async def ours(request: Request, error: Exception) -> Response:
        log.error("a request failed", exc_info=error, extra={"path": request.url.path})
        return answer(request, problem(500, "That is a fault of ours. It is in the log."))


def _wants_page(request: Request) -> bool:
    return not request.url.path.startswith("/api") and "text/html" in request.headers.get(
        "accept", ""
    )


def _back(request: Request) -> str:
    path = request.url.path
    if path.startswith("/drafts/"):
        return "/".join(path.split("/")[:3])
    return "/"


def _add_protection(app: FastAPI, hosts: frozenset[str] | None) -> None:
    @app.middleware("http")
    async def protect(request: Request, call_next: RequestResponseEndpoint) -> Response:
        host = request.headers.get("host", "").rpartition(":")[0] or request.headers.get("host", "")
        if hosts is not None and host not in hosts:
            refusal = problem(421, "This address does not serve that name.")
            return JSONResponse(refusal.body, status_code=421, media_type=PROBLEM_TYPE)
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY:
            refusal = problem(413, f"At most {MAX_BODY // 2**20} MB in one request. Send parts.")
            return JSONResponse(refusal.body, status_code=413, media_type=PROBLEM_TYPE)
        response = await call_next(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if not request.url.path.startswith("/static"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response
