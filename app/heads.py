"""`fit`: a head taught on a team's own labels, from one file into another."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from agent.reading.redact import redact
from agent.reading.taught.file import load_head, save_head
from agent.reading.taught.head import TaughtHead
from agent.reading.taught.teach import Example, Wish, teach
from app.progress import bar
from app.settings import Settings
from app.wiring import open_embedder
from connectors.files.labelled import LeftOut, read_labelled
from domain.errors import InvalidInput
from domain.vectors import Embedder

_REASONS = 20


class Columns(NamedTuple):
    """The names of the two columns that matter."""

    text: str
    label: str


class Fitted(NamedTuple):
    """A head that was made, and what of the file had no part in it."""

    head: TaughtHead
    left_out: dict[str, int]

    def lines(self, output: Path) -> list[str]:
        """Say it to a person."""
        about, taught = self.head.about, self.head.about.taught
        least = min(taught.rows_by_label, key=taught.rows_by_label.__getitem__)
        told = [
            f"Taught on {taught.rows:,} rows of {len(about.labels)} labels; the rarest is "
            f"{least!r} with {taught.rows_by_label[least]}.",
            f"On rows held out ({taught.folds} parts): macro-F1 {taught.macro_f1}, "
            f"share right {taught.accuracy}.",
            f"It answers {taught.answered} of them and abstains on the others.",
        ]
        if taught.right_when_answered is not None:
            told.append(f"Right when it answers: {taught.right_when_answered}.")
        if about.embedder is None:
            told.append("There is no embedder here, so words decide alone.")
        told += [f"Left out, {count:,}: {why}" for why, count in self.left_out.items()]
        return [*told, f"Written to {output}."]


def fit_file(
    settings: Settings, train: Path, output: Path, *, columns: Columns, wish: Wish
) -> Fitted:
    """Teach a head on the labelled rows of a file and keep it.

    Raises:
        InvalidInput: The file, its columns, its labels or the output cannot be used.
    """
    if not train.is_file():
        raise InvalidInput(f"The file {train} does not exist.")
    if output.is_dir():
        raise InvalidInput(f"{output} is a folder. Name a file for the head with --output.")
    left_out: Counter[str] = Counter()
    examples: list[Example] = []
    with bar("Reading lines") as progress:
        rows = read_labelled(train, text=columns.text, label=columns.label, progress=progress)
        for row in rows:
            if isinstance(row, LeftOut):
                left_out[row.reason if len(left_out) < _REASONS else "other reasons"] += 1
            else:
                examples.append(Example(redact(row.text), row.label))
    if not examples:
        why = "; ".join(f"{count:,}: {reason}" for reason, count in left_out.items())
        raise InvalidInput(f"{train} has no row with a text and a label. {why}".strip())
    embedder = open_embedder(settings)
    with bar("Teaching") as progress:
        head = teach(examples, embedder=embedder, wish=wish, embedding=progress, fitting=progress)
    save_head(head, output)
    return Fitted(head, dict(left_out))


def open_head(path: Path, embedder: Embedder | None) -> TaughtHead:
    """Open a head that was taught with this embedder.

    Raises:
        InvalidInput: It does not exist, is damaged, or was taught with another embedder.
    """
    head = load_head(path)
    head.require(embedder)
    return head
