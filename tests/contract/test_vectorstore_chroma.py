"""What goes wrong with an index that may be thrown away at any moment."""

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from domain.errors import IndexUnavailable
from vectorstore.chroma import ChromaIndex, collection_name
from vectorstore.generations import distrust
from vectorstore.rows import Rows

pytestmark = pytest.mark.contract

DIMENSIONS = 8


def some_rows(count, *, prefix="r"):
    random = np.random.default_rng(count)
    vectors = random.normal(size=(count, DIMENSIONS)).astype(np.float32)
    ids = [f"{prefix}{place}" for place in range(count)]
    return Rows(ids, vectors, [{"kind": "item"} for _ in ids])


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "chroma" / "items"


@pytest.fixture
def open_index(folder):
    opened = []

    def make(directory=folder):
        opened.append(
            ChromaIndex(kind="items", model_id="m@1", dimensions=DIMENSIONS, directory=directory)
        )
        return opened[-1]

    yield make
    for index in opened:
        index.close()


def generations(folder):
    return sorted(path for path in folder.iterdir() if path.is_dir())


def test_a_folder_deleted_while_it_is_open_is_said_once_and_a_rebuild_fills_it(open_index, folder):
    index = open_index()
    index.upsert(*some_rows(20))

    shutil.rmtree(folder)

    with pytest.raises(IndexUnavailable, match="deleted"):
        index.query(some_rows(1).vectors[0], k=1)
    assert index.count() == 0
    assert index.rebuild([some_rows(20)]) == 20
    assert index.query(some_rows(20).vectors[3], k=1)[0].id == "r3"


def test_one_index_of_a_process_may_fail_without_harming_the_other(open_index, folder):
    items, cases = open_index(), open_index(folder.with_name("cases"))
    items.upsert(*some_rows(5))
    cases.upsert(*some_rows(7))

    shutil.rmtree(folder)
    with pytest.raises(IndexUnavailable):
        items.count()

    assert cases.count() == 7
    assert cases.query(some_rows(7).vectors[2], k=1)[0].id == "r2"


@pytest.mark.parametrize("pattern", ["chroma.sqlite3", "*/*.bin"])
@pytest.mark.parametrize("content", [b"", b"\xff" * 4096], ids=["empty", "garbage"])
def test_a_damaged_index_is_left_behind_and_an_empty_one_takes_its_place(
    open_index, folder, pattern, content
):
    index = open_index()
    # 1,200: past the thousand at which the library writes its graph to files.
    index.upsert(*some_rows(1200))
    index.close()
    (generation,) = generations(folder)
    for path in generation.glob(pattern):
        path.write_bytes(content)

    try:
        held = index.count()
    except IndexUnavailable:
        held = index.count()

    assert held == 0
    index.upsert(*some_rows(20))
    assert index.count() == 20


def test_what_a_killed_writer_left_is_never_opened_again(open_index, folder):
    index = open_index()
    index.upsert(*some_rows(20))
    index.close()
    (generation,) = generations(folder)
    distrust(generation)

    assert index.count() == 0
    assert generation not in generations(folder)


def test_close_lets_another_index_take_the_folder(open_index):
    first, second = open_index(), open_index()
    first.upsert(*some_rows(20))
    with pytest.raises(IndexUnavailable, match="Another process"):
        second.count()

    first.close()

    assert second.count() == 20


def test_a_rebuild_leaves_no_byte_of_what_was_deleted(open_index, folder):
    index = open_index()
    index.upsert(*some_rows(20, prefix="secret-name-"))
    index.delete(some_rows(20, prefix="secret-name-").ids)

    index.rebuild([some_rows(5)])

    assert len(generations(folder)) == 1
    assert not any(
        b"secret-name-" in path.read_bytes() for path in folder.rglob("*") if path.is_file()
    )


def test_queries_are_answered_while_a_rebuild_goes_on(open_index):
    index = open_index()
    index.upsert(*some_rows(20))
    begun, asked = threading.Event(), threading.Event()

    def slowly():
        begun.set()
        assert asked.wait(20)
        yield some_rows(30)

    thread = threading.Thread(target=lambda: index.rebuild(slowly()))
    thread.start()
    assert begun.wait(20)
    held = index.count()
    asked.set()
    thread.join()

    assert (held, index.count()) == (20, 30)


def test_a_rebuild_that_fails_leaves_no_draft(open_index, folder):
    index = open_index()
    index.upsert(*some_rows(20))

    with pytest.raises(ValueError, match="do not fit"):
        index.rebuild([some_rows(5), Rows(["x"], np.ones((1, 3), np.float32), [{"kind": "item"}])])

    assert index.count() == 20
    assert len(generations(folder)) == 1


def test_an_index_that_grew_without_bound_is_thrown_away(open_index, folder):
    index = open_index()
    index.upsert(*some_rows(20))
    (generation,) = generations(folder)
    with (generation / "data_level0.bin").open("wb") as file:
        file.truncate(64 * 2**30)

    with pytest.raises(IndexUnavailable, match="without bound"):
        index.upsert(*some_rows(20))

    assert index.count() == 0
    assert generation not in generations(folder)


def test_settings_of_the_working_folder_do_not_reach_the_library(open_index, tmp_path, monkeypatch):
    (tmp_path / ".env").write_text(
        "IS_PERSISTENT=0\nCHROMA_API_IMPL=chromadb.api.fastapi.FastAPI\n"
    )
    monkeypatch.chdir(tmp_path)
    index = open_index()

    index.upsert(*some_rows(3))

    assert index.count() == 3


@pytest.mark.parametrize("where", [{}, {"directory": Path("x"), "url": "http://x"}])
def test_either_a_folder_or_an_address(where):
    with pytest.raises(ValueError, match="directory or a url"):
        ChromaIndex(kind="items", model_id="m@1", dimensions=8, **where)


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://host", "http://"])
def test_an_address_of_another_kind_is_refused(url):
    with pytest.raises(ValueError, match="begins with http"):
        ChromaIndex(kind="items", model_id="m@1", dimensions=8, url=url)


def test_the_collection_name_carries_kind_model_and_dimensions():
    assert collection_name("items", "e5-small-q4@1571fc98", 384) == "items-e5-small-q4-1571fc98-384"
