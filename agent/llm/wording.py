"""What a reworded sentence may be: the same facts in the same words, in a better order.

Fail closed: a new wording may bring in function words and a few neutral ones, nothing
else; figures, dates, names, slots and every word that turns a meaning stay as they are.
"""

from __future__ import annotations

import re
from collections import Counter

LONGEST = 300

_SLOT = re.compile(r"\$\{?[a-z_]+\}?")
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_DATE = re.compile(
    rf"(?:(?:{_DAYS})\s+)?\d{{1,2}}\s+(?:{_MONTHS})(?:\s+\d{{4}})?(?:,?\s+\d{{1,2}}:\d{{2}})?", re.I
)
_FIGURE = re.compile(r"\d(?:[\d.,:\u00a0/-]*\d)?")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_TOKEN = re.compile(rf"{_FIGURE.pattern}|{_WORD.pattern}")
_CODE = re.compile(r"\b(?=\w*\d)(?=\w*[^\W\d])[\w-]+")
_FORBIDDEN = re.compile(r"[“”„«»\"`<>\[\]{}@\n\r\t\x00-\x1f\u2028\u2029\u202a-\u202e]|://|www\.")
# Words that turn what a sentence says; they may neither come nor go, nor turn another word.
_TURNING = frozenset(
    "not no never nobody none nothing neither nor without before after since until till more less "
    "fewer most least all every each only other others outside inside above below against for from "
    "by to than if unless may might could can cannot would should must will shall and or but one "
    "over under between up down out per possibly probably likely still already yet "
    "again them their they you your we our us it".split()
)
_DENIALS = frozenset("not no never nobody none nothing neither nor without".split())
_JOINT = re.compile(r"[,;:–—]|\b(?:and|but|or|while|whereas)\b", re.I)
_FREE = frozenset(
    "a an the this that these those which who whose there here in on at of with as is are was "
    "were be been being has have had having do does did so also both its his her he she when "
    "where while because during within among about into customer customers record records show "
    "shows see seen report reports reported happen happens happened find found hit group share "
    "set time began begin begins started concern concerns concerned".split()
)


def may_be_offered(text: str) -> bool:
    """Whether a sentence can be reworded safely: one clause, with at most one figure.

    Two figures, two like parts, or a part that denies beside one that does not could
    change places without any word changing.
    """
    plain = _DATE.sub(" ", _SLOT.sub(" ", text))
    found = [word.lower() for word in _WORD.findall(plain)]
    if len(found) < 4 or len(_FIGURE.findall(plain)) > 1:
        return False
    times = Counter(word for word in found if word not in _FREE | _TURNING)
    if max(times.values(), default=0) > 1:
        return False
    denies = any(word in _DENIALS or word.endswith(("n't", "n’t")) for word in found)
    return not (denies and _JOINT.search(plain))


def fault_of(original: str, worded: str) -> str | None:
    """Say why a wording cannot stand for the original; None when it can."""
    if not worded.strip() or worded != worded.strip() or len(worded) > LONGEST:
        return f"Empty, or longer than {LONGEST} characters."
    if set(_FORBIDDEN.findall(worded)) - set(_FORBIDDEN.findall(original)):
        return "It adds a quote, a link, an address or a mark-up."
    if _SLOT.findall(original) != _SLOT.findall(worded):
        return "A slot changed."
    if _fixed(original) != _fixed(worded):
        return "A number, date or code changed."
    if _names(original) != _names(worded):
        return "A name changed."
    if _turning(original) != _turning(worded):
        return "A word that turns the meaning changed."
    strange = _strange(original, worded)
    if strange:
        return f"It says something that the sentence does not: {strange!r}."
    return None


def _fixed(text: str) -> tuple[list[str], list[str], Counter[str]]:
    plain = _SLOT.sub(" ", text)
    dates = [one.lower() for one in _DATE.findall(plain)]
    return dates, _FIGURE.findall(_DATE.sub(" ", plain)), Counter(_CODE.findall(plain))


def _names(text: str) -> Counter[str]:
    """Words with a capital anywhere; the first word of the sentence only with one inside."""
    found = Counter(_WORD.findall(_DATE.sub(" ", _SLOT.sub(" ", text))))
    first = next(iter(_WORD.findall(text)), "")
    if not _is_name(first[1:]):
        found[first] -= 1
    return Counter({word: times for word, times in found.items() if times > 0 and _is_name(word)})


def _is_name(word: str) -> bool:
    return word != word.lower()


def _turning(text: str) -> Counter[tuple[str, str]]:
    """Each word that turns a meaning, with the word or figure that it turns."""
    tokens = [one.lower() for one in _TOKEN.findall(_SLOT.sub(" ", text))]
    told = [one for one in tokens if one not in _FREE]
    pairs = zip(told, [*told[1:], ""], strict=True)
    return Counter((word, _stem(turned)) for word, turned in pairs if _turns(word))


def _turns(word: str) -> bool:
    return word in _TURNING or word.endswith(("n't", "n’t"))


def _strange(original: str, worded: str) -> str | None:
    known = {_stem(word) for word in _WORD.findall(original)}
    for word in _WORD.findall(_SLOT.sub(" ", worded)):
        if word.lower() not in _FREE and _stem(word) not in known:
            return str(word)[:30]
    return None


def _stem(word: str) -> str:
    """Enough of a word that its forms meet: deliver, delivered, deliveries."""
    lower = word.lower()
    return lower if len(lower) <= 4 else lower[: max(4, len(lower) - 3)][:6]
