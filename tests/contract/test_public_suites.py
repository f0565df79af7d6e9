"""Suites over public data, on made-up rows in the form of theirs."""

import csv
import gzip
import itertools
from functools import cache

import pytest

from agent.casework.investigate import LocalInvestigator
from agent.casework.write import LocalWriter
from agent.reading.local import LocalReader
from app.engines import scripted_seats
from evals.public import over_seeds, vader_labels
from evals.run import Order, run
from evals.scores import Scored, Unscored
from evals.seats import EngineName, Seats
from evals.suite import Better, find_suites
from evals.taught import Row, drawn
from tests.builders_labelled import labelled_texts, texts_elsewhere
from tests.progress import watch
from tests.word_vectors import WordVectors

_TONES = {
    "negative": ("this is awful", "terrible, I am angry", "the worst flight ever"),
    "neutral": ("which gate is it", "the flight leaves at nine", "a question on seats"),
    "positive": ("this is wonderful", "great crew, thank you", "the best flight ever"),
}
_LANGUAGES = "arabic english french german hindi italian portuguese spanish".split()


def toned_texts(each):
    """Give (text, tone) pairs, all different."""
    return [
        (f"{words[n % 3]} number {n}", tone) for tone, words in _TONES.items() for n in range(each)
    ]


def airline():
    for place, (text, tone) in enumerate(toned_texts(21)):
        reason = ("Late Flight", "Lost Luggage")[place % 2] if tone == "negative" else ""
        reason = "Damaged Luggage" if place == 4 else reason
        topic = {"Late Flight": "we wait at the gate", "Lost Luggage": "my bag is gone"}
        yield {"tweet_id": place, "text": f"{topic.get(reason, '')} {text}",
               "airline_sentiment": tone, "negativereason": reason}  # fmt: skip


def umsab():
    for language, split, (text, tone) in itertools.product(
        _LANGUAGES, ("train", "val"), toned_texts(6)
    ):
        yield {"language": language, "official_split": split, "text": f"{text} {split}",
               "sentiment": tone}  # fmt: skip


def clap():
    for place, (text, label) in enumerate(labelled_texts(15)):
        name = {"delivery": "BUG", "billing": "FEATURE", "login": "OTHER"}[label]
        yield {"id": place, "review": text, "category": name}


def olist():
    for place, (text, label) in enumerate([*labelled_texts(15), ("nobody voted", "")]):
        yield {"id": place, "review_comment_message": text, "most_voted_class": label,
               "most_voted_subclass": label and f"{label} at all"}  # fmt: skip


def banking():
    for text, label in labelled_texts(16):
        yield {"text": text, "category": label}


def clinc():
    pairs = labelled_texts(25)
    for place, (text, label) in enumerate(pairs):
        yield {"text": text, "intent": label, "official_split": ("train", "val")[place % 4 == 0]}
    for place, text in enumerate(texts_elsewhere(20)):
        yield {"text": text, "intent": "oos", "official_split": ("oos_train", "oos_val")[place % 2]}


DATA = {
    "airline": ("airline_sentiment/dev.csv.gz", airline),
    "umsab": ("umsab_multilingual/dev.csv.gz", umsab),
    "clap": ("clap_reviews/rq1_category_dev.csv.gz", clap),
    "olist": ("olist_classified/dev.csv.gz", olist),
    "banking77": ("banking77/dev.csv.gz", banking),
    "clinc": ("clinc150/dev.csv.gz", clinc),
}


@pytest.fixture(scope="module")
def seats():
    embedder = WordVectors()
    return Seats(
        EngineName.LOCAL, embedder, LocalReader(embedder), LocalInvestigator(), LocalWriter(),
        model_at=scripted_seats,
    )  # fmt: skip


@pytest.fixture(scope="module")
def measured(seats, tmp_path_factory):
    """Give what a suite finds in the made-up rows, measured once."""
    folder = tmp_path_factory.mktemp("public")
    for name, rows in DATA.values():
        path = folder / name
        path.parent.mkdir()
        made = list(rows())
        with gzip.open(path, "wt", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, list(made[0]))
            writer.writeheader()
            writer.writerows(made)

    @cache
    def of(name):
        (found,) = run(Order(find_suites([name]), data=folder), seats, watch=watch)
        return found

    return of


@pytest.mark.parametrize("name", DATA)
def test_a_suite_over_public_data_scores_every_metric_and_names_its_cases(name, measured):
    found = measured(name)

    assert not found.skipped
    assert {key for key, one in found.scores.items() if not isinstance(one, Scored)} == set()
    gated = {one.name for one in found.manifest.metrics if one.better is not Better.NEITHER}
    assert {one.metric for one in found.cases} <= gated
    ids = [(one.metric, one.id) for one in found.cases]
    assert len(set(ids)) == len(ids)


def test_a_head_learns_topics_that_words_tell_apart(measured):
    found = measured("banking77")

    assert found.scores["accuracy"].value > 0.9
    assert found.scores["ten_shot_accuracy"].value > 0.9
    assert found.scores["ten_shot_accuracy"].n == 10


def test_texts_out_of_scope_are_told_from_the_others(measured):
    found = measured("clinc")

    assert found.scores["out_of_scope_auroc"].value > 0.9
    assert found.scores["out_of_scope_recall"].value > 0.7
    assert found.scores["out_of_scope_recall"].n == 10


def test_a_label_with_too_few_rows_teaches_nothing_and_counts_as_missed(measured):
    found = measured("airline")

    missed = [
        one.got
        for one in found.cases
        if one.metric == "head_driver_accuracy" and one.expected == "damaged_luggage"
    ]
    assert len(missed) == 1
    assert missed[0] in ("late_flight", "lost_luggage")


def test_a_suite_whose_rows_cannot_teach_says_so(seats, tmp_path):
    path = tmp_path / "banking77" / "dev.csv.gz"
    path.parent.mkdir()
    with gzip.open(path, "wt", encoding="utf-8") as handle:
        handle.write("text,category\nMy card is late.,card\n")

    (found,) = run(Order(find_suites(["banking77"]), data=tmp_path), seats, watch=watch)

    assert all(isinstance(one, Unscored) and one.reason for one in found.scores.values())


def test_a_draw_is_the_same_for_a_seed_and_shares_no_row_with_the_rest():
    rows = [Row(str(n), text, label) for n, (text, label) in enumerate(labelled_texts(12))]

    taught, asked = drawn(rows, each=10, seed=4)

    assert (taught, asked) == drawn(rows, each=10, seed=4)
    assert taught != drawn(rows, each=10, seed=5)[0]
    assert len(taught) == 30
    assert {row.id for row in taught} | {row.id for row in asked} == {row.id for row in rows}
    assert len(taught) + len(asked) == len(rows)


def test_the_mean_of_draws_has_students_interval():
    # 0.8, 0.9: mean 0.85, standard error 0.05, t of one degree of freedom 12.706.
    score = over_seeds([0.8, 0.9])

    assert score.value == pytest.approx(0.85)
    assert score.low == pytest.approx(0.85 - 12.706 * 0.05, abs=1e-3)
    assert score.n == 2


def test_vader_is_one_of_the_judges_beside_the_reader():
    said = vader_labels(["This is wonderful!", "I hate it.", "The plane lands at nine."])

    assert said == ["positive", "negative", "neutral"]
