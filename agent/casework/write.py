"""The local writer: the drafts stand as they are written from the casefile."""

from __future__ import annotations

import time
from collections.abc import Callable

from domain.provenance import MadeBy, Trace, TraceStep
from domain.seats import WriteRequest, Written

VERSION = "1"


class LocalWriter:
    """Gives the draft back with the step on its trace."""

    def __init__(self, timer: Callable[[], float] = time.perf_counter) -> None:
        self._timer = timer

    def write(self, request: WriteRequest) -> Written:
        """Give the draft as it stands."""
        began = self._timer()
        draft = request.draft
        sentences = sum(len(section.sentences) for section in draft.sections)
        step = TraceStep(
            step="Draft",
            asked=f"{draft.kind.value} from {len(draft.evidence)} numbered facts and quotes",
            found=f"{sentences} sentences",
            by="local",
            seconds=round(self._timer() - began, 3),
        )
        return Written(
            draft=draft,
            trace=Trace(steps=(step,)),
            made_by=MadeBy(engine="local", version=VERSION),
        )
