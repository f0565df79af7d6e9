"""The reviewed figures that a gate compares with, in one file under version control."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from domain.errors import InvalidInput, Misuse
from domain.record import Record
from evals.report.results import score_object
from evals.run import SuiteResult
from evals.scores import Score, Scored
from evals.worlds import Scale

SHIPPED = Path(__file__).with_name("baseline.json")


class Wrong(Record):
    """What a case gave that was not right."""

    got: str
    loss: float


class Reason(Record):
    """Why the figures were changed."""

    on: date
    text: str


class Figures(Record):
    """What a run of one scale gave."""

    scores: dict[str, dict[str, Score]]
    """By suite and metric."""
    asked: dict[str, str]
    """By suite: the hash of its worlds. Under another hash cases cannot be compared."""
    wrong: dict[str, dict[str, dict[str, Wrong]]]
    """By suite, metric and case: only what was not right; the rest gave what was expected."""


class Baseline(Record):
    """The whole file."""

    reasons: tuple[Reason, ...] = ()
    """Why it was changed, oldest first."""
    smoke: Figures | None = None
    full: Figures | None = None

    def of(self, scale: Scale) -> Figures | None:
        """The figures of one scale."""
        return self.smoke if scale is Scale.SMOKE else self.full


def load_baseline(path: Path) -> Baseline:
    """Load the file; an absent one is an empty baseline.

    Raises:
        InvalidInput: The file is not a baseline.
    """
    if not path.is_file():
        return Baseline()
    try:
        return Baseline.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise InvalidInput(f"{path} is not a baseline: {error.errors()[0]['msg']}.") from error


def accept(
    path: Path, results: Sequence[SuiteResult], *, scale: Scale, reason: str, on: date
) -> None:
    """Write what was measured as the baseline of its scale; other suites keep their figures.

    Raises:
        Misuse: No reason is given.
    """
    if not reason.strip():
        raise Misuse("A baseline changes only with a reason: --accept 'why it is right'.")
    known = load_baseline(path)
    fresh = figures_of(results, keep_cases=scale is Scale.SMOKE)
    before = known.of(scale)
    if before is not None:
        fresh = Figures(
            scores=before.scores | fresh.scores,
            asked=before.asked | fresh.asked,
            wrong=before.wrong | fresh.wrong,
        )
    update: dict[str, Any] = {
        scale.value: fresh,
        "reasons": (*known.reasons, Reason(on=on, text=reason.strip())),
    }
    path.write_text(_text(known.model_copy(update=update)), encoding="utf-8")


def figures_of(results: Sequence[SuiteResult], *, keep_cases: bool) -> Figures:
    """Give the figures of a run; skipped suites are left out."""
    ran = [one for one in results if not one.skipped]
    return Figures(
        scores={one.manifest.name: dict(one.scores) for one in ran},
        asked={one.manifest.name: one.asked for one in ran},
        wrong={one.manifest.name: _wrong(one) for one in ran} if keep_cases else {},
    )


def _wrong(result: SuiteResult) -> dict[str, dict[str, Wrong]]:
    found: dict[str, dict[str, Wrong]] = {}
    for one in result.cases:
        if one.loss > 0:
            found.setdefault(one.metric, {})[one.id] = Wrong(got=one.got, loss=one.loss)
    return found


def _text(baseline: Baseline) -> str:
    """Give the file with one metric or case a line, so that a review sees what changed."""
    whole: dict[str, Any] = {
        "reasons": [one.model_dump(mode="json") for one in baseline.reasons],
    }
    for scale in Scale:
        figures = baseline.of(scale)
        if figures is not None:
            whole[scale.value] = {
                "scores": {name: _scores(some) for name, some in figures.scores.items()},
                "asked": figures.asked,
                "wrong": figures.model_dump(mode="json")["wrong"],
            }
    return _lines(whole, depth=0) + "\n"


def _scores(scores: Mapping[str, Score]) -> dict[str, Any]:
    return {
        name: score_object(score)
        if isinstance(score, Scored)
        else {"reason": score.reason, "n": score.n}
        for name, score in scores.items()
    }


def _lines(value: Any, *, depth: int) -> str:
    is_leaf = not isinstance(value, dict) or not any(
        isinstance(one, dict | list) for one in value.values()
    )
    if is_leaf and not (isinstance(value, list) and value and isinstance(value[0], dict)):
        return json.dumps(value, ensure_ascii=False)
    inner = " " * (depth + 1)
    if isinstance(value, list):
        rows = [f"{inner}{_lines(one, depth=depth + 1)}" for one in value]
        return "[\n" + ",\n".join(rows) + f"\n{' ' * depth}]"
    rows = [
        f"{inner}{json.dumps(key, ensure_ascii=False)}: {_lines(one, depth=depth + 1)}"
        for key, one in value.items()
    ]
    return "{\n" + ",\n".join(rows) + f"\n{' ' * depth}}}"
