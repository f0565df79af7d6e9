"""What the words of a status say: that a unit ended badly, or has not ended yet."""

from __future__ import annotations

from domain.predicates import Scalar

BAD = frozenset(
    "failed failure fail error declined rejected refused lost damaged broken timeout timed_out "
    "aborted undelivered not_delivered undeliverable returned_to_sender cancelled canceled denied "
    "crashed crash defective expired missed no_show unreachable bounced churned faulty incomplete "
    "unsuccessful invalid blocked stuck disputed dropped unavailable out_of_stock escalated "
    "overdue late delayed spoiled contaminated wrong mismatch".split()
)
# Not decided yet: a unit in such a state has not ended in any way.
_UNDECIDED = frozenset(
    "open new pending created placed accepted scheduled planned waiting queued active draft "
    "processing in_progress in_transit on_the_way out_for_delivery shipped".split()
)
_STATUS = ("status", "state", "result", "outcome", "condition", "verdict")


def is_bad(name: str, value: Scalar) -> bool:
    """Whether an attribute is a status and a value of it says that it ended badly."""
    if name not in _STATUS and not name.endswith(tuple(f"_{one}" for one in _STATUS)):
        return False
    return _plain(value) in BAD


def is_undecided(value: Scalar) -> bool:
    """Whether a value says that a unit has not ended yet."""
    return _plain(value) in _UNDECIDED


def _plain(value: Scalar) -> str:
    return str(value).lower().replace(" ", "_").replace("-", "_")
