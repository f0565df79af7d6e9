"""Another shape of a draft: what code can do of what a reviewer asks for.

A wish leaves sentences out or changes their order. It never words one: so every number,
quote and mark that stays is the one that was checked. What speaks against the cause stays
in every shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from domain.proposals import Draft, ProposalKind, Section, SectionRole, Wish

_FOR_SHOWN = 1
_AMOUNT = "amount"


class Reshaped(NamedTuple):
    """A draft after wishes, and what came of each, a sentence each."""

    draft: Draft
    told: tuple[str, ...]


def reshape(draft: Draft, wishes: Sequence[Wish]) -> Reshaped:
    """Give a draft in the shape that was wished for; marks keep their numbers."""
    told = []
    for wish in wishes:
        rule = _RULES[draft.kind].get(wish)
        shaped = _applied(draft, rule) if rule is not None else draft
        told.append(_told(wish, draft.kind, is_done=shaped != draft))
        draft = shaped
    return Reshaped(draft, tuple(told))


def wishes_for(draft: Draft) -> tuple[Wish, ...]:
    """Give the wishes that would change something about a draft."""
    return tuple(wish for wish in Wish if reshape(draft, (wish,)).draft != draft)


_Rule = Callable[[tuple[Section, ...]], tuple[Section, ...]]


def _applied(draft: Draft, rule: _Rule) -> Draft:
    """Apply a rule, and drop evidence that no sentence leads to any more."""
    sections = tuple(one for one in rule(draft.sections) if one.sentences or one.table)
    if not sections or sections == draft.sections:
        return draft
    before = _marks(draft.sections)
    left = _marks(sections)
    evidence = tuple(one for one in draft.evidence if one.number in left | _never(draft, before))
    return draft.model_copy(update={"sections": sections, "evidence": evidence})


def _marks(sections: Sequence[Section]) -> set[int]:
    return {mark for one in sections for sentence in one.sentences for mark in sentence.marks}


def _never(draft: Draft, marked: set[int]) -> set[int]:
    """Numbers of evidence to which no sentence led in the first place: of the title."""
    return {one.number for one in draft.evidence} - marked


def _without(*keys: str) -> _Rule:
    return lambda sections: tuple(one for one in sections if one.key not in keys)


def _at_most(sections: tuple[Section, ...], role: SectionRole, most: int) -> tuple[Section, ...]:
    return tuple(
        one.model_copy(update={"sentences": one.sentences[:most]}) if one.role is role else one
        for one in sections
    )


def _shorter_ticket(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    shorter = _without("exposed", "cases")(sections)
    return _at_most(_at_most(shorter, SectionRole.QUOTES, 1), SectionRole.FOR, _FOR_SHOWN)


def _shorter_message(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    """Keep what happened to this customer and when we write again."""
    return tuple(
        one.model_copy(
            update={"sentences": tuple(s for n, s in enumerate(one.sentences) if _own(s.text, n))}
        )
        if one.key == "see"
        else one
        for one in _without("doing")(sections)
    )


def _own(text: str, number: int) -> bool:
    return number == 0 or f"${_AMOUNT}" in text


def _fewer_in_ticket(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    """Leave out the table, and the likelihood behind the cause."""
    return tuple(
        one.model_copy(update={"sentences": one.sentences[:1]}) if one.key == "cause" else one
        for one in _without("exposed")(sections)
    )


def _fewer_in_message(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    return tuple(
        one.model_copy(
            update={"sentences": tuple(s for s in one.sentences if f"${_AMOUNT}" not in s.text)}
        )
        for one in sections
    )


def _ask_first(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    return tuple(sorted(sections, key=lambda one: one.key != "ask"))


_RULES: dict[ProposalKind, dict[Wish, _Rule]] = {
    ProposalKind.TICKET: {
        Wish.SHORTER: _shorter_ticket,
        Wish.WITHOUT_CASES: _without("cases"),
        Wish.FEWER_FIGURES: _fewer_in_ticket,
        Wish.NEXT_FIRST: _ask_first,
    },
    ProposalKind.MESSAGE: {
        Wish.SHORTER: _shorter_message,
        Wish.FEWER_FIGURES: _fewer_in_message,
    },
}
_DONE: dict[ProposalKind, dict[Wish, str]] = {
    ProposalKind.TICKET: {
        Wish.SHORTER: "Shorter: one quote, one finding for it, no table, no past cases.",
        Wish.WITHOUT_CASES: "No similar past cases.",
        Wish.FEWER_FIGURES: "Fewer figures: no table, no likelihood behind the cause.",
        Wish.NEXT_FIRST: "What is asked stands first.",
    },
    ProposalKind.MESSAGE: {
        Wish.SHORTER: "Shorter: what happened, and when we write again.",
        Wish.FEWER_FIGURES: "No amount.",
    },
}
_NAMES = {
    Wish.SHORTER: "Shorter",
    Wish.WITHOUT_CASES: "Without past cases",
    Wish.FEWER_FIGURES: "Fewer figures",
    Wish.NEXT_FIRST: "What is asked first",
}


def _told(wish: Wish, kind: ProposalKind, *, is_done: bool) -> str:
    if is_done:
        return _DONE[kind][wish]
    return f"{_NAMES[wish]}: it is that way already."
