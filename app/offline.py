"""`read`, `recall`, `replay`: files in, files out, no store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agent.config.load import load_configuration
from agent.listening import replay, request_for
from agent.reading.local import LocalReader
from agent.recall import rank_corpus
from app.export_files import write_lines
from app.exports import alarm_object
from app.settings import Settings
from app.wiring import open_embedder
from connectors.files.lines import read_files
from domain.errors import InvalidInput
from domain.facts import Case, Fact
from domain.feedback import FeedbackItem, Reading, ReadItem
from domain.people import Taxonomy
from domain.ports import Progress
from storage.memory_facts import MemoryFactTable

if TYPE_CHECKING:
    from app.exports import Object

_BATCH = 512
_DATA = (".jsonl", ".csv", ".jsonl.gz", ".csv.gz")


def _taxonomy(settings: Settings, path: Path | None) -> Taxonomy:
    if path is not None and not path.is_file():
        raise InvalidInput(f"The taxonomy file {path} does not exist.")
    return load_configuration(settings.config_dir, taxonomy=path).taxonomy


def _feedback(path: Path) -> list[FeedbackItem]:
    if not path.is_file():
        raise InvalidInput(f"The file {path} does not exist.")
    lines = read_files([path], kind="feedback", source="files")
    return [line.record for line in lines if isinstance(line.record, FeedbackItem)]


def read_file(
    settings: Settings,
    input_: Path,
    output: Path,
    *,
    taxonomy: Path | None,
    progress: Progress,
) -> int:
    """Read the feedback of a file; gives the number of readings."""
    chosen = _taxonomy(settings, taxonomy)
    items = _feedback(input_)
    reader = LocalReader(open_embedder(settings))
    readings = _read(reader, items, chosen, progress)
    return write_lines(output, (_reading_object(*pair) for pair in readings))


def _read(
    reader: LocalReader, items: Sequence[FeedbackItem], taxonomy: Taxonomy, progress: Progress
) -> Iterator[tuple[FeedbackItem, Reading]]:
    for start in range(0, len(items), _BATCH):
        batch = items[start : start + _BATCH]
        readings = reader.read([request_for(item) for item in batch], taxonomy=taxonomy)
        yield from zip(batch, readings, strict=True)
        progress(min(start + _BATCH, len(items)), len(items))


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
) -> int:
    """Rank a corpus for each query; gives the number of queries."""
    known, asked = _texts(corpus), _texts(queries)
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
    return write_lines(output, _results(asked, known, found, k))


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


def _texts(path: Path) -> list[tuple[str, str, datetime | None]]:
    if not path.is_file():
        raise InvalidInput(f"The file {path} does not exist.")
    found: list[tuple[str, str, datetime | None]] = []
    for line in read_files([path], source="files"):
        record = line.record
        if isinstance(record, FeedbackItem):
            text = f"{record.subject}. {record.text.value}" if record.subject else record.text.value
            found.append((record.id, text, record.at))
        elif isinstance(record, Case):
            found.append((record.id, f"{record.title}. {record.symptom}", record.opened_at))
    return found


def replay_input(
    settings: Settings,
    input_: Path,
    output: Path,
    *,
    taxonomy: Path | None,
    progress: Progress,
) -> int:
    """Run feedback as a stream in event time; gives the number of alarms.

    A folder is read whole: its feedback and its facts, and its own `config/taxonomy.yaml`.
    """
    if taxonomy is None and (input_ / "config" / "taxonomy.yaml").is_file():
        taxonomy = input_ / "config" / "taxonomy.yaml"
    chosen = _taxonomy(settings, taxonomy)
    paths = _inputs(input_)
    items: list[FeedbackItem] = []
    facts: list[Fact] = []
    for line in read_files(paths, source="files"):
        if isinstance(line.record, FeedbackItem):
            items.append(line.record)
        elif isinstance(line.record, Fact):
            facts.append(line.record)
    embedder = open_embedder(settings)
    customers = [item for item in items if item.author == "customer" and item.at is not None]
    read = [
        ReadItem(item=item, redacted=request_for(item).text, reading=reading)
        for item, reading in _read(LocalReader(embedder), customers, chosen, progress)
    ]
    latest = max((item.at for item in customers if item.at), default=datetime.now(UTC))
    table = MemoryFactTable(facts, latest_feedback_at=latest) if facts else None
    stream = replay(read, chosen, embedder=embedder, facts=table)
    return write_lines(output, map(alarm_object, stream.alarms))


def _inputs(input_: Path) -> list[Path]:
    if input_.is_file():
        return [input_]
    found = sorted(
        path for path in input_.glob("*") if path.is_file() and path.name.endswith(_DATA)
    )
    if not found:
        raise InvalidInput(f"{input_} holds no .jsonl or .csv file.")
    return found
