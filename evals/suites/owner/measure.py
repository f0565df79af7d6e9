"""Owners of alarmed issues against the planted ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from evals.found import judged
from evals.scores import share
from evals.stages import Chain
from evals.suite import Bench, CaseResult, Measured
from evals.truth import FaultKind


class _Owned(NamedTuple):
    case_id: str
    is_operational: bool
    alarmed: bool
    expected: str | None
    got: str | None


def measure(bench: Bench) -> Measured:
    """Score the owners of one part; an operational fault that never alarmed has none."""
    owned = [one for chain in bench.chains for one in _owned(chain)]
    asked = [one for one in owned if one.is_operational or one.alarmed]
    alarmed = [one for one in owned if one.alarmed]
    right = sum(one.alarmed and one.got == one.expected for one in asked)
    wrong = sum(_is_wrong(one) for one in alarmed)
    return Measured(
        scores={
            "right_owner": share(right, len(asked)),
            "wrong_owner": share(wrong, len(alarmed), none="no fault alarmed"),
        },
        cases=[case for one in asked for case in _cases(one)],
    )


def _is_wrong(one: _Owned) -> bool:
    return one.got is not None and one.got != one.expected


def _owned(chain: Chain) -> Iterator[_Owned]:
    for found in judged(chain).found:
        casefile = chain.casefiles.get(found.alarm.issue_id) if found.alarm else None
        person = casefile.owner.person if casefile and casefile.owner else None
        case_id = f"{chain.world.name}/{found.fault.id}"
        is_operational = found.fault.kind is FaultKind.OPERATIONAL
        yield _Owned(case_id, is_operational, found.alarm is not None, found.fault.owner, person)


def _cases(one: _Owned) -> Iterator[CaseResult]:
    expected, got = one.expected or "nobody", one.got or "nobody"
    missed = not one.alarmed or one.got != one.expected
    yield CaseResult("right_owner", one.case_id, expected, got, float(missed))
    if one.alarmed:
        yield CaseResult("wrong_owner", one.case_id, expected, got, float(_is_wrong(one)))
