"""Read reports and records of a made-up telephone company, for matching and detection."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from agent.matching.context import ContextBook
from agent.matching.stream import Stream
from agent.reading.redact import redact
from domain.facts import Fact
from domain.feedback import DriverMention, FeedbackItem, Noise, Reading, ReadItem, Sentiment
from domain.people import Driver, Taxonomy
from domain.provenance import MadeBy
from domain.text import CustomerText
from storage.memory_facts import MemoryFactTable

BEGIN = datetime(2025, 9, 1, tzinfo=UTC)
TAXONOMY = Taxonomy(
    drivers=tuple(
        Driver(name=name, label=label, description=label, safety=name == "hot_router")
        for name, label in [
            ("missed_visit", "Technician did not come"),
            ("slow_line", "Slow internet"),
            ("wrong_bill", "Bill is wrong"),
            ("hot_router", "Router gets hot"),
        ]
    )
)
_WORDS = {
    "missed_visit": ("nobody", "technician", "appointment", "waited", "morning", "fitter", "home"),
    "slow_line": ("internet", "slow", "speed", "evening", "buffering", "video", "drops"),
    "wrong_bill": ("invoice", "amount", "tariff", "charged", "euro", "contract", "higher"),
    "hot_router": ("router", "hot", "smell", "plastic", "burning", "unplugged", "smoke"),
}


def after(**span):
    return BEGIN + timedelta(**span)


def a_report(
    id_,
    at,
    *,
    driver="slow_line",
    text=None,
    customer=None,
    sentiment="negative",
    noise=None,
    **item,
):
    """A read item; its words are drawn from its driver by its id unless `text` is given."""
    draw = random.Random(str(id_))  # noqa: S311
    text = text or " ".join(draw.sample(_WORDS.get(driver, ("hello", "there", "today")), 3))
    mentions = ()
    if driver:
        mentions = (
            DriverMention(
                driver=driver, sentiment=sentiment, quote=text, start=0, end=len(text),
                confidence=0.9,
            ),
        )  # fmt: skip
    feedback = FeedbackItem(
        id=str(id_), source="files", text=CustomerText(value=text), at=at,
        customer_id=customer, **item,
    )  # fmt: skip
    reading = Reading(
        key=feedback.key, language="en", drivers=mentions, problem=text,
        sentiment=Sentiment(label=sentiment, score=0, confidence=1),
        noise=Noise(noise) if noise else None, made_by=MadeBy(engine="test", version="1"),
    )  # fmt: skip
    return ReadItem(item=feedback, redacted=redact(feedback.text), reading=reading)


def trickle(days, *, a_day=4.0, seed=1, start=BEGIN, drivers=("slow_line", "wrong_bill")):
    """Ordinary complaints and thanks, spread by chance."""
    draw = random.Random(seed)  # noqa: S311
    items = []
    for number in range(int(days * a_day * 2)):
        at = start + timedelta(days=days * draw.random())
        if number % 2:
            item = a_report(
                f"n{seed}-{number}", at, driver="", sentiment="positive", noise="thanks",
                customer=f"K{seed}-{number}",
            )  # fmt: skip
        else:
            item = a_report(
                f"b{seed}-{number}", at, driver=draw.choice(drivers), customer=f"K{seed}-{number}"
            )
        items.append(item)
    return items


def a_visit(id_, customer, promised, *, partner, district, done=None):
    """A technician's appointment; without `done` nobody came."""
    return Fact(
        id=f"V-{id_}", kind="visit", at=promised - timedelta(days=2), customer_id=customer,
        attributes={
            "partner": partner, "district": district, "promised_at": promised.isoformat(),
            **({"completed_at": done.isoformat()} if done else {}),
        },
    )  # fmt: skip


def visits(days, *, a_day=12, seed=3):
    """Appointments of many customers, nearly all kept."""
    draw = random.Random(seed)  # noqa: S311
    facts = []
    for number in range(int(days * a_day)):
        promised = BEGIN + timedelta(days=days * draw.random())
        late = timedelta(hours=9) if draw.random() < 0.03 else timedelta(0)
        facts.append(
            a_visit(
                f"{seed}-{number}", f"K{seed}-{number}", promised,
                partner=draw.choice(("Ada Cables", "Brio", "Cordline")),
                district=draw.choice(("Harbour", "Hill", "Old Town", "Airport")),
                done=promised + late - timedelta(minutes=5),
            )
        )  # fmt: skip
    return facts


def listen(items, facts=(), *, at=None, stream=None, size=None):
    """Feed items in their order, in batches of a size; gives the stream and its outcomes."""
    stream = stream or Stream(taxonomy=TAXONOMY)
    table = MemoryFactTable(facts, latest_feedback_at=at or after(days=60)) if facts else None
    book = ContextBook(table, at=table.world_time() if table else None)
    dated = sorted(
        (one for one in items if one.item.at), key=lambda one: (one.item.at, one.item.id)
    )
    ordered = dated + [one for one in items if not one.item.at]
    size = size or max(len(ordered), 1)
    outcomes = [
        stream.feed(ordered[start : start + size], vectors=None, book=book)
        for start in range(0, len(ordered), size)
    ]
    return stream, outcomes


def matches_of(outcomes):
    """The last match of each item."""
    return {match.key: match for outcome in outcomes for match in outcome.matches}


def issues_of(outcomes):
    """The last state of each issue."""
    return {issue.id: issue for outcome in outcomes for issue in outcome.issues}
