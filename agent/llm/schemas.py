"""Closed schemas of the model's answers, and the check that a strict provider takes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.feedback import SentimentLabel


class Answer(BaseModel):
    """Base of everything a model returns: nothing unknown, no coercion."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class DriverAnswer(Answer):
    """A driver the customer speaks about."""

    driver: str
    sentiment: SentimentLabel
    quote: str
    confidence: float = Field(ge=0, le=1)


class ReadingAnswer(Answer):
    """One record of `read_feedback`."""

    id: str
    sentiment: SentimentLabel | None
    score: float = Field(ge=-1, le=1)
    confidence: float = Field(ge=0, le=1)
    drivers: list[DriverAnswer]


class ReadingsAnswer(Answer):
    """The whole answer of `read_feedback`."""

    readings: list[ReadingAnswer]


class WordedSentence(Answer):
    """One record of `word_draft`."""

    id: str
    text: str


class WordedAnswer(Answer):
    """The whole answer of `word_draft`."""

    sentences: list[WordedSentence]


class AttributeValue(Answer):
    """One attribute with its value, as written in the records."""

    attribute: str
    value: str


class CauseAnswer(Answer):
    """One hypothesis of `investigate`; it cites result ids, never numbers."""

    cause: list[AttributeValue]
    confidence: float = Field(ge=0, le=1)
    supported_by: list[str]
    contradicted_by: list[str]


class InvestigationAnswer(Answer):
    """The end of an investigation."""

    verdict: Literal["cause", "unknown"]
    hypotheses: list[CauseAnswer]
    next_check: str


_STRICT = frozenset(
    {
        "type", "properties", "required", "additionalProperties", "items", "enum", "const",
        "anyOf", "$ref", "$defs", "description", "title", "minimum", "maximum",
        "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems",
    }
)  # fmt: skip


def strict_schema(answer: type[Answer]) -> dict[str, Any]:
    """Give the JSON schema of an answer as a strict provider wants it."""
    schema = answer.model_json_schema()
    _close(schema)
    problems = list(strict_problems(schema))
    if problems:
        raise ValueError(f"{answer.__name__} is not strict: {problems}")
    return schema


def _close(node: dict[str, Any]) -> None:
    node.pop("default", None)
    if node.get("type") == "object":
        node.setdefault("additionalProperties", False)
        node["required"] = list(node.get("properties", {}))
    for child in _children(node):
        _close(child)


def _children(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for group in ("properties", "$defs"):
        yield from node.get(group, {}).values()
    if "items" in node:
        yield node["items"]
    yield from node.get("anyOf", [])


def strict_problems(node: dict[str, Any], *, root: bool = True) -> Iterator[str]:
    """Say what in a schema strict providers refuse.

    Source: keywords accepted by strict structured output, as of 2026-11-24.
    """
    if unknown := node.keys() - _STRICT:
        yield f"unknown keywords {sorted(unknown)}"
    typed = node.keys() & {"type", "anyOf", "$ref", "enum", "const"}
    if not typed or (root and node.get("type") != "object"):
        yield "untyped, or the root is not an object"
    if node.get("type") == "object":
        closed = node.get("additionalProperties") is False
        if not closed or set(node.get("properties", {})) != set(node.get("required", [])):
            yield "an object must be closed and require every property"
    for child in _children(node):
        yield from strict_problems(child, root=False)
