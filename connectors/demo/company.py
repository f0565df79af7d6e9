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
    """How large a world is, and how large its faults are."""

    messages: int
    customers: int
    days: int
    strike: Fault
    duplicates: Fault
    cosmetic: int
    """Messages of the distractor."""


class Fault(NamedTuple):
    """Customers hit, those of them who wrote, and customers at risk."""

    hit: int
    wrote: int
    at_risk: int


SIZES = {
    "tiny": Size(300, 200, 14, Fault(18, 11, 6), Fault(14, 10, 6), 14),
    "demo": Size(3_000, 1_500, 56, Fault(62, 24, 41), Fault(37, 14, 22), 66),
    "base": Size(40_000, 10_000, 365, Fault(412, 90, 310), Fault(150, 48, 96), 302),
    "large": Size(1_000_000, 200_000, 365, Fault(4_120, 900, 3_100), Fault(1_500, 480, 960), 3_020),
}


class Times(NamedTuple):
    """When the world begins and ends, and when each overlay starts."""

    begin: datetime
    end: datetime
    strike: datetime
    duplicates: datetime
    cosmetic: datetime


def times(size: Size, *, seed: int, end: datetime) -> Times:
    """Place the overlays in the last third, a few hours differently per seed."""
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
