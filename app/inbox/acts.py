"""What a person does, each by a form: decide, edit, undo, settle, stop and resume."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import JsonValue
from starlette.datastructures import FormData

from agent.delivery.asking import WISHES
from app.access import Person, Right
from app.inbox.backend import Settlement, Tab
from app.inbox.frame import Frame
from app.inbox.views import draft_href
from app.inbox.views_asking import may_decide_row, require_decider
from app.inbox.views_conflict import Notice, notice_of
from app.inbox.views_edit import edit_view, typed_changes, with_safe_wording
from app.problems import status_of
from domain.errors import (
    Conflict,
    Forbidden,
    InvalidEdit,
    InvalidInput,
    Misuse,
    NotFound,
    UndertoneError,
)
from domain.proposals import Check, DecisionKind, Proposal, ProposalState, SavedEdit
from domain.record import DeliveryId, ProposalId

_REFUSED = (Conflict, Misuse, Forbidden)


async def posted(request: Request) -> FormData:
    """The form that was sent."""
    return await request.form(max_files=0, max_fields=2000)


Form = Annotated[FormData, Depends(posted)]


class Acts:
    """Routes of the inbox that change something."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._backend = frame.backend

    def router(self) -> APIRouter:
        """All routes."""
        router = APIRouter(include_in_schema=False)
        router.post("/drafts/{id_}/decide")(self.decide)
        router.post("/drafts/{id_}/edit")(self.edit)
        router.post("/drafts/{id_}/check")(self.check)
        router.post("/drafts/{id_}/safe")(self.use_safe_wording)
        router.post("/drafts/{id_}/leave-out")(self.leave_out)
        router.post("/deliveries/{id_}/settle")(self.settle)
        router.post("/sending")(self.turn)
        return router

    def decide(self, request: Request, id_: str, form: Form) -> Response:
        """Approve, reject, undo, ask for another draft, escalate."""
        person = self._frame.acting(request, _text(form, "csrf"))
        kind = _one_of(DecisionKind, _text(form, "decision"))
        reason = _text(form, "reason").strip()
        if kind is DecisionKind.REJECT and not reason:
            refused = InvalidInput("Say what is wrong, so that the next draft learns from it.")
            return self._refused(request, person, id_, refused)
        wishes: list[JsonValue] = list(_list(form, WISHES))
        asks = wishes and kind is DecisionKind.ANOTHER_DRAFT
        changes: dict[str, JsonValue] = {WISHES: wishes} if asks else {}
        try:
            proposal = self._decide(
                person, id_, kind, seen=_version(form), reason=reason or None, changes=changes
            )
        except _REFUSED as refused:
            return self._refused(request, person, id_, refused, seen=_version(form))
        return self._after(proposal, _text(form, "following"), person, kind)

    def _decide(
        self,
        person: Person,
        id_: str,
        kind: DecisionKind,
        *,
        seen: int,
        reason: str | None = None,
        changes: dict[str, JsonValue] | None = None,
    ) -> Proposal:
        return self._backend.decide(
            ProposalId(id_),
            kind,
            by=person.name,
            seen_version=seen,
            reason=reason,
            changes=changes,
            is_lead=person.may(Right.LEAD),
        )

    def edit(self, request: Request, id_: str, form: Form) -> Response:
        """Keep an edit as the next version, and approve it when asked to."""
        person = self._frame.acting(request, _text(form, "csrf"))
        seen, approves = _version(form), _text(form, "then") == "approve"
        try:
            current = self._backend.get_item(ProposalId(id_)).proposal
            changes = typed_changes(current, _texts(form), _list(form, "keep"))
            if changes:
                self._require_clean(current, changes, person, approves=approves)
                current = self._apply(current.id, changes, person, seen)
                seen = current.version
            if approves:
                current = self._decide(person, id_, DecisionKind.APPROVE, seen=seen)
        except _REFUSED as refused:
            return self._refused(request, person, id_, refused, seen=seen)
        return self._after(current, _text(form, "following"), person, DecisionKind.EDIT)

    def _require_clean(
        self,
        current: Proposal,
        changes: dict[str, JsonValue],
        person: Person,
        *,
        approves: bool,
    ) -> None:
        """Refuse to approve a text with an open check before a version is made of it."""
        if not approves:
            return
        opens = self._backend.check_edit(current.id, changes, by=person.name).open_checks
        if opens:
            raise InvalidEdit(f"{opens[0].label}: not yet. {opens[0].detail}")

    def _apply(
        self, id_: ProposalId, changes: dict[str, JsonValue], person: Person, seen: int
    ) -> Proposal:
        return self._decide(person, id_, DecisionKind.EDIT, seen=seen, changes=changes)

    def check(self, request: Request, id_: str, form: Form) -> Response:
        """Save what is typed and run the checks: a part with a script, else the page again."""
        person = self._frame.acting(request, _text(form, "csrf"))
        opened = self._frame.open(id_)
        proposal = opened.item.proposal
        require_decider(person, proposal)
        changes = typed_changes(proposal, _texts(form), _list(form, "keep"))
        if _text(form, "use"):
            check = self._find_check(proposal, changes, _text(form, "use"), person)
            changes = with_safe_wording(proposal, check, changes)
        if _text(form, "restore"):
            changes.pop(_text(form, "restore"), None)
        saved = SavedEdit(
            proposal_id=proposal.id, person=person.name, changes=changes, at=self._frame.clock()
        )
        self._backend.save_edit(saved)
        if not _text(form, "part"):
            return RedirectResponse(f"/drafts/{proposal.id}/edit", status_code=303)
        edit = edit_view(self._backend, opened.item, saved, by=person.name)
        context: dict[str, Any] = {"edit": edit, "card": opened.card, "person": person}
        return self._frame.page(request, "_edit_part.html", context)

    def _find_check(
        self, proposal: Proposal, changes: dict[str, JsonValue], key: str, person: Person
    ) -> Check:
        checks = proposal.checks
        if changes:
            checks = self._backend.check_edit(proposal.id, changes, by=person.name).checks
        found = next((one for one in checks if one.key == key and not one.ok), None)
        if found is None:
            raise NotFound("open check", key)
        return found

    def use_safe_wording(self, request: Request, id_: str, form: Form) -> Response:
        """Replace the words that break a check by the safe ones, as the next version."""
        person = self._frame.acting(request, _text(form, "csrf"))
        try:
            proposal = self._backend.get_item(ProposalId(id_)).proposal
            check = self._find_check(proposal, {}, _text(form, "use"), person)
            changes = with_safe_wording(proposal, check, {})
            self._apply(proposal.id, changes, person, _version(form))
        except _REFUSED as refused:
            return self._refused(request, person, id_, refused, seen=_version(form))
        return RedirectResponse(draft_href(id_), status_code=303)

    def leave_out(self, request: Request, id_: str, form: Form) -> Response:
        """Leave recipients out, as the next version."""
        person = self._frame.acting(request, _text(form, "csrf"))
        gone: list[JsonValue] = list(_list(form, "customer"))
        try:
            if not gone:
                raise InvalidEdit("Tick at least one customer.")
            changes: dict[str, JsonValue] = {"remove_recipients": gone}
            self._apply(ProposalId(id_), changes, person, _version(form))
        except _REFUSED as refused:
            return self._refused(request, person, id_, refused, seen=_version(form))
        return RedirectResponse(f"/drafts/{id_}/recipients", status_code=303)

    def settle(self, request: Request, id_: str, form: Form) -> Response:
        """Settle an unknown delivery."""
        person = self._frame.acting(request, _text(form, "csrf"))
        choice = _one_of(Settlement, _text(form, "choice"))
        try:
            proposal_id = self._backend.settle(
                DeliveryId(id_), choice, by=person.name, text=_text(form, "text").strip()
            )
        except _REFUSED as refused:
            return self._refused(request, person, _text(form, "draft"), refused)
        return RedirectResponse(draft_href(proposal_id), status_code=303)

    def turn(self, request: Request, form: Form) -> Response:
        """Stop everything that leaves, or resume it."""
        person = self._frame.acting(request, _text(form, "csrf"), Right.SWITCH)
        stopped = _text(form, "to") == "stop"
        self._backend.turn(stopped=stopped, by=person.name, reason=_text(form, "reason").strip())
        return RedirectResponse(_own_page(_text(form, "from")), status_code=303)

    # -- afterwards --------------------------------------------------------------------

    def _after(
        self, proposal: Proposal, following: str, person: Person, kind: DecisionKind
    ) -> Response:
        """Open the next draft; the held one stays as a strip over the list's footer."""
        if proposal.state is ProposalState.PROPOSED and kind is not DecisionKind.ESCALATE:
            return RedirectResponse(draft_href(proposal.id), status_code=303)
        rows = self._backend.list_page(Tab.DECIDE).rows
        waiting = [one.proposal.id for one in rows if may_decide_row(person, one)]
        if following in waiting:
            return RedirectResponse(draft_href(following), status_code=303)
        return RedirectResponse(draft_href(waiting[0]) if waiting else "/", status_code=303)

    def _refused(
        self,
        request: Request,
        person: Person,
        id_: str,
        error: UndertoneError,
        *,
        seen: int = 0,
    ) -> Response:
        """Show the draft as it stands now, and above it why nothing was done."""
        opened = self._frame.open(id_)
        old = self._backend.find_version(ProposalId(id_), seen) if seen else None
        notice: Notice = notice_of(error, opened.item, old, by=person.name)
        return self._frame.draft_page(
            request, person, opened, status=status_of(error), notice=notice
        )


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _texts(form: FormData) -> dict[str, str]:
    return {key: value for key, value in form.items() if isinstance(value, str)}


def _list(form: FormData, name: str) -> list[str]:
    return [value for value in form.getlist(name) if isinstance(value, str) and value]


def _version(form: FormData) -> int:
    text = _text(form, "seen_version")
    if not text.isdecimal():
        raise InvalidInput("The form does not say which version was seen. Reload the page.")
    return int(text)


def _one_of(kind: Any, text: str) -> Any:
    try:
        return kind(text)
    except ValueError as error:
        names = ", ".join(one.value for one in kind)
        raise InvalidInput(f"{text!r} is not among: {names}.") from error


def _own_page(path: str) -> str:
    """Give a path of ours, never an address of another site."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
