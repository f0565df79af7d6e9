"""Collect the numbered evidence of a draft while its sentences are written."""

from __future__ import annotations

from domain.proposals import Evidence, EvidenceKind


class Marks:
    """Numbered evidence of one draft; the same claim on the same rows gets one number."""

    def __init__(self) -> None:
        self._evidence: list[Evidence] = []

    def add(
        self,
        claim: str,
        *,
        kind: EvidenceKind,
        ref: str,
        title: str,
        explanation: str = "",
        row_ids: tuple[str, ...] = (),
    ) -> int:
        """Give the number of the mark that carries a claim."""
        for known in self._evidence:
            if (known.claim, known.kind, known.ref) == (claim, kind, ref):
                return known.number
        number = len(self._evidence) + 1
        self._evidence.append(
            Evidence(
                number=number,
                claim=claim,
                kind=kind,
                ref=ref,
                title=title,
                explanation=explanation,
                row_ids=row_ids,
            )
        )
        return number

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """All marks in their order."""
        return tuple(self._evidence)
