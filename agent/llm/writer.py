"""A model in the seat of the writer: it words sentences, it never adds one."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from agent.llm import wording
from agent.llm.budget import Used
from agent.llm.chat import BudgetedChat, parse_answer
from agent.llm.schemas import WordedAnswer, WordedSentence, strict_schema
from domain.errors import ModelUnavailable
from domain.people import ModelPolicy, Owner
from domain.proposals import (
    Check,
    Draft,
    EvidenceKind,
    ProposalKind,
    Recipient,
    SectionRole,
    Sentence,
)
from domain.provenance import Dropped, MadeBy, Trace, TraceStep
from domain.record import IssueId
from domain.seats import ChatRequest, Writer, WriteRequest, Written
from prompts.catalog import Prompt, get_prompt

VERSION = "1"
_WORDED = frozenset(
    {
        SectionRole.LINE,
        SectionRole.FOR,
        SectionRole.AGAINST,
        SectionRole.CHECK,
        SectionRole.WHY_YOU,
        SectionRole.PARAGRAPH,
    }
)
_TOKENS_PER_SENTENCE = 110
_LONGEST_CLAIM = 160

Place = tuple[int, int]
"""Numbers of a section and of a sentence in it."""
MakeIssueChat = Callable[[IssueId], BudgetedChat]
"""Gives a chat that spends from an issue's budget."""


class DraftCheck(Protocol):
    """Runs all checks of a draft."""

    def __call__(
        self, draft: Draft, *, owner: Owner | None, recipients: Sequence[Recipient]
    ) -> tuple[Check, ...]:
        """Give one `Check` per rule."""


class _Kept(NamedTuple):
    draft: Draft
    kept: int
    dropped: list[Dropped]


class ModelWriter:
    """Words the local draft; a sentence that cannot be bound stands as it was."""

    def __init__(
        self,
        local: Writer,
        make_chat: MakeIssueChat,
        policy: ModelPolicy,
        *,
        check: DraftCheck,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._local = local
        self._make_chat = make_chat
        self._policy = policy
        self._check = check
        self._timer = timer

    def write(self, request: WriteRequest) -> Written:
        """Give the draft worded; falls back to the given draft and says why."""
        local = self._local.write(request)
        places = offered(local.draft)
        words = request.guidance.words.value if request.guidance else ""
        if not places:
            noted = _noted(local, "no sentence of this draft can be worded freely")
            answer = "No sentence of this draft can be worded freely." if words else ""
            return noted.model_copy(update={"on_words": answer})
        issue_id = request.casefile.issue.id
        chat = self._make_chat(issue_id)
        prompt = get_prompt("word_another_draft" if words else "word_draft")
        before, began = chat.budget.used(), self._timer()
        records: list[WordedSentence] = []
        failed: str | None = None
        try:
            records = self._ask(chat, prompt, local.draft, places, words, issue_id)
        except ModelUnavailable as error:
            failed = error.reason
        used = chat.budget.used().since(before)
        spent = f"{used.tokens_in:,} tokens in, {used.tokens_out:,} out"
        step = TraceStep(
            step="Word the draft",
            asked=f"{len(places)} sentences without quotes and tables",
            found=f"none: {failed}" if failed else f"{len(records)} wordings, {spent}",
            by=chat.name,
            seconds=round(self._timer() - began, 3),
            cost_usd=used.cost_usd if chat.budget.price_known else None,
        )
        charged = _charged(local.trace, used, chat, step)
        if failed is not None:
            noted = _noted(local, f"the model gave no usable wording: {failed}")
            answer = f"The model gave no usable wording: {failed}." if words else ""
            return noted.model_copy(update={"trace": charged, "on_words": answer})
        kept = self._keep(request, local.draft, places, records)
        made_by = MadeBy(engine=chat.name, version=VERSION, prompt=prompt.id)
        written = _written(local, kept, charged, made_by)
        answer = _on_words(chat.name, kept) if words else ""
        return written.model_copy(update={"on_words": answer})

    def _ask(
        self,
        chat: BudgetedChat,
        prompt: Prompt,
        draft: Draft,
        places: Mapping[str, Place],
        words: str,
        issue_id: IssueId,
    ) -> list[WordedSentence]:
        sentences = [
            {"id": id_, "text": sentence_at(draft, place).text} for id_, place in places.items()
        ]
        tone = (
            "factual, to a colleague"
            if draft.kind is ProposalKind.TICKET
            else "calm and friendly, to a customer"
        )
        answer = chat.complete(
            ChatRequest(
                messages=prompt.messages(
                    {"request": words, "sentences": sentences}
                    if words
                    else {"sentences": sentences},
                    max_chars=str(wording.LONGEST),
                    tone=tone,
                ),
                schema_name="wording",
                json_schema=strict_schema(WordedAnswer),
                max_tokens=200 + _TOKENS_PER_SENTENCE * len(sentences),
                prompt=prompt.id,
                case=f"{draft.kind.value} of {issue_id}",
            ),
            timeout_s=self._policy.timeout_s,
        )
        return parse_answer(answer.text, WordedAnswer).sentences

    def _keep(
        self,
        request: WriteRequest,
        draft: Draft,
        places: Mapping[str, Place],
        records: Sequence[WordedSentence],
    ) -> _Kept:
        """Take over what holds, sentence by sentence; then the draft as a whole must hold."""
        owner, dropped, worded, kept = request.casefile.owner, [], draft, 0
        held = self._open(draft, owner)
        times = Counter(one.id for one in records)
        for record in records:
            original = sentence_at(draft, places[record.id]).text if record.id in places else ""
            fault = _fault(record, original, times)
            if fault is None and record.text == original:
                continue
            if fault is None:
                tried = with_sentence(worded, places[record.id], record.text)
                fault = self._newly_open(held, tried, owner)
            if fault is not None:
                dropped.append(_drop(record, fault, original))
                continue
            worded, kept = tried, kept + 1
        if self._newly_open(held, worded, owner) is not None:
            return _Kept(draft, 0, dropped)
        return _Kept(worded, kept, dropped)

    def _open(self, draft: Draft, owner: Owner | None) -> dict[str, Check]:
        checks = self._check(draft, owner=owner, recipients=())
        return {one.key: one for one in checks if not one.ok}

    def _newly_open(
        self, held: Mapping[str, Check], draft: Draft, owner: Owner | None
    ) -> str | None:
        """Name a check that was closed before, or is now open in another way."""
        for key, check in self._open(draft, owner).items():
            if key not in held or (check.detail, check.text) != (held[key].detail, held[key].text):
                return f"Then this does not hold: {check.label}."
        return None


def _written(local: Written, kept: _Kept, trace: Trace, made_by: MadeBy) -> Written:
    verdict = TraceStep(
        step="Check the wording",
        asked="every number, name, slot and turning word; then all checks of the draft",
        found=f"{kept.kept} kept, {len(kept.dropped)} dropped",
        by="local",
        seconds=0.0,
    )
    whole = trace.model_copy(
        update={
            "steps": (*trace.steps, verdict),
            "dropped": (*trace.dropped, *kept.dropped),
            "claims_made": trace.claims_made + kept.kept + len(kept.dropped),
        }
    )
    if not kept.kept:
        noted = _noted(local, "no wording of the model was better and held")
        return noted.model_copy(update={"trace": whole})
    return local.model_copy(update={"draft": kept.draft, "trace": whole, "made_by": made_by})


def _on_words(model: str, kept: _Kept) -> str:
    """Say what the model made of a request: what was kept, never that it was followed."""
    dropped = f", {len(kept.dropped)} did not hold" if kept.dropped else ""
    number = "1 sentence" if kept.kept == 1 else f"{kept.kept} sentences"
    return f"{model} was given these words: {number} worded anew{dropped}."


def offered(draft: Draft) -> dict[str, Place]:
    """Number the sentences that may be worded: no quote, table, case, policy or person's."""
    fixed = {
        one.number
        for one in draft.evidence
        if one.kind in (EvidenceKind.POLICY, EvidenceKind.PERSON, EvidenceKind.QUOTE)
    }
    places = [
        (place, number)
        for place, section in enumerate(draft.sections)
        if section.role in _WORDED
        for number, sentence in enumerate(section.sentences)
        if _is_free(sentence, fixed)
    ]
    return {f"s{number}": place for number, place in enumerate(places, start=1)}


def _is_free(sentence: Sentence, fixed: set[int]) -> bool:
    if sentence.written_by is not None or sentence.remark is not None:
        return False
    return not fixed & set(sentence.marks) and wording.may_be_offered(sentence.text)


def sentence_at(draft: Draft, place: Place) -> Sentence:
    """Give the sentence at a place."""
    return draft.sections[place[0]].sentences[place[1]]


def with_sentence(draft: Draft, place: Place, text: str) -> Draft:
    """Give the draft with other words at a place; marks, order and evidence stay."""
    section = draft.sections[place[0]]
    sentences = list(section.sentences)
    sentences[place[1]] = sentences[place[1]].model_copy(update={"text": text})
    sections = list(draft.sections)
    sections[place[0]] = section.model_copy(update={"sentences": tuple(sentences)})
    return draft.model_copy(update={"sections": tuple(sections)})


def _fault(record: WordedSentence, original: str, times: Counter[str]) -> str | None:
    if not original:
        return "It names a sentence that was not asked."
    if times[record.id] > 1:
        return "It words one sentence twice."
    return wording.fault_of(original, record.text)


def _drop(record: WordedSentence, fault: str, original: str) -> Dropped:
    claim = " ".join(record.text.split())[:_LONGEST_CLAIM] or record.id[:20]
    return Dropped(claim=claim, reason=fault, replaced_by=original or None)


def _noted(local: Written, note: str) -> Written:
    return local.model_copy(update={"made_by": local.made_by.model_copy(update={"note": note})})


def _charged(trace: Trace, used: Used, chat: BudgetedChat, step: TraceStep) -> Trace:
    return trace.model_copy(
        update={
            "steps": (*trace.steps, step),
            "tokens_in": trace.tokens_in + used.tokens_in,
            "tokens_out": trace.tokens_out + used.tokens_out,
            "cost_usd": trace.cost_usd + used.cost_usd,
            "price_known": trace.price_known and chat.budget.price_known,
        }
    )
