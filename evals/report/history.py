"""The figures of earlier runs, one line a run, for the trend."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from domain.errors import InvalidInput
from domain.record import Instant, Record
from evals.run import SuiteResult
from evals.scores import Scored, is_of_time
from evals.suite import Better

# More would be a smear at the width of a trend.
_SHOWN = 30


class About(Record):
    """What was run; only runs that agree in all but the time are compared."""

    at: Instant
    engine: str
    scale: str
    world: str | None = None
    """The name of a world that was given; None where worlds were built."""

    def is_like(self, other: About) -> bool:
        """Whether figures of both may stand in one trend."""
        return self.model_copy(update={"at": other.at}) == other


class PastRun(Record):
    """One line."""

    about: About
    scores: dict[str, dict[str, Scored]]
    """By suite and metric, those that a gate looks at or a report compares."""


def past_run(about: About, results: Sequence[SuiteResult]) -> PastRun:
    """Give the line of a run."""
    return PastRun(
        about=about,
        scores={one.manifest.name: _kept(one) for one in results if not one.skipped},
    )


def _kept(result: SuiteResult) -> dict[str, Scored]:
    gated = {one.name for one in result.manifest.metrics if one.better is not Better.NEITHER}
    return {
        name: score
        for name, score in result.scores.items()
        if isinstance(score, Scored)
        and (name.partition(".")[0] in gated or is_of_time(score))
        and not name.endswith(".gap")
    }


def read_history(path: Path) -> list[PastRun]:
    """Give all runs of a file, oldest first; none where there is no file.

    Raises:
        InvalidInput: The file holds something else.
    """
    if not path.exists():
        return []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [PastRun.model_validate_json(line) for line in lines if line.strip()]
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise InvalidInput(
            f"{path} is not a history of evaluations. Name another file with --history."
        ) from error


def append_run(path: Path, run: PastRun, *, earlier: Sequence[PastRun]) -> list[PastRun]:
    """Add a run to the file; gives all runs like it, oldest first, at most thirty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as lines:
        lines.write(run.model_dump_json() + "\n")
    like = [one for one in earlier if one.about.is_like(run.about)]
    return [*like, run][-_SHOWN:]
