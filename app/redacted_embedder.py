"""What stands before an embedder outside this machine: it sees redacted text alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agent.reading.redact import redact
from domain.ports import Progress
from domain.text import CustomerText
from domain.vectors import Embedder

if TYPE_CHECKING:
    from domain.vectors import Vectors


class RedactedEmbedder:
    """Embeds texts after their redaction; redacted text comes out as it went in."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner

    @property
    def model_id(self) -> str:
        """The model of the embedder behind it."""
        return self._inner.model_id

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._inner.dimensions

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        """Embed texts; rows in their order.

        Raises:
            EmbedderUnavailable: The embedder behind it failed.
        """
        safe = [redact(CustomerText(value=text)).value for text in texts]
        return self._inner.embed(safe, progress=progress)
