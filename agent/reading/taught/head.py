"""A taught head: it names a label, says how sure it is, and abstains when it is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field

from agent.reading.taught.choose import Joint, chances, familiarity, join, named
from agent.reading.taught.figures import Figure
from agent.reading.taught.linear import Linear, centred
from agent.reading.taught.words import WordTable
from domain.errors import InvalidInput
from domain.ports import Progress
from domain.record import Record
from domain.text import RedactedText
from domain.vectors import Embedder

# As much of a text as the embedder looks at.
_LONGEST = 6000


class Taught(Record):
    """What taught a head, and how well it does on rows that it was not taught on."""

    rows: int
    rows_by_label: dict[str, Annotated[int, Field(ge=1)]]
    out_of_scope_rows: int = 0
    rows_hash: str
    folds: int
    macro_f1: Figure
    accuracy: Figure
    calibration_error: float
    """Mean distance of confidence and share right on held-out rows, 15 bins of equal mass."""
    answered: Figure
    """Share of held-out rows that get a label."""
    right_when_answered: Figure | None
    """None where every held-out row abstains."""


class About(Record):
    """Everything of a head that is no array; kept as JSON."""

    labels: tuple[str, ...] = Field(min_length=2)
    embedder: str | None
    """Name and hash of the weights that made the vectors; None: words alone."""
    dimensions: int
    joint: Joint
    abstain_below: float = Field(ge=0, le=1)
    """Confidence under which no label is given."""
    unfamiliar_below: float = Field(allow_inf_nan=False)
    """Familiarity under which no label is given; on the scale of this head's scores."""
    taught: Taught
    versions: dict[str, str]


class HeadAnswer(Record):
    """What a head says of one text; `label` None is an abstention and says why."""

    label: str | None
    confidence: float = Field(ge=0, le=1)
    """Chance that `likeliest` is right."""
    likeliest: str
    """The label that it would give if it had to."""
    familiarity: float
    """How much speaks for any label at all; comparable within one head only."""
    reason: str | None = None


class Evidence(NamedTuple):
    """What speaks for each label: words and vectors, each weighed by a regression."""

    table: WordTable
    words: Linear
    """Weights of shape (labels, width of the table)."""
    meaning: Linear
    """Weights of shape (labels, dimensions)."""
    mean: Any
    """Mean vector of what taught the head, of shape (dimensions,)."""

    def joined(self, texts: Sequence[str], vectors: Any, joint: Joint) -> Any:
        """Give joined scores of shape (texts, labels); vectors may be None for words alone."""
        words = meaning = None
        if joint.words_share > 0.0:
            rows = self.table.counted(texts)
            words = self.table.scores(rows, self.words.weights) + self.words.offsets
        if joint.words_share < 1.0:
            meaning = self.meaning.scores(centred(vectors, self.mean))
        return join(words, meaning, joint)


class TaughtHead(NamedTuple):
    """Everything that a head consists of."""

    about: About
    evidence: Evidence

    @property
    def needs_vectors(self) -> bool:
        """Whether vectors have a part in an answer."""
        return self.about.joint.words_share < 1.0

    def require(self, embedder: Embedder | None) -> None:
        """Let only the embedder pass that the head was taught with.

        Raises:
            InvalidInput: It is another one, or there is none.
        """
        if not self.needs_vectors or (embedder and embedder.model_id == self.about.embedder):
            return
        here = f"{embedder.model_id!r}" if embedder else "none"
        raise InvalidInput(
            f"The head was taught with the embedder {self.about.embedder!r}, and here is {here}. "
            "Teach it again here with: undertone fit"
        )

    def answer(
        self,
        texts: Sequence[RedactedText],
        *,
        embedder: Embedder | None,
        progress: Progress | None = None,
    ) -> list[HeadAnswer]:
        """Answer for each text, in their order.

        Raises:
            InvalidInput: The embedder is not the one that the head was taught with.
            EmbedderUnavailable: The texts cannot be embedded.
        """
        self.require(embedder)
        if not texts:
            return []
        values = [as_read(text) for text in texts]
        vectors = None
        if embedder is not None and self.needs_vectors:
            vectors = embedder.embed(values, progress=progress)
        joint = self.about.joint
        joined = self.evidence.joined(values, vectors, joint)
        labels = named(joined, self._frequencies(), joint.lift)
        sure = chances(joined, joint)[np.arange(len(labels)), labels]
        near = familiarity(joined)
        return [
            self._answer(int(label), round(float(confidence), 4), known=float(known))
            for label, confidence, known in zip(labels, sure, near, strict=True)
        ]

    def _frequencies(self) -> Any:
        counts = self.about.taught.rows_by_label
        return np.array([counts[label] for label in self.about.labels]) / sum(counts.values())

    def _answer(self, label: int, confidence: float, *, known: float) -> HeadAnswer:
        about, reason = self.about, None
        if known < about.unfamiliar_below:
            reason = "The text is unlike those that taught the head."
        elif confidence < about.abstain_below:
            reason = f"Confidence is below {about.abstain_below:.2f}."
        name = about.labels[label]
        return HeadAnswer(
            label=None if reason else name,
            confidence=confidence,
            likeliest=name,
            familiarity=round(known, 3),
            reason=reason,
        )


def as_read(text: RedactedText) -> str:
    """Give the part of a text that a head looks at."""
    return text.value[:_LONGEST]
