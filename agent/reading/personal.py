"""Find phone numbers and secrets in a text whose characters are plain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from domain.text import PlaceholderKind


class Found(NamedTuple):
    """Personal data in a text; offsets are code points, half open."""

    kind: PlaceholderKind
    start: int
    end: int


# Shapes that vendors of keys document; a bound on every repetition keeps them linear.
_SECRETS = (
    re.compile(r"\b(?:sk|pk|rk|whsec)[-_](?:live|test|proj|ant)?[-_]?[A-Za-z0-9_-]{16,200}"),
    re.compile(r"\b(?:gh[pousr]|hf|npm|glpat|github_pat)[_-][A-Za-z0-9_-]{20,200}"),
    re.compile(r"\bxox[abeprs]-[A-Za-z0-9-]{10,200}"),
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"\bAIza[A-Za-z0-9_-]{35}\b"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,2000}"),
    re.compile(
        r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[^-]{0,8000}(?:-----END [A-Z ]{0,30}-----)?"
    ),
    re.compile(r"(?<=://)[^\s/:@]{1,80}:[^\s/@]{1,120}(?=@)"),
    re.compile(r"\b(?:Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{16,400}"),
    re.compile(r"\b(?:bearer|basic)\s+(?=[^\d\s]{0,400}\d)[A-Za-z0-9._~+/=-]{16,400}"),
    re.compile(r"(?<=hooks\.slack\.com/services/)[A-Za-z0-9/]{20,200}"),
    # A short name, a mark, and a long mixture of letters and digits: the usual shape of keys.
    re.compile(
        r"\b[A-Za-z]{2,10}(?:_v\d)?[_-](?=[A-Za-z]{0,200}\d)(?=\d{0,200}[A-Za-z])"
        r"[A-Za-z0-9]{24,200}\b"
    ),
    re.compile(r"\b(?=[A-Za-z]{0,200}\d)(?=\d{0,200}[A-Za-z])[A-Za-z0-9]{32,200}\b"),
)
_PASSWORD = re.compile(
    r"\b(?:passwords?|passwd|passwort|passphrase|kennwort|mot de passe|contraseña|senha|pwd|pin|"
    r"passcode|secret|token|api[ _-]?key)"
    r"(?P<link>\s{0,3}[:=]\s{0,3}|\s{1,3}(?:is|was|ist|war|est|es|é)[:\s]\s{0,3}|\s{1,3})"
    r"[\"'`]?(?P<value>[^\s,;\"'`]{4,200})",
    re.I,
)
# A setting whose name says that its value is secret.
_ASSIGNED = re.compile(
    r"\b[\w-]{0,40}?(?:secret|token|api[_-]?key|access[_-]?key|account[_-]?key|passwo?r?d|session)"
    r"[\w-]{0,40}?\s{0,2}[:=]\s{0,2}[\"']?(?=[^\d\s]{0,400}\d)(?P<value>[^\s,;&\"'`]{8,400})",
    re.I,
)
# The digits that prove that somebody holds a card or a telephone.
_PROOF = re.compile(
    r"\b(?:cvv2?|cvc2?|security code|otp|one[- ]time (?:code|password|pin)|verification code)"
    r"(?:\W{1,3}|\s(?:is|was|ist|est|es)[:\s]\s?)(?P<value>\d{3,8})\b",
    re.I,
)
# What follows "password:" when no password does.
_NO_PASSWORD = re.compile(
    r"(?:forgot(?:ten)?|reset|wrong|does(?:n't)?|won't|can't|cannot|invalid|never|help|please|lost|"
    r"change[ds]?|incorrect|rejected|required|expired|still|that|this|what|when|where|with|from|"
    r"your|mine|they|always|nothing|error|fails?|failed|works?|page|link|mail|e-?mail|again|"
    r"falsch|vergessen|oublié|incorrecto|errada)[.!?)]{0,3}",
    re.I,
)

_PHONE = re.compile(r"(?<![\w#./:-])(?:\+ ?|00)?\(?\d(?:[ ()./-]{0,2}\d){6,14}(?!\w)(?![.-]\d)")
_PHONE_CUE = re.compile(
    r"(?:\b(?:tel|telefon\w*|telephone|tél\w*|teléfono|phone|fon|mobile?|handy|call(?:ed|ing)?|"
    r"cell|whatsapp|fax|ring|text|sms|reach|registered|anrufen|rufen|portable|celular|contact)\b|"
    r"\bmessages (?:to|on)\b|"
    r"\b(?:my|our) (?:new )?number\b)[^.!?\n\d]{0,24}$",
    re.I,
)
# A number right behind one of these is theirs, not a phone number.
_OTHER_NUMBER = re.compile(
    r"\b(?:order|invoice|ticket|case|booking|reservation|tracking|reference|ref|parcel|shipment|"
    r"account|customer|licen[cs]e|serial|flight|policy|confirmation|id|article|item|sku|bestellung|"
    r"rechnung|commande|pedido)(?:'s)?(?: (?:number|no|nr|code|id))?[.:]?(?: is)?\W{0,3}$",
    re.I,
)
_NOT_PHONE = re.compile(
    r"(?:19|20)\d\d[-./ ]\d{1,2}[-./ ]\d{1,2}(?:\D.*)?|"
    r"\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)\d\d(?:\D.*)?|"
    r"(?!\d{3}\.\d{3}\.\d{4}$)\d+(?:\.\d+){2,}|\d{1,3}(?:[ .]\d{3})*[ .]000"
)
_GROUPED = re.compile(
    r"\(?\d{3}\)?[ .-]{1,2}\d{3}[ .-]\d{4}|1[ .-]\(?\d{3}\)?[ .-]{1,2}\d{3}[ .-]\d{4}|"
    r"[6-9]\d\d \d\d \d\d \d\d"
)
# A prefix of the national network and a number, as many countries write it.
_PREFIXED = re.compile(r"(?=(?:\D?\d){9})0[1-9]\d{0,4}[ /-]\d{5,9}")
# What people write behind a number to say which one it is.
_PHONE_LABEL = re.compile(
    r"\s?[,(/-]?\s?(?:office|fax|mobile|cell|home|work|landline|mobil|büro|privat|portable|bureau|"
    r"oficina|móvil)\b",
    re.I,
)
# Countries whose national formats are tried for a number without its country.
_REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "CH", "AT", "BR", "PT", "IN", "AU")
_LONGEST_PHONE = 40


def secrets(text: str) -> Iterator[Found]:
    """Keys, tokens, and what stands behind the word for a password."""
    for pattern in _SECRETS:
        for match in pattern.finditer(text):
            yield Found(PlaceholderKind.TOKEN, match.start(), match.end())
    for pattern in (_ASSIGNED, _PROOF):
        for match in pattern.finditer(text):
            yield Found(PlaceholderKind.TOKEN, match.start("value"), match.end("value"))
    for match in _PASSWORD.finditer(text):
        value = match["value"].rstrip(".!?)\"'")
        if len(value) >= 4 and _is_password(value, link=match["link"]):
            start = match.start("value")
            yield Found(PlaceholderKind.TOKEN, start, start + len(value))


def _is_password(value: str, *, link: str) -> bool:
    if _NO_PASSWORD.fullmatch(value) or value.startswith(("[", "<", "http")):
        return False
    has_digit = any(one.isdigit() for one in value)
    if ":" in link or "=" in link:
        return True
    if link.strip():
        return has_digit or not re.sub(r"['’-]", "", value).isalnum()
    return has_digit and any(one.isalpha() for one in value)


def phones(text: str) -> Iterator[Found]:
    """Numbers that somebody can be called under; never dates, versions, amounts, order ids."""
    for match in _PHONE.finditer(text):
        value = match.group().rstrip(" ()./-")
        if len(value) > _LONGEST_PHONE or _NOT_PHONE.fullmatch(value):
            continue
        before = text[max(0, match.start() - 48) : match.start()]
        end = match.start() + len(value)
        has_cue = _PHONE_CUE.search(before) or _PHONE_LABEL.match(text, end)
        if not _OTHER_NUMBER.search(before) and _is_phone(value, has_cue=bool(has_cue)):
            yield Found(PlaceholderKind.PHONE, match.start(), end)


def _is_phone(value: str, *, has_cue: bool) -> bool:
    bare = value.lstrip("(")
    if value.startswith("+") or (value.startswith("00") and len(value) > 9):
        return _is_possible("+" + value.lstrip("+0 "), None)
    is_spaced = len(re.findall(r"[ ()./-]+", value)) >= 2 and bare.startswith("0")
    if _PREFIXED.fullmatch(value) and not has_cue:
        return any(_is_valid(value, region) for region in _REGIONS)
    if not (has_cue or is_spaced or value.startswith("(") or _GROUPED.fullmatch(value)):
        return False
    return any(_is_possible(value, region) for region in _REGIONS)


def _is_possible(value: str, region: str | None) -> bool:
    import phonenumbers

    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(value, region))
    except phonenumbers.NumberParseException:
        return False


def _is_valid(value: str, region: str) -> bool:
    import phonenumbers

    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(value, region))
    except phonenumbers.NumberParseException:
        return False
