"""A head taught on a team's labels: what it says, when it does not, and how it is kept."""

import io
import json
import pickle
import zipfile
from collections import Counter

import numpy as np
import pytest

from agent.reading.taught.file import load_head, save_head
from agent.reading.taught.split import folds_of
from agent.reading.taught.teach import Wish, teach
from domain.errors import EmbedderUnavailable, InvalidInput
from tests.builders_labelled import examples, labelled_texts, redacted, texts_elsewhere
from tests.word_vectors import WordVectors

ASKED = {
    "the parcel was lost by the courier": "delivery",
    "charged twice on the invoice": "billing",
    "I cannot sign in with my password": "login",
}


def taught(pairs=None, *, embedder=None, **wish):
    return teach(
        examples(pairs or labelled_texts()),
        embedder=embedder,
        wish=Wish(**wish),
        embedding=lambda done, total: None,
        fitting=lambda done, total: None,
    )


def said(head, texts, embedder=None):
    return head.answer([redacted(text) for text in texts], embedder=embedder)


@pytest.fixture(scope="module")
def head():
    return taught(embedder=WordVectors())


def test_texts_that_taught_nothing_get_the_right_label(head):
    found = said(head, ASKED, WordVectors())

    assert [one.label for one in found] == list(ASKED.values())
    assert all(0.5 < one.confidence <= 1 for one in found)


def test_the_same_rows_teach_the_same_head(head):
    again = taught(embedder=WordVectors())

    assert again.about == head.about
    assert said(again, ASKED, WordVectors()) == said(head, ASKED, WordVectors())


def test_a_kept_head_answers_as_the_fresh_one(head, tmp_path):
    save_head(head, tmp_path / "topics.head")

    opened = load_head(tmp_path / "topics.head")

    assert opened.about == head.about
    assert said(opened, ASKED, WordVectors()) == said(head, ASKED, WordVectors())


def test_a_text_unlike_all_others_gets_no_label_and_the_reason():
    head = taught(embedder=WordVectors(), keep=0.9)

    (found,) = said(head, ["tell me a joke about jazz"], WordVectors())

    assert found.label is None
    assert found.reason
    assert found.likeliest in head.about.labels


def test_keeping_more_answers_more():
    careful, open_handed = taught(keep=0.6), taught(keep=1.0)

    assert careful.about.taught.answered.value < open_handed.about.taught.answered.value


def test_rows_out_of_scope_are_no_label_and_show_where_to_abstain():
    pairs = labelled_texts() + [(text, "none") for text in texts_elsewhere()]

    head = taught(pairs, embedder=WordVectors(), out_of_scope="none")

    assert head.about.labels == ("billing", "delivery", "login")
    assert head.about.taught.out_of_scope_rows == 10
    assert said(head, ["sing 99"], WordVectors())[0].label is None
    assert [one.label for one in said(head, ASKED, WordVectors())] == list(ASKED.values())


def test_a_label_out_of_scope_that_no_row_has_is_refused():
    with pytest.raises(InvalidInput, match="No row has the label 'nothing'"):
        taught(out_of_scope="nothing")


def test_without_an_embedder_words_decide_alone(head):
    alone = taught()

    assert alone.about.embedder is None
    assert not alone.needs_vectors
    assert [one.label for one in said(alone, ASKED)] == list(ASKED.values())
    assert head.about.embedder == "words-48"


def test_another_embedder_than_the_one_it_was_taught_with_is_refused():
    head = taught(embedder=WordVectors())
    assert head.needs_vectors
    other = WordVectors()
    other.model_id = "other-48"

    for embedder in (None, other):
        with pytest.raises(
            InvalidInput, match=r"taught with the embedder 'words-48'.*undertone fit"
        ):
            head.answer([redacted("x")], embedder=embedder)


def test_texts_that_share_no_piece_of_a_word_can_teach():
    pairs = [(chr(0x4E00 + n), "even" if n % 2 else "odd") for n in range(20)]

    head = taught(pairs)

    assert head.evidence.table.width == 0
    assert said(head, ["x"])[0].likeliest in ("even", "odd")


def test_an_embedder_that_fails_is_said_and_not_replaced_by_words():
    with pytest.raises(EmbedderUnavailable):
        taught(embedder=WordVectors(fails=True))


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        (labelled_texts(topics=("login",)), "at least two labels"),
        (
            [*labelled_texts(), *[(one, "odd") for one in ("hm", "HM", "h m", "Hm ", " hm", "hM")]],
            r"at least 5 .* 'odd' \(2\)\. Add rows",
        ),
        ([*labelled_texts(), *[("hm", "odd")] * 9], r"at least 5 .* 'odd' \(1\)\. Add rows"),
    ],
)
def test_too_few_labels_or_texts_of_one_are_refused_with_a_next_step(pairs, words):
    with pytest.raises(InvalidInput, match=words):
        taught(pairs)


def test_no_held_out_row_was_seen_in_other_case_or_spaces():
    texts = ["Late again", "late  AGAIN", "fine", "lost", "slow", "late again "]
    labels = ["bad", "bad", "good", "bad", "bad", "good"]

    folds = folds_of(texts, labels, count=3, seed=1)

    assert folds[0] == folds[1] == folds[5]
    assert set(Counter(folds)) == {0, 1, 2}


def test_labels_are_spread_evenly_over_folds():
    pairs = labelled_texts(20)

    folds = folds_of([text for text, _ in pairs], [label for _, label in pairs], count=5, seed=3)

    by_label = Counter((label, fold) for (_, label), fold in zip(pairs, folds, strict=True))
    assert set(by_label.values()) == {4}


class _Trap:
    """Would raise when it is unpickled."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('the head ran code')",))


def _with(path, name, array):
    """Replace one array of a kept head."""
    with zipfile.ZipFile(path) as packed:
        parts = {one: packed.read(one) for one in packed.namelist()}
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    parts[f"{name}.npy"] = buffer.getvalue()
    with zipfile.ZipFile(path, "w") as packed:
        for one, content in parts.items():
            packed.writestr(one, content)


def _text(value):
    return np.frombuffer(json.dumps(value).encode(), np.uint8)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("words", np.array([_Trap()], object)),
        ("about", _text({"form": "something else"})),
        ("about", _text(["no", "object"])),
        ("about", _text({"form": "undertone head 1", "labels": ["one"]})),
        ("about", np.array(1.0)),
        ("about", np.frombuffer(b"[" * 100_000, np.uint8)),
        ("words", _text(["twice", "twice"])),
        ("pieces", _text({"not": "a list"})),
        ("word_offsets", np.array([np.nan, 0, 0], np.float32)),
        ("vector_mean", np.zeros(3, np.float32)),
        ("vector_weights", np.array([["a"]])),
        ("extra", np.zeros(1)),
    ],
)
def test_a_head_that_was_tampered_with_is_refused_and_runs_no_code(head, tmp_path, name, array):
    path = tmp_path / "topics.head"
    save_head(head, path)
    _with(path, name, array)

    with pytest.raises(InvalidInput, match=r"damaged or no head.*undertone fit"):
        load_head(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", pickle.dumps({"a": 1}), b"{}"])
def test_a_file_that_is_no_head_is_refused(tmp_path, content):
    path = tmp_path / "topics.head"
    path.write_bytes(content)

    with pytest.raises(InvalidInput, match="damaged or no head"):
        load_head(path)


def test_a_head_that_lost_its_end_is_refused(head, tmp_path):
    path = tmp_path / "topics.head"
    save_head(head, path)
    path.write_bytes(path.read_bytes()[:-200])

    with pytest.raises(InvalidInput, match="damaged or no head"):
        load_head(path)


def test_no_changed_byte_gets_past_unless_nothing_changes_by_it(head, tmp_path):
    path = tmp_path / "topics.head"
    save_head(head, path)
    whole = path.read_bytes()
    random = np.random.default_rng(5)
    refused = 0

    for place in random.integers(len(whole), size=150):
        changed = bytearray(whole)
        changed[place] ^= 1 + int(random.integers(255))
        path.write_bytes(changed)
        try:
            assert load_head(path).about == head.about
        except InvalidInput:
            refused += 1

    assert refused > 100


def test_a_head_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(InvalidInput, match=r"none\.head does not exist"):
        load_head(tmp_path / "none.head")
