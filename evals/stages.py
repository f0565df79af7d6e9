"""The chain over one world, stage by stage, with the product's own steps.

Each stage is worked at first use and kept. A drill works the same chain again with a fault
behind one stage, and takes what lies before that stage from the clean chain.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from agent.casework.build import AROUND, Material, build_casefile, problem_words
from agent.casework.checks import check_draft
from agent.casework.draft_message import Audience
from agent.casework.drafting import drafts_of
from agent.casework.letters import around
from agent.listening import new_stream, request_for, vectors_of
from agent.matching.context import ContextBook
from agent.recall import FusedRecall, rank_corpus
from domain.feedback import Reading, ReadItem
from domain.issues import Alarm, Casefile, Issue, Match
from domain.ports import FactTable
from domain.proposals import Check, Draft, Recipient
from domain.record import FeedbackKey, IssueId
from domain.seats import Inquiry, Investigation, Investigator, Recall, WriteRequest
from evals.effort import Efforts, effort_of
from evals.seats import Seats
from evals.worlds import World
from storage.cases import case_text
from storage.memory_facts import MemoryFactTable
from storage.store import SqlStore
from vectorstore.exact import ExactIndex

_MATCH_BATCH = 2000


class Stage(StrEnum):
    """The stages, in the order in which they follow each other."""

    READING = "reading"
    RECALL = "recall"
    MATCHING = "matching"
    DETECTION = "detection"
    DIAGNOSIS = "diagnosis"
    REACH = "reach"
    OWNER = "owner"
    DRAFTS = "drafts"
    DELIVERY = "delivery"
    AGENT = "agent"


class Heard(NamedTuple):
    """Where every message hangs, and what alarmed."""

    matches: dict[FeedbackKey, Match]
    issues: dict[IssueId, Issue]
    alarms: list[Alarm]


class Drafted(NamedTuple):
    """A draft as it would wait for a person."""

    issue_id: IssueId
    audience: Audience | None
    """None for a ticket."""
    draft: Draft
    recipients: tuple[Recipient, ...]
    checks: tuple[Check, ...]

    @property
    def purpose(self) -> str:
        """`ticket`, `affected` or `at_risk`."""
        return self.audience or "ticket"


class Fault(NamedTuple):
    """A fault planted behind one stage, for a drill."""

    stage: Stage
    name: str
    spoil: Callable[[Any, Chain], Any]
    """Gets what the stage gives, and its chain; gives what the broken stage would."""


class Chain:
    """One world worked by one engine."""

    def __init__(
        self,
        world: World,
        seats: Seats,
        *,
        fault: Fault | None = None,
        clean: Chain | None = None,
    ) -> None:
        self.world = world
        self._seats = seats
        self._fault = fault
        self._clean = clean
        self.efforts = Efforts([], {})

    def broken(self, fault: Fault) -> Chain:
        """The same chain with a fault; what lies before it is that of this chain."""
        return Chain(self.world, self._seats, fault=fault, clean=self)

    def _clean_until(self, stage: Stage) -> Chain | None:
        """The clean chain where the fault lies behind this stage or a later one."""
        if self._clean is None or self._fault is None:
            return None
        order = list(Stage)
        return self._clean if order.index(self._fault.stage) >= order.index(stage) else None

    def after(self, stage: Stage, value: Any) -> Any:
        """What a stage gives, or what it gives with the drill's fault behind it."""
        if self._fault is None or self._fault.stage is not stage:
            return value
        return self._fault.spoil(value, self)

    @cached_property
    def readings(self) -> list[Reading]:
        """Readings in the order of the world's items."""
        clean = self._clean_until(Stage.READING)
        found = clean.readings if clean is not None else self._read_world()
        return list(self.after(Stage.READING, found))

    def _read_world(self) -> list[Reading]:
        requests = [request_for(item) for item in self.world.items]
        taxonomy = self.world.configuration.taxonomy
        with effort_of(self._seats, self.efforts.reading):
            return self._seats.reader.read(requests, taxonomy=taxonomy)

    @cached_property
    def read(self) -> list[ReadItem]:
        """Items with their redacted text and their reading, in the order of time."""
        return [
            ReadItem(item=item, redacted=request_for(item).text, reading=reading)
            for item, reading in zip(self.world.items, self.readings, strict=True)
        ]

    def neighbours(self, places: Sequence[int], *, k: int) -> list[list[int]]:
        """Rows of the `k` messages most like each of these, best first, itself left out."""
        texts = [one.reading.problem for one in self.read]
        ranked = rank_corpus(
            [texts[place] for place in places],
            texts,
            embedder=self._seats.embedder,
            k=k,
            allowed=[[row != place for row in range(len(texts))] for place in places],
        )
        found = [[row for row, _ in rows] for rows in ranked]
        return list(self.after(Stage.RECALL, found))

    @cached_property
    def facts(self) -> FactTable:
        """The world's records."""
        if self._clean is not None:
            return self._clean.facts
        latest = self.world.items[-1].at if self.world.items else None
        return MemoryFactTable(self.world.facts, latest_feedback_at=latest)

    @cached_property
    def heard(self) -> Heard:
        """Matches, issues and alarms in event time."""
        clean = self._clean_until(Stage.MATCHING)
        found = clean.heard if clean is not None else self._listen()
        spoilt: Heard = self.after(Stage.DETECTION, self.after(Stage.MATCHING, found))
        return spoilt

    def _listen(self) -> Heard:
        whole = Heard({}, {}, [])
        embedder = self._seats.embedder
        book = ContextBook(self.facts, at=self.facts.world_time())
        stream = new_stream(self.world.configuration.taxonomy, embedder)
        for start in range(0, len(self.read), _MATCH_BATCH):
            batch = self.read[start : start + _MATCH_BATCH]
            outcome = stream.feed(batch, vectors=vectors_of(batch, embedder), book=book)
            whole.matches.update((one.key, one) for one in outcome.matches)
            whole.issues.update((one.id, one) for one in outcome.issues)
            whole.alarms.extend(outcome.alarms)
        return whole

    @cached_property
    def casefiles(self) -> dict[IssueId, Casefile]:
        """The casefile of every alarmed issue at the end of the world."""
        clean = self._clean_until(Stage.REACH)
        found = clean.casefiles if clean is not None else self._work_cases()
        return {
            id_: one.model_copy(
                update={
                    "reach": self.after(Stage.REACH, one.reach),
                    "owner": self.after(Stage.OWNER, one.owner),
                }
            )
            for id_, one in found.items()
        }

    def _reports(self) -> dict[IssueId, list[ReadItem]]:
        """Reports by the issue that they hang on, in the order of time."""
        found: dict[IssueId, list[ReadItem]] = {}
        for one in self.read:
            match = self.heard.matches.get(one.item.key)
            if match is not None and match.issue_id is not None:
                found.setdefault(match.issue_id, []).append(one)
        return found

    def _work_cases(self) -> dict[IssueId, Casefile]:
        reports = self._reports()
        with tempfile.TemporaryDirectory(prefix="undertone-evals-") as folder:
            library = _Library(Path(folder), self.world, self._seats)
            found = {}
            for alarm in self.heard.alarms:
                id_ = alarm.issue_id
                if id_ in self.heard.issues:
                    with effort_of(self._seats, self.efforts.issues.setdefault(id_, [])):
                        found[id_] = self._casefile(alarm, reports.get(id_, []), library)
            library.close()
        return found

    def _casefile(self, alarm: Alarm, reports: Sequence[ReadItem], library: _Library) -> Casefile:
        inquiry = self._inquiry(alarm, reports)
        since = inquiry.issue.opened_at - AROUND
        recent = (one for one in self.read if one.item.at is not None and one.item.at >= since)
        return build_casefile(
            Material(inquiry, around(recent), 1),
            investigator=_Investigator(self._seats.investigator, self),
            configuration=self.world.configuration,
            facts=self.facts,
            recall=library.recall,
        )

    def _inquiry(self, alarm: Alarm, reports: Sequence[ReadItem]) -> Inquiry:
        issue = self.heard.issues[alarm.issue_id]
        as_of = self.facts.world_time()
        assert as_of is not None
        return Inquiry(
            issue=issue,
            alarm=alarm,
            reports=tuple(reports),
            as_of=as_of,
            problem=problem_words(issue, reports, self.world.configuration),
        )

    @contextmanager
    def model_at(self, address: str) -> Iterator[Callable[[Alarm], Investigation]]:
        """Give what the model's seat finds for an alarmed issue, with a model at this address."""
        investigator, reports = self._seats.model_at(address).investigator, self._reports()
        with tempfile.TemporaryDirectory(prefix="undertone-evals-") as folder:
            library = _Library(Path(folder), self.world, self._seats)

            def investigate(alarm: Alarm) -> Investigation:
                inquiry = self._inquiry(alarm, reports.get(alarm.issue_id, []))
                return investigator.investigate(inquiry, facts=self.facts, recall=library.recall)

            yield investigate
            library.close()

    @cached_property
    def drafts(self) -> list[Drafted]:
        """What would wait for a person, with its checks; worded by the writer under test."""
        clean = self._clean_until(Stage.DRAFTS)
        if clean is not None:
            return list(self.after(Stage.DRAFTS, clean.drafts))
        found: list[Drafted] = []
        for file in self.casefiles.values():
            with effort_of(self._seats, self.efforts.issues.setdefault(file.issue.id, [])):
                found += self._drafts_of(file)
        return found

    def _drafts_of(self, file: Casefile) -> Iterator[Drafted]:
        policy = self.world.configuration.policy
        for one in drafts_of(file, facts=self.facts, policy=policy, now=file.as_of):
            to = one.addressed.recipients
            written = self._seats.writer.write(WriteRequest(casefile=file, draft=one.draft))
            checks = check_draft(written.draft, policy=policy, owner=file.owner, recipients=to)
            yield Drafted(file.issue.id, one.audience, written.draft, to, checks)


class _Investigator:
    """The investigator under test, with the drill's fault behind it."""

    def __init__(self, inner: Investigator, chain: Chain) -> None:
        self._inner = inner
        self._chain = chain

    def investigate(self, inquiry: Inquiry, *, facts: FactTable, recall: Recall) -> Investigation:
        """Give what the investigator gives, or what the broken one would."""
        found = self._inner.investigate(inquiry, facts=facts, recall=recall)
        spoilt: Investigation = self._chain.after(Stage.DIAGNOSIS, found)
        return spoilt


class _Library:
    """The solved cases of a world, found as the product finds them."""

    def __init__(self, folder: Path, world: World, seats: Seats) -> None:
        self._store = SqlStore(f"sqlite:///{folder / 'cases.sqlite'}")
        self._store.prepare()
        with self._store.write() as unit:
            unit.cases.add(world.cases)
        index = None
        if seats.embedder is not None:
            index = ExactIndex(seats.embedder.dimensions)
            ids = [str(one.id) for one in world.cases]
            vectors = seats.embedder.embed([case_text(one) for one in world.cases])
            index.upsert(ids, vectors, [{"kind": "case"} for _ in ids])
        self.recall = FusedRecall(self._store, embedder=seats.embedder, items=None, cases=index)

    def close(self) -> None:
        """Let go of the files."""
        self._store.close()
