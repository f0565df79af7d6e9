"""What makes a pending proposal out of date: the changes that void approvals."""

from __future__ import annotations

import re
from collections.abc import Iterable

from domain.proposals import Draft, EvidenceKind, Proposal, Recipient, SectionRole, Sentence

# 10 %: the bound that the product promises for a cited number (docs/guarantees.md).
TOLERANCE = 0.10
_NUMBER = re.compile(r"\d[\d,.\u00a0]*\d|\d")
_COUNTED = frozenset({EvidenceKind.ROWS, EvidenceKind.COMPARISON})


def material_change(old: Proposal, new: Proposal) -> str | None:
    """Say in one line what changed so much that the old version must not leave.

    `old` is the agent's own last version, `new` what it would propose now.
    None when the difference is growth within 10 %.
    """
    if old.policy != new.policy:
        return "policy.yaml changed."
    if old.owner != new.owner:
        return f"The owner is now {new.owner.person if new.owner else 'nobody'}."
    if old.destination != new.destination:
        return f"It now goes to {new.destination}."
    return (
        _recipients_change(old.recipients, new.recipients)
        or _number_change(old.draft, new.draft)
        or _wording_change(old.draft, new.draft)
    )


def _recipients_change(old: Iterable[Recipient], new: Iterable[Recipient]) -> str | None:
    before = {(one.customer_id, one.address) for one in old}
    after = {(one.customer_id, one.address) for one in new}
    if before == after:
        return None
    return f"{len(after - before)} recipients added, {len(before - after)} dropped."


def _number_change(old: Draft, new: Draft) -> str | None:
    before, after = _cited(old), _cited(new)
    for name in (one for one in before if one not in after):
        return f"{_text(name, before[name][0])} is no longer said."
    for name in (one for one in after if one not in before):
        return f"New: {_text(name, after[name][0])}."
    for name in before:
        for was, now in zip(before[name], after[name], strict=True):
            if abs(now - was) > TOLERANCE * abs(was):
                return f"{_text(name, was)} became {_plain(now)}."
    return None


def _cited(draft: Draft) -> dict[str, list[float]]:
    """Numbers that the carrying sentences cite, by the title of what was counted."""
    marks = {mark for one in _carrying(draft) for mark in one.marks}
    cited: dict[str, list[float]] = {}
    for evidence in draft.evidence:
        if evidence.number in marks and evidence.kind in _COUNTED:
            numbers = [_value(one) for one in _NUMBER.findall(evidence.title)]
            if numbers:
                cited[_NUMBER.sub("#", evidence.title)] = numbers
    return cited


def _carrying(draft: Draft) -> list[Sentence]:
    roles = (SectionRole.LINE, SectionRole.PARAGRAPH)
    return [one for section in draft.sections if section.role in roles for one in section.sentences]


def _wording_change(old: Draft, new: Draft) -> str | None:
    """Compare what is said about the cause, numbers and the company's own dates aside."""
    if _words(old) == _words(new):
        return None
    if _NUMBER.sub("#", old.subject) != _NUMBER.sub("#", new.subject):
        return f"It is now: {new.subject}."
    return "What is known about the cause changed."


def _words(draft: Draft) -> tuple[str, tuple[str, ...]]:
    policy = {one.number for one in draft.evidence if one.kind is EvidenceKind.POLICY}
    # The cause's second sentence is its likelihood, which moves with every report.
    sections = [
        " ".join(
            _NUMBER.sub("#", one.text)
            for one in section.sentences[: 1 if section.key == "cause" else None]
        )
        for section in draft.sections
        if section.key in ("cause", "see")
        and not any(policy & set(one.marks) for one in section.sentences)
    ]
    return _NUMBER.sub("#", draft.subject), tuple(sections)


def _value(text: str) -> float:
    try:
        return float(text.replace(",", "").replace("\u00a0", ""))
    except ValueError:
        return 0.0


def _text(name: str, number: float) -> str:
    return name.replace("#", _plain(number), 1)


def _plain(number: float) -> str:
    return f"{number:,.0f}" if number == int(number) else f"{number:,.2f}"
