"""Tweets about airlines: the local reader with a taxonomy file, beside trained words."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

from agent.config.load import load_configuration
from domain.feedback import Channel, DriverMention
from evals.labels import confusion, labelled_cases, three_way
from evals.measures import Labelled, accuracy, macro_f1
from evals.public import cross_validated, read_texts
from evals.scores import Unit, bootstrap, share
from evals.suite import Bench, Measured

_REASONS = {
    "Late Flight": "late_flight",
    "Cancelled Flight": "cancelled_flight",
    "Customer Service Issue": "customer_service",
    "Lost Luggage": "lost_luggage",
    "Damaged Luggage": "damaged_luggage",
    "Bad Flight": "bad_flight",
    "Flight Booking Problems": "booking_problem",
    "Flight Attendant Complaints": "crew",
    "longlines": "long_lines",
}
_LABELS = ("negative", "neutral", "positive")


def measure(bench: Bench) -> Measured:
    """Score sentiment and driver. `mixed` counts as negative, an abstention as a miss."""
    rows = _rows(bench.data / "airline_sentiment" / "dev.csv.gz")
    with as_file(files("evals") / "suites" / "airline" / "taxonomy.yaml") as path:
        taxonomy = load_configuration(None, taxonomy=path).taxonomy
    texts = [row["text"] for row in rows]
    readings = read_texts(bench, texts, taxonomy=taxonomy, channel=Channel.SOCIAL)
    said = [three_way(one.sentiment.label) for one in readings]
    sentiment = [
        Labelled(row["airline_sentiment"], got) for row, got in zip(rows, said, strict=True)
    ]
    drivers = [
        (row["tweet_id"], Labelled(_REASONS[row["negativereason"]], _first(reading.drivers)))
        for row, reading in zip(rows, readings, strict=True)
        if row["negativereason"] in _REASONS
    ]
    named = [one for _, one in drivers]
    trained = cross_validated(texts, [one.expected for one in sentiment])
    reasons = [row["text"] for row in rows if row["negativereason"] in _REASONS]
    trained_drivers = cross_validated(reasons, [one.expected for one in named])
    return Measured(
        scores={
            "sentiment_macro_f1": bootstrap(sentiment, macro_f1, unit=Unit.SHARE),
            "sentiment_accuracy": bootstrap(sentiment, accuracy, unit=Unit.SHARE),
            "driver_accuracy": bootstrap(named, accuracy, unit=Unit.SHARE),
            "driver_not_named": share(sum(one.got is None for one in named), len(named)),
            "tfidf_sentiment_macro_f1": bootstrap(trained, macro_f1, unit=Unit.SHARE),
            "tfidf_driver_accuracy": bootstrap(trained_drivers, accuracy, unit=Unit.SHARE),
        },
        cases=[
            *labelled_cases("sentiment_accuracy", [row["tweet_id"] for row in rows], sentiment),
            *labelled_cases("driver_accuracy", [id_ for id_, _ in drivers], named),
        ],
        plots=(confusion("Sentiment: labelled (rows) and read (columns)", _LABELS, sentiment),),
        notes=["VADER is not among the dependencies and is left out."],
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        rows = {row["tweet_id"]: row for row in csv.DictReader(handle)}
    return list(rows.values())


def _first(drivers: Sequence[DriverMention]) -> str | None:
    return drivers[0].driver if drivers else None
