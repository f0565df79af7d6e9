"""The vector cache: it saves work, and never costs an answer."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from domain.errors import EmbedderUnavailable
from vectorstore.cached import CachedEmbedder

pytestmark = pytest.mark.unit


class CountingEmbedder:
    """Gives a vector made of the text's length; keeps what it was asked."""

    dimensions = 4

    def __init__(self, model_id="fake@1", fails_after=None):
        self.model_id = model_id
        self.asked = []
        self.fails_after = fails_after

    def embed(self, texts, *, progress=None):
        if self.fails_after is not None and len(self.asked) >= self.fails_after:
            raise EmbedderUnavailable("gone")
        self.asked.extend(texts)
        if progress:
            progress(len(texts), len(texts))
        return np.array([[len(text), 1, 2, 3] for text in texts], np.float32).reshape(-1, 4)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "vectors.sqlite"


@pytest.fixture
def cache(path):
    opened = []

    def make(inner):
        opened.append(CachedEmbedder(inner, path))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def test_a_second_run_asks_nothing_and_gives_the_same_bits(cache):
    inner = CountingEmbedder()
    first = cache(inner).embed(["a", "bb", "a"])

    second = cache(inner).embed(["bb", "a"])

    assert inner.asked == ["a", "bb"]
    assert np.array_equal(second, first[[1, 0]])


def test_another_model_shares_nothing(cache):
    cache(CountingEmbedder()).embed(["a"])
    other = CountingEmbedder(model_id="fake@2")

    cache(other).embed(["a"])

    assert other.asked == ["a"]


def test_hostile_texts_have_keys_of_their_own(cache):
    inner = CountingEmbedder()
    texts = ["", "\0", "\ud800", "x" * 100_000]

    assert np.array_equal(cache(inner).embed(texts), cache(inner).embed(texts))
    assert inner.asked == texts


def test_nothing_gives_nothing(cache):
    assert cache(CountingEmbedder()).embed([]).shape == (0, 4)


def test_what_was_done_before_a_failure_is_kept(cache):
    texts = ["x" * length for length in range(2500)]
    with pytest.raises(EmbedderUnavailable):
        cache(CountingEmbedder(fails_after=2000)).embed(texts)
    again = CountingEmbedder()

    cache(again).embed(texts)

    assert again.asked == texts[2000:]


def test_progress_counts_the_missing_over_all_parts(cache):
    cache(CountingEmbedder()).embed(["x"])
    told = []

    cache(CountingEmbedder()).embed(
        ["x" * length for length in range(1, 2502)],
        progress=lambda done, total: told.append((done, total)),
    )

    assert told == [(2000, 2500), (2500, 2500)]


def test_a_damaged_file_is_replaced(cache, path):
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    inner = CountingEmbedder()

    first, second = cache(inner).embed(["a"]), cache(inner).embed(["a"])

    assert np.array_equal(first, second)
    assert inner.asked == ["a"]


def test_without_a_writable_file_it_goes_on(cache, path):
    path.parent.write_text("a file where the folder should be")
    inner = CountingEmbedder()

    vectors = cache(inner).embed(["a", "bb"])

    assert vectors[:, 0].tolist() == [1, 2]


def test_a_row_of_another_length_is_embedded_anew(cache, path):
    inner = CountingEmbedder()
    cache(inner).embed(["a"])
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE vectors SET vector = x'00'")
    connection.close()

    assert cache(inner).embed(["a"])[0].tolist() == [1, 1, 2, 3]


def test_a_file_deleted_between_runs_is_made_again(cache, path):
    inner = CountingEmbedder()
    first = cache(inner)
    first.embed(["a"])
    first.close()
    for one in path.parent.iterdir():
        one.unlink()

    assert cache(inner).embed(["a"])[0].tolist() == [1, 1, 2, 3]


def test_several_threads_and_connections_get_the_right_rows(cache):
    shared = [cache(CountingEmbedder()), cache(CountingEmbedder())]

    def work(seed):
        lengths = [(seed * 7 + step) % 90 for step in range(60)]
        vectors = shared[seed % 2].embed(["x" * length for length in lengths])
        return vectors[:, 0].tolist() == lengths

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(40)))


def test_it_holds_hashes_and_numbers_only(cache, path):
    one = cache(CountingEmbedder())
    one.embed(["my card number is 4111"])
    one.close()

    assert not any(b"4111" in file.read_bytes() for file in path.parent.iterdir())
