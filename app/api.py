"""The addresses for machines: records in, proposals out, decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.concurrency import run_in_threadpool

from agent.intake import IntakeReport
from app.access import Access, Person, Right
from app.exports import proposal_object
from app.inbox.backend import InboxBackend
from app.problems import SignedOut
from connectors.files.lines import read_posted
from connectors.files.mapping import Kind
from domain.incoming import Incoming
from domain.proposals import DecisionKind, ProposalState
from domain.record import ProposalId

SOURCE = "api"
Intake = Callable[[Iterable[Incoming]], IntakeReport]


class DecisionIn(BaseModel):
    """What a person decides."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["approve", "edit", "reject", "undo", "another_draft", "escalate"]
    seen_version: int = Field(ge=1)
    reason: str | None = None
    changes: dict[str, JsonValue] = Field(default_factory=dict)


class Api:
    """Routes for machines over one backend."""

    def __init__(self, backend: InboxBackend, access: Access, intake: Intake) -> None:
        self._backend = backend
        self._access = access
        self._intake = intake

    def router(self) -> APIRouter:
        """All routes."""
        router = APIRouter()
        router.get("/healthz")(self.health)
        for kind in ("feedback", "facts", "cases"):
            router.post(f"/api/{kind}", name=f"post_{kind}")(self._bring(kind))
        router.get("/api/proposals")(self.proposals)
        router.get("/api/proposals/{id_}")(self.proposal)
        router.post("/api/proposals/{id_}/decisions")(self.decide)
        return router

    def health(self) -> dict[str, str]:
        """Say that the process answers and the store can be read."""
        self._backend.counts()
        return {"status": "ok"}

    def _person(self, request: Request, right: Right) -> Person:
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        person = None
        if scheme.lower() == "bearer" and secret.strip():
            person = self._access.find_token(secret.strip())
        if person is None:
            raise SignedOut("Send a token: Authorization: Bearer TOKEN.")
        person.require(right)
        return person

    def _bring(self, kind: Kind) -> Callable[..., Any]:
        async def bring(request: Request) -> dict[str, JsonValue]:
            """Store a JSON array or NDJSON; answers with counts."""
            await run_in_threadpool(self._person, request, Right.BRING)
            body = await request.body()
            report = await run_in_threadpool(
                lambda: self._intake(read_posted(body, kind=kind, source=SOURCE))
            )
            return {
                "read": report.read,
                "stored": report.stored,
                "known": report.known,
                "set_aside": report.set_aside,
                "reasons": dict(report.reasons),
                "zones_assumed": report.zones_assumed,
                "remarks": dict(report.remarks),
            }

        return bring

    def proposals(
        self,
        request: Request,
        state: ProposalState | None = None,
        after: str | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> dict[str, Any]:
        """Proposals, most urgent first; `next` is the `after` of the next page."""
        self._person(request, Right.SEE)
        page, following = self._backend.export_page(
            states=[state] if state else None,
            after=ProposalId(after) if after else None,
            limit=limit,
        )
        return {
            "proposals": [proposal_object(proposal, copies) for proposal, copies in page],
            "next": following,
        }

    def proposal(self, request: Request, id_: str) -> dict[str, Any]:
        """One proposal."""
        self._person(request, Right.SEE)
        return self._object(ProposalId(id_))

    def _object(self, id_: ProposalId) -> dict[str, Any]:
        proposal = self._backend.get_item(id_).proposal
        first = proposal.recipients[0].customer_id if proposal.recipients else None
        copy = self._backend.find_copy(id_, proposal.version, first)
        return proposal_object(proposal, [copy] if copy else [])

    def decide(self, request: Request, id_: str, decision: DecisionIn) -> dict[str, Any]:
        """Approve, edit, reject, undo, ask for another draft or escalate; gives the new state."""
        person = self._person(request, Right.DECIDE)
        self._backend.decide(
            ProposalId(id_),
            DecisionKind(decision.decision),
            by=person.name,
            seen_version=decision.seen_version,
            reason=decision.reason,
            changes=decision.changes,
            is_lead=person.may(Right.LEAD),
        )
        return self._object(ProposalId(id_))
