"""Approve half of the drafts of one world and carry them out to an outside that misbehaves."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple

from agent.casework.checks import check_draft
from agent.delivery.claim import Rules
from agent.delivery.decide import decide
from agent.delivery.desk import Desk
from agent.delivery.dispatch import deliver
from agent.delivery.propose import Submission, propose
from domain.destinations import Destination
from domain.issues import Casefile
from domain.proposals import DecisionKind, Delivery, Proposal, ProposalKind
from evals.outside import Arrived, Outside
from evals.scores import share
from evals.stages import Chain, Drafted, Stage
from evals.suite import Bench, CaseResult, Measured
from storage.store import SqlStore

# Twelve rounds with growing pauses outlast every retry of the dispatcher (21 hours in all).
_ROUNDS = 12
_PAUSE = timedelta(hours=2)
# Copies of a message; more would only repeat the same protocol.
_MOST_RECIPIENTS = 12


class _Copy(NamedTuple):
    """One approved copy and how often the outside got it."""

    case_id: str
    sha256: str
    arrived: tuple[Arrived, ...]


class _Seen(NamedTuple):
    """What a day of deliveries came to."""

    copies: tuple[_Copy, ...]
    unapproved: tuple[str, ...]
    """Bytes that were drafted and not approved."""
    strangers: int
    """Arrivals of what nobody approved."""


def measure(bench: Bench) -> Measured:
    """Score one world of the part: the first with drafts, since each repeats the protocol."""
    chain = next((one for one in bench.chains if one.drafts), None)
    seen = _worked(chain) if chain is not None else _Seen((), (), 0)
    arrived = [(copy, one) for copy in seen.copies for one in copy.arrived]
    same = sum(one.sha256 == copy.sha256 for copy, one in arrived)
    once = sum(len(copy.arrived) == 1 for copy in seen.copies)
    none = "nothing was drafted"
    return Measured(
        scores={
            "out_once": share(once, len(seen.copies), none=none),
            "approved_bytes": share(same, len(arrived), none=none),
            "unapproved_out": share(
                min(seen.strangers, len(seen.unapproved)), len(seen.unapproved), none=none
            ),
        },
        cases=[case for copy in seen.copies for case in _cases(copy)],
    )


def _cases(copy: _Copy) -> Iterator[CaseResult]:
    times = len(copy.arrived)
    yield CaseResult("out_once", copy.case_id, "once", f"{times} times", float(times != 1))
    other = sum(one.sha256 != copy.sha256 for one in copy.arrived)
    got = f"{other} with other bytes" if other else "the approved bytes"
    yield CaseResult("approved_bytes", copy.case_id, "the approved bytes", got, float(other))


def _worked(chain: Chain) -> _Seen:
    outsides = {name: Outside(name) for name in ("tickets", "mail")}
    with tempfile.TemporaryDirectory(prefix="undertone-evals-") as folder:
        day = _Day(chain, Path(folder), outsides)
        proposals = day.propose()
        # Every second one, so that as much must stay as must leave.
        approved, waiting = proposals[::2], proposals[1::2]
        for proposal in approved:
            day.approve(proposal)
        day.deliver()
        deliveries = [one for proposal in approved for one in day.deliveries(proposal)]
        day.close()
    arrived = [one for outside in outsides.values() for one in outside.arrived]
    keys = {one.key for one in deliveries}
    held = [rendering.sha256 for proposal in waiting for rendering in proposal.renderings]
    copies = tuple(
        _Copy(
            f"{chain.world.name}/{one.purpose}/{one.customer_id or one.issue_id}",
            one.sha256,
            tuple(some for some in arrived if some.key == one.key),
        )
        for one in deliveries
    )
    counted = Counter(one.key for one in arrived if one.key not in keys)
    return _Seen(copies, tuple(held), counted.total())


class _Day:
    """A store, a desk and a clock that is moved by hand."""

    def __init__(self, chain: Chain, folder: Path, outsides: dict[str, Outside]) -> None:
        self._chain = chain
        self._store = SqlStore(f"sqlite:///{folder / 'undertone.sqlite'}")
        self._store.prepare()
        self._now = max(one.as_of for one in chain.casefiles.values())
        self._policy = chain.world.configuration.policy
        tokens = count(1)
        destinations: dict[str, Destination] = {
            name: chain.after(Stage.DELIVERY, outside) for name, outside in outsides.items()
        }
        self._rules = Rules(destinations, self._policy, lambda: f"lease-{next(tokens)}")
        self._desk = Desk(
            destinations=destinations,
            check=partial(check_draft, policy=self._policy),
            policy=self._policy,
            undo_seconds=0,
            new_token=lambda: f"token-{next(tokens)}",
        )
        with self._store.write() as unit:
            unit.facts.add([one for one in chain.world.facts if one.kind == "customer"])

    def _clock(self) -> datetime:
        return self._now

    def propose(self) -> list[Proposal]:
        """Propose every draft; those with an open check are left out."""
        found = []
        for one in self._chain.drafts:
            if any(not check.ok for check in one.checks):
                continue
            submission = _submission(one, self._chain.casefiles[one.issue_id])
            with self._store.write() as unit:
                made = propose(unit, submission, desk=self._desk, at=self._now).proposal
            if made is not None:
                found.append(made)
        return found

    def approve(self, proposal: Proposal) -> None:
        """Approve as a person would."""
        with self._store.write() as unit:
            decide(
                unit,
                proposal.id,
                DecisionKind.APPROVE,
                desk=self._desk,
                by="evaluation",
                at=self._now,
                seen_version=proposal.version,
            )

    def deliver(self) -> None:
        """Carry out until every retry is over."""
        for _ in range(_ROUNDS):
            deliver(self._store, self._rules, clock=self._clock)
            self._now += _PAUSE

    def deliveries(self, proposal: Proposal) -> Sequence[Delivery]:
        """The copies of a proposal."""
        with self._store.read() as unit:
            return unit.outbox.deliveries(proposal.id)

    def close(self) -> None:
        """Let go of the files."""
        self._store.close()


def _submission(one: Drafted, casefile: Casefile) -> Submission:
    is_ticket = one.draft.kind is ProposalKind.TICKET
    return Submission(
        kind=one.draft.kind,
        issue_id=one.issue_id,
        casefile_version=casefile.version,
        audience=one.audience,
        destination="tickets" if is_ticket else "mail",
        label=casefile.issue.label[:38],
        reason="evaluation",
        draft=one.draft,
        owner=casefile.owner,
        severity=casefile.impact.severity,
        risk=casefile.impact.risk,
        priority=casefile.impact.priority,
        recipients=one.recipients[:_MOST_RECIPIENTS],
        snapshot_at=casefile.as_of,
        made_by=casefile.made_by,
    )
