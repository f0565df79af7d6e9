"""The verbs of the engine as durable jobs: one per batch, per issue, per draft asked
for again, per round of delivery.

DBOS keeps what was begun in the same database, so that a killed process goes on where it
was. A job calls a verb; running a verb again changes nothing. Waiting for a person is a
row, never a sleeping job.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from types import TracebackType
from typing import IO, Any, NamedTuple

from agent.delivery.dispatch import next_due
from app.lock import hold
from app.wiring import Installation, new_secret
from domain.ports import Progress
from domain.record import IssueId, ProposalId

log = logging.getLogger("undertone.jobs")

APPLICATION_VERSION = "1"
_TICK_S = 0.5
_LOOK_EVERY_S = 2.0


class WorkReport(NamedTuple):
    """What one round of all work did."""

    read: int
    matched: int
    alarms: int
    issues: int
    proposed: int
    sent: int
    redrafted: int = 0

    def lines(self) -> list[str]:
        """Say it to a person."""
        first = (
            f"{self.read:,} items read, {self.matched:,} matched, {self.alarms:,} new alarms, "
            f"{self.issues:,} issues worked, {self.proposed:,} drafts to decide."
        )
        again = [f"{self.redrafted:,} asked for again."] if self.redrafted else []
        return [first, *again, f"{self.sent:,} approved deliveries left."]


def _quiet(_done: int, _total: int) -> None:
    """No progress."""


class Jobs:
    """Runs the work of one home; only one process may at a time on SQLite."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._engine = installation.engine
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._guard: IO[bytes] | None = None
        self._progress: Progress = _quiet
        self._dbos: Any = None

    def __enter__(self) -> Jobs:
        self._guard = hold(self._installation.settings.home / "jobs.lock")
        try:
            self._launch()
        except BaseException:
            self._guard.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
        self._dbos.destroy(workflow_completion_timeout_sec=3)
        if self._guard is not None:
            self._guard.close()

    def _launch(self) -> None:
        from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

        url = self._installation.settings.database_url
        _prepare_file(url)
        config = DBOSConfig(
            name="undertone",
            system_database_url=url,
            executor_id=_executor_id(url),
            application_version=APPLICATION_VERSION,
            serializer=DBOSPortableJSONSerializer(),
            log_level="ERROR",
        )
        DBOS(config=config)
        self._dbos = DBOS

        @DBOS.workflow(name="listen")
        def listen() -> dict[str, int]:
            return self._step("read", self._read)

        @DBOS.workflow(name="work_issue")
        def work_issue(issue_id: str) -> dict[str, int]:
            return self._step("review", lambda: self._review(issue_id))

        @DBOS.workflow(name="redraft")
        def redraft(proposal_id: str) -> dict[str, int]:
            return self._step("redraft", lambda: self._redraft(proposal_id))

        @DBOS.workflow(name="deliver")
        def hand_over() -> dict[str, int]:
            return self._step("deliver", self._hand_over)

        self._listen, self._work, self._deliver = listen, work_issue, hand_over
        self._again = redraft
        DBOS.launch()

    def _read(self) -> dict[str, int]:
        found = self._engine.read(progress=self._progress, matching=self._progress)
        return {"read": found.read, "matched": found.matched, "alarms": found.alarms}

    def _review(self, issue_id: str) -> dict[str, int]:
        found = self._engine.review(IssueId(issue_id))
        return {"proposed": found.proposed if found else 0}

    def _redraft(self, proposal_id: str) -> dict[str, int]:
        found = self._engine.redraft(ProposalId(proposal_id))
        return {"made": int(found is not None and found.is_made)}

    def _hand_over(self) -> dict[str, int]:
        report = self._engine.deliver()
        return {"sent": sum(count for result, count in report.counts.items() if result == "sent")}

    def _step(self, name: str, work: Callable[[], dict[str, int]]) -> dict[str, int]:
        result: dict[str, int] = self._dbos.run_step({"name": name}, work)
        return result

    def _run(self, job: Callable[..., dict[str, int]], *arguments: str) -> dict[str, int]:
        handle = self._dbos.start_workflow(job, *arguments)
        result: dict[str, int] = handle.get_result()
        self._dbos.delete_workflow(handle.get_workflow_id())
        return result

    def work_once(self, progress: Progress | None = None) -> WorkReport:
        """Do all work that waits."""
        self._progress = progress or _quiet
        listened = self._run(self._listen)
        redrafted = self._redraft_all()
        waiting = self._engine.waiting_issues()
        proposed = 0
        for place, issue_id in enumerate(waiting):
            self._progress(place, len(waiting))
            proposed += self._run(self._work, issue_id)["proposed"]
        sent = self._run(self._deliver)["sent"]
        self._progress = _quiet
        return WorkReport(
            read=listened["read"],
            matched=listened["matched"],
            alarms=listened["alarms"],
            issues=len(waiting),
            proposed=proposed,
            sent=sent,
            redrafted=redrafted,
        )

    def _redraft_all(self) -> int:
        asked = self._engine.waiting_redrafts()
        return sum(self._run(self._again, id_)["made"] for id_ in asked)

    def start(self) -> None:
        """Work in the background until the end of the context."""
        self._thread = threading.Thread(target=self.work_until_stopped, name="jobs", daemon=True)
        self._thread.start()

    def work_until_stopped(self) -> None:
        """Look for work every two seconds, and for due deliveries twice a second."""
        looked = 0.0
        while not self._stop.is_set():
            try:
                looked = self._tick(looked)
            except Exception:  # one tick must not end the work
                log.exception("a round of work failed")
                self._stop.wait(5)
            except KeyboardInterrupt:
                return
            self._stop.wait(_TICK_S)

    def _tick(self, looked: float) -> float:
        if time.monotonic() - looked >= _LOOK_EVERY_S:
            looked = time.monotonic()
            if self._something_new():
                self.work_once()
            else:
                self._redraft_all()
        with self._installation.store.read() as unit:
            due = next_due(unit, at=self._installation.clock())
        if due:
            self._run(self._deliver)
        return looked

    def _something_new(self) -> bool:
        with self._installation.store.read() as unit:
            counts = unit.feedback.counts()
        unread = counts["customers_items"] > counts["read"]
        return unread or bool(self._engine.waiting_issues())


def _executor_id(url: str) -> str:
    """Stable and unique per worker: `local` on SQLite, the host's name elsewhere."""
    if url.startswith("sqlite"):
        return "local"
    return os.environ.get("HOSTNAME") or new_secret()[:12]


def _prepare_file(url: str) -> None:
    """Put the file into WAL mode before DBOS opens it."""
    if url.startswith("sqlite:///"):
        path = url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
