"""Attributes whose meaning is known: what text from a file says as a flag or a number."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from domain.errors import InvalidInput
from domain.facts import FLAGS, as_flag

_NUMBERS = {
    "account": ("value_minor",),
    "usage": ("count",),
    "milestone": ("count",),
    "handoff": ("waited_s",),
    "promise": ("threshold",),
}
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?")
# Attributes that mean something are flat; a database nests less deeply than a parser.
_DEEPEST = 64
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
HALF_CHARACTER_REMARK = (
    "A text held half a character, which no file can keep; the mark \ufffd stands in its place."
)


class Understood(NamedTuple):
    """Attributes with their types, and what could not be understood."""

    attributes: dict[str, Any]
    remarks: tuple[str, ...]


def understand(kind: str, attributes: Mapping[str, Any]) -> Understood:
    """Give flags and numbers their types; all other text stays text.

    A flag that is neither yes nor no stays as it is and is remarked on.
    """
    typed = dict(attributes)
    remarks = []
    for name in FLAGS.get(kind, ()):
        if name not in typed:
            continue
        flag = as_flag(typed[name])
        if flag is None:
            remarks.append(
                f"{name} of a {kind} is neither yes nor no; "
                "nobody is written to whose record says so."
            )
        else:
            typed[name] = flag
    for name in _NUMBERS.get(kind, ()):
        typed[name] = _as_number(typed.get(name))
    return Understood({name: one for name, one in typed.items() if one is not None}, tuple(remarks))


def _as_number(value: Any) -> Any:
    if not isinstance(value, str) or not _NUMBER.fullmatch(value.strip()):
        return value
    number = float(value)
    return int(number) if math.isfinite(number) and number.is_integer() else number


def has_half_character(value: Any) -> bool:
    """Whether a text, or a text inside a value, holds half a character.

    Raises:
        InvalidInput: The value is nested more than 64 deep.
    """
    if isinstance(value, str):
        return _HALF_CHARACTER.search(value) is not None
    level = [value]
    for _ in range(_DEEPEST):
        texts, level = _opened(level)
        if _HALF_CHARACTER.search("".join(texts)):
            return True
        if not level:
            return False
    raise InvalidInput("The record is nested too deeply.")


def _opened(values: list[Any]) -> tuple[list[str], list[Any]]:
    """The texts right inside lists and objects, and the lists and objects in them."""
    texts: list[str] = []
    inner: list[Any] = []
    for value in values:
        held: Iterable[Any] = ()
        if isinstance(value, dict):
            texts += value
            held = value.values()
        elif isinstance(value, list):
            held = value
        for one in held:
            if isinstance(one, str):
                texts.append(one)
            elif isinstance(one, dict | list):
                inner.append(one)
    return texts, inner


def whole(value: Any) -> Any:
    """Give a value with a mark of the same length in place of each half character."""
    if isinstance(value, str):
        return _HALF_CHARACTER.sub("\ufffd", value)
    if isinstance(value, dict):
        return {whole(name): whole(one) for name, one in value.items()}
    return [whole(one) for one in value] if isinstance(value, list) else value
