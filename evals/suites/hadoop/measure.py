"""Duplicates of bug reports, ranked as `undertone recall` ranks."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from agent.recall import rank_corpus
from evals.scores import Score, share
from evals.suite import Bench, CaseResult, Measured

_DEEPEST = 10


class _Report(NamedTuple):
    id: str
    text: str
    created_at: datetime


class _Asked(NamedTuple):
    """A pair: the report that is asked with, and the row that should be found."""

    query: int
    wanted: int


def measure(bench: Bench) -> Measured:
    """Score pairs in both readings: all other reports, and earlier ones only."""
    folder = bench.data / "dup_gitbugs"
    reports = _reports(folder / "dev_hadoop_reports.csv.gz")
    rows = {report.id: row for row, report in enumerate(reports)}
    asked = _pairs(folder / "dev_hadoop_pairs.csv", rows)
    bench.progress(0, 3)
    found = _ranks(bench, reports, asked)
    bench.progress(1, 3)
    later = [_later(reports, pair) for pair in asked]
    earlier = _ranks(bench, reports, later, only_earlier=True)
    bench.progress(2, 3)
    words = _ranks(bench, reports, asked, words_only=True)
    bench.progress(3, 3)
    return Measured(
        scores={
            "recall_at_1": _share(found, 1),
            "recall_at_5": _share(found, 5),
            "recall_at_10": _share(found, 10),
            "earlier_recall_at_1": _share(earlier, 1),
            "earlier_recall_at_10": _share(earlier, 10),
            "bm25_recall_at_1": _share(words, 1),
            "bm25_recall_at_10": _share(words, 10),
        },
        cases=[
            CaseResult(
                f"recall_at_{k}",
                reports[pair.query].id,
                reports[pair.wanted].id,
                f"place {rank}" if rank else "not among ten",
                float(not rank or rank > k),
            )
            for pair, rank in zip(asked, found, strict=True)
            for k in (1, 5, 10)
        ],
    )


def _reports(path: Path) -> list[_Report]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        return [
            _Report(
                row["issue_id"],
                f"{row['summary']}. {row['description']}",
                datetime.strptime(row["created"], "%d/%b/%y %H:%M"),  # noqa: DTZ007
            )
            for row in csv.DictReader(handle)
        ]


def _pairs(path: Path, rows: dict[str, int]) -> list[_Asked]:
    with path.open(encoding="utf-8", newline="") as handle:
        pairs = [(row["issue_id"], row["duplicate_id"]) for row in csv.DictReader(handle)]
    return [
        _Asked(rows[query], rows[wanted])
        for query, wanted in dict.fromkeys(pairs)
        if query in rows and wanted in rows and query != wanted
    ]


def _later(reports: Sequence[_Report], pair: _Asked) -> _Asked:
    """Ask with the later report of a pair, so that the earlier one can be found."""
    if reports[pair.query].created_at < reports[pair.wanted].created_at:
        return _Asked(pair.wanted, pair.query)
    return pair


def _ranks(
    bench: Bench,
    reports: Sequence[_Report],
    asked: Sequence[_Asked],
    *,
    only_earlier: bool = False,
    words_only: bool = False,
) -> list[int | None]:
    """Give the place, from 1, of each wanted report; None beyond the tenth."""
    times = [report.created_at for report in reports]
    allowed = [
        [row != pair.query and (not only_earlier or at <= times[pair.query])
         for row, at in enumerate(times)]
        for pair in asked
    ]  # fmt: skip
    ranked = rank_corpus(
        [reports[pair.query].text for pair in asked],
        [report.text for report in reports],
        embedder=None if words_only else bench.seats.embedder,
        k=_DEEPEST,
        allowed=allowed,
    )
    return [
        next((place for place, (row, _) in enumerate(rows, 1) if row == pair.wanted), None)
        for pair, rows in zip(asked, ranked, strict=True)
    ]


def _share(ranks: Sequence[int | None], k: int) -> Score:
    return share(sum(rank is not None and rank <= k for rank in ranks), len(ranks))
