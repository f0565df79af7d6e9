"""The web application: pages, API, events, and what protects them."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterable, Callable
from datetime import datetime
from importlib.resources import as_file, files
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.templating import Jinja2Templates
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.access import Access
from app.api import Api, Intake
from app.inbox.acts import Acts
from app.inbox.backend import InboxBackend
from app.inbox.events import EVERY_S, Announcer
from app.inbox.frame import Frame
from app.inbox.pages import Pages
from app.inbox.people import People
from app.problems import PROBLEM_TYPE, Problem, SignedOut, problem, problem_of
from app.protection import Protection
from domain.errors import UndertoneError


def create_app(
    backend: InboxBackend,
    *,
    access: Access,
    intake: Intake,
    clock: Callable[[], datetime],
    hosts: frozenset[str] | None = None,
    lifespan: Any = None,
    events_every_s: float = EVERY_S,
) -> FastAPI:
    """Give the application; `lifespan` starts and ends what runs beside it.

    `hosts` are the names that are answered (None: any), see `Protection`. An open page hears
    what is new within `events_every_s`.
    """
    app = FastAPI(
        title="Undertone", version="0.1.0", docs_url=None, redoc_url=None, lifespan=lifespan
    )
    folder = files("app.inbox")
    templates = Jinja2Templates(directory=str(folder / "templates"))
    templates.env.globals["static"] = _static_names()
    frame = Frame(backend, access, templates, clock=clock)
    app.include_router(Api(backend, access, intake).router())
    for routes in (Pages(frame), Acts(frame), People(frame)):
        app.include_router(routes.router())
    app.mount("/static", _Static(directory=str(folder / "static")), name="static")
    _add_events(app, Announcer(backend, clock=clock, every_s=events_every_s), frame)
    _add_problems(app, frame)
    app.add_middleware(Protection, hosts=hosts)
    return app


class _Static(StaticFiles):
    """Files whose addresses change with their content, so a browser may keep them."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Give the file with the right to keep it."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
        return response


def _static_names() -> Callable[[str], str]:
    folder = files("app.inbox") / "static"
    known: dict[str, str] = {}

    def address(name: str) -> str:
        if name not in known:
            with as_file(folder / name) as path:
                known[name] = hashlib.sha256(path.read_bytes()).hexdigest()[:10]
        return f"/static/{name}?{known[name]}"

    return address


def _add_events(app: FastAPI, announcer: Announcer, frame: Frame) -> None:
    @app.get("/events", response_class=EventSourceResponse, include_in_schema=False)
    async def events(request: Request, since: datetime) -> AsyncIterable[ServerSentEvent]:
        await run_in_threadpool(frame.person, request)
        told = ""
        while not await request.is_disconnected():
            now = await run_in_threadpool(announcer.told, since)
            if now != told:
                told = now
                yield ServerSentEvent(event="inbox", raw_data=now)
            await asyncio.sleep(announcer.every_s)


def _add_problems(app: FastAPI, frame: Frame) -> None:
    def answer(request: Request, found: Problem) -> Response:
        if _wants_page(request):
            context = {"problem": found, "back": _back(request)}
            return frame.page(request, "problem.html", context, status=found.status)
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


def _wants_page(request: Request) -> bool:
    accepts = "text/html" in request.headers.get("accept", "")
    return accepts and not request.url.path.startswith("/api")


def _back(request: Request) -> str:
    """Give where a page of trouble leads: to the draft it belongs to, else to the inbox."""
    parts = request.url.path.split("/")
    if parts[1] == "drafts" and len(parts) > 3:
        return "/".join(parts[:3])
    return "/"
