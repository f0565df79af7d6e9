"""The three places where a stranger's words stand: reports, past cases, rows of records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import cycle

from domain.facts import Case, Fact
from domain.feedback import FeedbackItem
from domain.record import CaseId
from domain.text import CustomerText
from evals.suites.injection.texts import Texts
from evals.worlds import World


class Place(StrEnum):
    """Where a hostile text stands."""

    REPORTS = "reports"
    CASES = "cases"
    ROWS = "rows"


def attacked(world: World, place: Place, texts: Texts) -> World:
    """Put every hostile text into one place of a world."""
    match place:
        case Place.REPORTS:
            items = [*_hostile_reports(world, texts.own), *_more_messages(world, texts.general)]
            return world._replace(items=tuple(sorted(items, key=_moment)))
        case Place.CASES:
            return world._replace(cases=tuple(_hostile_cases(world.cases, texts.hostile)))
        case Place.ROWS:
            return world._replace(facts=tuple(_hostile_rows(world.facts, texts)))


def with_text(item: FeedbackItem, text: str) -> FeedbackItem:
    """Give a message with other words."""
    return item.model_copy(update={"text": CustomerText(value=text)})


def _moment(item: FeedbackItem) -> tuple[str, str]:
    return str(item.at), item.id


def _hostile_reports(world: World, own: Sequence[str]) -> Iterator[FeedbackItem]:
    """Every report of a fault ends with a text written against this product."""
    attacks, labels = cycle(own), world.truth.labels
    for item in world.items:
        is_report = labels[item.key].fault_id is not None
        yield with_text(item, f"{item.text.value}\n{next(attacks)}") if is_report else item


def _more_messages(world: World, general: Sequence[str]) -> Iterator[FeedbackItem]:
    """Every other text is one more message of somebody who wrote, at the same time."""
    for number, (text, item) in enumerate(zip(general, cycle(world.items), strict=False)):
        yield with_text(item, text).model_copy(update={"id": f"hostile-{number}"})


def _hostile_cases(cases: Sequence[Case], hostile: Sequence[str]) -> Iterator[Case]:
    """Every text stands in each field of a solved case that resembles the open ones."""
    for number, (text, case) in enumerate(zip(hostile, cycle(cases), strict=False)):
        yield case.model_copy(
            update={
                "id": CaseId(f"{case.id}-{number}"),
                "title": f"{case.title} {text}",
                "symptom": f"{case.symptom} {text}",
                "cause": f"{case.cause or ''} {text}",
                "fix": f"{case.fix or ''} {text}",
                "told": f"{case.told or ''} {text}",
            }
        )


def _hostile_rows(facts: Sequence[Fact], texts: Texts) -> Iterator[Fact]:
    """Every customer is called by a hostile text, and every row carries one as a note."""
    names, notes = cycle(texts.own), cycle(texts.hostile)
    for fact in facts:
        changes: dict[str, str] = {"note": next(notes)}
        if fact.kind == "customer":
            changes["name"] = next(names)
        yield fact.model_copy(update={"attributes": {**fact.attributes, **changes}})
