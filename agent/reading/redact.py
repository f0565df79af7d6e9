"""Replace personal data by typed placeholders; the only maker of `RedactedText`.

Covered: e-mail addresses, phone numbers, payment cards and IBANs by checksum, secrets.
Free names of third parties are not covered. Order numbers, dates, versions and amounts
stay, because matching needs them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from agent.reading.personal import Found, phones, secrets
from domain.text import CustomerText, PlaceholderKind, RedactedSpan, RedactedText

_INVISIBLE = frozenset("\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\ufeff")
# One character for one: full-width forms, digits of other scripts, odd spaces and dashes.
_PLAIN = (
    {0xFF01 + place: 0x21 + place for place in range(94)}
    | {
        zero + digit: 0x30 + digit
        for zero in (0x660, 0x6F0, 0x966, 0x9E6, 0xFF10, 0x1D7CE, 0x1D7EC, 0x1D7F6)
        for digit in range(10)
    }
    | dict.fromkeys((0x00A0, 0x202F, 0x3000, 0x09, *range(0x2000, 0x200B)), 0x20)
    | dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212, 0xFE63), 0x2D)
)

_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.!#$%&'*+/=?^`{|}~-]{1,64}"
    r"(?:@|\s?[(\[]\s?(?:at|@)\s?[)\]]\s?)"
    r"(?:[\w-]{1,63}(?:\.|\s?[(\[]\s?(?:dot|\.)\s?[)\]]\s?)){1,8}[^\W\d_][\w-]{1,23}"
)
_IBAN = re.compile(
    r"(?:(?<![A-Za-z0-9])|(?<=IBAN)|(?<=iban))"
    r"[A-Za-z]{2}\d{2}(?:[ .-]{0,2}[A-Za-z0-9]){11,30}(?![A-Za-z0-9])"
)
_CARD = re.compile(r"(?<![\w#+-])\d(?:(?: ?- ?| {1,2}|[./_]|\r?\n)?\d){11,18}(?![\w-]*\w)")
_CARD_CUE = re.compile(
    r"(?:card|karte|carte|tarjeta|carta|cartão|visa|mastercard|maestro|amex|\bcc)\b[^.!?\n]{0,40}$",
    re.I,
)
# First digits and lengths of the payment networks: Visa, Mastercard, American Express,
# Discover and UnionPay, JCB, Diners Club, Maestro (ISO/IEC 7812 and the networks' own
# tables, as known in 2026-11).
_NETWORK = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|"
    r"(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|"
    r"3[47]\d{13}|"
    r"6\d{15,18}|"
    r"35\d{14,17}|(?:1800|2131)\d{11}|"
    r"3(?:0[0-5]|[689]\d)\d{11,16}|"
    r"(?:50|5[6-9])\d{11,17}"
)
# An unbroken number right behind one of these is theirs, not a card.
_NUMBER_OF_SOMETHING = re.compile(
    r"\b(?:order|invoice|ticket|tracking|parcel|shipment|reference|imei|serial|isbn|ean|gtin|"
    r"bestell\w*|rechnungs?\w*|sendungs?\w*|commande|facture|colis|pedido|factura)"
    r"(?: ?-?(?:number|no|nr|code|id|nummer|numéro|número))?[.:]?(?: is)?\W{0,3}$",
    re.I,
)
# Characters of the longest IBAN with what separates its groups, and some words behind it.
_LONGEST_IBAN = 60


class _Plain(NamedTuple):
    """Text made easy to search, and where each of its characters stands in the original."""

    text: str
    places: list[int] | None
    """None where nothing was left out."""


def redact(text: CustomerText) -> RedactedText:
    """Replace personal data; time is linear in the length of the text."""
    original = text.value
    plain = _plain_of(original)
    taken = bytearray(len(plain.text))
    found: list[Found] = []
    for finder in (secrets, _emails, _ibans, _cards, phones):
        for one in finder(plain.text):
            if not any(taken[one.start : one.end]):
                taken[one.start : one.end] = b"\1" * (one.end - one.start)
                found.append(one)
    found.sort(key=lambda one: one.start)
    return _replace(original, [_in_original(one, plain.places) for one in found])


def _plain_of(original: str) -> _Plain:
    if _INVISIBLE.isdisjoint(original):
        return _Plain(original.translate(_PLAIN), None)
    places = [place for place, one in enumerate(original) if one not in _INVISIBLE]
    visible = "".join(original[place] for place in places)
    return _Plain(visible.translate(_PLAIN), places)


def _in_original(found: Found, places: list[int] | None) -> Found:
    if places is None:
        return found
    return Found(found.kind, places[found.start], places[found.end - 1] + 1)


def _replace(original: str, found: list[Found]) -> RedactedText:
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


def _emails(text: str) -> Iterator[Found]:
    if "@" not in text and "at" not in text:
        return
    for match in _EMAIL.finditer(text):
        yield Found(PlaceholderKind.EMAIL, match.start(), match.end())


def _ibans(text: str) -> Iterator[Found]:
    for match in _IBAN.finditer(text):
        end = _end_of_iban(text, match.start(), match.end())
        if end is not None:
            yield Found(PlaceholderKind.IBAN, match.start(), end)


def _end_of_iban(text: str, start: int, end: int) -> int | None:
    """The end of the longest valid part that begins at `start` and ends at a word's end."""
    from stdnum import iban

    end = min(end, start + _LONGEST_IBAN)
    while end - start >= 15:
        if iban.is_valid(re.sub(r"[ .-]", "", text[start:end]), check_country=False):
            return end
        cut = max(text.rfind(mark, start, end) for mark in " .-")
        if cut <= start:
            return None
        end = cut
    return None


def _cards(text: str) -> Iterator[Found]:
    from stdnum import luhn

    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if len(set(digits)) < 2 or not luhn.is_valid(digits):
            continue
        before = text[max(0, match.start() - 48) : match.start()]
        if match.group().isdigit() and _NUMBER_OF_SOMETHING.search(before):
            continue
        if _NETWORK.fullmatch(digits) or _CARD_CUE.search(before):
            yield Found(PlaceholderKind.CARD, match.start(), match.end())
