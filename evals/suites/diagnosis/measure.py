"""Causes against the planted ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from domain.predicates import Scalar
from evals.found import judged
from evals.scores import share
from evals.stages import Chain
from evals.suite import Bench, CaseResult, Measured

_Cause = dict[str, Scalar] | None


class _Explained(NamedTuple):
    """A fault, or an alarm on none, with the cause that was found."""

    case_id: str
    is_fault: bool
    is_operational: bool
    alarmed: bool
    expected: _Cause
    got: _Cause

    @property
    def is_right(self) -> bool:
        return self.alarmed and self.got == self.expected


def measure(bench: Bench) -> Measured:
    """Score the causes of one part."""
    explained = [one for chain in bench.chains for one in _explained(chain)]
    faults = [one for one in explained if one.is_operational]
    alarmed = [one for one in explained if one.alarmed]
    found = [one for one in faults if one.alarmed]
    distractors = [one for one in alarmed if one.is_fault and not one.is_operational]
    wrong = sum(_is_wrong(one) for one in alarmed)
    return Measured(
        scores={
            "right_cause": share(sum(one.is_right for one in faults), len(faults)),
            "right_cause_of_found": share(
                sum(one.is_right for one in found), len(found), none="no fault alarmed"
            ),
            "wrong_cause": share(wrong, len(alarmed), none="nothing alarmed"),
            "unknown_when_unknown": share(
                sum(one.got is None for one in distractors),
                len(distractors),
                none="no distractor alarmed",
            ),
        },
        cases=[case for one in explained for case in _cases(one)],
    )


def _is_wrong(one: _Explained) -> bool:
    return one.got is not None and one.got != one.expected


def _explained(chain: Chain) -> Iterator[_Explained]:
    alarms = judged(chain)
    for one in alarms.found:
        case_id = f"{chain.world.name}/{one.fault.id}"
        got = _cause(chain, one.alarm.issue_id) if one.alarm else None
        is_operational = one.fault.cause is not None
        yield _Explained(case_id, True, is_operational, one.alarm is not None, one.fault.cause, got)
    for place, alarm in enumerate(alarms.false, 1):
        case_id = f"{chain.world.name}/false alarm {place}"
        yield _Explained(case_id, False, False, True, None, _cause(chain, alarm.issue_id))


def _cause(chain: Chain, issue_id: str) -> _Cause:
    casefile = next((one for id_, one in chain.casefiles.items() if id_ == issue_id), None)
    proved = casefile.diagnosis.proved if casefile else None
    return proved.cause if proved else None


def _cases(one: _Explained) -> Iterator[CaseResult]:
    expected, got = _text(one.expected), _text(one.got)
    if one.is_operational:
        yield CaseResult("right_cause", one.case_id, expected, got, float(not one.is_right))
    if one.alarmed:
        yield CaseResult("wrong_cause", one.case_id, expected, got, float(_is_wrong(one)))


def _text(cause: _Cause) -> str:
    return ", ".join(f"{name} = {value}" for name, value in sorted((cause or {}).items())) or "none"
