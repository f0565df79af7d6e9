"""What must hold in every case; one that does not is a broken promise, not a lower figure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from agent.delivery.render import body
from agent.listening import request_for
from domain.proposals import EvidenceKind
from evals.scores import share
from evals.stages import Chain
from evals.suite import Bench, CaseResult, Measured

# 40 messages a world are read again one by one, evenly over its time.
_READ_AGAIN = 40
_PERSONAL = re.compile(
    r"[^\s@<>]+@[^\s@<>]+\.[a-z]{2,}|\b(?:\d[ -]?){15,19}\b|\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,}",
    re.I,
)


class _Held(NamedTuple):
    """One case of one invariant."""

    case_id: str
    holds: bool
    got: str


def measure(bench: Bench) -> Measured:
    """Check every invariant over the worlds of one part."""
    rules: dict[str, Callable[[Chain], Iterator[_Held]]] = {
        "evidence_exists": _evidence,
        "one_state": _states,
        "alarm_once": _alarms,
        "reading_alone": lambda chain: _readings(chain, bench),
        "no_personal_data": _personal,
        "may_be_written": _recipients,
    }
    held = {
        name: [one for chain in bench.chains for one in rule(chain)] for name, rule in rules.items()
    }
    return Measured(
        scores={
            name: share(sum(one.holds for one in some), len(some)) for name, some in held.items()
        },
        cases=[
            CaseResult(name, one.case_id, "holds", one.got, float(not one.holds))
            for name, some in held.items()
            for one in some
        ],
    )


def _evidence(chain: Chain) -> Iterator[_Held]:
    known = {
        EvidenceKind.QUOTE: {item.id for item in chain.world.items},
        EvidenceKind.FACT: {str(fact.id) for fact in chain.world.facts},
        EvidenceKind.CASE: {str(case.id) for case in chain.world.cases},
    }
    for one in chain.drafts:
        for mark in one.draft.evidence:
            if mark.kind in known:
                case_id = f"{chain.world.name}/{one.issue_id}/{one.purpose}/{mark.number}"
                yield _Held(case_id, mark.ref in known[mark.kind], mark.ref)


def _states(chain: Chain) -> Iterator[_Held]:
    for issue_id, casefile in chain.casefiles.items():
        counted = Counter(one.customer_id for one in casefile.reach.customers)
        for customer, count in counted.items():
            case_id = f"{chain.world.name}/{issue_id}/{customer}"
            yield _Held(case_id, count == 1, f"{count} states")


def _alarms(chain: Chain) -> Iterator[_Held]:
    for issue_id, count in Counter(one.issue_id for one in chain.heard.alarms).items():
        yield _Held(f"{chain.world.name}/{issue_id}", count == 1, f"{count} alarms")


def _readings(chain: Chain, bench: Bench) -> Iterator[_Held]:
    step = max(1, len(chain.read) // _READ_AGAIN)
    taxonomy = chain.world.configuration.taxonomy
    for one in chain.read[::step]:
        request = request_for(one.item)
        (alone,) = bench.seats.reader.read([request], taxonomy=taxonomy)
        same = alone == one.reading
        yield _Held(f"{chain.world.name}/{one.item.id}", same, "the same" if same else "another")


def _personal(chain: Chain) -> Iterator[_Held]:
    for one in chain.drafts:
        found = _PERSONAL.search(f"{one.draft.subject}\n{body(one.draft)}")
        case_id = f"{chain.world.name}/{one.issue_id}/{one.purpose}"
        yield _Held(case_id, found is None, "none" if found is None else "personal data")


def _recipients(chain: Chain) -> Iterator[_Held]:
    latest = {
        fact.customer_id: fact.attributes
        for fact in sorted(chain.world.facts, key=lambda one: (one.recorded_at or one.at, one.id))
        if fact.kind == "customer"
    }
    for one in chain.drafts:
        counted = Counter(to.customer_id for to in one.recipients)
        for to in one.recipients:
            known = latest.get(to.customer_id, {})
            refused = known.get("consent") is False or known.get("suppressed") is True
            own = known.get("email") == to.address
            holds = own and not refused and counted[to.customer_id] == 1
            case_id = f"{chain.world.name}/{one.issue_id}/{one.purpose}/{to.customer_id}"
            yield _Held(case_id, holds, "may be written to" if holds else "may not")
