"""The local writer: the drafts stand as they are written from the casefile.

For another draft it follows the wishes that code can follow, and says of a reviewer's own
words that it cannot.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from agent.casework.reshape import reshape
from domain.provenance import MadeBy, Trace, TraceStep
from domain.seats import WriteRequest, Written

VERSION = "1"


NOT_FOLLOWED = "The words were not followed: no model is set up. They stand on the record."


class LocalWriter:
    """Gives the draft back, in the shape that was wished for, with the step on its trace."""

    def __init__(self, timer: Callable[[], float] = time.perf_counter) -> None:
        self._timer = timer

    def write(self, request: WriteRequest) -> Written:
        """Give the draft as it stands, or in the shape that its reviewer asked for."""
        began = self._timer()
        guidance = request.guidance
        draft, told = reshape(request.draft, guidance.wishes if guidance else ())
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
            on_wishes=told,
            on_words=NOT_FOLLOWED if guidance and guidance.words.value else "",
        )
