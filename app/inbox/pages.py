"""The pages that only look: list, card, trace, recipients, bytes, record, evidence, sources."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.access import Right
from app.exports import frozen_text
from app.inbox.backend import Tab
from app.inbox.evidence import float_of
from app.inbox.frame import Frame
from app.inbox.views import draft_href
from app.inbox.views_asking import require_decider
from app.inbox.views_audience import REASONS, full_table
from app.inbox.views_edit import edit_view
from app.inbox.views_issue import issue_view
from app.inbox.views_version import version_view
from domain.errors import NotFound
from domain.record import FeedbackKey, IssueId, ProposalId

_ROWS, _FLOAT_ROWS, _RECIPIENTS, _REPORTS = 100, 4, 200, 25
Offset = Annotated[int, Query(ge=0)]
Words = Annotated[str, Query(max_length=200)]


class Pages:
    """Routes of the inbox that change nothing."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._backend = frame.backend

    def router(self) -> APIRouter:
        """All routes."""
        router = APIRouter(include_in_schema=False)
        router.get("/")(self.inbox)
        router.get("/drafts/{id_}")(self.draft)
        router.get("/drafts/{id_}/trace")(self.trace)
        router.get("/drafts/{id_}/edit")(self.edit)
        router.get("/drafts/{id_}/recipients")(self.recipients)
        router.get("/drafts/{id_}/bytes")(self.bytes)
        router.get("/drafts/{id_}/record")(self.record)
        router.get("/drafts/{id_}/versions/{number}")(self.version)
        router.get("/drafts/{id_}/marks/{number}")(self.mark)
        router.get("/issues/{id_}")(self.issue)
        router.get("/cases/{id_}")(self.case)
        router.get("/reports/{key:path}")(self.report)
        return router

    def inbox(
        self,
        request: Request,
        tab: Tab = Tab.DECIDE,
        after: str | None = None,
        q: Words = "",
    ) -> Response:
        """The list, and on a wide screen its first draft beside it."""
        person = self._frame.person(request)
        listed = self._frame.listed(tab, after=after, query=q)
        if not listed.page.rows and listed.page.issues:
            found = listed.page.issues[0].issue.id
            return self._issue_page(request, IssueId(found), query=q, narrow="list")
        if not listed.page.rows:
            return self._frame.inbox_page(request, person, listed, {})
        row = listed.page.rows[0]
        first = row.proposal.id
        context = self._frame.shown(
            self._frame.open(first, place=row.found.place if row.found else 0)
        )
        listed = listed._replace(selected=first)
        return self._frame.inbox_page(request, person, listed, context)

    def draft(
        self, request: Request, id_: str, tab: Tab | None = None, to: Offset = 0, q: Words = ""
    ) -> Response:
        """One draft with the list, or what a search found, beside it."""
        person = self._frame.person(request)
        opened = self._frame.open(id_, place=to)
        return self._frame.draft_page(request, person, opened, tab=tab, query=q)

    def trace(self, request: Request, id_: str) -> Response:
        """How the agent got here."""
        person = self._frame.person(request)
        return self._frame.draft_page(request, person, self._frame.open(id_), view="trace")

    def edit(self, request: Request, id_: str) -> Response:
        """The draft beside the person's text."""
        person = self._frame.person(request)
        person.require(Right.DECIDE)
        opened = self._frame.open(id_)
        require_decider(person, opened.item.proposal)
        saved = self._backend.find_edit(ProposalId(id_), person.name)
        edit = edit_view(self._backend, opened.item, saved, by=person.name)
        return self._frame.draft_page(request, person, opened, view="edit", edit=edit)

    def recipients(self, request: Request, id_: str, offset: Offset = 0) -> Response:
        """Everybody who gets it, with every value, and who is left out."""
        person = self._frame.person(request)
        opened = self._frame.open(id_)
        proposal = opened.item.proposal
        part = proposal.recipients[offset : offset + _RECIPIENTS]
        following = offset + len(part)
        return self._frame.draft_page(
            request,
            person,
            opened,
            view="recipients",
            table=full_table(part, opened.card.audience.slots),
            part=part,
            offset=offset,
            following=following if following < len(proposal.recipients) else None,
            earlier=max(0, offset - _RECIPIENTS) if offset else None,
            left_out=[(one.customer_id, REASONS[one.reason]) for one in proposal.left_out],
        )

    def bytes(self, request: Request, id_: str, to: Offset = 0) -> Response:
        """The frozen bytes, as they leave."""
        person = self._frame.person(request)
        opened = self._frame.open(id_, place=to)
        proposal, recipient = opened.item.proposal, opened.card.recipient
        customer = recipient.customer_id if recipient else None
        copy = self._backend.find_copy(proposal.id, proposal.version, customer)
        if copy is None:
            raise NotFound("copy", id_)
        return self._frame.draft_page(
            request,
            person,
            opened,
            view="bytes",
            whole=copy.frozen.decode("utf-8", "replace"),
            text=frozen_text(proposal.kind, copy.frozen),
            sha256=copy.sha256,
        )

    def record(self, request: Request, id_: str) -> Response:
        """Every version, decision and entry of the audit about a draft."""
        person = self._frame.person(request)
        opened = self._frame.open(id_)
        entries = self._backend.audit(ProposalId(id_))
        return self._frame.draft_page(request, person, opened, view="record", entries=entries)

    def version(self, request: Request, id_: str, number: int) -> Response:
        """An earlier draft as it was made, and what changed since."""
        person = self._frame.person(request)
        opened = self._frame.open(id_)
        old = self._backend.find_version(ProposalId(id_), number)
        if old is None:
            raise NotFound("draft", str(number))
        view = version_view(old, opened.item)
        return self._frame.draft_page(request, person, opened, view="version", version=view)

    def mark(
        self, request: Request, id_: str, number: int, part: bool = False, offset: Offset = 0
    ) -> Response:
        """What a numbered mark leads to: in place with a script, else as a page."""
        person = self._frame.person(request)
        item = self._backend.get_item(ProposalId(id_))
        found = next((one for one in item.proposal.draft.evidence if one.number == number), None)
        if found is None:
            raise NotFound("mark", str(number))
        limit = _FLOAT_ROWS if part else _ROWS
        source = self._backend.evidence(item.proposal, found, limit=limit, offset=offset)
        view = float_of(found, source, proposal_id=id_, offset=offset, limit=limit)
        name = "_evidence.html" if part else "evidence.html"
        context = {"float": view, "back": draft_href(id_), "person": person, "offset": offset}
        return self._frame.page(request, name, context)

    # -- where links lead --------------------------------------------------------------

    def issue(
        self,
        request: Request,
        id_: str,
        q: Words = "",
        offset: Offset = 0,
        from_: Annotated[str, Query(alias="from", max_length=80)] = "",
    ) -> Response:
        """An issue with what is known about it, the list or what a search found beside it."""
        return self._issue_page(request, IssueId(id_), query=q, offset=offset, opened_from=from_)

    def _issue_page(
        self,
        request: Request,
        id_: IssueId,
        *,
        query: str,
        offset: int = 0,
        opened_from: str = "",
        narrow: str = "card",
    ) -> Response:
        person = self._frame.person(request)
        page = self._backend.get_issue(id_, limit=_REPORTS, offset=offset)
        view = issue_view(page, offset=offset, limit=_REPORTS, query=query, opened_from=opened_from)
        listed = self._frame.listed(Tab.DECIDE, query=query, selected=id_)
        context = {"view": "issue", "narrow": narrow, "issue": view}
        return self._frame.inbox_page(request, person, listed, context)

    def case(self, request: Request, id_: str) -> Response:
        """A solved case."""
        person = self._frame.person(request)
        case = self._backend.find_case(id_)
        if case is None:
            raise NotFound("case", id_)
        return self._frame.page(request, "case.html", {"person": person, "case": case})

    def report(self, request: Request, key: str) -> Response:
        """A report as it came."""
        person = self._frame.person(request)
        report = self._backend.find_report(FeedbackKey(key))
        if report is None:
            raise NotFound("report", key)
        return self._frame.page(request, "report.html", {"person": person, "report": report})
