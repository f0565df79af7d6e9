"""The shop: sizes, names, and each customer from their own seed."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import NamedTuple

SHOP = "Hearth & Pine"

REGIONS = ("North", "South", "East", "West")
CARRIERS = ("Swiftline", "ParcelFox", "BlueRoute")
METHODS = ("card", "wallet", "bank_transfer", "invoice")
SEGMENTS = ("single", "family", "business")
PLANS = ("none", "basic", "plus")
REPS = ("Ada", "Bruno", "Chloe", "Deniz")
PROMOTIONS = (None, None, None, "SPRING10", "WELCOME")
GIVEN = (
    "Mara",
    "Jonas",
    "Samira",
    "Piotr",
    "Aino",
    "Claire",
    "Tomas",
    "Hanne",
    "Luca",
    "Noor",
    "Erik",
    "Zofia",
    "Milan",
    "Greta",
    "Omar",
    "Lea",
    "Ivo",
    "Petra",
    "Nils",
    "Dora",
    "Felix",
    "Ana",
    "Hugo",
    "Selin",
    "Karl",
    "Maja",
    "Bence",
    "Elif",
    "Oscar",
    "Vera",
)
FAMILY = (
    "Lind",
    "Berger",
    "Novak",
    "Costa",
    "Meyer",
    "Janssen",
    "Rossi",
    "Dubois",
    "Kaya",
    "Nilsen",
    "Silva",
    "Horvat",
    "Weber",
    "Moreau",
    "Varga",
    "Kowal",
    "Toth",
    "Laine",
    "Bauer",
    "Greco",
)


class Size(NamedTuple):
    """How large a world is; how large a fault in it is, its overlay knows."""

    name: str
    messages: int
    customers: int
    days: int


SIZES = {
    "tiny": Size("tiny", 300, 200, 14),
    "demo": Size("demo", 3_000, 1_500, 56),
    "base": Size("base", 40_000, 10_000, 365),
    "large": Size("large", 1_000_000, 200_000, 365),
}


class Times(NamedTuple):
    """When the world begins and ends, and when its three first stories start."""

    begin: datetime
    end: datetime
    strike: datetime
    duplicates: datetime
    cosmetic: datetime


def times(size: Size, *, seed: int, end: datetime) -> Times:
    """Place the stories in the last third, a few hours differently per seed."""
    shift = random.Random(f"times:{seed}")  # noqa: S311
    scale = min(1.0, size.days / 28)
    begin = end - timedelta(days=size.days)

    def at(days: float) -> datetime:
        moment = end - timedelta(days=days * scale, hours=shift.randrange(0, 8))
        return moment.replace(minute=0, second=0, microsecond=0)

    return Times(begin, end, strike=at(3.5), duplicates=at(6), cosmetic=at(8.5))


class Customer(NamedTuple):
    """One customer with the account behind it."""

    number: int
    id: str
    account_id: str
    name: str
    email: str | None
    phone: str
    region: str
    segment: str
    plan: str
    method: str
    consent: bool | None
    suppressed: bool
    since: datetime
    value_minor: int


def customer(index: int, *, seed: int, begin: datetime) -> Customer:
    """Give the customer of an index; region goes round, all else is drawn."""
    draw = random.Random(f"customer:{seed}:{index}")  # noqa: S311
    name = f"{draw.choice(GIVEN)} {draw.choice(FAMILY)}"
    address = f"{name.lower().replace(' ', '.')}.{index}@post.example"
    return Customer(
        number=index,
        id=f"C-{10_000 + index}",
        account_id=f"A-{10_000 + index}",
        name=name,
        email=None if draw.random() < 0.02 else address,
        # 23125xxx in Berlin is kept free for films and books; nobody has such a number.
        phone=f"+49 30 23125{draw.randrange(100, 999)}",
        region=REGIONS[index % len(REGIONS)],
        segment=draw.choices(SEGMENTS, (5, 3, 2))[0],
        plan=draw.choices(PLANS, (6, 3, 1))[0],
        method=draw.choices(METHODS, (5, 3, 1, 1))[0],
        consent=draw.choices((True, None, False), (82, 13, 5))[0],
        suppressed=draw.random() < 0.01,
        since=begin - timedelta(days=draw.randrange(20, 1500)),
        value_minor=draw.randrange(40_00, 2400_00),
    )
