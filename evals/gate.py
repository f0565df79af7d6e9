"""Whether a run is worse than its baseline: only what is significant, or breaks a bar.

Where the same worlds were asked, cases are compared with themselves: of those that changed,
were more worse than chance allows (sign test)? Where the worlds changed, intervals are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from math import comb
from typing import NamedTuple

from evals.baseline import Figures, Wrong
from evals.report.results import score_text
from evals.run import SuiteResult
from evals.scores import Score, Scored, Unscored
from evals.suite import Better, CaseResult, Metric
from evals.worlds import Scale

# 0.01: seven cases that all get worse are enough (1 / 2^7), six are not; some forty metrics
# are tested in one run, so 0.05 would be red by luck in most runs of a changed engine.
_ALPHA = 0.01
_WORST = 5


class Breach(StrEnum):
    """Why a gate is red."""

    INVARIANT = "broken invariant"
    REGRESSION = "regression"
    TOO_FEW = "too few cases"


class Change(NamedTuple):
    """One case that got worse."""

    suite: str
    metric: str
    id: str
    expected: str
    old: str
    new: str
    by: float


class Finding(NamedTuple):
    """One reason why a gate is red."""

    breach: Breach
    suite: str
    metric: str
    text: str


class Verdict(NamedTuple):
    """What a gate says."""

    findings: tuple[Finding, ...]
    worst: tuple[Change, ...]
    """The five worst changed cases of what regressed."""

    @property
    def exit_code(self) -> int:
        """0 green, 1 regression, 2 broken invariant or too few cases."""
        breaches = {one.breach for one in self.findings}
        if Breach.INVARIANT in breaches:
            return 2
        return 1 if Breach.REGRESSION in breaches else 2 if breaches else 0


def judge(results: Sequence[SuiteResult], baseline: Figures | None, *, scale: Scale) -> Verdict:
    """Hold a run against its baseline. Without one, only bars and least cases count."""
    findings: list[Finding] = []
    changes: list[Change] = []
    for result in results:
        if result.skipped:
            continue
        for metric in result.manifest.metrics:
            if metric.better is Better.NEITHER:
                continue
            found = [*_bars(result, metric), *_few(result, metric, scale)]
            if baseline is not None:
                worse, changed = _worse(result, metric, baseline)
                found += worse
                changes += changed if worse else []
            findings += found
    worst = sorted(changes, key=lambda one: (-one.by, one.id))
    return Verdict(tuple(findings), tuple(_spread(worst)))


def _spread(changes: Sequence[Change]) -> list[Change]:
    """Five changes, of different metrics as long as there are some."""
    chosen: list[Change] = []
    for one in changes:
        if all(one.metric != other.metric or one.suite != other.suite for other in chosen):
            chosen.append(one)
    return [*chosen, *(one for one in changes if one not in chosen)][:_WORST]


def _scores(result: SuiteResult, metric: Metric) -> dict[str, Score]:
    """Scores of a metric by its full name, without the gap between parts."""
    return {
        name: score
        for name, score in result.scores.items()
        if name.partition(".")[0] == metric.name and not name.endswith(".gap")
    }


def _bars(result: SuiteResult, metric: Metric) -> Iterable[Finding]:
    if metric.bar is None:
        return
    for name, score in _scores(result, metric).items():
        if isinstance(score, Scored) and _is_beyond(score.value, metric):
            text = f"{score_text(score)}; it must be {metric.bar:g}."
            yield Finding(Breach.INVARIANT, result.manifest.name, name, text)


def _is_beyond(value: float, metric: Metric) -> bool:
    assert metric.bar is not None
    return value < metric.bar if metric.better is Better.HIGHER else value > metric.bar


def _few(result: SuiteResult, metric: Metric, scale: Scale) -> Iterable[Finding]:
    least = metric.least_smoke_cases if scale is Scale.SMOKE else metric.least_cases
    for name, score in _scores(result, metric).items():
        n = score.n
        if n < least:
            reason = f" ({score.reason})" if isinstance(score, Unscored) else ""
            text = f"{n:,} cases{reason}; at least {least:,} are needed to judge."
            yield Finding(Breach.TOO_FEW, result.manifest.name, name, text)


def _worse(
    result: SuiteResult, metric: Metric, baseline: Figures
) -> tuple[list[Finding], list[Change]]:
    suite = result.manifest.name
    if suite not in baseline.scores:
        return [], []
    if baseline.asked.get(suite) == result.asked and suite in baseline.wrong:
        return _paired(result, metric, baseline)
    return [
        Finding(
            Breach.REGRESSION, suite, name, f"{score_text(score)}; it was {score_text(before)}."
        )
        for name, score in _scores(result, metric).items()
        if (before := baseline.scores[suite].get(name)) is not None
        and _is_lower(score, before, metric)
    ], []


def _is_lower(now: Score, before: Score, metric: Metric) -> bool:
    """Whether each value lies beyond the other's interval, on the wrong side."""
    if not isinstance(before, Scored):
        return False
    if not isinstance(now, Scored):
        return True
    if metric.better is Better.HIGHER:
        return now.value < before.low and now.high < before.value
    return now.value > before.high and now.low > before.value


def _paired(
    result: SuiteResult, metric: Metric, baseline: Figures
) -> tuple[list[Finding], list[Change]]:
    """Compare the cases of all parts of a metric with themselves."""
    suite = result.manifest.name
    changed = list(_changed(result, metric, baseline.wrong[suite]))
    worse = [one for one in changed if one.by > 0]
    chance = sign_test(len(worse), len(changed) - len(worse))
    if chance > _ALPHA:
        return [], []
    before = {name: baseline.scores[suite].get(name) for name in _scores(result, metric)}
    moved = "; ".join(
        f"{name.partition('.')[2] or 'all'} {_value(before[name])} to {_value(score)}"
        for name, score in _scores(result, metric).items()
    )
    text = (
        f"{len(worse):,} cases are worse and {len(changed) - len(worse):,} better "
        f"(chance {chance:.1g}): {moved}."
    )
    return [Finding(Breach.REGRESSION, suite, metric.name, text)], worse


def _value(score: Score | None) -> str:
    return f"{score.value:.4g}" if isinstance(score, Scored) else "no figure"


def _changed(
    result: SuiteResult, metric: Metric, wrong: dict[str, dict[str, Wrong]]
) -> Iterable[Change]:
    for one in _cases(result, metric):
        before = wrong.get(one.metric, {}).get(one.id)
        by = one.loss - (before.loss if before else 0.0)
        # Losses are rounded when they are made; what is smaller is arithmetic.
        if abs(by) > 1e-6:
            old = before.got if before else one.expected
            yield Change(result.manifest.name, one.metric, one.id, one.expected, old, one.got, by)


def _cases(result: SuiteResult, metric: Metric) -> list[CaseResult]:
    return [one for one in result.cases if one.metric.partition(".")[0] == metric.name]


def sign_test(worse: int, better: int) -> float:
    """Give the chance of at least so many worse among those that changed, if none mattered."""
    n = worse + better
    return sum(comb(n, k) for k in range(worse, n + 1)) / (1 << n)


def verdict_lines(verdict: Verdict, *, again: str) -> list[str]:
    """Say what a gate found, the worst cases, and the one command that runs them again."""
    if not verdict.findings:
        return ["Gate: green."]
    lines = [f"Gate: red, {len(verdict.findings)} findings."]
    lines += [
        f"  {one.breach.value}: {one.suite}/{one.metric}: {one.text}" for one in verdict.findings
    ]
    if verdict.worst:
        lines.append("Worst changed cases:")
        lines += [
            f"  {one.id} ({one.suite}/{one.metric}): expected {one.expected or 'nothing'!r}, "
            f"was {one.old or 'nothing'!r}, is {one.new or 'nothing'!r}"
            for one in verdict.worst
        ]
    suites = " ".join(dict.fromkeys(one.suite for one in verdict.findings))
    return [*lines, f"Run them again: {again.format(suites=suites)}"]
