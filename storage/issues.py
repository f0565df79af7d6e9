"""Issues, matches, alarms, casefiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Index, Integer, Select, Table, Text, func, select

from domain.issues import Alarm, Casefile, Issue, IssueState, Match
from domain.record import FeedbackKey, IssueId
from storage.base import UtcDateTime, metadata
from storage.feedback import feedback
from storage.fulltext import FullText
from storage.rows import chunks, put, put_once, update_many

issues = Table(
    "issues",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("driver", Text, nullable=False),
    Column("last_report_at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_issues_state", "state", "last_report_at"),
)

matches = Table(
    "matches",
    metadata,
    Column("key", Text, primary_key=True),
    Column("issue_id", Text),
    Column("body", Text, nullable=False),
    Index("ix_matches_issue_id", "issue_id"),
)

LABELS = "issues_fts"
"""The full text of labels."""

alarms = Table(
    "alarms",
    metadata,
    Column("issue_id", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
)

casefiles = Table(
    "casefiles",
    metadata,
    Column("issue_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("body", Text, nullable=False),
)


class SqlIssueRepo:
    """`IssueRepo` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, *changed: Issue) -> None:
        """Store or replace issues, each given once."""
        labels = {
            one.id: one.label
            for part in chunks([issue.id for issue in changed])
            for one in self._issues(select(issues.c.body).where(issues.c.id.in_(part)))
        }
        relabelled = [one for one in changed if labels.get(one.id) != one.label]
        FullText(self._connection, LABELS).put([(one.id, one.label) for one in relabelled])
        put(
            self._connection,
            issues,
            [
                {
                    "id": one.id,
                    "state": one.state.value,
                    "driver": one.driver,
                    "last_report_at": one.last_report_at,
                    "body": one.model_dump_json(),
                }
                for one in changed
            ],
        )

    def _issues(self, query: Select[Any]) -> list[Issue]:
        return [Issue.model_validate_json(body) for body in self._connection.scalars(query)]

    def find(self, id_: IssueId) -> Issue | None:
        """Find an issue."""
        body = self._connection.scalar(select(issues.c.body).where(issues.c.id == id_))
        return Issue.model_validate_json(body) if body else None

    def list_all(self, *, states: Iterable[IssueState] | None = None) -> list[Issue]:
        """Issues, newest report first."""
        query = select(issues.c.body).order_by(issues.c.last_report_at.desc(), issues.c.id)
        if states is not None:
            query = query.where(issues.c.state.in_([state.value for state in states]))
        return self._issues(query)

    def save_matches(self, rows: Sequence[Match]) -> None:
        """Store why items hang where they hang."""
        put(
            self._connection,
            matches,
            [
                {"key": one.key, "issue_id": one.issue_id, "body": one.model_dump_json()}
                for one in rows
            ],
        )
        update_many(
            self._connection,
            feedback,
            [{"of": one.key, "matched": True, "issue_id": one.issue_id} for one in rows],
        )

    def match_of(self, key: FeedbackKey) -> Match | None:
        """Why an item hangs where it hangs."""
        body = self._connection.scalar(select(matches.c.body).where(matches.c.key == key))
        return Match.model_validate_json(body) if body else None

    def report_keys(self, id_: IssueId) -> list[FeedbackKey]:
        """Items on an issue, in `at` order."""
        query = (
            select(feedback.c.key)
            .where(feedback.c.issue_id == id_)
            .order_by(feedback.c.at, feedback.c.seq)
        )
        return [FeedbackKey(key) for key in self._connection.scalars(query)]

    def count_reports(self, id_: IssueId) -> int:
        """How many items hang on an issue."""
        query = select(func.count()).select_from(feedback).where(feedback.c.issue_id == id_)
        return self._connection.scalar(query) or 0

    def save_alarm(self, alarm: Alarm) -> None:
        """Store the alarm of an issue, once."""
        put_once(
            self._connection,
            alarms,
            [{"issue_id": alarm.issue_id, "at": alarm.at, "body": alarm.model_dump_json()}],
        )

    def alarm_of(self, id_: IssueId) -> Alarm | None:
        """The alarm of an issue."""
        body = self._connection.scalar(select(alarms.c.body).where(alarms.c.issue_id == id_))
        return Alarm.model_validate_json(body) if body else None

    def alarms(self) -> list[Alarm]:
        """All alarms in `at` order."""
        query = select(alarms.c.body).order_by(alarms.c.at, alarms.c.issue_id)
        return [Alarm.model_validate_json(body) for body in self._connection.scalars(query)]

    def save_casefile(self, casefile: Casefile) -> None:
        """Store a casefile."""
        put(
            self._connection,
            casefiles,
            [
                {
                    "issue_id": casefile.issue.id,
                    "version": casefile.version,
                    "body": casefile.model_dump_json(),
                }
            ],
        )

    def find_casefile(self, id_: IssueId, *, version: int | None = None) -> Casefile | None:
        """The latest casefile, or the one of that version."""
        query = select(casefiles.c.body).where(casefiles.c.issue_id == id_)
        if version is not None:
            query = query.where(casefiles.c.version == version)
        body = self._connection.scalar(query.order_by(casefiles.c.version.desc()).limit(1))
        return Casefile.model_validate_json(body) if body else None
