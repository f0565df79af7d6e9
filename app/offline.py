"""`read`, `recall`, `replay`: files in, files out, no store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from agent.config.load import load_configuration
from agent.listening import replay, request_for
from agent.reading.local import LocalReader
from agent.reading.redact import redact
from agent.reading.taught.head import TaughtHead
from agent.recall import rank_corpus
from app.export_files import write_lines
from app.exports import alarm_object
from app.heads import open_head
from app.settings import Settings
from app.wiring import open_embedder
from connectors.files.lines import read_files
from connectors.files.mapping import Mapped, text_map
from domain.errors import InvalidInput
from domain.facts import Case, Fact
from domain.feedback import FeedbackItem, Reading, ReadItem, SetAside
from domain.incoming import Incoming
from domain.people import Taxonomy
from domain.ports import Progress
from domain.vectors import Embedder
from storage.memory_facts import MemoryFactTable

if TYPE_CHECKING:
    from app.exports import Object

_BATCH = 512
_REASONS = 20
_NO_TIME = "item has no time, so it is no part of the stream"
_DATA = (".jsonl", ".csv", ".jsonl.gz", ".csv.gz")


def _taxonomy(settings: Settings, path: Path | None) -> Taxonomy:
    if path is not None and not path.is_file():
        raise InvalidInput(f"The taxonomy file {path} does not exist.")
    return load_configuration(settings.config_dir, taxonomy=path).taxonomy


class Written(NamedTuple):
    """How many lines were written, and what of the input had no part in them."""

    number: int
    left_out: dict[str, int]

    def lines(self, what: str, output: Path) -> list[str]:
        """Say it to a person."""
        told = [f"{self.number:,} {what} {output}."]
        return told + [f"Left out, {count:,}: {why}" for why, count in self.left_out.items()]


def _present(path: Path) -> Path:
    if not path.is_file():
        raise InvalidInput(f"The file {path} does not exist.")
    return path


def _records(lines: Iterable[Incoming], left_out: Counter[str]) -> Iterator[Mapped]:
    for line in lines:
        if not isinstance(line.record, SetAside):
            yield line.record
        elif line.record.part == 0:
            left_out[line.record.reason if len(left_out) < _REASONS else "other reasons"] += 1


class ReadWith(NamedTuple):
    """What a reading is made with besides the home's own."""

    taxonomy: Path | None = None
    head: Path | None = None
    text: str = "text"
    """The column that holds the text."""


def read_file(
    settings: Settings, input_: Path, output: Path, *, chosen: ReadWith, progress: Progress
) -> Written:
    """Read the feedback of a file, in memory that does not grow with it.

    Raises:
        InvalidInput: A file does not exist, or the head is damaged or of another embedder.
    """
    taxonomy = _taxonomy(settings, chosen.taxonomy)
    embedder = open_embedder(settings)
    head = open_head(chosen.head, embedder) if chosen.head is not None else None
    left_out: Counter[str] = Counter()
    lines = read_files(
        [_present(input_)],
        kind="feedback",
        mapped=text_map(chosen.text),
        source="files",
        progress=progress,
    )
    items = (one for one in _records(lines, left_out) if isinstance(one, FeedbackItem))
    objects = _reading_objects(LocalReader(embedder), items, taxonomy)
    if head is not None:
        objects = _with_head(objects, head, embedder)
    return Written(write_lines(output, (made for _, made in objects)), dict(left_out))


def _read(
    reader: LocalReader, items: Iterable[FeedbackItem], taxonomy: Taxonomy
) -> Iterator[tuple[FeedbackItem, Reading]]:
    waiting = iter(items)
    while batch := list(islice(waiting, _BATCH)):
        readings = reader.read([request_for(item) for item in batch], taxonomy=taxonomy)
        yield from zip(batch, readings, strict=True)


def _reading_objects(
    reader: LocalReader, items: Iterable[FeedbackItem], taxonomy: Taxonomy
) -> Iterator[tuple[FeedbackItem, Object]]:
    for item, reading in _read(reader, items, taxonomy):
        yield item, _reading_object(item, reading)


def _with_head(
    objects: Iterable[tuple[FeedbackItem, Object]], head: TaughtHead, embedder: Embedder | None
) -> Iterator[tuple[FeedbackItem, Object]]:
    """Add what a head says of the text of each item."""
    waiting = iter(objects)
    while batch := list(islice(waiting, _BATCH)):
        answers = head.answer([redact(item.text) for item, _ in batch], embedder=embedder)
        for (item, made), answer in zip(batch, answers, strict=True):
            yield item, {**made, "head": answer.model_dump(mode="json")}


def _reading_object(item: FeedbackItem, reading: Reading) -> Object:
    return {
        "id": item.id,
        "language": reading.language,
        "sentiment": reading.sentiment.model_dump(mode="json", exclude_none=False),
        "drivers": [one.model_dump(mode="json") for one in reading.drivers],
        "noise": reading.noise.value if reading.noise else None,
        "reason": reading.reason,
        "made_by": reading.made_by.model_dump(mode="json", exclude_none=True),
    }


def recall_file(
    settings: Settings,
    corpus: Path,
    queries: Path,
    output: Path,
    *,
    k: int,
    only_earlier: bool,
    progress: Progress,
) -> Written:
    """Rank a corpus for each query."""
    left_out: Counter[str] = Counter()
    known, asked = _texts(corpus, left_out), _texts(queries, left_out)
    allowed = None
    if only_earlier:
        allowed = [
            [at is not None and when is not None and when < at for _, _, when in known]
            for _, _, at in asked
        ]
    embedder = open_embedder(settings)
    progress(0, len(asked))
    found = rank_corpus(
        [text for _, text, _ in asked],
        [text for _, text, _ in known],
        embedder=embedder,
        k=k + 1,
        allowed=allowed,
    )
    progress(len(asked), len(asked))
    return Written(write_lines(output, _results(asked, known, found, k)), dict(left_out))


def _results(
    asked: Sequence[tuple[str, str, datetime | None]],
    known: Sequence[tuple[str, str, datetime | None]],
    found: Sequence[Sequence[tuple[int, float]]],
    k: int,
) -> Iterator[Object]:
    for (id_, _, _), rows in zip(asked, found, strict=True):
        # A text is not similar to itself when queries are part of the corpus.
        others = [(known[row][0], score) for row, score in rows if known[row][0] != id_][:k]
        yield {
            "id": id_,
            "results": [{"id": other, "score": round(score, 4)} for other, score in others],
        }


def _texts(path: Path, left_out: Counter[str]) -> list[tuple[str, str, datetime | None]]:
    found: list[tuple[str, str, datetime | None]] = []
    for record in _records(read_files([_present(path)], source="files"), left_out):
        if isinstance(record, FeedbackItem):
            text = f"{record.subject}. {record.text.value}" if record.subject else record.text.value
            found.append((record.id, text, record.at))
        elif isinstance(record, Case):
            found.append((record.id, f"{record.title}. {record.symptom}", record.opened_at))
        else:
            left_out["fact has no words to compare"] += 1
    return found


def replay_input(
    settings: Settings,
    input_: Path,
    output: Path,
    *,
    taxonomy: Path | None,
    progress: Progress,
) -> Written:
    """Run feedback as a stream in event time and write its alarms.

    A folder is read whole: its feedback and its facts, and its own `config/taxonomy.yaml`.
    """
    if taxonomy is None and (input_ / "config" / "taxonomy.yaml").is_file():
        taxonomy = input_ / "config" / "taxonomy.yaml"
    chosen = _taxonomy(settings, taxonomy)
    paths = _inputs(input_)
    items: list[FeedbackItem] = []
    facts: list[Fact] = []
    left_out: Counter[str] = Counter()
    for record in _records(read_files(paths, source="files", progress=progress), left_out):
        if isinstance(record, FeedbackItem):
            items.append(record)
        elif isinstance(record, Fact):
            facts.append(record)
    embedder = open_embedder(settings)
    ours = [item for item in items if item.author == "customer"]
    customers = [item for item in ours if item.at is not None]
    if len(customers) < len(ours):
        left_out[_NO_TIME] += len(ours) - len(customers)
    read = [
        ReadItem(item=item, redacted=request_for(item).text, reading=reading)
        for item, reading in _read(LocalReader(embedder), customers, chosen)
    ]
    latest = max((item.at for item in customers if item.at), default=datetime.now(UTC))
    table = MemoryFactTable(facts, latest_feedback_at=latest) if facts else None
    stream = replay(read, chosen, embedder=embedder, facts=table)
    return Written(write_lines(output, map(alarm_object, stream.alarms)), dict(left_out))


def _inputs(input_: Path) -> list[Path]:
    if input_.is_file():
        return [input_]
    found = sorted(
        path for path in input_.glob("*") if path.is_file() and path.name.endswith(_DATA)
    )
    if not found:
        raise InvalidInput(f"{input_} holds no .jsonl or .csv file.")
    return found
