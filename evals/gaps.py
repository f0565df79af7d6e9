"""Figures that differ by more than five points between the parts, and whose defect that is.

The gate part was written before anything was tuned. Where the engine is worse on it, either
its words are harder (the world's side) or the engine learned the words of the tuning part
(the matcher's side). A reader that learned neither part says which: it knows the taxonomy
alone, so what it loses on the gate part, the words explain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from domain.people import Driver
from evals.scores import Score, Scored, gap, share
from evals.stages import Chain
from evals.suite import Better, Manifest, Metric
from evals.worlds import Part

# 5 points: what the two parts may differ by before the difference is called a defect.
_MOST = 5.0


class Side(StrEnum):
    """Whose defect a gap is."""

    WORLD = "world"
    MATCHER = "matcher"
    OPEN = "not told from chance"


class GapDefect(NamedTuple):
    """A metric whose two parts differ by more than five points."""

    suite: str
    metric: str
    title: str
    points: Scored
    side: Side
    why: str

    @property
    def text(self) -> str:
        """The defect in one line."""
        one = self.points
        return (
            f"{self.suite}/{self.metric}: {one.value:+.1f} points ({one.low:+.1f} to "
            f"{one.high:+.1f}), side: {self.side.value}; {self.why}."
        )


def defects(
    manifest: Manifest, scores: Mapping[str, Score], words: Callable[[], Score]
) -> list[GapDefect]:
    """Give the gated metrics of a suite whose parts differ by more than five points.

    `words`: how much harder the gate part's words are; asked only where a side hangs on it.
    """
    found = []
    for metric in manifest.metrics:
        score = scores.get(f"{metric.name}.gap")
        is_large = isinstance(score, Scored) and abs(score.value) > _MOST
        if isinstance(score, Scored) and is_large and metric.better is not Better.NEITHER:
            found.append(_defect(manifest.name, metric, score, words))
    return found


def _defect(suite: str, metric: Metric, score: Scored, words: Callable[[], Score]) -> GapDefect:
    side, why = _side(score, metric, words)
    return GapDefect(suite, metric.name, metric.title, score, side, why)


def _side(score: Scored, metric: Metric, words: Callable[[], Score]) -> tuple[Side, str]:
    if score.low <= 0 <= score.high:
        return Side.OPEN, f"{score.n:,} cases are too few to tell it from nothing"
    is_worse_on_gate = (score.value > 0) == (metric.better is Better.HIGHER)
    if not is_worse_on_gate:
        return Side.WORLD, "the gate part is the easier one"
    unlearned = words()
    if not isinstance(unlearned, Scored):
        return Side.MATCHER, f"nothing says that its words are harder ({unlearned.reason})"
    told = f"a reader that knows the taxonomy alone loses {unlearned.value:.1f} points there too"
    return (Side.MATCHER if abs(score.value) - unlearned.value > _MOST else Side.WORLD), told


def gap_of_words(chains: Mapping[Part, Sequence[Chain]]) -> Score:
    """Give how much harder the gate part's words are for a reader without a past, in points.

    It names the driver of a complaint by the likeness of letters (TF-IDF of three to five)
    to the label, description and examples in the taxonomy.
    """
    return gap(_unlearned(chains.get(Part.TUNING, [])), _unlearned(chains.get(Part.GATE, [])))


def _unlearned(chains: Sequence[Chain]) -> Score:
    right = asked = 0
    for chain in chains:
        labels = chain.world.truth.labels
        said = [
            (item.text.value, labels[item.key].drivers)
            for item in chain.world.items
            if item.key in labels and labels[item.key].drivers
        ]
        if said:
            drivers = chain.world.configuration.taxonomy.drivers
            named = _nearest(drivers, [text for text, _ in said])
            right += sum(one in known for one, (_, known) in zip(named, said, strict=True))
            asked += len(said)
    return share(right, asked, none="no complaint is labelled")


def _nearest(drivers: Sequence[Driver], texts: Sequence[str]) -> list[str]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    known = vectors.fit_transform(
        [" ".join((one.label, one.description, *one.examples)) for one in drivers]
    )
    alike = vectors.transform(list(texts)) @ known.T
    return [drivers[place].name for place in alike.toarray().argmax(axis=1)]
