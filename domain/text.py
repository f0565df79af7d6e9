"""Customer text before and after redaction: two types that cannot be swapped."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from domain.record import Record


class CustomerText(Record):
    """Text as a customer wrote it. Its `repr` never shows it."""

    value: str = Field(repr=False)


class PlaceholderKind(StrEnum):
    """What stood where a placeholder stands."""

    EMAIL = "EMAIL"
    PHONE = "PHONE"
    CARD = "CARD"
    IBAN = "IBAN"
    TOKEN = "TOKEN"  # noqa: S105


class RedactedSpan(Record):
    """One replacement; offsets are code points, half open."""

    kind: PlaceholderKind
    start: int
    end: int
    original_start: int
    original_end: int


class RedactedText(Record):
    """Text that may reach a model: listed kinds of personal data are placeholders.

    `spans` are in order and do not overlap. Build it only in `agent/reading/redact.py`.
    """

    value: str = Field(repr=False)
    spans: tuple[RedactedSpan, ...] = ()

    def to_original(self, start: int, end: int) -> tuple[int, int]:
        """Map offsets in the redacted text to offsets in the stored original.

        A boundary inside a placeholder moves outwards to the placeholder's edge.
        """
        return self._map(start, at_end=False), self._map(end, at_end=True)

    def _map(self, position: int, *, at_end: bool) -> int:
        shift = 0
        for span in self.spans:
            if position >= span.end:
                shift = span.original_end - span.end
                continue
            if position > span.start:
                return span.original_end if at_end else span.original_start
            break
        return position + shift
