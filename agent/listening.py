"""Read what is new, keep the vector index in step, and match in event time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from agent.matching.context import ContextBook
from agent.matching.stream import Stream
from agent.reading.redact import redact
from agent.reading.sentiment import mean_vector
from domain.errors import EmbedderUnavailable, IndexUnavailable
from domain.feedback import FeedbackItem, ReadItem
from domain.issues import IssueState
from domain.people import Taxonomy
from domain.ports import FactTable, Indexed, Progress, Store, Unit
from domain.seats import Reader, ReadRequest
from domain.text import CustomerText
from domain.vectors import Embedder, VectorIndex

if TYPE_CHECKING:
    from domain.vectors import Vectors

_Id = TypeVar("_Id", bound=str)

_READ_BATCH = 512
_MATCH_BATCH = 500
_INDEX_BATCH = 1000
# How far back matching looks; longer than any of its windows.
_REPLAYED = timedelta(days=35)


class Listened(NamedTuple):
    """What a round of listening did."""

    read: int
    matched: int
    issues_touched: int
    alarms: int


def request_for(item: FeedbackItem) -> ReadRequest:
    """Give what a reader may see of an item: redacted, without its author."""
    share = item.rating / item.rating_max if item.rating is not None and item.rating_max else None
    subject = redact(CustomerText(value=item.subject)) if item.subject else None
    return ReadRequest(
        key=item.key,
        text=redact(item.text),
        subject=subject,
        channel=item.channel,
        language=item.language,
        rating_share=None if share is None else min(max(share, 0.0), 1.0),
    )


def read_new(
    store: Store, reader: Reader, taxonomy: Taxonomy, *, progress: Progress | None = None
) -> int:
    """Read every item that was not read yet, in batches that each commit; gives their number."""
    with store.read() as unit:
        counts = unit.feedback.counts()
    total = counts["customers_items"] - counts["read"]
    done = 0
    while True:
        with store.read() as unit:
            items = unit.feedback.unread(limit=_READ_BATCH)
        if not items:
            return done
        requests = [request_for(item) for item in items]
        readings = reader.read(requests, taxonomy=taxonomy)
        with store.write() as unit:
            unit.feedback.save_readings(
                [(one.text, reading) for one, reading in zip(requests, readings, strict=True)]
            )
        done += len(items)
        if progress is not None:
            progress(done, max(total, done))


def index_new(
    store: Store,
    embedder: Embedder | None,
    *,
    items: VectorIndex | None,
    cases: VectorIndex | None,
) -> None:
    """Bring the vector index in step with SQL; a lost index is filled again from the start."""
    if embedder is None:
        return
    try:
        _index(store, embedder, items, kind="item", repo=lambda unit: unit.feedback)
        _index(store, embedder, cases, kind="case", repo=lambda unit: unit.cases)
    except EmbedderUnavailable:
        return
    except IndexUnavailable:
        with store.write() as unit:
            unit.feedback.forget_index()
            unit.cases.forget_index()


def check_index(store: Store, *, items: VectorIndex | None, cases: VectorIndex | None) -> bool:
    """Notice a lost or shrunken index and mark everything as not indexed; False when lost."""
    held, known = _held(items), _held(cases)
    with store.write() as unit:
        lost = held < unit.feedback.count_indexed() or known < unit.cases.count_indexed()
        if lost:
            unit.feedback.forget_index()
            unit.cases.forget_index()
    return not lost


def _held(index: VectorIndex | None) -> int:
    try:
        return index.count() if index is not None else 0
    except IndexUnavailable:
        return 0


def _index(
    store: Store,
    embedder: Embedder,
    index: VectorIndex | None,
    *,
    kind: str,
    repo: Callable[[Unit], Indexed[_Id]],
) -> None:
    while index is not None:
        with store.read() as unit:
            rows = repo(unit).unindexed(limit=_INDEX_BATCH)
        if not rows:
            return
        ids = [id_ for id_, _ in rows]
        vectors = embedder.embed([text for _, text in rows])
        index.upsert(ids, vectors, [{"kind": kind} for _ in rows])
        with store.write() as unit:
            repo(unit).mark_indexed(ids)


def match_new(
    store: Store,
    taxonomy: Taxonomy,
    *,
    embedder: Embedder | None,
    progress: Progress | None = None,
) -> tuple[int, int, int]:
    """Match every read item in event time; gives items, issues touched and alarms."""
    with store.read() as unit:
        first = unit.feedback.unmatched(limit=1)
        if not first:
            return 0, 0, 0
        facts = unit.facts.snapshot()
        counts = unit.feedback.counts()
    book = ContextBook(facts, at=facts.world_time())
    stream = _restored(store, taxonomy, embedder, book, first[0].item.at)
    total = counts["read"] - counts["matched"]
    done = touched = alarms = 0
    while True:
        with store.write() as unit:
            items = unit.feedback.unmatched(limit=_MATCH_BATCH)
            if not items:
                return done, touched, alarms
            outcome = stream.feed(items, vectors=vectors_of(items, embedder), book=book)
            unit.issues.save_matches(outcome.matches)
            unit.issues.save(*outcome.issues)
            for alarm in outcome.alarms:
                unit.issues.save_alarm(alarm)
        done += len(items)
        touched += len(outcome.issues)
        alarms += len(outcome.alarms)
        if progress is not None:
            progress(done, max(total, done))


def vectors_of(items: Sequence[ReadItem], embedder: Embedder | None) -> Vectors | None:
    """Vectors of the distilled problems, which the reader has embedded already."""
    if embedder is None or not items:
        return None
    try:
        return embedder.embed([one.reading.problem for one in items])
    except EmbedderUnavailable:
        return None


def new_stream(taxonomy: Taxonomy, embedder: Embedder | None) -> Stream:
    """An empty stream."""
    return Stream(taxonomy=taxonomy, mean=mean_vector(embedder))


def _restored(
    store: Store,
    taxonomy: Taxonomy,
    embedder: Embedder | None,
    book: ContextBook,
    at: datetime | None,
) -> Stream:
    """A stream that knows what was matched in the weeks before."""
    stream = new_stream(taxonomy, embedder)
    with store.read() as unit:
        stream.restore(
            unit.issues.list_all(states=[IssueState.OPEN, IssueState.ALARMED, IssueState.PROPOSED])
        )
        if at is None:
            return stream
        matched = unit.feedback.matched_since(at - _REPLAYED)
        while batch := list(islice(matched, _MATCH_BATCH)):
            stream.replay(batch, vectors=vectors_of(batch, embedder), book=book)
    stream.relearn(book)
    return stream


def replay(
    items: Sequence[ReadItem],
    taxonomy: Taxonomy,
    *,
    embedder: Embedder | None,
    facts: FactTable | None,
) -> Stream:
    """Feed items in `at` order to a new stream, outside any store."""
    stream = new_stream(taxonomy, embedder)
    book = ContextBook(facts, at=facts.world_time() if facts is not None else None)
    ordered = sorted(
        (one for one in items if one.item.at is not None),
        key=lambda one: (one.item.at, one.item.id),
    )
    stream.feed(ordered, vectors=vectors_of(ordered, embedder), book=book)
    return stream
