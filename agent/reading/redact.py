"""Replace personal data by typed placeholders; the only maker of `RedactedText`.

Covered: e-mail addresses, phone numbers, payment cards and IBANs by checksum, secrets.
Free names of third parties are not covered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from domain.text import CustomerText, PlaceholderKind, RedactedSpan, RedactedText

# Length-preserving: full-width digits and letters to ASCII, invisible marks to a space.
_PLAIN = (
    {0xFF01 + place: 0x21 + place for place in range(94)}
    | dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD, 0x00A0, 0x202F), 0x20)
    | dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2212), 0x2D)
)

_EMAIL = re.compile(
    r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}(?:@|\s?\(at\)\s?|\s?\[at\]\s?)(?:[\w-]{1,63}\.){1,8}[\w-]{2,24}"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])")
_CARD = re.compile(r"(?<![\w#-])\d(?:[ -]?\d){12,18}(?![\w-]*\w)")
_PHONE = re.compile(r"(?<![\w#./-])(?:\+|00)?\(?\d(?:[ ()./-]{0,2}\d){6,14}(?![\w-]*\w)")
_PHONE_CUE = re.compile(
    r"(?:tel|phone|fon|mobile|mobil|call|cell|whatsapp|fax|rufen|number is)\W{0,12}\w{0,4}\W{0,3}$",
    re.I,
)
_NOT_PHONE = re.compile(r"^\d{4}-\d{2}-\d{2}|^\d{1,2}[./]\d{1,2}[./]\d{2,4}$|^\d+\.\d+\.\d+")
_SECRETS = (
    re.compile(r"\b(?:sk|pk|rk)[-_](?:live|test|proj)?[-_]?[A-Za-z0-9_-]{16,200}"),
    re.compile(r"\bgh[pousr]_[A-Za-z0-9]{20,200}"),
    re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,200}"),
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,2000}"),
    re.compile(r"\b(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{32,200}\b"),
)
_PASSWORD = re.compile(
    r"\b(?:password|passwd|passwort|pwd|pin|passcode|secret|token|api[ -]?key)"
    r"(?:\s+(?:is|ist|was)\s+|\s*[:=]\s*)(?P<value>[^\s,;]{4,200})",
    re.I,
)
# Countries whose national formats are tried when a cue stands before the number.
_REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "BR", "PT", "IN", "AU")
_LONGEST = 40


class _Found(NamedTuple):
    kind: PlaceholderKind
    start: int
    end: int


def redact(text: CustomerText) -> RedactedText:
    """Replace personal data; time is linear in the length of the text."""
    original = text.value
    plain = original.translate(_PLAIN)
    taken: list[_Found] = []
    for finder in (_secrets, _emails, _ibans, _cards, _phones):
        for found in finder(plain):
            if all(found.end <= one.start or found.start >= one.end for one in taken):
                taken.append(found)
    return _replace(original, sorted(taken, key=lambda one: one.start))


def _replace(original: str, found: list[_Found]) -> RedactedText:
    parts: list[str] = []
    spans: list[RedactedSpan] = []
    length = at = 0
    for kind, start, end in found:
        mark = f"[{kind.value}]"
        parts += [original[at:start], mark]
        length += start - at
        spans.append(
            RedactedSpan(
                kind=kind,
                start=length,
                end=length + len(mark),
                original_start=start,
                original_end=end,
            )
        )
        length += len(mark)
        at = end
    parts.append(original[at:])
    return RedactedText(value="".join(parts), spans=tuple(spans))


def _secrets(text: str) -> Iterator[_Found]:
    for pattern in _SECRETS:
        for match in pattern.finditer(text):
            yield _Found(PlaceholderKind.TOKEN, match.start(), match.end())
    for match in _PASSWORD.finditer(text):
        value = match["value"].rstrip(".!?)\"'")
        if any(one.isdigit() for one in value) or any(not one.isalnum() for one in value):
            start = match.start("value")
            yield _Found(PlaceholderKind.TOKEN, start, start + len(value))


def _emails(text: str) -> Iterator[_Found]:
    if "@" not in text and "at" not in text:
        return
    for match in _EMAIL.finditer(text):
        yield _Found(PlaceholderKind.EMAIL, match.start(), match.end())


def _ibans(text: str) -> Iterator[_Found]:
    from stdnum import iban

    for match in _IBAN.finditer(text):
        end = _valid_prefix(text, match.start(), match.end(), iban.is_valid, shortest=15)
        if end is not None:
            yield _Found(PlaceholderKind.IBAN, match.start(), end)


def _cards(text: str) -> Iterator[_Found]:
    from stdnum import luhn

    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        # 2 to 6: first digits of the payment networks (ISO/IEC 7812).
        if digits[0] in "23456" and len(set(digits)) > 1 and luhn.is_valid(digits):
            yield _Found(PlaceholderKind.CARD, match.start(), match.end())


def _valid_prefix(
    text: str, start: int, end: int, is_valid: Callable[[str], bool], *, shortest: int
) -> int | None:
    """The end of the longest valid part that begins at `start` and ends at a word's end."""
    end = min(end, start + _LONGEST + 8)
    while end - start >= shortest:
        if is_valid(re.sub(r"[ -]", "", text[start:end])):
            return end
        cut = max(text.rfind(" ", start, end), text.rfind("-", start, end))
        if cut <= start:
            return None
        end = cut
    return None


def _phones(text: str) -> Iterator[_Found]:
    for match in _PHONE.finditer(text):
        value = match.group().rstrip(" ()./-")
        if len(value) > _LONGEST or _NOT_PHONE.search(value):
            continue
        before = text[max(0, match.start() - 28) : match.start()]
        if _is_phone(value, has_cue=bool(_PHONE_CUE.search(before))):
            yield _Found(PlaceholderKind.PHONE, match.start(), match.start() + len(value))


def _is_phone(value: str, *, has_cue: bool) -> bool:
    import phonenumbers

    international = value.startswith(("+", "00"))
    spaced = len(re.findall(r"[ ()./-]+", value)) >= 2 and value.lstrip("(").startswith("0")
    if not (
        international or has_cue or spaced or re.match(r"\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}$", value)
    ):
        return False
    regions = (None,) if value.startswith("+") else _REGIONS
    number = f"+{value[2:]}" if value.startswith("00") else value
    for region in regions if not number.startswith("+") else (None,):
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(parsed) and (
            has_cue or phonenumbers.is_valid_number(parsed)
        ):
            return True
    return False
