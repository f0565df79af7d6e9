"""Pairs of reports, and what alarmed issues hold that belongs elsewhere."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from domain.record import FeedbackKey, IssueId
from evals.measures import Pairs, pair_f1
from evals.scores import Counts, Unit, bootstrap, share
from evals.stages import Chain
from evals.suite import Bench, CaseResult, Measured


class _Report(NamedTuple):
    case_id: str
    fault_id: str
    issue_id: IssueId | None
    pairs: Pairs


class _Placed(NamedTuple):
    """A report on an alarmed issue, and whether it belongs to what most of them are about."""

    case_id: str
    expected: str
    got: str
    is_wrong: bool


def measure(bench: Bench) -> Measured:
    """Score the matches of one part. An interval resamples reports."""
    reports = [one for chain in bench.chains for one in _reports(chain)]
    placed = [one for chain in bench.chains for one in _placed(chain)]
    pairs = [one.pairs for one in reports]
    wrong = sum(one.is_wrong for one in placed)
    return Measured(
        scores={
            "pair_f1": bootstrap(pairs, pair_f1, unit=Unit.SHARE, none="no pair of reports"),
            "wrong_merge_rate": share(wrong, len(placed), none="no issue of a fault alarmed"),
            "pair_precision": bootstrap(pairs, _precision, unit=Unit.SHARE, none="no pair"),
            "pair_recall": bootstrap(pairs, _recall, unit=Unit.SHARE, none="no pair"),
        },
        cases=[
            *(
                CaseResult("pair_f1", one.case_id, one.fault_id, str(one.issue_id), _loss(one))
                for one in reports
            ),
            *(
                CaseResult(
                    "wrong_merge_rate", one.case_id, one.expected, one.got, float(one.is_wrong)
                )
                for one in placed
            ),
        ],
    )


def _loss(one: _Report) -> float:
    return round(one.pairs.merged + one.pairs.split, 1)


def _precision(outcomes: Sequence[Pairs], counts: Counts) -> float:
    right = sum(one.right * int(n) for one, n in zip(outcomes, counts, strict=True))
    merged = sum(one.merged * int(n) for one, n in zip(outcomes, counts, strict=True))
    return right / (right + merged) if right + merged else math.nan


def _recall(outcomes: Sequence[Pairs], counts: Counts) -> float:
    right = sum(one.right * int(n) for one, n in zip(outcomes, counts, strict=True))
    split = sum(one.split * int(n) for one, n in zip(outcomes, counts, strict=True))
    return right / (right + split) if right + split else math.nan


def _faults(chain: Chain) -> dict[FeedbackKey, str]:
    labels = chain.world.truth.labels
    return {one.key: labels[one.key].fault_id or "" for one in chain.world.items}


def _reports(chain: Chain) -> Iterator[_Report]:
    """Each report of a fault with its share of pairs, so that sums are counts of pairs."""
    faults = _faults(chain)
    matches = chain.heard.matches
    homes = {key: matches[key].issue_id if key in matches else None for key in faults}
    on_issue = Counter((homes[key], fault) for key, fault in faults.items())
    of_fault = Counter(faults.values())
    size = Counter(homes.values())
    for item in chain.world.items:
        fault, home = faults[item.key], homes[item.key]
        if not fault:
            continue
        same = on_issue[home, fault] - 1 if home else 0
        strangers = on_issue[home, ""] if home else 0
        others = size[home] - same - 1 - strangers if home else 0
        # A pair of two faults' reports is seen from both ends, one with a stranger from one.
        pairs = Pairs(same / 2, strangers + others / 2, (of_fault[fault] - 1 - same) / 2)
        yield _Report(f"{chain.world.name}/{item.id}", fault, home, pairs)


def _placed(chain: Chain) -> Iterator[_Placed]:
    faults = _faults(chain)
    for issue_id in {alarm.issue_id for alarm in chain.heard.alarms}:
        keys = [key for key, match in chain.heard.matches.items() if match.issue_id == issue_id]
        counted = Counter(faults[key] for key in keys if faults[key])
        if not counted:
            continue
        about, _ = counted.most_common(1)[0]
        for key in keys:
            expected = faults[key] or "no fault"
            case_id = f"{chain.world.name}/{key.partition('/')[2]}"
            yield _Placed(case_id, expected, about, expected != about)
