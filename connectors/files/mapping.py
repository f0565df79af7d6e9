"""From a mapping of plain values to a feedback item, a fact or a case."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import yaml
from pydantic import ValidationError

from connectors.files.well_known import (
    HALF_CHARACTER_REMARK,
    has_half_character,
    understand,
    whole,
)
from domain.errors import InvalidConfiguration, InvalidInput
from domain.facts import Case, Fact
from domain.feedback import Author, Channel, FeedbackItem
from domain.record import Record

Kind = Literal["feedback", "facts", "cases"]
Mapped = FeedbackItem | Fact | Case

_FIELDS: dict[Kind, frozenset[str]] = {
    "feedback": frozenset(FeedbackItem.model_fields) - {"source", "attributes"},
    "facts": frozenset(Fact.model_fields) - {"attributes"},
    "cases": frozenset(Case.model_fields) - {"attributes"},
}
_TIMES = frozenset({"at", "recorded_at", "opened_at", "closed_at"})
_NUMBERS = frozenset({"rating", "rating_max"})
_NAMES = frozenset({"id", "kind", "customer_id", "account_id", "thread_id"})
# Outside of these a time stands for "never" or "unknown", and no window fits around it.
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
MAX_TEXT = 1_000_000
# A double counts without gaps up to here.
_EXACT = 2**53


class ToRecord(NamedTuple):
    """A record, whether a time had no zone, and what was stored but not understood."""

    record: Mapped
    zone_assumed: bool
    remarks: tuple[str, ...] = ()


class Rule(Record):
    """Where the value of one field comes from."""

    column: str | None = None
    value: Any = None
    format: str | None = None


class Map(Record):
    """A map file: field → rule, and the columns that become attributes."""

    rules: dict[str, Rule]
    attributes: tuple[str, ...] | None = None

    def apply(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Give the row in our names."""
        used = {rule.column for rule in self.rules.values() if rule.column}
        mapped: dict[str, Any] = {}
        for name, rule in self.rules.items():
            value = rule.value if rule.column is None else row.get(rule.column)
            if rule.format and isinstance(value, str) and value.strip():
                value = _parse_with(value.strip(), rule.format, name)
            mapped[name] = value
        rest = (
            [name for name in row if name not in used and name not in mapped]
            if self.attributes is None
            else self.attributes
        )
        given = row.get("attributes") if "attributes" not in used else None
        mapped["attributes"] = {
            **(given if isinstance(given, dict) else {}),
            **{name: row.get(name) for name in rest if name != "attributes"},
        }
        return mapped


def text_map(column: str) -> Map:
    """Give the map that takes the text from one column, and every other field by its own name."""
    names = _FIELDS["feedback"] - {"text"}
    return Map(rules={"text": Rule(column=column)} | {name: Rule(column=name) for name in names})


def load_map(text: str, *, name: str) -> Map:
    """Read a map file.

    Raises:
        InvalidConfiguration: It is not YAML or names a field that does not exist.
    """
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidConfiguration(f"{name} is not valid YAML: {_where(error)}") from error
    if not isinstance(raw, dict):
        raise InvalidConfiguration(f"{name} must map our field names to columns.")
    known = frozenset().union(*_FIELDS.values()) | {"attributes"}
    unknown = sorted(str(key) for key in raw if key not in known)
    if unknown:
        raise InvalidConfiguration(
            f"{name} names unknown fields: {', '.join(unknown)}. Known: {', '.join(sorted(known))}."
        )
    rules = {key: _rule(key, value, name) for key, value in raw.items() if key != "attributes"}
    attributes = raw.get("attributes")
    if attributes is not None and not isinstance(attributes, list):
        raise InvalidConfiguration(f"attributes in {name} must be a list of columns.")
    return Map(rules=rules, attributes=None if attributes is None else tuple(map(str, attributes)))


def _rule(key: str, value: Any, name: str) -> Rule:
    if isinstance(value, str):
        return Rule(column=value)
    if isinstance(value, dict) and set(value) <= {"from", "format", "value"} and value:
        return Rule(column=value.get("from"), value=value.get("value"), format=value.get("format"))
    raise InvalidConfiguration(
        f"{key} in {name} must be a column name, {{from: COLUMN, format: FORMAT}} or {{value: X}}."
    )


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"line {mark.line + 1}" if mark else "unreadable"


def kind_of(row: Mapping[str, Any]) -> Kind:
    """See what a line is: `kind` a fact, `symptom` a case, else feedback."""
    if row.get("kind") not in (None, ""):
        return "facts"
    return "cases" if row.get("symptom") not in (None, "") else "feedback"


def to_record(row: Mapping[str, Any], *, kind: Kind | None = None, source: str) -> ToRecord:
    """Turn plain values into a record.

    Raises:
        InvalidInput: A field is missing or cannot be used; the message says which.
    """
    chosen = kind or kind_of(row)
    remarks: tuple[str, ...] = ()
    if has_half_character(row):
        row, remarks = _without_halves(row), (HALF_CHARACTER_REMARK,)
    values, attributes = _split(row, _FIELDS[chosen])
    if chosen == "facts":
        attributes, doubts = understand(str(values.get("kind")), attributes)
        remarks += doubts
    assumed = False
    for name in _TIMES & set(values):
        values[name], naive = _time(values[name], name)
        assumed = assumed or naive
    try:
        record = _MAKERS[chosen](values, attributes, source)
    except ValidationError as error:
        raise InvalidInput(_first_problem(error)) from None
    if isinstance(record, FeedbackItem):
        remarks += _gaps(record, has_id="id" in values)
    return ToRecord(record, assumed, remarks)


def _gaps(item: FeedbackItem, *, has_id: bool) -> tuple[str, ...]:
    """What cannot be done with an item for want of a field."""
    gaps = []
    if not has_id:
        gaps.append(
            "no id; one was made of source, text and time, so the same words count once there."
        )
    if item.author is Author.CUSTOMER and item.at is None:
        gaps.append("no time; it is read and matched, but raises no alarm.")
    if item.author is Author.CUSTOMER and item.customer_id is None and item.account_id is None:
        gaps.append("no customer; no record can be looked up, so no cause is proved by it.")
    return tuple(gaps)


def _without_halves(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Mend words; a name under which records are found must be whole.

    Raises:
        InvalidInput: A half character stands in an id.
    """
    broken = sorted(name for name in _NAMES & set(row) if has_half_character(row[name]))
    if broken:
        raise InvalidInput(f"{broken[0]} holds half a character.")
    mended: Mapping[str, Any] = whole(dict(row))
    return mended


def _split(row: Mapping[str, Any], fields: frozenset[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    values: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    for raw_name, value in row.items():
        name = str(raw_name).strip().lstrip("\ufeff")
        if value is None or (isinstance(value, str) and value == ""):
            continue
        if name == "attributes":
            attributes |= _attributes(value)
        elif name in fields:
            values[name] = value
        elif name:
            attributes[name] = value
    return values, attributes


def _attributes(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, dict):
        raise InvalidInput("attributes must be an object of names and values.")
    return {str(name): one for name, one in value.items() if one is not None}


def _text(values: dict[str, Any], name: str) -> str | None:
    value = values.get(name)
    if value is None:
        return None
    if isinstance(value, bool | dict | list):
        raise InvalidInput(f"{name} must be text.")
    return str(value)


def _feedback(values: dict[str, Any], attributes: dict[str, Any], source: str) -> FeedbackItem:
    text = values.get("text")
    if not isinstance(text, str) or not text.strip():
        raise InvalidInput("text is missing: feedback needs the words of the customer.")
    if len(text) > MAX_TEXT:
        raise InvalidInput(f"text is longer than {MAX_TEXT:,} characters.")
    at: datetime | None = values.get("at")
    id_ = _text(values, "id") or _hash_id(source, text, at)
    return FeedbackItem.model_validate(
        {
            "id": id_.strip() or _hash_id(source, text, at),
            "source": source,
            "text": {"value": text},
            "at": at,
            "channel": _one_of(values, "channel", Channel, Channel.OTHER),
            "author": _one_of(values, "author", Author, Author.CUSTOMER),
            "attributes": attributes,
            **{name: _number(values, name) for name in _NUMBERS},
            **{
                name: _text(values, name)
                for name in ("subject", "customer_id", "account_id", "thread_id", "language")
            },
        }
    )


def _hash_id(source: str, text: str, at: datetime | None) -> str:
    joined = "\x1f".join((source, text, at.isoformat() if at else ""))
    return "h" + hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _fact(values: dict[str, Any], attributes: dict[str, Any], source: str) -> Fact:
    del source
    for name in ("id", "kind", "at"):
        if name not in values:
            raise InvalidInput(f"{name} is missing: a fact needs id, kind and at.")
    amount = _whole_number(values, "amount_minor")
    return Fact.model_validate(
        {
            **values,
            **{
                name: _text(values, name)
                for name in ("id", "kind", "subject", "customer_id", "account_id", "currency")
            },
            "amount_minor": amount,
            "attributes": attributes,
        }
    )


def _case(values: dict[str, Any], attributes: dict[str, Any], source: str) -> Case:
    del source
    for name in ("id", "title", "symptom"):
        if name not in values:
            raise InvalidInput(f"{name} is missing: a case needs id, title and symptom.")
    texts = {
        name: _text(values, name)
        for name in ("id", "title", "symptom", "cause", "fix", "told", "owner", "outcome")
        if name in values
    }
    return Case.model_validate({**values, **texts, "attributes": attributes})


_MAKERS: dict[Kind, Callable[[dict[str, Any], dict[str, Any], str], Mapped]] = {
    "feedback": _feedback,
    "facts": _fact,
    "cases": _case,
}


def _one_of(values: dict[str, Any], name: str, kind: Any, default: Any) -> Any:
    value = values.get(name)
    if value is None:
        return default
    try:
        return kind(str(value).strip().lower())
    except ValueError:
        accepted = ", ".join(one.value for one in kind)
        raise InvalidInput(f"{name} is {str(value)[:40]!r}: use one of {accepted}.") from None


def _number(values: dict[str, Any], name: str) -> float | None:
    value = values.get(name)
    if value is None:
        return None
    try:
        number = math.nan if isinstance(value, bool) or "_" in str(value) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise InvalidInput(f"{name} is {str(value)[:40]!r}: give a number.")
    return number


def _whole_number(values: dict[str, Any], name: str) -> int | None:
    number = _number(values, name)
    if number is None:
        return None
    if number != int(number) or abs(number) > _EXACT:
        raise InvalidInput(
            f"{name} is {str(values[name])[:40]!r}: give whole minor units, 1299 for 12.99."
        )
    return int(number)


def _time(value: Any, name: str) -> tuple[datetime, bool]:
    if isinstance(value, datetime):
        at = value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        raise InvalidInput(f"{name} is a number: give ISO 8601, 2026-03-03T09:40:00Z.")
    else:
        text = str(value).strip()
        try:
            at = datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00"))
        except ValueError:
            raise InvalidInput(
                f"{name} is {text[:40]!r}: give ISO 8601, 2026-03-03T09:40:00Z, or a map file."
            ) from None
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise InvalidInput(f"{name} lies outside the years {_FIRST_YEAR} to {_LAST_YEAR}.")
    return (at.replace(tzinfo=UTC), True) if at.tzinfo is None else (at.astimezone(UTC), False)


def _parse_with(value: str, format_: str, name: str) -> datetime:
    try:
        return datetime.strptime(value, format_)  # noqa: DTZ007  the zone is judged later
    except ValueError:
        raise InvalidInput(f"{name} is {value[:40]!r}, which is not {format_!r}.") from None


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in problem["loc"]) or "record"
    return f"{place}: {problem['msg']}."
