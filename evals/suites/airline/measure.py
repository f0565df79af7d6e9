"""Tweets about airlines: the local reader with a taxonomy file, beside trained words."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

from agent.config.load import load_configuration
from domain.feedback import Channel, DriverMention
from evals.labels import confusion, labelled_cases, three_way
from evals.measures import Labelled
from evals.public import read_rows, read_texts, vader_macro_f1
from evals.scores import share
from evals.suite import Bench, Measured
from evals.taught import Row, cases_of, f1, five_fold, kept, off, right, right_of_kept

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
    trained = _trained(bench, rows)
    return Measured(
        scores={
            "sentiment_macro_f1": f1(sentiment),
            "sentiment_accuracy": right(sentiment),
            "driver_accuracy": right(named),
            "driver_not_named": share(sum(one.got is None for one in named), len(named)),
            "vader_sentiment_macro_f1": vader_macro_f1(
                texts, [row["airline_sentiment"] for row in rows]
            ),
            **trained.scores,
        },
        cases=[
            *labelled_cases("sentiment_accuracy", [row["tweet_id"] for row in rows], sentiment),
            *labelled_cases("driver_accuracy", [id_ for id_, _ in drivers], named),
            *trained.cases,
        ],
        plots=(confusion("Sentiment: labelled (rows) and read (columns)", _LABELS, sentiment),),
    )


def _trained(bench: Bench, rows: Sequence[dict[str, str]]) -> Measured:
    """Score heads and words that were taught on four other fifths."""
    sentiment = five_fold(
        bench, [Row(row["tweet_id"], row["text"], row["airline_sentiment"]) for row in rows]
    )
    drivers = five_fold(
        bench,
        [
            Row(row["tweet_id"], row["text"], _REASONS[row["negativereason"]])
            for row in rows
            if row["negativereason"] in _REASONS
        ],
    )
    return Measured(
        scores={
            "head_sentiment_macro_f1": f1([one.by_head for one in sentiment]),
            "head_sentiment_accuracy": right([one.by_head for one in sentiment]),
            "tfidf_sentiment_macro_f1": f1([one.by_words for one in sentiment]),
            "head_driver_accuracy": right([one.by_head for one in drivers]),
            "head_driver_macro_f1": f1([one.by_head for one in drivers]),
            "tfidf_driver_accuracy": right([one.by_words for one in drivers]),
            "tfidf_driver_macro_f1": f1([one.by_words for one in drivers]),
            "head_driver_answered": kept(drivers),
            "head_driver_right_of_answered": right_of_kept(drivers),
            "head_driver_calibration": off(drivers),
        },
        cases=[
            *cases_of("head_sentiment_macro_f1", sentiment),
            *cases_of("head_driver_accuracy", drivers),
        ],
    )


def _rows(path: Path) -> list[dict[str, str]]:
    return list({row["tweet_id"]: row for row in read_rows(path)}.values())


def _first(drivers: Sequence[DriverMention]) -> str | None:
    return drivers[0].driver if drivers else None
