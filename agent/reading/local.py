"""The reader that is always there: no key, no network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from agent.reading.clauses import Clause, clauses_of, parts_of, problem_of
from agent.reading.drivers import DriverFinder
from agent.reading.lexicon import Tone, tone_of
from agent.reading.mentions import Part, considered, mentions_of
from agent.reading.noise import noise_of
from agent.reading.sentiment import Chances, SentimentJudge, decide
from domain.errors import EmbedderUnavailable
from domain.feedback import DriverChance, DriverMention, Noise, Reading, Sentiment
from domain.people import Taxonomy
from domain.ports import Progress
from domain.provenance import MadeBy
from domain.seats import ReadRequest
from domain.vectors import Embedder

if TYPE_CHECKING:
    from domain.vectors import Vectors

VERSION = "2"
_BATCH = 512
_LONGEST_PROBLEM = 600
# Parts of one text that are embedded besides the whole, where they say different things.
_MOST_EMBEDDED = 3
# Chance by words from which two parts count as speaking of two drivers, and word weight from
# which two parts count as two sides: 0.2 to 0.4 further vectors a text on public reviews and
# tweets, each of a few words (measured 2026-11-24).
_SPEAKS_FROM = 0.45
_CLEAR_FROM = 0.4
_LEAST_WORDS = 4
_SIDE_FROM = 1.5
# Word weight from which a part is kind, and the confidence from which a driver whose own part
# is not is a report that nobody should take for praise.
_KIND_FROM = 1.0
_MEANT_FROM = 0.5


class _Prepared(NamedTuple):
    request: ReadRequest
    clauses: list[Clause]
    parts: list[Clause]
    part_tones: list[Tone]
    problem: str
    tone: Tone


class _Judged(NamedTuple):
    """What was computed for one text, before it becomes a reading."""

    prepared: _Prepared
    chances: Chances
    scores: Vectors
    parts: list[Part]
    by_words: bool


class LocalReader:
    """Reads with words and, where an embedder is there, with meaning.

    What is embedded of a text is exactly `Reading.problem`, so that a caller gets the same
    vector from the same cached embedder at no cost; about one text in five has a few of its
    parts embedded as well. An embedder that fails is left alone until the next call of
    `read`, as it may come back.
    """

    def __init__(self, embedder: Embedder | None) -> None:
        self._given = embedder
        self._use(embedder)

    def _use(self, embedder: Embedder | None) -> None:
        self._embedder = embedder
        self._judge = SentimentJudge(embedder)
        self._finders: dict[str, DriverFinder] = {}

    def read(
        self,
        requests: Sequence[ReadRequest],
        *,
        taxonomy: Taxonomy,
        progress: Progress | None = None,
    ) -> list[Reading]:
        """Read items; one reading per request, in their order."""
        readings: list[Reading] = []
        if self._embedder is not self._given:
            self._use(self._given)
        for start in range(0, len(requests), _BATCH):
            batch = [_prepare(one) for one in requests[start : start + _BATCH]]
            readings += self._read_batch(batch, taxonomy)
            if progress is not None:
                progress(len(readings), len(requests))
        return readings

    def _read_batch(self, batch: list[_Prepared], taxonomy: Taxonomy) -> list[Reading]:
        try:
            judged = list(self._judged(batch, taxonomy))
        except EmbedderUnavailable:
            self._use(None)
            judged = list(self._judged(batch, taxonomy))
        finder = self._finder(taxonomy)
        made_by = MadeBy(
            engine="local",
            version=VERSION if self._embedder is not None else f"{VERSION}, words only",
            taxonomy=taxonomy.hash,
        )
        return [_reading(one, finder, made_by) for one in judged]

    def _finder(self, taxonomy: Taxonomy) -> DriverFinder:
        if taxonomy.hash not in self._finders:
            self._finders[taxonomy.hash] = DriverFinder(
                taxonomy, self._embedder, mean=self._judge.mean
            )
        return self._finders[taxonomy.hash]

    def _judged(self, batch: list[_Prepared], taxonomy: Taxonomy) -> Iterator[_Judged]:
        finder = self._finder(taxonomy)
        texts = [one.problem for one in batch]
        vectors = self._embed(texts)
        chances = self._judge.chances(texts, vectors)
        scores = finder.scores(texts, vectors)
        asides: list[list[Clause]] = [[] for _ in batch]
        spoken = _Spoken(batch, finder)
        if vectors is not None:
            asides = [asides_of(one, row, spoken) for one, row in zip(batch, scores, strict=True)]
        aside = iter(self._parts(finder, [part for parts in asides for part in parts]))
        for row, (one, own) in enumerate(zip(batch, asides, strict=True)):
            embedded = [next(aside) for _ in own]
            known = {(part.clause.start, part.clause.end) for part in embedded}
            by_words = [Part(part, spoken.row(part), by_words=True) for part in one.parts]
            parts = [part for part in by_words if part.clause[:2] not in known] + embedded
            parts.sort(key=lambda part: part.clause.start)
            yield _Judged(one, chances[row], scores[row], parts, vectors is None)

    def _parts(self, finder: DriverFinder, clauses: list[Clause]) -> list[Part]:
        texts = [clause.text for clause in clauses]
        vectors = self._embed(texts) if texts else None
        chances = self._judge.chances(texts, vectors)
        scores = finder.scores(texts, vectors)
        return [
            Part(clause, row, False, own)
            for clause, row, own in zip(clauses, scores, chances, strict=True)
        ]

    def _embed(self, texts: list[str]) -> Vectors | None:
        return self._embedder.embed(texts) if self._embedder is not None else None


class _Spoken:
    """Driver scores by words of all clauses and parts of a batch, counted in one go."""

    def __init__(self, batch: Sequence[_Prepared], finder: DriverFinder) -> None:
        self.finder = finder
        texts = {part.text for one in batch for part in (*one.clauses, *one.parts)}
        self._places = {text: place for place, text in enumerate(sorted(texts))}
        self._rows = finder.by_words(list(self._places))

    def row(self, part: Clause) -> Vectors:
        """Scores of a clause or part, of shape (drivers,)."""
        row: Vectors = self._rows[self._places[part.text]]
        return row

    def most(self, parts: Sequence[Clause]) -> list[float]:
        """The best score of each part."""
        return [float(self.row(part).max(initial=0.0)) for part in parts]


def _prepare(request: ReadRequest) -> _Prepared:
    clauses = clauses_of(request.text.value)
    subject = request.subject.value.strip() if request.subject else ""
    problem = problem_of(clauses, limit=_LONGEST_PROBLEM)
    if subject and subject.lower() not in problem.lower():
        problem = f"{subject}. {problem}"[:_LONGEST_PROBLEM].strip()
    parts = parts_of(clauses)
    tones = [tone_of(part.text) for part in parts]
    return _Prepared(request, clauses, parts, tones, problem, tone_of(problem))


def asides_of(one: _Prepared, scores: Vectors, spoken: _Spoken) -> list[Clause]:
    """Parts worth a vector of their own; none where all say the same, or the case is clear."""
    if len(one.parts) < 2 or one.tone.is_sarcastic:
        return []
    chosen: set[int] = set()
    balances = [tone.good + tone.denied - tone.bad for tone in one.part_tones]
    best, worst = max(balances), min(balances)
    if best >= _SIDE_FROM and worst <= -_SIDE_FROM:
        chosen |= {balances.index(best), balances.index(worst)}
    named: dict[str, int] = {}
    for place, part in enumerate(one.parts):
        first = spoken.finder.first(spoken.row(part), by_words=True)
        if first is not None and first.chance >= _SPEAKS_FROM:
            named.setdefault(first.driver, place)
    if len(named) > 1:
        chosen |= set(named.values())
    asides = [one.parts[place] for place in sorted(chosen)[:_MOST_EMBEDDED]]
    return asides or _beside_praise(one, spoken) or _open_clause(one, scores, spoken)


def _beside_praise(one: _Prepared, spoken: _Spoken) -> list[Clause]:
    """The clause that speaks most of a driver, of a text with a kind word in another clause.

    What the matter feels like shows without that word.
    """
    tones = [tone_of(clause.text) for clause in one.clauses]
    if max((tone.good for tone in tones), default=0.0) < _KIND_FROM:
        return []
    plain = [
        clause
        for clause, tone in zip(one.clauses, tones, strict=True)
        if not tone.good and not tone.denied and len(clause.text.split()) >= _LEAST_WORDS
    ]
    if not plain:
        return []
    best = spoken.most(plain)
    return [plain[best.index(max(best))]]


def _open_clause(one: _Prepared, scores: Vectors, spoken: _Spoken) -> list[Clause]:
    """The clause that words explain least, of a text whose driver is not clear."""
    clauses = [clause for clause in one.clauses if len(clause.text.split()) >= _LEAST_WORDS]
    first = spoken.finder.first(scores, by_words=False)
    if len(clauses) < 2 or first is None or first.chance >= _CLEAR_FROM:
        return []
    best = spoken.most(clauses)
    return [clauses[best.index(min(best))]]


def _reading(one: _Judged, finder: DriverFinder, made_by: MadeBy) -> Reading:
    prepared, request = one.prepared, one.prepared.request
    parts = [part.chances or chances_by_words(part) for part in one.parts]
    sentiment = decide(one.chances, prepared.tone, parts=parts, rating=request.rating_share)
    noise = noise_of(prepared.problem, prepared.tone, label=sentiment.label)
    sentiment = _for_noise(noise, sentiment)
    mentions: tuple[DriverMention, ...] = ()
    beside: tuple[DriverChance, ...] = ()
    reason = f"{noise.value.replace('_', ' ')}, no report" if noise else None
    if noise is None or noise is Noise.PRAISE:
        ranked = finder.rank(one.scores, by_words=one.by_words, sentiment_score=sentiment.score)
        first = ranked[0] if ranked else None
        mentions = mentions_of(request.text, first, one.parts, sentiment, finder)
        beside = considered(ranked, mentions)
        if noise is Noise.PRAISE and _reports(mentions):
            noise, reason = None, None
        if not mentions and noise is None:
            reason = "no driver of the taxonomy fits well enough"
    return Reading(
        key=request.key,
        language=request.language or language_of(prepared.problem),
        sentiment=sentiment,
        drivers=mentions,
        considered=beside,
        noise=noise,
        problem=prepared.problem,
        reason=reason,
        made_by=made_by,
    )


def _reports(mentions: Sequence[DriverMention]) -> bool:
    return any(
        one.confidence >= _MEANT_FROM and one.sentiment in ("negative", "mixed", "neutral")
        for one in mentions
    )


def chances_by_words(part: Part) -> Chances:
    """Chances of a part that has no vector."""
    return SentimentJudge(None).chances([part.clause.text], None)[0]


def _for_noise(noise: Noise | None, sentiment: Sentiment) -> Sentiment:
    if noise is Noise.EMPTY:
        return Sentiment(label=None, score=0.0, confidence=0.0, reason="no words to judge")
    if noise in (Noise.SPAM, Noise.AUTO_REPLY):
        return Sentiment(label="neutral", score=0.0, confidence=0.8)
    return sentiment


def language_of(text: str) -> str | None:
    """Guess the language as BCP 47; None for too little text."""
    if len(text) < 12:
        return None
    import py3langid

    code, _ = py3langid.classify(text)
    return str(code)
