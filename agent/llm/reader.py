"""A model in the seat of the reader, in front of the local one.

Each text is asked about alone: a text that a model obeys can then alter its own reading,
never that of another customer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from agent.llm.chat import parse_answer
from agent.llm.schemas import DriverAnswer, ReadingAnswer, ReadingsAnswer, strict_schema
from domain.errors import ModelUnavailable
from domain.feedback import DriverMention, Noise, Reading, Sentiment
from domain.people import ModelPolicy, Taxonomy
from domain.ports import Progress
from domain.provenance import MadeBy
from domain.seats import ChatModel, ChatRequest, Reader, ReadRequest
from prompts.catalog import Prompt, get_prompt

VERSION = "1"
MOST_DRIVERS = 3
_ID = "r1"
# A text beyond this is shown to the model up to here; longer ones are quoted mail threads.
_LONGEST_TEXT = 4000
_LONGEST_QUOTE = 240
# The local reading is doubtful under these. 0.5: sentiment is then more often than not
# another; 0.45: the local reader itself names a second driver only from there on.
_SURE_SENTIMENT = 0.5
_SURE_DRIVER = 0.45
_MOST_OUT = 550
_NOT_ASKED = frozenset({Noise.SPAM, Noise.AUTO_REPLY, Noise.EMPTY})
# An answer that cannot be used says nothing about the next one; anything else does.
_ONCE_ONLY = ("cut", "refused", "empty", "too long", "invalid", "ended with", "unusable answer")

MakeChat = Callable[[], ChatModel]
"""Gives a chat with a budget of its own; one per text."""


class Breaker:
    """Stops asking for a while after the model could not be reached."""

    def __init__(
        self, *, pause_s: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pause_s = pause_s
        self._clock = clock
        self._until = 0.0
        self._reason = ""

    @property
    def reason(self) -> str | None:
        """Why nothing is asked now; None when asking is fine."""
        return self._reason if self._clock() < self._until else None

    def note(self, reason: str) -> None:
        """Stop asking, unless only this one answer was unusable."""
        if not reason.startswith(_ONCE_ONLY):
            self._reason, self._until = reason, self._clock() + self._pause_s


class ModelReader:
    """Lets a model read what the policy says; whatever fails, the local reading stands."""

    def __init__(
        self,
        local: Reader,
        make_chat: MakeChat,
        policy: ModelPolicy,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._local = local
        self._make_chat = make_chat
        self._policy = policy
        self._breaker = Breaker(clock=clock)

    def read(
        self,
        requests: Sequence[ReadRequest],
        *,
        taxonomy: Taxonomy,
        progress: Progress | None = None,
    ) -> list[Reading]:
        """Read items; one reading per request, in their order."""
        if self._policy.read == "none":
            return self._local.read(requests, taxonomy=taxonomy, progress=progress)
        readings = self._local.read(requests, taxonomy=taxonomy)
        asked = [
            place
            for place, reading in enumerate(readings)
            if self._is_asked(requests[place], reading)
        ]
        for place in asked:
            readings[place] = self._read_one(requests[place], readings[place], taxonomy)
            if progress is not None:
                progress(place + 1, len(requests))
        if progress is not None:
            progress(len(requests), len(requests))
        return readings

    def _is_asked(self, request: ReadRequest, local: Reading) -> bool:
        if local.noise in _NOT_ASKED or not request.text.value.strip():
            return False
        return self._policy.read == "all" or is_doubtful(local)

    def _read_one(self, request: ReadRequest, local: Reading, taxonomy: Taxonomy) -> Reading:
        closed = self._breaker.reason
        if closed is not None:
            return _keep(local, f"{closed}; not asked again for now")
        try:
            chat, prompt = self._make_chat(), get_prompt("read_feedback")
            record = self._ask(chat, prompt, request, taxonomy)
        except ModelUnavailable as error:
            self._breaker.note(error.reason)
            return _keep(local, error.reason)
        made_by = MadeBy(
            engine=chat.name, version=VERSION, prompt=prompt.id, taxonomy=taxonomy.hash
        )
        return _bound(record, request, local, taxonomy, made_by)

    def _ask(
        self, chat: ChatModel, prompt: Prompt, request: ReadRequest, taxonomy: Taxonomy
    ) -> ReadingAnswer | None:
        """Ask about one text alone, so that no text can speak for another."""
        answer = chat.complete(
            ChatRequest(
                messages=prompt.messages(
                    {
                        "drivers": [
                            {"name": one.name, "description": f"{one.label}. {one.description}"}
                            for one in taxonomy.drivers
                        ],
                        "texts": [_shown(request)],
                    },
                    max_drivers=str(MOST_DRIVERS),
                ),
                schema_name="readings",
                json_schema=strict_schema(ReadingsAnswer),
                max_tokens=_MOST_OUT,
                prompt=prompt.id,
                case=request.key,
            ),
            timeout_s=self._policy.timeout_s,
        )
        records = parse_answer(answer.text, ReadingsAnswer).readings
        return records[0] if [one.id for one in records] == [_ID] else None


def is_doubtful(local: Reading) -> bool:
    """Whether the local reading is worth a second look."""
    sentiment = local.sentiment
    if sentiment.label is None or sentiment.confidence < _SURE_SENTIMENT:
        return True
    if local.noise is None and sentiment.label in ("negative", "mixed") and not local.drivers:
        return True
    return bool(local.drivers) and local.drivers[0].confidence < _SURE_DRIVER


def _shown(request: ReadRequest) -> dict[str, str]:
    text = {"id": _ID, "text": request.text.value[:_LONGEST_TEXT]}
    if request.subject is not None:
        text["subject"] = request.subject.value[:_LONGEST_QUOTE]
    return text


def _keep(local: Reading, why: str) -> Reading:
    note = f"the model gave no usable reading: {why}"
    return local.model_copy(update={"made_by": local.made_by.model_copy(update={"note": note})})


def _bound(
    record: ReadingAnswer | None,
    request: ReadRequest,
    local: Reading,
    taxonomy: Taxonomy,
    made_by: MadeBy,
) -> Reading:
    """Give the model's reading if all of its record is bound, otherwise the local one."""
    if record is None:
        return _keep(local, "it left this text out, or named another one")
    wrong = _wrong_with(record, taxonomy)
    if wrong is not None:
        return _keep(local, wrong)
    mentions = [_mention(one, request) for one in record.drivers]
    bound = tuple(one for one in mentions if one is not None)
    if len(bound) < len(mentions):
        return _keep(local, "a quote is not in the text")
    return local.model_copy(
        update={
            "sentiment": Sentiment(
                label=record.sentiment,
                score=record.score,
                confidence=record.confidence,
                reason=None if record.sentiment else "the text does not tell",
            ),
            "drivers": bound,
            "considered": (),
            "reason": None if bound else "no driver of the taxonomy fits",
            "made_by": made_by,
        }
    )


def _wrong_with(record: ReadingAnswer, taxonomy: Taxonomy) -> str | None:
    names = [one.driver for one in record.drivers]
    if len(names) > MOST_DRIVERS or len(set(names)) < len(names):
        return "too many drivers, or one twice"
    if any(taxonomy.find_driver(name) is None for name in names):
        return "a driver is not in the taxonomy"
    signs = {"positive": record.score >= 0, "negative": record.score <= 0}
    if record.sentiment is not None and not signs.get(record.sentiment, True):
        return "label and score contradict each other"
    return None


def _mention(record: DriverAnswer, request: ReadRequest) -> DriverMention | None:
    """Bind a quote to its place in the text; None where it is not verbatim in it."""
    text, quote = request.text, record.quote
    if not quote.strip() or len(quote) > _LONGEST_QUOTE:
        return None
    start = text.value[:_LONGEST_TEXT].find(quote)
    end = start + len(quote)
    if start < 0 or any(span.start < end and start < span.end for span in text.spans):
        return None
    original_start, original_end = text.to_original(start, end)
    return DriverMention(
        driver=record.driver,
        sentiment=record.sentiment,
        quote=quote,
        start=original_start,
        end=original_end,
        confidence=record.confidence,
    )
