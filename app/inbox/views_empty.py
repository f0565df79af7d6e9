"""The screens where no draft is shown: nothing imported, or all decided."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from app.inbox import words
from app.inbox.backend import Counts, Status, Today


class Command(NamedTuple):
    """A command to copy."""

    words: str
    text: str


class FirstRun(NamedTuple):
    """The first screen: nothing was imported."""

    commands: tuple[Command, ...]
    facts: tuple[tuple[str, str], ...]


class AllDecided(NamedTuple):
    """The queue is empty."""

    remark: str
    lines: tuple[tuple[str, str, str, str], ...]
    """Name, count, words, second key."""
    today: str


def first_run(status: Status) -> FirstRun:
    """Give the screen of an empty installation."""
    owners = f"{words.counted(status.touchpoints, 'touchpoint')}, {status.owned} with a person."
    if status.owned < max(1, status.touchpoints):
        owners += " Tickets wait until owners.yaml names one."
    sending = "Mail server and ticket folder are set. Nothing leaves without an approval."
    if status.missing:
        sending = " ".join(status.missing.values())
    reader = "Local engine, ready. No call leaves this machine."
    if status.model:
        reader = f"Local engine first, then {status.model}."
    return FirstRun(
        commands=(
            Command(
                "Bring in what customers wrote and what you recorded.",
                "undertone ingest tickets.jsonl orders.csv.gz",
            ),
            Command("Let it read, look for what is new, and draft.", "undertone run --once"),
            Command(
                "Or look around first, in an example shop with known faults.", "undertone demo"
            ),
        ),
        facts=(("Reader", reader), ("Owners", owners), ("Sending", sending)),
    )


def all_decided(counts: Counts, today: Today, status: Status, *, now: datetime) -> AllDecided:
    """Give the screen of an empty queue."""
    last = ""
    if status.last_read_at and status.last_draft_at:
        read = words.when(status.last_read_at, now=now)
        draft = words.when(status.last_draft_at, now=now)
        last = f" The last report was read at {read}; the last draft came at {draft}."
    way = "held, sending or written again" if counts.way else "nothing is held or sending"
    unknown = "only a person can say what became of it"
    lines = (
        ("On the way", words.count(counts.way), way, "W"),
        ("Unknown", words.count(counts.unknown), unknown if counts.unknown else _ANSWERED, "U"),
        ("Done", words.count(counts.done), "sent, failed, rejected, expired or replaced", "D"),
    )
    others = (
        (today.rejected, "rejected"),
        (today.escalated, "escalated"),
        (today.asked_again, "asked for again"),
    )
    rest = "; ".join(
        f"{words.count(count)} {what}" for count, what in others if count or what == "rejected"
    )
    summary = (
        f"Today: {words.count(today.decided)} decided. {words.count(today.approved)} approved, "
        f"{words.count(today.edited)} of them after an edit; {rest}. "
        f"{words.count(today.undone)} undone."
    )
    return AllDecided(f"Nothing waits for you.{last}", lines, summary)


_ANSWERED = "every delivery has an answer"
