"""Faults of drafts, slipped in after the product's own checks."""

from __future__ import annotations

import re
from collections.abc import Callable

from domain.proposals import Draft, ProposalKind, Section, SectionRole, Sentence
from evals.stages import Chain, Drafted, Fault, Stage

_AFFECTED = re.compile(r"(\d+) affected")


def _promise(drafts: list[Drafted], chain: Chain) -> list[Drafted]:
    del chain
    promise = Sentence(text="You will have your money back within two days.")

    def slip(section: Section) -> Section:
        if section.key != "doing":
            return section
        return section.model_copy(update={"sentences": (*section.sentences, promise)})

    return [_changed(one, slip, ProposalKind.MESSAGE) for one in drafts]


def _other_quote(drafts: list[Drafted], chain: Chain) -> list[Drafted]:
    del chain

    def alter(section: Section) -> Section:
        if section.role is not SectionRole.QUOTES or not section.sentences:
            return section
        first, *others = section.sentences
        words = first.text.split(" ")
        text = " ".join([words[0], "really", *words[2:]])
        changed = first.model_copy(update={"text": text})
        return section.model_copy(update={"sentences": (changed, *others)})

    return [_changed(one, alter, ProposalKind.TICKET) for one in drafts]


def _one_more(drafts: list[Drafted], chain: Chain) -> list[Drafted]:
    """A ticket counts one customer too many, in its text and in its evidence."""
    del chain

    def raise_count(section: Section) -> Section:
        sentences = tuple(
            one.model_copy(update={"text": _raised(one.text)}) for one in section.sentences
        )
        return section.model_copy(update={"sentences": sentences})

    found = []
    for one in drafts:
        changed = _changed(one, raise_count, ProposalKind.TICKET)
        evidence = tuple(
            each.model_copy(update={"claim": _raised(each.claim)})
            for each in changed.draft.evidence
        )
        draft = changed.draft.model_copy(update={"evidence": evidence})
        found.append(changed._replace(draft=draft))
    return found


def _raised(text: str) -> str:
    return _AFFECTED.sub(lambda found: f"{int(found[1]) + 1} affected", text)


def _changed(one: Drafted, change: Callable[[Section], Section], kind: ProposalKind) -> Drafted:
    if one.draft.kind is not kind:
        return one
    draft: Draft = one.draft.model_copy(update={"sections": tuple(map(change, one.draft.sections))})
    return one._replace(draft=draft)


FAULTS = (
    Fault(Stage.DRAFTS, "a promise slipped into a message", _promise),
    Fault(Stage.DRAFTS, "a quote altered by one word", _other_quote),
    Fault(Stage.DRAFTS, "one customer counted too many", _one_more),
)
