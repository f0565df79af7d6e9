"""Bind every number, date, quote, link and promise of a draft to what carries it.

The same checks run on the agent's draft and on a person's edit. A check that cannot
run is open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from domain.people import Owner, Policy
from domain.proposals import Check, Draft, EvidenceKind, ProposalKind, Recipient, Section, Sentence

_NUMBER = re.compile(r"\d[\d.,:\u00a0/-]*\d|\d")
_SLOT = re.compile(r"\$\{?[a-z_]+\}?")
_QUOTED = re.compile(r"“([^”]+)”")
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>()“”]+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)+/[^\s]*", re.I)
_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[a-z]{2,}", re.I)
_CALENDAR = (
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|may"
    "|june|july|august|september|october|november|december|today|tomorrow|tonight|yesterday"
    "|weekend"
)
_NUMBER_WORDS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty"
    "|hundreds?|thousands?|millions?|dozens?|half|quarter|third"
)
_WORDS = re.compile(rf"\b(?:{_CALENDAR}|{_NUMBER_WORDS})\b", re.I)
# May as a verb is far more frequent than the month; as a date it stands beside a number.
_MAY_VERB = re.compile(r"\bmay\b(?!\s+\d)(?<!\d may)", re.I)
_PROMISES = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"\b(?:we|i|our team|they|it|you|your \w+|the \w+)(?:'ll| will| shall| are going to"
        r"| is going to)\s+(?!(?:write|not|never)\b)\w+",
        r"\bwill (?:be|get|receive|arrive|have|refund|deliver|fix|solve|replace|compensate)\b",
        r"\b(?:guarantee|promise|pledge|rest assured|commit(?:ted)? to|entitled to)\b",
        r"\b(?:refund|compensation|credit|voucher|discount|replacement|free of charge)\b"
        r"[^.]*\b(?:within|by|on its way|is coming|has been issued|for you)\b",
        r"\b(?:no later than|at the latest|by the end of|as soon as|within (?:the )?(?:next )?\w+ "
        r"(?:hours?|days?|weeks?|minutes?))\b",
        r"\b(?:expect|arrives?|delivered|fixed|solved|back|resolved|ready)\b[^.]*\bby\b",
    )
)


class Problem(NamedTuple):
    """Words that nothing carries."""

    section: str
    text: str
    why: str


def check_draft(
    draft: Draft,
    *,
    policy: Policy,
    owner: Owner | None,
    recipients: Sequence[Recipient] = (),
) -> tuple[Check, ...]:
    """Run all checks of a draft's kind, each with its first problem."""
    checks = [
        _check(
            "numbers", "Every number and date is on a record", unbound_numbers(draft), keep=True
        ),
        _check("quotes", "Every quote is verbatim in its report", _unbound_quotes(draft)),
        _check("promises", "No promise without an agreement", _promises(draft), safe=_safe(draft)),
        _check("links", "Links on the allow-list", _links(draft, policy)),
        _check("addresses", "No address in the text", _addresses(draft)),
    ]
    if draft.kind is ProposalKind.TICKET:
        checks.append(_owner_check(owner))
    else:
        checks.append(_check("others", "No other customer's data", _others(draft, recipients)))
        checks.append(_slots_check(draft, recipients))
    return tuple(checks)


def unbound_numbers(draft: Draft) -> list[Problem]:
    """Find numbers, dates and number words that no evidence of the draft carries.

    A sentence with marks is held against the claims of those marks, one without against
    all claims of the draft. Quotes are held against the quotes themselves.
    """
    claims = {one.number: one.claim for one in draft.evidence}
    everything = _tokens(" ".join(claims.values()))
    kept = _tokens(" ".join(one.claim for one in draft.evidence if one.kind is EvidenceKind.PERSON))
    problems = []
    for section, sentence in _sentences(draft):
        carried = everything
        if sentence.marks and sentence.written_by is None:
            carried = kept | _tokens(" ".join(claims.get(mark, "") for mark in sentence.marks))
        problems += _missing(section.key, _SLOT.sub(" ", sentence.text), carried)
    return problems + _missing("subject", draft.subject, everything)


def _missing(section: str, text: str, carried: set[str]) -> list[Problem]:
    return [
        Problem(section, token, f"“{token}” is in no record that this text cites.")
        for token in _token_list(text)
        if token.lower() not in carried
    ]


def _token_list(text: str) -> list[str]:
    text = _MAY_VERB.sub(" ", text)
    numbers = [match.strip(".,:/-") for match in _NUMBER.findall(text)]
    return numbers + _WORDS.findall(text)


def _tokens(text: str) -> set[str]:
    return {token.lower() for token in _token_list(text)}


def _unbound_quotes(draft: Draft) -> list[Problem]:
    sources = [one.claim for one in draft.evidence if one.kind is EvidenceKind.QUOTE]
    named = " ".join(one.claim for one in draft.evidence if one.kind is not EvidenceKind.QUOTE)
    problems = []
    for section, sentence in _sentences(draft):
        for quoted in _QUOTED.findall(sentence.text):
            if not any(quoted in source for source in sources) and quoted not in named:
                problems.append(Problem(section.key, quoted, "These words are in no report cited."))
    return problems


def _promises(draft: Draft) -> list[Problem]:
    allowed = {
        one.claim
        for one in draft.evidence
        if one.kind is EvidenceKind.POLICY and one.ref == "next_word_hours"
    }
    problems = []
    for section, sentence in _sentences(draft):
        if section.role in ("quotes", "cases", "ask", "for", "against") or section.key == "ask":
            continue
        if sentence.text in allowed:
            continue
        if any(pattern.search(sentence.text) for pattern in _PROMISES):
            why = "Promises something. The owner has not answered, so nothing is agreed."
            problems.append(Problem(section.key, sentence.text, why))
    if draft.kind is ProposalKind.MESSAGE and any(p.search(draft.subject) for p in _PROMISES):
        problems.append(Problem("subject", draft.subject, "Promises something in the subject."))
    return problems


def _safe(draft: Draft) -> str | None:
    return next(
        (
            one.claim
            for one in draft.evidence
            if one.kind is EvidenceKind.POLICY and one.ref == "next_word_hours"
        ),
        None,
    )


def _links(draft: Draft, policy: Policy) -> list[Problem]:
    allowed = {host.lower() for host in policy.link_hosts}
    problems = []
    for section, text in _texts(draft, skip_quotes=draft.kind is ProposalKind.TICKET):
        for link in _LINK.findall(text):
            host = urlsplit(link if "//" in link else f"https://{link}").hostname or ""
            if host.lower() not in allowed:
                problems.append(
                    Problem(section, link, f"{host!r} is not in link_hosts of policy.yaml.")
                )
    return problems


def _addresses(draft: Draft) -> list[Problem]:
    return [
        Problem(section, address, "An address in the text comes from nowhere a person approved.")
        for section, text in _texts(draft)
        for address in _EMAIL.findall(text)
    ]


def _others(draft: Draft, recipients: Sequence[Recipient]) -> list[Problem]:
    """Find a value of any recipient written into the template itself."""
    values = {
        value
        for one in recipients
        for name, value in one.values.items()
        if name in ("hello", "item") and len(value) > len("Hello,")
    }
    names = {one.name for one in recipients if one.name and len(one.name) > 2}
    problems = []
    generic = {"your order", "your invoice", "your delivery", "your payment"}
    for section, text in _texts(draft):
        for value in (values | names) - generic:
            if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text):
                problems.append(
                    Problem(section, value, "This belongs to one customer; the others get it too.")
                )
                break
    return problems


def _slots_check(draft: Draft, recipients: Sequence[Recipient]) -> Check:
    used = {match.strip("${}") for _, text in _texts(draft) for match in _SLOT.findall(text)}
    missing = sorted(name for name in used if any(not one.values.get(name) for one in recipients))
    in_subject = bool(_SLOT.search(draft.subject))
    detail = ""
    if missing:
        detail = f"No value for {', '.join(missing)} on every recipient's record."
    elif in_subject:
        detail = "The subject is the same for everyone; values that differ stand in the body."
    return Check(
        key="slots",
        label="Every value that differs has a record",
        ok=not detail,
        detail=detail,
        section="subject" if in_subject and not missing else None,
    )


_NO_OWNER = "No entry in owners.yaml matches. Add one, then run: undertone run --once"


def _owner_check(owner: Owner | None) -> Check:
    return Check(
        key="owner",
        label="One owner is accountable",
        ok=owner is not None,
        detail="" if owner else _NO_OWNER,
        section=None if owner else "why_you",
    )


def _check(
    key: str, label: str, problems: list[Problem], *, keep: bool = False, safe: str | None = None
) -> Check:
    if not problems:
        return Check(key=key, label=label, ok=True)
    first = problems[0]
    more = f" And {len(problems) - 1} more." if len(problems) > 1 else ""
    return Check(
        key=key,
        label=label,
        ok=False,
        detail=first.why + more,
        section=first.section,
        text=first.text,
        safe_wording=safe,
        may_be_kept=keep,
    )


def _sentences(draft: Draft) -> Iterable[tuple[Section, Sentence]]:
    for section in draft.sections:
        for sentence in section.sentences:
            yield section, sentence


def _texts(draft: Draft, *, skip_quotes: bool = False) -> Iterable[tuple[str, str]]:
    yield "subject", draft.subject
    for section, sentence in _sentences(draft):
        if not (skip_quotes and section.role == "quotes"):
            yield section.key, sentence.text
