"""A rebuild tells whether anything was lost."""

import numpy as np
import pytest

from domain.errors import StoreBusy
from domain.vectors import Hit
from vectorstore.exact import ExactIndex
from vectorstore.parity import compare, rebuild
from vectorstore.rows import Rows

pytestmark = pytest.mark.unit

DIMENSIONS = 16


def batches(count, *, size=100):
    random = np.random.default_rng(5)
    vectors = random.normal(size=(count, DIMENSIONS)).astype(np.float32)
    for start in range(0, count, size):
        ids = [f"r{place}" for place in range(start, min(start + size, count))]
        yield Rows(ids, vectors[start : start + size], [{"kind": "item"} for _ in ids])


class Forgetful(ExactIndex):
    """Loses every third row, as two writers in one Chroma folder do."""

    def rebuild(self, batches):
        kept = (Rows(rows.ids[::3], rows.vectors[::3], rows.metadatas[::3]) for rows in batches)
        return super().rebuild(list(kept))


class Blurred(ExactIndex):
    """Tells similarities that are not cosine."""

    def query(self, vector, *, k, where=None):
        return [Hit(id_, value / 2) for id_, value in super().query(vector, k=k, where=where)]


def test_the_exact_twin_is_whole():
    index = ExactIndex(DIMENSIONS)

    report = rebuild(index, lambda: batches(950))

    assert report.is_whole
    assert (report.expected, report.held, report.recall) == (950, 950, 1.0)
    assert 25 <= report.queries <= 50
    assert index.count() == 950


def test_lost_rows_are_counted_and_missed():
    report = rebuild(Forgetful(DIMENSIONS), lambda: batches(900))

    assert not report.is_whole
    assert report.held < report.expected == 900
    assert report.recall < 0.7


def test_wrong_similarities_are_noticed():
    report = rebuild(Blurred(DIMENSIONS), lambda: batches(200))

    assert report.recall == 1.0
    assert report.worst_difference > 0.1
    assert not report.is_whole


def test_neighbours_that_the_rows_do_not_know_are_noticed():
    index = ExactIndex(DIMENSIONS)
    index.rebuild(batches(300))

    report = compare(index, batches(200), next(iter(batches(300))).vectors[:10], k=10)

    assert (report.expected, report.held) == (200, 300)
    assert report.worst_difference == np.inf
    assert not report.is_whole


def test_equal_neighbours_may_come_in_any_choice():
    same = np.ones((30, DIMENSIONS), np.float32)
    rows = Rows([f"r{place}" for place in range(30)], same, [{"kind": "item"}] * 30)

    assert rebuild(ExactIndex(DIMENSIONS), lambda: [rows]).is_whole


@pytest.mark.parametrize("count", [0, 1, 3])
def test_few_rows_are_whole_as_well(count):
    report = rebuild(ExactIndex(DIMENSIONS), lambda: batches(count))

    assert report.is_whole
    assert report.queries == count


def test_an_error_of_the_store_comes_through():
    def busy():
        yield from batches(100)
        raise StoreBusy("later")

    index = ExactIndex(DIMENSIONS)
    index.rebuild(batches(7))

    with pytest.raises(StoreBusy):
        rebuild(index, busy)

    assert index.count() == 7
