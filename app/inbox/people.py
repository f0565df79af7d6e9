"""Signing in and out: a link works once, by a button and never by being fetched."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.access import check_csrf
from app.inbox.frame import COOKIE, Frame


class People:
    """Routes for signing in and out."""

    def __init__(self, frame: Frame, *, secure: bool = False) -> None:
        self._frame = frame
        self._secure = secure

    def router(self) -> APIRouter:
        """All routes."""
        router = APIRouter(include_in_schema=False)
        router.get("/sign-in")(self.sign_in_page)
        router.post("/sign-in")(self.sign_in)
        router.post("/sign-out")(self.sign_out)
        return router

    def sign_in_page(self, request: Request, link: str = "") -> Response:
        """Show whose link it is and a button; looking never uses it."""
        found = self._frame.access.find_link(link) if link else None
        usable = found is not None and found.used_at is None
        context = {
            "link": link,
            "name": found.person if found and usable else "",
            "role": found.role if found and usable else "",
            "until": found.expires_at if found else None,
            "usable": usable,
        }
        status = 200 if usable or not link else 410
        return self._frame.page(request, "sign_in.html", context, status=status)

    def sign_in(self, request: Request, link: Annotated[str, Form()] = "") -> Response:
        """Use the link and open a session."""
        address = request.client.host if request.client else ""
        session = self._frame.access.open_session(link, address=address)
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(
            COOKIE,
            session.secret,
            httponly=True,
            samesite="strict",
            secure=self._secure,
            max_age=int((session.expires_at - self._frame.clock()).total_seconds()),
        )
        return answer

    def sign_out(self, request: Request, csrf: Annotated[str, Form()] = "") -> Response:
        """Close the session."""
        check_csrf(self._frame.person(request), csrf)
        self._frame.access.close_session(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse("/sign-in", status_code=303)
        answer.delete_cookie(COOKIE)
        return answer
