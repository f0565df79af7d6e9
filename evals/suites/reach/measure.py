"""The three lists against the planted members."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from domain.issues import ReachState
from evals.found import judged
from evals.scores import Score, share
from evals.stages import Chain
from evals.suite import Bars, Bench, CaseResult, Measured


class _Member(NamedTuple):
    """A customer who belongs on a list, or stands on one."""

    case_id: str
    expected: ReachState | None
    got: ReachState | None


def measure(bench: Bench) -> Measured:
    """Score the lists of one part. A fault that never alarmed has empty lists."""
    members = [one for chain in bench.chains for one in _members(chain)]
    scores = {"precision": _precision(members, None), "recall": _recall(members, None)}
    for state in ReachState:
        scores[f"{state.value}_precision"] = _precision(members, state)
        scores[f"{state.value}_recall"] = _recall(members, state)
    return Measured(
        scores=scores,
        cases=[case for one in members for case in _cases(one)],
        plots=(Bars("Precision and recall of the lists", tuple(scores.items())),),
    )


def _precision(members: Sequence[_Member], state: ReachState | None) -> Score:
    named = [one for one in members if one.got is not None and state in (None, one.got)]
    right = sum(one.got is one.expected for one in named)
    return share(right, len(named), none="nobody is on a list")


def _recall(members: Sequence[_Member], state: ReachState | None) -> Score:
    wanted = [one for one in members if one.expected and state in (None, one.expected)]
    right = sum(one.got is one.expected for one in wanted)
    return share(right, len(wanted), none="nobody belongs on a list")


def _members(chain: Chain) -> Iterator[_Member]:
    for found in judged(chain).found:
        expected = chain.world.truth.members.get(found.fault.id, {})
        casefile = chain.casefiles.get(found.alarm.issue_id) if found.alarm else None
        got = {one.customer_id: one.state for one in casefile.reach.customers} if casefile else {}
        for customer in sorted({*expected, *got}):
            case_id = f"{chain.world.name}/{found.fault.id}/{customer}"
            yield _Member(case_id, expected.get(customer), got.get(customer))


def _cases(one: _Member) -> Iterator[CaseResult]:
    expected, got = _text(one.expected), _text(one.got)
    loss = float(one.expected is not one.got)
    if one.expected is not None:
        yield CaseResult("recall", one.case_id, expected, got, loss)
    # A stranger who is rightly on no list is a case too, so that widened lists show.
    yield CaseResult("precision", one.case_id, expected, got, loss if one.got else 0.0)


def _text(state: ReachState | None) -> str:
    return state.value if state else "on no list"
