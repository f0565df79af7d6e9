"""`results.json`: every figure by suite and metric."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pydantic import JsonValue

from evals.run import SuiteResult
from evals.scores import Score, Scored, Unit


def results_text(results: Sequence[SuiteResult]) -> str:
    """Give `{suite: {metric: {value, low, high, n, unit}}}`; skipped suites are left out.

    A metric without a figure has `value` null and a `reason`.
    """
    suites = {
        one.manifest.name: {name: score_object(score) for name, score in one.scores.items()}
        for one in results
        if not one.skipped
    }
    return json.dumps(suites, indent=1, ensure_ascii=False) + "\n"


def score_object(score: Score) -> dict[str, JsonValue]:
    """Give one score as it stands in `results.json`."""
    if isinstance(score, Scored):
        return {
            "value": round(score.value, 6),
            "low": round(score.low, 6),
            "high": round(score.high, 6),
            "n": score.n,
            "unit": score.unit.value,
        }
    none = dict.fromkeys(("value", "low", "high"))
    return {**none, "n": score.n, "unit": None, "reason": score.reason}


def digits_of(unit: Unit) -> int:
    """How many digits behind the point a person reads."""
    return {Unit.SHARE: 3, Unit.SECONDS: 3, Unit.USD: 4, Unit.PER_10000: 2}.get(unit, 1)


def score_text(score: Score) -> str:
    """Give one score as a person reads it, for example `0.812 (0.790 to 0.830), n 1,200`."""
    if not isinstance(score, Scored):
        return f"not scored: {score.reason}"
    digits = digits_of(score.unit)
    value, low, high = (f"{one:,.{digits}f}" for one in (score.value, score.low, score.high))
    unit = "" if score.unit is Unit.SHARE else f" {score.unit.value}"
    return f"{value}{unit} ({low} to {high}), n {score.n:,}"
