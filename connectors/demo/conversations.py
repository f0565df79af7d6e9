"""Messages in the words of different people, with noise around them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import yaml

from connectors.demo.company import SHOP, Customer

CHANNELS = ("ticket", "chat", "email", "review", "call", "social")
_NO_DRIVERS = ("noise", "style", "commitments", "injections")
_NOISE = ("question", "thanks", "praise", "spam", "auto_reply")
# How often each of them comes on an ordinary day.
USUAL_NOISE = (34, 24, 22, 10, 10)
_SENTIMENT = {
    "question": "neutral",
    "thanks": "positive",
    "praise": "positive",
    "spam": "neutral",
    "auto_reply": "neutral",
}
# Test numbers that pass their checksums and belong to nobody.
_CARD, _IBAN = "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00"


class Message(NamedTuple):
    """A feedback row and, for the truth, what it is about."""

    row: dict[str, Any]
    fault_id: str = ""
    sentiment: str = "neutral"
    drivers: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    """Where each driver is spoken of, in code points of the text, in their order."""


@cache
def phrases(name: str) -> dict[str, Any]:
    """The phrasings of a driver, or `noise`, `style`."""
    text = (files("connectors.demo") / "phrases" / f"{name}.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


@cache
def drivers() -> tuple[str, ...]:
    """All drivers that customers of any world write about, in order."""
    folder = files("connectors.demo") / "phrases"
    names = sorted(one.name.removesuffix(".yaml") for one in folder.iterdir())
    return tuple(name for name in names if name not in _NO_DRIVERS and not own_entry(name))


def own_entry(driver: str) -> Mapping[str, Any]:
    """The taxonomy entry of a driver that only its overlay brings; empty for any other."""
    entry: Mapping[str, Any] = phrases(driver).get("taxonomy", {})
    return entry


def lines(driver: str, part: str, *, wide: bool = False) -> list[str]:
    """Phrasings of a driver for tuning, for the gate, or both; with `wide`, further ones too."""
    known = phrases(driver)
    parts = ("tuning", "gate") if part == "both" else (part,)
    found = [line for one in parts for line in known[one]]
    if wide:
        found += [line for one in parts for line in known.get(f"{one}_wide", ())]
    return found


def complaint(
    one: Customer,
    draw: random.Random,
    *,
    id_: str,
    at: datetime,
    names: tuple[str, ...],
    part: str,
    values: Mapping[str, str],
    fault_id: str = "",
    wordings: Sequence[str] = (),
) -> Message:
    """A message that names one or two drivers, in one person's manner.

    `wordings` stand in for the usual phrasings of the drivers.
    """
    style = phrases("style")
    said = []
    for name in names:
        known = wordings or lines(name, part)
        usable = [line for line in known if "{order}" not in line or "order" in values]
        said.append(_fill(draw.choice(usable), values))
    text = " ".join(said)
    spans = _spans(said)
    sentiment = "negative"
    if draw.random() < 0.12:
        aside = draw.choice(style["asides"])
        text += " " + aside
        sentiment = "mixed" if aside in style["kind_asides"] else sentiment
    if draw.random() < 0.06:
        text += " " + draw.choice(style["sarcasm"])
    text = _typos(text, draw) if draw.random() < 0.15 else text
    channel = draw.choice(CHANNELS)
    bare = text
    text = _dressed(text, one, draw, channel)
    # What is put on stands around the words, or makes all of them lower case.
    shift = max(0, text.find(bare))
    row = _row(one, id_, at, channel, text, draw)
    placed = tuple((start + shift, end + shift) for start, end in spans)
    return Message(row, fault_id, sentiment, names, placed)


def _spans(said: Sequence[str]) -> list[tuple[int, int]]:
    """Where each of the joined lines stands."""
    found, start = [], 0
    for line in said:
        found.append((start, start + len(line)))
        start += len(line) + 1
    return found


def noise(
    one: Customer,
    draw: random.Random,
    *,
    id_: str,
    at: datetime,
    weights: Sequence[int] = USUAL_NOISE,
) -> Message:
    """Questions, thanks, praise, spam, automatic replies; `weights` in this order."""
    kind = draw.choices(_NOISE, weights)[0]
    text = draw.choice(phrases("noise")[kind])
    channel = "email" if kind == "auto_reply" else draw.choice(CHANNELS)
    if kind == "question":
        text = _dressed(text, one, draw, channel)
    row = _row(one, id_, at, channel, text, draw, content=kind != "question")
    return Message(row, "", _SENTIMENT[kind])


def answer(
    one: Customer,
    draw: random.Random,
    message: Message,
    *,
    id_: str,
    wordings: Sequence[str] = (),
) -> Message:
    """What an agent of the shop answers in the thread; `wordings` replace the usual ones."""
    at = datetime.fromisoformat(message.row["at"]) + timedelta(minutes=draw.randrange(5, 600))
    text = draw.choice(wordings or phrases("noise")["agent"])
    row = _row(one, id_, at, message.row["channel"], text, draw)
    row |= {"author": "agent", "thread_id": message.row["thread_id"]}
    return Message(row)


def _fill(line: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        line = line.replace(f"{{{name}}}", value)
    return line.replace("{amount}", "49.90 EUR")


def _dressed(text: str, one: Customer, draw: random.Random, channel: str) -> str:
    style = phrases("style")
    if channel in ("chat", "social", "call"):
        return text.lower() if draw.random() < 0.2 else text
    if draw.random() < 0.55:
        text = f"{draw.choice(style['openings'])}\n{text}"
    if draw.random() < 0.08:
        contact = _fill(draw.choice(style["contact"]), _person(one))
        text += f" {contact}"
    if draw.random() < 0.4:
        text += f"\n{_fill(draw.choice(style['closings']), _person(one))}"
    if channel == "email" and draw.random() < 0.2:
        text += f"\n{_fill(style['signature'], _person(one))}"
    if channel == "email" and draw.random() < 0.15:
        text += f"\n{style['quoted'].replace('{shop}', SHOP)}"
    return text


def _person(one: Customer) -> dict[str, str]:
    return {
        "name": one.name,
        "phone": one.phone,
        "email": one.email or "somebody@post.example",
        "card": _CARD,
        "iban": _IBAN,
    }


def _typos(text: str, draw: random.Random) -> str:
    letters = list(text)
    for _ in range(max(1, len(letters) // 60)):
        place = draw.randrange(1, len(letters) - 1)
        if letters[place].isalpha() and letters[place - 1].isalpha():
            letters[place - 1], letters[place] = letters[place], letters[place - 1]
    return "".join(letters)


def _row(
    one: Customer,
    id_: str,
    at: datetime,
    channel: str,
    text: str,
    draw: random.Random,
    *,
    content: bool = False,
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": id_,
        "text": text,
        "at": at.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        "channel": channel,
        "customer_id": one.id,
        "account_id": one.account_id,
        "thread_id": f"T-{id_}",
        "author": "customer",
        "language": "en",
    }
    if channel == "review":
        stars = (4, 5, 5) if content else (1, 1, 2, 3)
        row |= {"rating": draw.choice(stars), "rating_max": 5}
    return row
