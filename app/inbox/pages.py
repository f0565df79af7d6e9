"""The pages: addresses to views, forms to decisions. Everything works without a script."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates
from pydantic import BaseModel, ConfigDict, JsonValue

from agent.delivery.render import section_text
from app.access import Access, Person, Right, check_csrf
from app.inbox import words
from app.inbox.backend import InboxBackend, Settlement, Tab, tab_of
from app.inbox.evidence import float_of
from app.inbox.store_backend import held_rows, start_of_day
from app.inbox.text import difference, seen
from app.inbox.views import Listed, all_decided, draft_href, first_run, shell
from app.inbox.views_card import card_of
from app.problems import SignedOut
from domain.errors import NotFound
from domain.proposals import DecisionKind, Proposal, ProposalState, SavedEdit
from domain.record import DeliveryId, FeedbackKey, IssueId, ProposalId

COOKIE = "undertone_session"
_ROWS = 100


class Pages:
    """Routes of the inbox over one backend."""

    def __init__(
        self,
        backend: InboxBackend,
        access: Access,
        templates: Jinja2Templates,
        *,
        clock: Callable[[], datetime],
        secure: bool = False,
    ) -> None:
        self._backend = backend
        self._access = access
        self._templates = templates
        self._clock = clock
        self._secure = secure
        templates.env.filters["seen"] = seen
        templates.env.globals["words"] = words

    def router(self) -> APIRouter:
        """All routes."""
        router = APIRouter(include_in_schema=False)
        get, post = router.get, router.post
        get("/")(self.inbox)
        get("/sign-in")(self.sign_in_page)
        post("/sign-in")(self.sign_in)
        post("/sign-out")(self.sign_out)
        get("/drafts/{id_}")(self.draft)
        get("/drafts/{id_}/trace")(self.trace)
        get("/drafts/{id_}/edit")(self.edit_page)
        get("/drafts/{id_}/recipients")(self.recipients)
        get("/drafts/{id_}/marks/{number}")(self.mark)
        post("/drafts/{id_}/decide")(self.decide)
        post("/drafts/{id_}/edit")(self.edit)
        post("/drafts/{id_}/check")(self.check)
        post("/deliveries/{id_}/settle")(self.settle)
        post("/sending")(self.sending)
        get("/issues/{id_}")(self.issue)
        get("/cases/{id_}")(self.case)
        get("/reports/{key:path}")(self.report)
        return router

    # -- people ------------------------------------------------------------------------

    def person(self, request: Request) -> Person:
        """Who is signed in.

        Raises:
            SignedOut: Nobody.
        """
        person = self._access.find_session(request.cookies.get(COOKIE, ""))
        if person is None:
            raise SignedOut("Sign in first: open the link that the terminal printed.")
        return person

    def sign_in_page(self, request: Request, link: str = "") -> Response:
        """Show whose link it is and a button; looking never uses it."""
        found = self._access.find_link(link)
        usable = found is not None and found.used_at is None
        return self._page(
            request,
            "sign_in.html",
            {"link": link, "person": found.person if found and usable else "", "usable": usable},
            status=200 if usable or not link else 410,
        )

    def sign_in(self, request: Request, link: Annotated[str, Form()] = "") -> Response:
        """Use the link and open a session."""
        address = request.client.host if request.client else ""
        session = self._access.open_session(link, address=address)
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(
            COOKIE,
            session.secret,
            httponly=True,
            samesite="strict",
            secure=self._secure,
            expires=session.expires_at,
        )
        return answer

    def sign_out(self, request: Request, csrf: Annotated[str, Form()] = "") -> Response:
        """Close the session."""
        check_csrf(self.person(request), csrf)
        self._access.close_session(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse("/sign-in", status_code=303)
        answer.delete_cookie(COOKIE)
        return answer

    # -- looking -----------------------------------------------------------------------

    def inbox(
        self,
        request: Request,
        tab: Tab = Tab.DECIDE,
        after: str | None = None,
        q: Annotated[str, Query(max_length=200)] = "",
    ) -> Response:
        """The list, and the first draft beside it on a wide screen."""
        person = self.person(request)
        listed = self._listed(tab, after, q, None)
        first = listed.page.rows[0].proposal.id if listed.page.rows else None
        context: dict[str, Any] = {"narrow": "list"}
        if first is not None:
            listed = listed._replace(selected=first)
            context |= self._card(first, 0)
        return self._inbox(request, person, listed, context)

    def draft(
        self,
        request: Request,
        id_: str,
        tab: Tab | None = None,
        to: Annotated[int, Query(ge=0)] = 0,
    ) -> Response:
        """One draft with the list beside it."""
        person = self.person(request)
        context = self._card(ProposalId(id_), to)
        state = context["card"].proposal.state
        listed = self._listed(tab or tab_of(state), None, "", ProposalId(id_))
        return self._inbox(request, person, listed, context)

    def trace(self, request: Request, id_: str) -> Response:
        """How the agent got here."""
        return self._beside(request, id_, "trace")

    def recipients(self, request: Request, id_: str) -> Response:
        """Everybody who gets it, with the values that differ."""
        return self._beside(request, id_, "recipients")

    def edit_page(self, request: Request, id_: str) -> Response:
        """The draft beside the person's text."""
        return self._beside(request, id_, "edit")

    def _beside(self, request: Request, id_: str, view: str) -> Response:
        person = self.person(request)
        context = self._card(ProposalId(id_), 0)
        context["view"] = view
        proposal: Proposal = context["card"].proposal
        if view == "edit":
            person.require(Right.DECIDE)
            context |= self._edit_context(proposal, person)
        listed = self._listed(tab_of(proposal.state), None, "", proposal.id)
        return self._inbox(request, person, listed, context)

    def _edit_context(self, proposal: Proposal, person: Person) -> dict[str, Any]:
        saved = self._backend.find_edit(proposal.id, person.name)
        typed = {str(key): str(value) for key, value in saved.changes.items()} if saved else {}
        fields = []
        sections = [("subject", "Title", proposal.draft.subject)]
        sections += [
            (one.key, one.heading or one.key.replace("_", " ").capitalize(), section_text(one))
            for one in proposal.draft.sections
            if one.sentences and one.role not in ("quotes", "table", "cases", "for", "against")
        ]
        for key, name, text in sections:
            value = typed.get(key, text)
            before, after = difference(text, value)
            fields.append(
                {
                    "key": key,
                    "name": name,
                    "old": text,
                    "new": value,
                    "before": before,
                    "after": after,
                    "rows": max(2, len(value) // 46 + 1),
                }
            )
        checks = proposal.checks
        if saved:
            checks = self._backend.check_edit(proposal.id, saved.changes, by=person.name).checks
        return {"fields": fields, "saved": saved, "edit_checks": checks}

    def mark(
        self,
        request: Request,
        id_: str,
        number: int,
        part: bool = False,
        offset: Annotated[int, Query(ge=0)] = 0,
    ) -> Response:
        """What a numbered mark leads to: in place with a script, else as a page."""
        self.person(request)
        item = self._backend.get_item(ProposalId(id_))
        found = next((one for one in item.proposal.draft.evidence if one.number == number), None)
        if found is None:
            raise NotFound("mark", str(number))
        source = self._backend.evidence(
            item.proposal, found, limit=4 if part else _ROWS, offset=offset
        )
        view = float_of(found, source, proposal_id=id_, offset=offset, page=_ROWS)
        name = "_evidence.html" if part else "evidence.html"
        return self._page(request, name, {"float": view, "draft": id_})

    def issue(self, request: Request, id_: str) -> Response:
        """An issue with what is known about it."""
        person = self.person(request)
        issue, casefile, rows = self._backend.get_issue(IssueId(id_))
        return self._page(
            request,
            "issue.html",
            {"person": person, "issue": issue, "casefile": casefile, "rows": rows},
        )

    def case(self, request: Request, id_: str) -> Response:
        """A solved case."""
        person = self.person(request)
        case = self._backend.find_case(id_)
        if case is None:
            raise NotFound("case", id_)
        return self._page(request, "case.html", {"person": person, "case": case})

    def report(self, request: Request, key: str) -> Response:
        """A report as it came."""
        person = self.person(request)
        report = self._backend.find_report(FeedbackKey(key))
        if report is None:
            raise NotFound("report", key)
        return self._page(request, "report.html", {"person": person, "report": report})

    # -- acting ------------------------------------------------------------------------

    async def decide(self, request: Request, id_: str) -> Response:
        """Approve, reject, undo."""
        form = await request.form()
        person = self._acting(request, str(form.get("csrf", "")))
        proposal = self._backend.decide(
            ProposalId(id_),
            DecisionKind(str(form.get("decision", ""))),
            by=person.name,
            seen_version=int(str(form.get("seen_version", "0"))),
            reason=str(form.get("reason", "")).strip() or None,
        )
        return self._after(proposal)

    async def edit(self, request: Request, id_: str) -> Response:
        """Keep an edit as the next version, and approve it when asked to."""
        form = await request.form()
        person = self._acting(request, str(form.get("csrf", "")))
        seen = int(str(form.get("seen_version", "0")))
        current = self._backend.get_item(ProposalId(id_)).proposal
        changes = _changes(current, {key: str(value) for key, value in form.items()})
        if changes:
            current = self._backend.decide(
                ProposalId(id_),
                DecisionKind.EDIT,
                by=person.name,
                seen_version=seen,
                changes=changes,
            )
            seen = current.version
            self._backend.drop_edit(ProposalId(id_), person.name)
        if form.get("then") == "approve":
            current = self._backend.decide(
                ProposalId(id_), DecisionKind.APPROVE, by=person.name, seen_version=seen
            )
        return self._after(current)

    async def check(self, request: Request, id_: str) -> Response:
        """Save what is typed and say which checks it leaves open."""
        form = await request.form()
        person = self._acting(request, str(form.get("csrf", "")))
        current = self._backend.get_item(ProposalId(id_)).proposal
        changes = _changes(current, {key: str(value) for key, value in form.items()})
        now = self._clock()
        self._backend.save_edit(
            SavedEdit(proposal_id=current.id, person=person.name, changes=changes, at=now)
        )
        checks = current.checks
        if changes:
            checks = self._backend.check_edit(current.id, changes, by=person.name).checks
        return self._page(
            request, "_checks.html", {"edit_checks": checks, "saved_at": words.clock(now)}
        )

    async def settle(self, request: Request, id_: str) -> Response:
        """Settle an unknown delivery."""
        form = await request.form()
        person = self._acting(request, str(form.get("csrf", "")))
        proposal_id = self._backend.settle(
            DeliveryId(id_),
            Settlement(str(form.get("choice", ""))),
            by=person.name,
            text=str(form.get("text", "")).strip(),
        )
        return RedirectResponse(draft_href(proposal_id), status_code=303)

    async def sending(self, request: Request) -> Response:
        """Stop everything that leaves, or resume it."""
        form = await request.form()
        person = self.person(request)
        check_csrf(person, str(form.get("csrf", "")))
        person.require(Right.SWITCH)
        self._backend.turn(
            stopped=form.get("to") == "stop",
            by=person.name,
            reason=str(form.get("reason", "")).strip(),
        )
        return RedirectResponse("/", status_code=303)

    def _acting(self, request: Request, csrf: str) -> Person:
        person = self.person(request)
        check_csrf(person, csrf)
        person.require(Right.DECIDE)
        return person

    def _after(self, proposal: Proposal) -> Response:
        """Open the next draft; the held one stays as a strip over the footer."""
        if proposal.state is ProposalState.PROPOSED:
            return RedirectResponse(draft_href(proposal.id), status_code=303)
        rows = self._backend.list_page(Tab.DECIDE, limit=1).rows
        target = draft_href(rows[0].proposal.id) if rows else "/"
        return RedirectResponse(target, status_code=303)

    # -- putting together --------------------------------------------------------------

    def _listed(self, tab: Tab, after: str | None, q: str, selected: ProposalId | None) -> Listed:
        if q.strip():
            return Listed(tab, self._backend.search(q.strip()), q.strip(), selected)
        page = self._backend.list_page(tab, after=ProposalId(after) if after else None)
        return Listed(tab, page, "", selected)

    def _card(self, id_: ProposalId, place: int) -> dict[str, Any]:
        item = self._backend.get_item(id_)
        proposal = item.proposal
        place = min(place, max(len(proposal.recipients) - 1, 0))
        customer = proposal.recipients[place].customer_id if proposal.recipients else None
        copy = self._backend.find_copy(id_, proposal.version, customer)
        now = self._clock()
        card = card_of(item, self._backend.status(), copy=copy, place=place, now=now)
        return {"card": card, "item": item, "view": "card", "narrow": "card"}

    def _inbox(
        self, request: Request, person: Person, listed: Listed, context: dict[str, Any]
    ) -> Response:
        now = self._clock()
        status, counts = self._backend.status(), self._backend.counts()
        today = self._backend.today(since=start_of_day(now))
        way = self._backend.list_page(Tab.WAY, limit=20)
        frame = shell(
            person,
            listed,
            counts=counts,
            today=today,
            status=status,
            held=held_rows(way.rows)[:2],
            now=now,
        )
        if "card" not in context:
            context["first_run"] = first_run(status) if not status.items else None
            context["decided"] = all_decided(counts, today, status, now=now)
        return self._page(
            request, "inbox.html", {"shell": frame, "person": person, "view": "card", **context}
        )

    def _page(
        self, request: Request, name: str, context: dict[str, Any], *, status: int = 200
    ) -> HTMLResponse:
        return self._templates.TemplateResponse(request, name, context, status_code=status)


def _changes(proposal: Proposal, form: dict[str, str]) -> dict[str, JsonValue]:
    """The parts of a form that differ from the draft."""
    known = {one.key: section_text(one) for one in proposal.draft.sections}
    known["subject"] = proposal.draft.subject
    changes: dict[str, JsonValue] = {
        key: value.replace("\r\n", "\n").strip()
        for key, value in form.items()
        if key in known and value.replace("\r\n", "\n").strip() != known[key].strip()
    }
    kept = form.get("keep", "").strip()
    if kept:
        changes["keep"] = [kept]
    return changes


class Announcement(BaseModel):
    """What the event stream tells a page."""

    model_config = ConfigDict(frozen=True)

    decide: int
    way: int
    unknown: int
    stopped: bool


def announcement(backend: InboxBackend) -> str:
    """Counts and the switch as JSON, for the event stream."""
    counts = backend.counts()
    status = backend.status()
    told = Announcement(
        decide=counts.decide,
        way=counts.way,
        unknown=counts.unknown,
        stopped=status.switch.stopped,
    )
    return json.dumps(told.model_dump())
