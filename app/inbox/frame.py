"""What every page needs: who asks, the list, the card, the frame around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from fastapi import Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from app.access import Access, Person, Right, check_csrf
from app.inbox import words
from app.inbox.backend import InboxBackend, Item, Tab, tab_of
from app.inbox.text import seen
from app.inbox.views import Listed, draft_href, shell, start_of_day
from app.inbox.views_asking import may_decide, may_decide_row
from app.inbox.views_card import Card, card_of
from app.inbox.views_delivery import unknown_view
from app.inbox.views_empty import all_decided, first_run
from app.problems import SignedOut
from domain.delivery import ProposalRow
from domain.proposals import DeliveryState, ProposalState
from domain.record import ProposalId

COOKIE = "undertone_session"
_UNKNOWN_SHOWN = 20
_HELD = 200
"""Drafts on their way among which the held ones are looked for."""


class Opened(NamedTuple):
    """A proposal as it is shown."""

    item: Item
    card: Card


class Frame:
    """Puts pages together over one backend."""

    def __init__(
        self,
        backend: InboxBackend,
        access: Access,
        templates: Jinja2Templates,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self.backend = backend
        self.access = access
        self.clock = clock
        self._templates = templates
        templates.env.filters["seen"] = seen
        templates.env.globals["words"] = words
        templates.env.globals["draft_href"] = draft_href

    # -- who asks ----------------------------------------------------------------------

    def person(self, request: Request) -> Person:
        """Who is signed in.

        Raises:
            SignedOut: Nobody.
        """
        person = self.access.find_session(request.cookies.get(COOKIE, ""))
        if person is None:
            raise SignedOut("Sign in first: open the link that the terminal printed.")
        return person

    def acting(self, request: Request, csrf: str, right: Right = Right.DECIDE) -> Person:
        """Who is signed in, may do this, and sent a form of ours.

        Raises:
            SignedOut: Nobody.
            Forbidden: The form is not of this session, or the role does not allow it.
        """
        person = self.person(request)
        check_csrf(person, csrf)
        person.require(right)
        return person

    # -- what is shown -----------------------------------------------------------------

    def listed(
        self, tab: Tab, *, after: str | None = None, query: str = "", selected: str | None = None
    ) -> Listed:
        """The part of the list that is asked for."""
        if query.strip():
            return Listed(tab, self.backend.search(query.strip()), query.strip(), selected)
        page = self.backend.list_page(tab, after=ProposalId(after) if after else None)
        return Listed(tab, page, "", selected)

    def open(self, id_: str, *, place: int = 0) -> Opened:
        """A proposal as the recipient at `place` gets it.

        Raises:
            NotFound: There is none.
        """
        item = self.backend.get_item(ProposalId(id_))
        proposal = item.proposal
        place = min(place, max(len(proposal.recipients) - 1, 0))
        customer = proposal.recipients[place].customer_id if proposal.recipients else None
        copy = self.backend.find_copy(proposal.id, proposal.version, customer)
        status = self.backend.status()
        return Opened(item, card_of(item, status, copy=copy, place=place, now=self.clock()))

    def draft_page(
        self,
        request: Request,
        person: Person,
        opened: Opened,
        *,
        view: str = "card",
        tab: Tab | None = None,
        query: str = "",
        status: int = 200,
        **context: Any,
    ) -> HTMLResponse:
        """A draft with the list, or what a search found, beside it."""
        proposal = opened.item.proposal
        listed = self.listed(tab or tab_of(proposal.state), query=query, selected=proposal.id)
        context |= {**self.shown(opened), "view": view, "narrow": "card"}
        return self.inbox_page(request, person, listed, context, status=status)

    def shown(self, opened: Opened) -> dict[str, Any]:
        """What a template needs of a draft."""
        shown: dict[str, Any] = {"card": opened.card, "item": opened.item}
        if opened.item.proposal.state is ProposalState.UNKNOWN:
            return {**shown, "unknowns": self._unknowns(opened.item)}
        return shown

    def _unknowns(self, item: Item) -> list[Any]:
        lost = [one for one in item.deliveries if one.state is DeliveryState.UNKNOWN]
        now = self.clock()
        return [
            unknown_view(one, tuple(self.backend.attempts(one.id)), now=now)
            for one in lost[:_UNKNOWN_SHOWN]
        ]

    def inbox_page(
        self,
        request: Request,
        person: Person,
        listed: Listed,
        context: dict[str, Any],
        *,
        status: int = 200,
    ) -> HTMLResponse:
        """The frame with whatever stands in it."""
        now = self.clock()
        engine, counts = self.backend.status(), self.backend.counts()
        today = self.backend.today(since=start_of_day(now))
        if "item" in context:
            context["may_decide"] = may_decide(person, context["item"].proposal)
        way = self.backend.list_page(Tab.WAY, limit=_HELD)
        held = tuple(one for one in way.rows if one.hold_until and one.hold_until > now)
        if "card" not in context and "issue" not in context:
            context["first_run"] = first_run(engine) if not engine.holds_items else None
            context["decided"] = all_decided(counts, today, engine, now=now)
        frame = shell(
            person,
            listed,
            counts=counts,
            today=today,
            status=engine,
            held=held,
            next_draft=self._next_draft(listed, person, context),
            now=now,
        )
        place = next((n for n, row in enumerate(frame.rows, 1) if row.is_selected), 0)
        following = frame.rows[place].id if 0 < place < len(frame.rows) else ""
        given = {"shell": frame, "person": person, "following": following, "position": place}
        context = {"view": "card", "narrow": "list", **given, **context}
        return self.page(request, "inbox.html", context, status=status)

    def _next_draft(
        self, listed: Listed, person: Person, context: Mapping[str, Any]
    ) -> ProposalRow | None:
        """What this person can decide first, where the list or the card shows something else."""
        if listed.tab is Tab.DECIDE and not listed.query and context.get("may_decide", True):
            return None
        rows = self.backend.list_page(Tab.DECIDE).rows
        mine = (row.proposal for row in rows if may_decide_row(person, row))
        return next(mine, rows[0].proposal if rows else None)

    def page(
        self, request: Request, name: str, context: dict[str, Any], *, status: int = 200
    ) -> HTMLResponse:
        """A rendered template."""
        return self._templates.TemplateResponse(request, name, context, status_code=status)
