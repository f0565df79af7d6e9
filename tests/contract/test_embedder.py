"""One suite over every embedder: the embedded one, behind its cache, and a remote one."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import numpy as np
import pytest

from tests.embedding import MODELS_DIR, shared_embedder
from vectorstore.cached import CachedEmbedder
from vectorstore.e5.convert import ensure_converted
from vectorstore.remote import RemoteEmbedder

pytestmark = pytest.mark.contract

HOSTILE = ["", " ", "\0", "\ud800\udfff", "😀" * 50, "\ufdfa" * 10, "\x07", "refund " * 14_286]


def answer(request):
    """An endpoint that has the same model behind it."""
    vectors = shared_embedder().embed(json.loads(request.content)["input"])
    rows = [{"index": place, "embedding": row.tolist()} for place, row in enumerate(vectors)]
    return httpx2.Response(200, json={"data": rows})


@pytest.fixture(params=["embedded", "cached", "remote"])
def embedder(request, tmp_path):
    if request.param == "embedded":
        yield shared_embedder()
        return
    made = (
        CachedEmbedder(shared_embedder(), tmp_path / "vectors.sqlite")
        if request.param == "cached"
        else RemoteEmbedder(
            base_url="http://vectors.example/v1",
            model="e5",
            dimensions=384,
            transport=httpx2.MockTransport(answer),
        )
    )
    yield made
    made.close()


def test_rows_are_unit_vectors_in_the_order_of_the_texts(embedder):
    texts = ["late parcel", "wrong invoice", "late parcel", "the app crashes"]

    vectors = embedder.embed(texts)

    assert vectors.shape == (4, embedder.dimensions)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    assert np.array_equal(vectors[0], vectors[2])
    assert np.allclose(embedder.embed(texts[::-1])[::-1], vectors, atol=1e-5)


def test_nothing_gives_an_empty_array(embedder):
    assert embedder.embed([]).shape == (0, embedder.dimensions)


def test_hostile_texts_get_finite_unit_vectors(embedder):
    vectors = embedder.embed(HOSTILE)

    assert np.isfinite(vectors).all()
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)


def test_progress_reaches_the_total(embedder):
    told = []

    embedder.embed(["a", "b", "a"], progress=lambda done, total: told.append((done, total)))

    assert told[-1] == (2, 2)


def test_the_model_id_has_a_name_and_a_hash(embedder):
    name, _, digest = embedder.model_id.partition("@")

    assert name
    assert len(digest) == 8


def test_one_object_serves_several_threads(embedder):
    texts = [f"complaint {number}" for number in range(12)]
    expected = embedder.embed(texts)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: embedder.embed(texts), range(4)))

    assert all(np.allclose(one, expected, atol=1e-5) for one in found)


def test_the_runtime_writes_nothing_into_the_users_home(tmp_path):
    ensure_converted(MODELS_DIR)
    code = (
        "from pathlib import Path\n"
        "from vectorstore.e5.embedder import E5Embedder\n"
        f"E5Embedder(Path({str(MODELS_DIR)!r})).embed(['x'])"
    )
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("XDG_", "ORT_", "HF_"))
    }

    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        cwd=Path(__file__).parents[2],
        env=environment | {"HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
    )

    assert list(tmp_path.rglob("*")) == []


def test_importing_the_room_loads_no_heavy_library():
    code = (
        "import sys, vectorstore.cached, vectorstore.chroma, vectorstore.e5.embedder\n"
        "import vectorstore.exact, vectorstore.parity, vectorstore.remote\n"
        "heavy = {'chromadb', 'onnxruntime', 'onnx', 'tokenizers', 'httpx2', 'tenacity'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True
    )

    assert (done.returncode, done.stdout.split()) == (0, [])
