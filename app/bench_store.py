"""A full store for timing: the example shop's own records, copied as often as asked for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from typing import NamedTuple

from app.wiring import Installation
from connectors.demo.world import build_world
from connectors.files.lines import read_files
from domain.delivery import FrozenCopy
from domain.feedback import ReadItem, feedback_key
from domain.issues import Casefile, Match, MatchMethod
from domain.proposals import DecisionKind, EvidenceKind, Proposal, ProposalKind
from domain.record import IssueId, ProposalId
from domain.text import CustomerText

_BATCH = 2_000
_PER_ISSUE = 40
"""Reports on each copied issue."""
_APPROVED = 100


class Filled(NamedTuple):
    """What to look at in a filled store."""

    ticket: ProposalId
    message: ProposalId
    middle: ProposalId
    issue: IssueId
    rows_mark: int
    waiting: tuple[ProposalId, ...]
    searches: tuple[tuple[str, str], ...]


class _Model(NamedTuple):
    """A worked draft that is copied."""

    proposal: Proposal
    casefile: Casefile
    copies: list[FrozenCopy]


def fill(installation: Installation, *, feedback: int, proposals: int) -> Filled:
    """Work the example shop once, then copy its records until there are as many as asked for."""
    _work(installation)
    with installation.store.read() as unit:
        reports = [one for one in unit.feedback.since(None) if one.reading.drivers]
        models = [
            _Model(one, casefile, unit.proposals.copies(one.id, one.version))
            for one in unit.proposals.list_all()
            if (casefile := unit.issues.find_casefile(one.issue_id))
        ]
    made = _copy_drafts(installation, models, proposals)
    issues = list(dict.fromkeys(one.issue_id for one in made))
    _copy_reports(installation, reports, feedback, issues)
    tickets = [one for one in made if one.kind is ProposalKind.TICKET]
    messages = [one for one in made if one.kind is ProposalKind.MESSAGE]
    kept = len(tickets) // 2
    waiting, decided = tickets[:kept], tickets[kept:]
    _decide(installation, decided[:_APPROVED], decided[_APPROVED:])
    recipient = messages[0].recipients[0]
    return Filled(
        ticket=waiting[0].id,
        message=messages[0].id,
        middle=made[len(made) // 2].id,
        issue=waiting[0].issue_id,
        rows_mark=next(
            one.number for one in waiting[0].draft.evidence if one.kind is EvidenceKind.ROWS
        ),
        waiting=tuple(one.id for one in waiting[1:]),
        searches=(
            ("a common word", "late"),
            ("two words", "delivery date"),
            ("nothing", "zebra"),
            ("a customer", recipient.customer_id),
            ("an address", recipient.address),
            ("a draft", waiting[0].id),
        ),
    )


def _work(installation: Installation) -> None:
    world = installation.settings.home / "world"
    build_world(world, size="tiny")
    shutil.copytree(world / "config", installation.settings.config_dir, dirs_exist_ok=True)
    paths = [world / f"{name}.jsonl" for name in ("feedback", "facts", "cases")]
    installation.engine.intake(read_files(paths, source="files"))
    installation.engine.read()
    for issue_id in installation.engine.waiting_issues():
        installation.engine.review(issue_id)


def _copy_drafts(
    installation: Installation, models: Sequence[_Model], count: int
) -> list[Proposal]:
    made: list[Proposal] = []
    for number, model in enumerate(islice(cycle(models), count)):
        issue_id = IssueId(f"I-copy{number:06d}")
        issue = model.casefile.issue.model_copy(update={"id": issue_id})
        casefile = model.casefile.model_copy(update={"issue": issue})
        changed = {
            "id": ProposalId(f"p_copy{number:06d}"),
            "issue_id": issue_id,
            "priority": float(number % 97),
        }
        proposal = model.proposal.model_copy(update=changed)
        with installation.store.write() as unit:
            unit.issues.save(issue)
            unit.issues.save_casefile(casefile)
            unit.proposals.add_version(
                proposal, model.copies, by="undertone", at=installation.clock(), why="First draft."
            )
        made.append(proposal)
    return made


def _copy_reports(
    installation: Installation, reports: Sequence[ReadItem], count: int, issues: Sequence[IssueId]
) -> None:
    """Copy reports; the last ones hang on the copied issues in turn, the others on none."""
    first_hanging = count - len(issues) * _PER_ISSUE
    numbered = enumerate(_renamed(reports, count))
    while batch := list(islice(numbered, _BATCH)):
        matches = [
            Match(
                key=one.item.key,
                issue_id=issues[number % len(issues)] if number >= first_hanging else None,
                method=MatchMethod.NEAREST,
                score=1.0,
            )
            for number, one in batch
        ]
        with installation.store.write() as unit:
            unit.feedback.add([one.item for _, one in batch])
            unit.feedback.save_readings([(one.redacted, one.reading) for _, one in batch])
            unit.issues.save_matches(matches)


def _renamed(reports: Sequence[ReadItem], count: int) -> Iterator[ReadItem]:
    for number, one in enumerate(islice(cycle(reports), count)):
        id_ = f"X-{number:07d}"
        text = CustomerText(value=f"{one.item.text.value} {id_}")
        customer = f"C-{10_000 + number % 20_000}"
        item = one.item.model_copy(update={"id": id_, "text": text, "customer_id": customer})
        reading = one.reading.model_copy(update={"key": feedback_key(item.source, id_)})
        yield one.model_copy(update={"item": item, "reading": reading})


def _decide(installation: Installation, approved: Sequence[Proposal], rest: list[Proposal]) -> None:
    """Approve some and reject the rest, so that every part of the list is full."""
    for proposal in approved:
        installation.backend.decide(
            proposal.id, DecisionKind.APPROVE, by="bench", seen_version=proposal.version
        )
    for proposal in rest:
        installation.backend.decide(
            proposal.id, DecisionKind.REJECT, by="bench", seen_version=1, reason="numbers"
        )
