"""What the worlds of a part took to read, and their issues to work and to draft.

A local engine waits for nobody, so its figures of a model are unscored and its issues may
use no token at all. With a model both stand in one run: what the code took and what the
model took on top. In a replay the model's seconds are those of the recording.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from evals.effort import Effort, summed
from evals.measures import median, upper_tenth
from evals.scores import Counts, Score, Unit, Unscored, bootstrap, share
from evals.seats import ModelUse
from evals.suite import Bench, CaseResult, Measured

_NO_MODEL = "no model sits in the seats; --engine openai or replay puts one there"
_NO_ISSUE = "no issue was worked"


class _World(NamedTuple):
    """Reading of one world."""

    effort: Effort
    messages: int


class _Issue(NamedTuple):
    case_id: str
    effort: Effort


def measure(bench: Bench) -> Measured:
    """Score the worlds of one part; a world is one case of reading."""
    worlds = list(_worlds(bench))
    issues = list(_issues(bench))
    model = bench.seats.model
    over = [one for one in issues if _is_over(one.effort, model)]
    return Measured(
        scores={
            "read_code_seconds": _per_1000(worlds, lambda one: one.code_s, Unit.SECONDS),
            "issue_code_seconds_median": _of_issues(issues, _code_s, median),
            "issue_code_seconds_p90": _of_issues(issues, _code_s, upper_tenth),
            **_of_model(worlds, issues, model),
            "over_limit": share(len(over), len(issues), none=_NO_ISSUE),
        },
        cases=[
            CaseResult("over_limit", one.case_id, "within", f"{one.effort.tokens:,} tokens", 1.0)
            for one in over
        ],
        notes=(
            "Seconds are of this machine; vectors that the home keeps from earlier runs make "
            "reading quicker.",
        )
        if worlds
        else (),
    )


def _of_model(
    worlds: Sequence[_World], issues: Sequence[_Issue], model: ModelUse | None
) -> dict[str, Score]:
    if model is None:
        names = ("read_model_seconds", "read_times", "read_tokens", "read_usd",
                 "issue_model_seconds", "issue_times", "issue_tokens", "issue_usd")  # fmt: skip
        return dict.fromkeys(names, Unscored(reason=_NO_MODEL))
    return {
        "read_model_seconds": _per_1000(worlds, lambda one: one.model_s, Unit.SECONDS),
        "read_times": _times([one.effort for one in worlds], none="no message was read"),
        "read_tokens": _per_1000(worlds, lambda one: one.tokens, Unit.TOKENS),
        "read_usd": _priced(model, lambda: _per_1000(worlds, _cost_by(model), Unit.USD)),
        "issue_model_seconds": _of_issues(issues, lambda one: one.model_s, median),
        "issue_times": _times([one.effort for one in issues], none=_NO_ISSUE),
        "issue_tokens": bootstrap(
            [float(one.effort.tokens) for one in issues], median, unit=Unit.TOKENS, none=_NO_ISSUE
        ),
        "issue_usd": _priced(
            model,
            lambda: bootstrap(
                [_cost_by(model)(one.effort) for one in issues],
                _mean, unit=Unit.USD, none=_NO_ISSUE,
            ),
        ),
    }  # fmt: skip


def _worlds(bench: Bench) -> Iterator[_World]:
    for chain in bench.chains:
        count = len(chain.readings)
        if count:
            yield _World(summed(chain.efforts.reading), count)


def _issues(bench: Bench) -> Iterator[_Issue]:
    for chain in bench.chains:
        drafted = {one.issue_id for one in chain.drafts}
        for id_, efforts in chain.efforts.issues.items():
            if id_ in drafted:
                yield _Issue(f"{chain.world.name}/{id_}", summed(efforts))


def _is_over(effort: Effort, model: ModelUse | None) -> bool:
    if model is None:
        return effort.tokens > 0
    cost = model.cost_usd(effort.tokens_in, effort.tokens_out)
    limits = model.limits
    return effort.tokens > limits.issue_tokens or (cost or 0.0) > limits.issue_budget_usd


def _code_s(effort: Effort) -> float:
    return effort.code_s


def _cost_by(model: ModelUse) -> Callable[[Effort], float]:
    return lambda one: model.cost_usd(one.tokens_in, one.tokens_out) or 0.0


def _priced(model: ModelUse, score: Callable[[], Score]) -> Score:
    if model.price is None:
        return Unscored(reason=f"policy.yaml has no price for {model.name!r}")
    return score()


def _per_1000(worlds: Sequence[_World], of: Callable[[Effort], float], unit: Unit) -> Score:
    def statistic(outcomes: Sequence[_World], counts: Counts) -> float:
        drawn = list(zip(outcomes, counts, strict=True))
        whole = sum(of(one.effort) * int(n) for one, n in drawn)
        return 1000 * whole / sum(one.messages * int(n) for one, n in drawn)

    return bootstrap(worlds, statistic, unit=unit, none="no message was read")


def _of_issues(
    issues: Sequence[_Issue],
    of: Callable[[Effort], float],
    statistic: Callable[[Sequence[float], Counts], float],
) -> Score:
    values = [of(one.effort) for one in issues]
    return bootstrap(values, statistic, unit=Unit.SECONDS, none=_NO_ISSUE)


def _times(efforts: Sequence[Effort], *, none: str) -> Score:
    def statistic(outcomes: Sequence[Effort], counts: Counts) -> float:
        drawn = list(zip(outcomes, counts, strict=True))
        code_s = sum(one.code_s * int(n) for one, n in drawn)
        whole_s = sum((one.code_s + one.model_s) * int(n) for one, n in drawn)
        return whole_s / code_s if code_s else float("inf")

    return bootstrap(efforts, statistic, unit=Unit.TIMES, none=none)


def _mean(outcomes: Sequence[float], counts: Counts) -> float:
    drawn = zip(outcomes, counts, strict=True)
    return sum(one * int(n) for one, n in drawn) / int(counts.sum())
