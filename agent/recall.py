"""Similar past cases and items: full text and vectors fused in one place."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from domain.errors import EmbedderUnavailable, IndexUnavailable
from domain.facts import Case, SimilarCase
from domain.ports import Store
from domain.predicates import Scalar
from domain.record import CaseId, FeedbackKey
from domain.vectors import Embedder, VectorIndex

if TYPE_CHECKING:
    from domain.vectors import Vectors

_WORD = re.compile(r"[^\W_]{2,}")
_HEAD = re.compile(r"\s*[^\n]{1,200}?(?:[.!?](?=\s)|\n|$)")
# z(BM25) + 2 z(cosine) + z(cosine of first sentences): recall at 1 / 5 / 10 is 0.548 / 0.794 /
# 0.849 on 126 duplicate reports of one tracker; words alone 0.444 / 0.706 / 0.762, without
# the first sentences 0.524 / 0.778 / 0.841 (measured 2026-11-24).
DENSE_WEIGHT = 2.0
_CANDIDATES = 60
# Likeness under which a case is not shown, and the cosine span that likeness is read from:
# unrelated texts lie near 0.80, translations of one text near 0.92 (measured 2026-11-24).
_LEAST_LIKENESS = 0.45
_COSINE_LOW, _COSINE_HIGH = 0.78, 0.93


def words_in(text: str) -> list[str]:
    """Lower-case words of a text."""
    return _WORD.findall(text.lower())


def standardised(scores: Any) -> Any:
    """Give z-scores, of shape (scores,); all 0 where nothing differs."""
    deviation = scores.std() if len(scores) else 0.0
    return (scores - scores.mean()) / deviation if deviation else np.zeros(len(scores))


class Bm25:
    """BM25 (k1 1.2, b 0.75; Robertson and Zaragoza 2009) over texts in memory.

    Words of a text's first sentence count three times: it names the problem, and what
    follows is often a log or a story.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [_weighted_words(text) for text in texts]
        lengths = np.array([sum(one.values()) for one in counts], np.float32)
        mean = float(lengths.mean()) if len(texts) else 1.0
        norms = 1.2 * (0.25 + 0.75 * lengths / (mean or 1.0))
        postings: dict[str, tuple[list[int], list[int]]] = {}
        for row, one in enumerate(counts):
            for word, count in one.items():
                rows, numbers = postings.setdefault(word, ([], []))
                rows.append(row)
                numbers.append(count)
        self._total = len(texts)
        self._postings: dict[str, tuple[Any, Any]] = {}
        for word, (rows, numbers) in postings.items():
            places, times = np.array(rows), np.array(numbers, np.float32)
            rarity = math.log(1 + (self._total - len(rows) + 0.5) / (len(rows) + 0.5))
            self._postings[word] = (places, rarity * times * 2.2 / (times + norms[places]))

    def scores(self, query: str) -> Vectors:
        """Scores of all texts, of shape (texts,)."""
        found = np.zeros(self._total, np.float32)
        for word, times in _weighted_words(query).items():
            if word in self._postings:
                rows, weights = self._postings[word]
                found[rows] += math.log1p(times) * weights
        return found


def _weighted_words(text: str) -> Counter[str]:
    counts = Counter(words_in(text))
    for word in words_in(head_of(text)):
        counts[word] += 2
    return counts


def head_of(text: str) -> str:
    """The first sentence of a text, at most 200 characters."""
    match = _HEAD.match(text)
    return match.group().strip() if match else text


class FusedRecall:
    """`Recall` over the store and the vector index."""

    def __init__(
        self,
        store: Store,
        *,
        embedder: Embedder | None,
        items: VectorIndex | None,
        cases: VectorIndex | None,
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._items = items
        self._cases = cases

    def similar_cases(
        self, problem: str, *, facts: Mapping[str, Scalar] | None = None, k: int = 3
    ) -> list[SimilarCase]:
        """Cases that resemble a problem, best first, with what agrees."""
        with self._store.read() as unit:
            lexical = dict(unit.cases.search(problem, limit=_CANDIDATES))
            dense = self._dense(self._cases, problem)
            known = {case.id: case for case in unit.cases.list_all()}
        ranked = fuse({str(id_): score for id_, score in lexical.items()}, dense)
        commonness = Counter(
            word for case in known.values() for word in set(words_in(_words_of(case)))
        )
        found = []
        for id_ in ranked:
            case = known.get(CaseId(id_))
            if case is None:
                continue
            agreeing = agreeing_facts(case, facts or {})
            score = likeness(dense.get(id_), lexical.get(case.id, 0.0), len(agreeing))
            if score >= _LEAST_LIKENESS:
                words = shared_words(problem, _words_of(case), commonness)
                found.append(SimilarCase(case=case, score=score, words=words, facts=agreeing))
        return sorted(found, key=lambda one: (-one.score, one.case.id))[:k]

    def similar_items(self, problem: str, *, k: int = 20) -> list[tuple[FeedbackKey, float]]:
        """Items that resemble a problem, best first."""
        with self._store.read() as unit:
            lexical = unit.feedback.search(problem, limit=_CANDIDATES)
        dense = self._dense(self._items, problem)
        ranked = fuse({str(key): score for key, score in lexical}, dense)
        return [(FeedbackKey(key), score) for key, score in list(ranked.items())[:k]]

    def _dense(self, index: VectorIndex | None, problem: str) -> dict[str, float]:
        if index is None or self._embedder is None or not problem.strip():
            return {}
        try:
            vector = self._embedder.embed([problem])[0]
            hits = index.query(vector, k=_CANDIDATES)
        except (IndexUnavailable, EmbedderUnavailable):
            return {}
        return {hit.id: hit.similarity for hit in hits}


def fuse(lexical: Mapping[str, float], dense: Mapping[str, float]) -> dict[str, float]:
    """Join two score lists, best first; what one list does not hold gets its lowest score."""
    ids = list(dict.fromkeys([*dense, *lexical]))
    sides = []
    for scores, weight in ((lexical, 1.0), (dense, DENSE_WEIGHT)):
        lowest = min(scores.values(), default=0.0)
        values = standardised(np.array([scores.get(id_, lowest) for id_ in ids]))
        sides.append((weight * values).tolist())
    joined = {id_: sides[0][place] + sides[1][place] for place, id_ in enumerate(ids)}
    return dict(sorted(joined.items(), key=lambda pair: (-pair[1], pair[0])))


def likeness(cosine: float | None, lexical: float, facts_agreeing: int) -> float:
    """Give 0 (nothing in common) to 1 (the same): meaning, shared words, agreeing facts."""
    meaning = 0.0
    if cosine is not None:
        meaning = min(1.0, max(0.0, (cosine - _COSINE_LOW) / (_COSINE_HIGH - _COSINE_LOW)))
    shared = lexical / (lexical + 8.0) if lexical > 0 else 0.0
    base = 0.65 * meaning + 0.35 * shared if cosine is not None else shared
    return round(min(1.0, base + 0.1 * min(facts_agreeing, 2)), 3)


def shared_words(left: str, right: str, commonness: Mapping[str, int]) -> tuple[str, ...]:
    """Words of both texts, rarest first, at most eight, without the shortest."""
    both = {word for word in words_in(left) if len(word) > 3} & set(words_in(right))
    return tuple(sorted(both, key=lambda word: (commonness.get(word, 0), word))[:8])


def agreeing_facts(case: Case, facts: Mapping[str, Scalar]) -> tuple[str, ...]:
    """Attribute values that the case and the problem share."""
    return tuple(
        f"{name} = {value}" for name, value in facts.items() if case.attributes.get(name) == value
    )


def _words_of(case: Case) -> str:
    return f"{case.title} {case.symptom} {case.cause or ''}"


def rank_corpus(
    queries: Sequence[str],
    corpus: Sequence[str],
    *,
    embedder: Embedder | None,
    k: int,
    allowed: Sequence[Sequence[bool]] | None = None,
) -> list[list[tuple[int, float]]]:
    """Rank a corpus in memory for each query: row and score, best first.

    `allowed[query][row]` False leaves a row out, for searching earlier texts only.
    Without an embedder, or with one that fails, words alone decide.
    """
    words = Bm25(corpus)
    meaning = _Meaning.of(queries, corpus, embedder)
    results = []
    for place, query in enumerate(queries):
        rows = np.arange(len(corpus))
        if allowed is not None:
            rows = rows[np.asarray(allowed[place], bool)]
        joined = standardised(words.scores(query)[rows])
        if meaning is not None:
            joined = joined + meaning.scores(place, rows)
        order = np.argsort(-joined, kind="stable")[:k]
        results.append([(int(rows[one]), float(joined[one])) for one in order])
    return results


class _Meaning(NamedTuple):
    """Vectors of whole texts and of their first sentences, for corpus and queries."""

    corpus: Vectors
    corpus_heads: Vectors
    queries: Vectors
    query_heads: Vectors

    @classmethod
    def of(
        cls, queries: Sequence[str], corpus: Sequence[str], embedder: Embedder | None
    ) -> _Meaning | None:
        if embedder is None or not queries or not corpus:
            return None
        texts = [*corpus, *queries]
        try:
            whole = embedder.embed(texts)
            heads = embedder.embed([head_of(text) or text for text in texts])
        except EmbedderUnavailable:
            return None
        cut = len(corpus)
        return cls(whole[:cut], heads[:cut], whole[cut:], heads[cut:])

    def scores(self, place: int, rows: Any) -> Any:
        whole = self.corpus[rows] @ self.queries[place]
        heads = self.corpus_heads[rows] @ self.query_heads[place]
        return DENSE_WEIGHT * standardised(whole) + standardised(heads)
