"""How numbers, money, times and counts read in everything a person sees."""

from __future__ import annotations

from datetime import datetime

# ISO 4217 minor units that differ from two (ISO 4217 list one, 2024-06).
_MINOR_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "TND": 3}
_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
NO_BREAK = "\u00a0"


def count(number: int) -> str:
    """Give `1,127`."""
    return f"{number:,}"


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Give `1 customer` or `1,127 customers`."""
    return f"{count(number)} {singular if number == 1 else plural or singular + 's'}"


def money(amount_minor: int, currency: str) -> str:
    """Give `€1,106.30`, or `CHF 12.00` where no symbol is usual."""
    digits = _MINOR_DIGITS.get(currency, 2)
    amount = f"{amount_minor / 10**digits:,.{digits}f}"
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{amount}" if symbol else f"{currency}{NO_BREAK}{amount}"


def percent(share: float) -> str:
    """Give `31.2 %`."""
    return f"{share * 100:.1f}{NO_BREAK}%"


def day(at: datetime) -> str:
    """Give `3 March`."""
    return f"{at.day} {at:%B}"


def weekday(at: datetime) -> str:
    """Give `Tuesday 3 March`."""
    return f"{at:%A} {day(at)}"


def moment(at: datetime) -> str:
    """Give `3 March 06:00`."""
    return f"{day(at)} {at:%H:%M}"


def span(hours: float) -> str:
    """Give `46 min`, `1 h 52 min` or `1 d 4 h`."""
    minutes = round(hours * 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes // 1440} d {minutes % 1440 // 60} h"


def sentence(text: str) -> str:
    """Give the text with a capital first letter and a full stop."""
    text = text.strip()
    if not text:
        return text
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?…" else text + "."


def lower_first(text: str) -> str:
    """Give the text to stand inside a sentence, unless it begins with a name or acronym."""
    if len(text) > 1 and text[1].isupper():
        return text
    return text[:1].lower() + text[1:]


def likelihood(confidence: float) -> str:
    """Give the word for a chance."""
    if confidence >= 0.8:
        return "Likely"
    return "Probably" if confidence >= 0.5 else "Possibly"
