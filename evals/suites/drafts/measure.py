"""Drafts held against their evidence and the reports, by rules of the suite's own.

They do not call the product's checks, so that a check that cannot fail is noticed;
`checks_closed` alone shows what those say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from domain.issues import Casefile, ReachState
from domain.proposals import EvidenceKind, ProposalKind, SectionRole, Sentence
from evals.measures import median
from evals.scores import Unit, bootstrap, share
from evals.stages import Chain, Drafted
from evals.suite import Bench, CaseResult, Measured

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_SLOT = re.compile(r"\$\w+")
_QUOTED = re.compile(r"“([^”]+)”")
_COUNTED = re.compile(r"([\d,]+) (affected|of them wrote|did not|more at risk)")
# `not delivered when promised` speaks of an earlier promise and makes none.
_PROMISE = re.compile(
    r"\b(?:will|shall|refund\w*|compensat\w+|vouchers?"
    r"|(?:we|i) (?:promise|guarantee|assure)"
    r"|(?:fixed|solved|resolved|delivered|back) (?:by|within|on))\b",
    re.I,
)


class _Judged(NamedTuple):
    """One statement of a draft, and whether it holds."""

    metric: str
    case_id: str
    text: str
    holds: bool


def measure(bench: Bench) -> Measured:
    """Score the drafts of one part."""
    judged = [one for chain in bench.chains for one in _judged(chain)]
    metrics = ("quotes_verbatim", "numbers_bound", "counts_true", "promise_free", "checks_closed")
    by_metric = {name: [one for one in judged if one.metric == name] for name in metrics}
    lengths = [
        float(len(sentence.text.split()))
        for chain in bench.chains
        for one in chain.drafts
        for sentence in _sentences(one)
    ]
    return Measured(
        scores={
            **{
                name: share(sum(one.holds for one in some), len(some), none="nothing was drafted")
                for name, some in by_metric.items()
            },
            "words_per_sentence": bootstrap(lengths, median, unit=Unit.COUNT),
        },
        cases=[
            CaseResult(one.metric, one.case_id, "what holds", one.text, float(not one.holds))
            for one in judged
        ],
    )


def _sentences(one: Drafted) -> list[Sentence]:
    return [sentence for section in one.draft.sections for sentence in section.sentences]


def _judged(chain: Chain) -> Iterator[_Judged]:
    reports = {one.item.id: one.redacted.value for one in chain.read}
    for one in chain.drafts:
        case_id = f"{chain.world.name}/{one.issue_id}/{one.purpose}"
        yield from _quotes(one, case_id, reports)
        yield from _numbers(one, case_id)
        casefile = chain.casefiles[one.issue_id]
        if one.draft.kind is ProposalKind.TICKET and casefile.diagnosis.proved:
            yield _counts(one, case_id, casefile)
        if one.draft.kind is ProposalKind.MESSAGE:
            yield _promises(one, case_id)
        open_checks = ", ".join(check.label for check in one.checks if not check.ok)
        yield _Judged("checks_closed", case_id, open_checks or "all closed", not open_checks)


def _quotes(one: Drafted, case_id: str, reports: dict[str, str]) -> Iterator[_Judged]:
    cited = {
        evidence.number: reports.get(evidence.ref, "")
        for evidence in one.draft.evidence
        if evidence.kind is EvidenceKind.QUOTE
    }
    for section in one.draft.sections:
        if section.role is not SectionRole.QUOTES:
            continue
        for place, sentence in enumerate(section.sentences, 1):
            said = _QUOTED.findall(sentence.text) or [sentence.text]
            texts = [cited[mark] for mark in sentence.marks if mark in cited]
            holds = all(any(words in text for text in texts) for words in said)
            yield _Judged("quotes_verbatim", f"{case_id}/quote {place}", sentence.text, holds)


def _numbers(one: Drafted, case_id: str) -> Iterator[_Judged]:
    claims = {evidence.number: evidence.claim for evidence in one.draft.evidence}
    for place, sentence in enumerate(_sentences(one), 1):
        carried = " ".join(claims.get(mark, "") for mark in sentence.marks)
        known = set(_NUMBER.findall(carried))
        for at, number in enumerate(_NUMBER.findall(_SLOT.sub(" ", sentence.text)), 1):
            yield _Judged(
                "numbers_bound", f"{case_id}/{place}.{at}", sentence.text, number in known
            )


def _counts(one: Drafted, case_id: str, casefile: Casefile) -> _Judged:
    """Whether the ticket counts whom the lists hold."""
    reach = casefile.reach
    wrote = len(reach.having(ReachState.AFFECTED))
    silent = len(reach.having(ReachState.SILENT))
    true = {
        "affected": wrote + silent,
        "of them wrote": wrote,
        "did not": silent,
        "more at risk": len(reach.having(ReachState.AT_RISK)),
    }
    # What customers say in quotes counts nobody.
    own = [section for section in one.draft.sections if section.role is not SectionRole.QUOTES]
    text = " ".join(sentence.text for section in own for sentence in section.sentences)
    counted = [(int(number.replace(",", "")), what) for number, what in _COUNTED.findall(text)]
    said = ", ".join(f"{number} {what}" for number, what in counted)
    return _Judged(
        "counts_true", case_id, said, all(true[what] == number for number, what in counted)
    )


def _promises(one: Drafted, case_id: str) -> _Judged:
    allowed = {
        evidence.number
        for evidence in one.draft.evidence
        if evidence.kind is EvidenceKind.POLICY and evidence.ref == "next_word_hours"
    }
    promised = [
        sentence.text
        for sentence in _sentences(one)
        if not allowed & set(sentence.marks) and _PROMISE.search(sentence.text)
    ]
    return _Judged("promise_free", case_id, " ".join(promised) or "nothing", not promised)
