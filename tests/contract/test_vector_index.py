"""One suite over every vector index: the exact twin, Chroma in process, Chroma on a server."""

import contextlib
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import numpy as np
import pytest

from domain.errors import IndexUnavailable
from vectorstore.chroma import ChromaIndex
from vectorstore.exact import ExactIndex
from vectorstore.parity import rebuild
from vectorstore.rows import Rows

DIMENSIONS = 32
ENGINES = ["exact", "embedded", "server"]

pytestmark = pytest.mark.contract


def clustered(count, *, seed=7):
    """Unit vectors around twenty centres, as texts lie; never test recall on random ones."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(20, DIMENSIONS))
    vectors = centres[np.arange(count) % 20] + 0.3 * random.normal(size=(count, DIMENSIONS))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def some_rows(count, *, seed=7):
    metadatas = [
        {"kind": "item", "week": place % 3, "share": place % 2 / 2, "open": place % 2 == 0}
        for place in range(count)
    ]
    return Rows(
        [f"files/{place}" for place in range(count)], clustered(count, seed=seed), metadatas
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = Path(sys.executable).with_name("chroma")
    arguments = ["run", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        [command, *arguments, "--path", tmp_path_factory.mktemp("server")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 30
    while True:
        try:
            httpx2.get(f"{url}/api/v2/heartbeat", trust_env=False).raise_for_status()
            break
        except httpx2.HTTPError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
    yield url
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=10)


@pytest.fixture
def make_index(request, tmp_path):
    made = []

    def make(engine, *, kind="items", model_id="e5@1571fc98"):
        if engine == "exact":
            return ExactIndex(DIMENSIONS)
        where = (
            {"directory": tmp_path / kind}
            if engine == "embedded"
            else {"url": f"{request.getfixturevalue('server')}/{tmp_path.name}"}
        )
        made.append(ChromaIndex(kind=kind, model_id=model_id, dimensions=DIMENSIONS, **where))
        return made[-1]

    yield make
    for index in made:
        index.close()


@pytest.fixture(params=ENGINES)
def index(request, make_index):
    return make_index(request.param)


def ids_of(hits):
    return [hit.id for hit in hits]


def test_an_empty_index_counts_nothing_and_finds_nothing(index):
    assert index.count() == 0
    assert index.query(clustered(1)[0], k=5) == []


def test_neighbours_come_best_first_and_agree_with_the_exact_answer(index):
    rows, oracle = some_rows(400), ExactIndex(DIMENSIONS)
    oracle.upsert(*rows)
    index.upsert(*rows)

    # The graph of Chroma is approximate: on 3,000 rows it found 99.8 % of the ten nearest.
    agreed = 0
    for probe in clustered(5, seed=3):
        expected, found = oracle.query(probe, k=10), index.query(probe, k=10)
        known = {hit.id: hit.similarity for hit in oracle.query(probe, k=400)}
        agreed += len(set(ids_of(found)) & set(ids_of(expected)))
        assert found[0].id == expected[0].id
        assert found == sorted(found, key=lambda hit: -hit.similarity)
        for hit in found:
            assert hit.similarity == pytest.approx(known[hit.id], abs=1e-5)
    assert agreed >= 0.95 * 50


@pytest.mark.parametrize(
    "where",
    [
        {"kind": "item"},
        {"week": 1},
        {"share": 0.5},
        {"open": True},
        {"open": 1},
        {"week": True},
        {"week": 2, "open": False},
        {"absent": "x"},
        {},
    ],
    ids=str,
)
def test_only_rows_whose_metadata_equals_are_found(index, where):
    rows, oracle = some_rows(60), ExactIndex(DIMENSIONS)
    oracle.upsert(*rows)
    index.upsert(*rows)

    found = index.query(rows.vectors[0], k=100, where=where)

    assert ids_of(found) == ids_of(oracle.query(rows.vectors[0], k=100, where=where))


def test_similarity_is_cosine_whatever_the_length(index):
    vectors = clustered(3)
    index.upsert(["a", "b", "c"], vectors * 5, [{"kind": "item"}] * 3)

    hits = index.query(vectors[1] * 9, k=3)

    assert hits[0].id == "b"
    assert hits[0].similarity == pytest.approx(1.0, abs=1e-5)
    assert {hit.id: hit.similarity for hit in hits}["a"] == pytest.approx(
        float(vectors[0] @ vectors[1]), abs=1e-5
    )


def test_equal_neighbours_come_in_id_order(index):
    same = np.repeat(clustered(1), 4, axis=0)

    index.upsert(["d", "b", "a", "c"], same, [{"kind": "item"}] * 4)

    assert ids_of(index.query(same[0], k=4)) == ["a", "b", "c", "d"]


def test_a_second_upsert_replaces_vector_and_metadata(index):
    vectors = clustered(2)
    index.upsert(["a"], vectors[:1], [{"week": 1}])

    index.upsert(["a"], vectors[1:], [{"week": 2}])

    assert index.count() == 1
    assert index.query(vectors[1], k=1)[0].similarity == pytest.approx(1.0, abs=1e-5)
    assert index.query(vectors[1], k=1, where={"week": 1}) == []


def test_of_equal_ids_in_one_batch_the_last_counts(index):
    vectors = clustered(2)

    index.upsert(["a", "a"], vectors, [{"week": 1}, {"week": 2}])

    assert index.count() == 1
    assert ids_of(index.query(vectors[1], k=1, where={"week": 2})) == ["a"]


def test_deleted_rows_are_not_found_and_unknown_ids_are_ignored(index):
    rows = some_rows(30)
    index.upsert(*rows)

    index.delete(["files/3", "never stored"])
    index.delete([])

    assert index.count() == 29
    assert "files/3" not in ids_of(index.query(rows.vectors[3], k=30))


def test_reset_starts_empty_and_can_be_filled_again(index):
    rows = some_rows(30)
    index.upsert(*rows)

    index.reset()

    assert index.count() == 0
    index.upsert(*rows)
    assert index.count() == 30


def test_more_rows_than_the_library_takes_at_once(index):
    # 5,461 is the limit of one call to the embedded library.
    rows = some_rows(6000)

    index.upsert(*rows)

    assert index.count() == 6000
    assert index.query(rows.vectors[5999], k=1)[0].id == "files/5999"


@pytest.mark.parametrize("k", [0, -1])
def test_asking_for_none_gives_none(index, k):
    index.upsert(*some_rows(3))

    assert index.query(clustered(1)[0], k=k) == []


def test_more_neighbours_than_there_are_gives_all(index):
    index.upsert(*some_rows(7))

    assert len(index.query(clustered(1)[0], k=500)) == 7


@pytest.mark.parametrize("id_", ["a/b c", "ünï", "a\0b", "x" * 3000, "😀", "'; DROP"])
def test_any_text_may_be_an_id(index, id_):
    index.upsert([id_], clustered(1), [{"kind": "item"}])

    assert ids_of(index.query(clustered(1)[0], k=1)) == [id_]


@pytest.mark.parametrize(
    "rows",
    [
        (["a"], clustered(2), [{"w": 1}]),
        (["a"], clustered(1), []),
        (["a"], np.ones((1, DIMENSIONS + 1), np.float32), [{"w": 1}]),
        (["a"], np.full((1, DIMENSIONS), np.nan, np.float32), [{"w": 1}]),
        ([""], clustered(1), [{"w": 1}]),
        (["\ud800"], clustered(1), [{"w": 1}]),
        (["a", "b"], clustered(2), [{"w": 1}, {"v": 1}]),
    ],
    ids=["lengths", "no metadata", "dimensions", "not finite", "empty id", "surrogate", "keys"],
)
def test_rows_that_do_not_fit_are_refused_and_the_index_lives_on(index, rows):
    index.upsert(*some_rows(3))

    with pytest.raises(ValueError, match=r".+"):
        index.upsert(*rows)

    assert index.count() == 3


@pytest.mark.parametrize("length", [DIMENSIONS - 1, 0])
def test_a_query_of_another_length_is_refused(index, length):
    index.upsert(*some_rows(3))

    with pytest.raises(ValueError, match="finite numbers"):
        index.query(np.ones(length, np.float32), k=1)


def test_nothing_to_store_changes_nothing(index):
    index.upsert([], np.empty((0, DIMENSIONS), np.float32), [])

    assert index.count() == 0


def test_a_rebuild_replaces_everything_and_is_whole(index):
    index.upsert(*some_rows(40, seed=1))
    rows = some_rows(300)
    halves = [Rows(*(part[:200] for part in rows)), Rows(*(part[200:] for part in rows))]

    report = rebuild(index, lambda: halves)

    assert report.is_whole
    assert (report.expected, report.held, index.count()) == (300, 300, 300)


def test_an_error_while_rows_are_read_leaves_the_index_as_it_was(index):
    index.upsert(*some_rows(20))

    def broken():
        yield some_rows(5, seed=2)
        raise RuntimeError("the store is gone")

    with pytest.raises(RuntimeError, match="the store is gone"):
        index.rebuild(broken())

    assert index.count() == 20


@pytest.mark.parametrize("engine", ["embedded", "server"])
def test_rows_survive_closing(make_index, engine):
    index = make_index(engine)
    index.upsert(*some_rows(25))

    index.close()

    assert make_index(engine).count() == 25


@pytest.mark.parametrize("engine", ["embedded", "server"])
def test_kinds_and_models_never_meet(make_index, engine):
    make_index(engine).upsert(*some_rows(5))

    assert make_index(engine, kind="cases").count() == 0
    if engine == "server":
        assert make_index(engine, model_id="other@2").count() == 0


def test_homes_share_a_server_by_the_path_of_its_address(make_index, server):
    make_index("server").upsert(*some_rows(5))
    other = ChromaIndex(
        kind="items", model_id="e5@1571fc98", dimensions=DIMENSIONS, url=f"{server}/other-home"
    )

    assert other.count() == 0

    other.close()


def test_a_server_that_is_not_there_is_unavailable_at_once():
    index = ChromaIndex(
        kind="items", model_id="m@1", dimensions=DIMENSIONS, url="http://127.0.0.1:9"
    )

    with pytest.raises(IndexUnavailable):
        index.count()
    with pytest.raises(IndexUnavailable):
        index.reset()


def start(folder, code):
    program = (
        "from pathlib import Path\n"
        "from tests.contract.test_vector_index import ChromaIndex, DIMENSIONS, some_rows\n"
        "from domain.errors import IndexUnavailable\n"
        "index = ChromaIndex(kind='items', model_id='e5@1571fc98', dimensions=DIMENSIONS,"
        f" directory=Path({str(folder)!r}))\n{code}"
    )
    return subprocess.Popen(
        [sys.executable, "-u", "-c", program],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_second_process_is_refused_and_cannot_even_reset(make_index, tmp_path):
    index = make_index("embedded")
    index.upsert(*some_rows(20))

    other = start(
        tmp_path / "items",
        "for verb in (index.count, index.reset, lambda: index.upsert(*some_rows(2)),"
        " lambda: index.rebuild([])):\n"
        "    try: verb()\n"
        "    except IndexUnavailable as error: print('Another process works' in str(error))",
    )
    answers, _ = other.communicate(timeout=60)

    assert answers.split() == ["True"] * 4
    assert index.count() == 20


def test_a_process_killed_while_writing_leaves_neither_lock_nor_torn_index(make_index, tmp_path):
    other = start(
        tmp_path / "items",
        "index.upsert(*some_rows(50))\nprint('ready')\nwhile True: index.upsert(*some_rows(3000))",
    )
    assert other.stdout.readline().strip() == "ready"
    while not list(tmp_path.glob("items/*/unfinished")):
        pass
    other.kill()
    other.communicate()

    index = make_index("embedded")

    held = index.count()
    index.upsert(*some_rows(30))
    assert index.query(some_rows(30).vectors[4], k=1)[0].id == "files/4"
    assert held in (0, 50, 3000)
