"""Who of the customers that were hit wrote about it: what was read, weighed with the hit.

A text can be read as another driver than it is about ("nobody called" of a parcel that
never came). Whoever was just hit writes about that far more often than others do, so the
reading is corrected by how much more often (Bayes' rule for a changed prior: Saerens,
Latinne and Decaestecker, "Adjusting the outputs of a classifier to new a priori
probabilities", Neural Computation 14, 2002).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from domain.feedback import Noise, ReadItem
from domain.record import FeedbackKey, time_text

_NO_LETTER = frozenset({Noise.SPAM, Noise.AUTO_REPLY, Noise.EMPTY})
# Pseudo-letters on each side of a share (Jeffreys' prior for a rate).
_PRIOR = 0.5
# The most that a hit is allowed to say: under one in some ten the chances of a reading are
# hardly more than guesses. Of 15 tuning worlds of the example shop the lists of 12 are exact
# without this bound, most errors then being letters about something else (2026-11-24).
_MOST_LIFT = 8.0
# Rounds in which letters and lift are told from each other; the lift then moves by less
# than a hundredth in the example shop.
_ROUNDS = 10
# Letters that must name another driver than the before it is taken over; as many
# reports as an alarm needs.
_LEAST_NAMED = 3


class Letter(NamedTuple):
    """One text of a known customer."""

    customer_id: str
    at: datetime
    complaints: tuple[str, ...]
    """Drivers that it was read as a complaint of."""
    chances: Mapping[str, float]
    """Drivers that may be meant, before the hit counts; of a question those that it names."""

    def odds(self, driver: str) -> float:
        """How likely a driver is against the likeliest other one, or against none."""
        chance = self.chances.get(driver, 0.0)
        others = [other for name, other in self.chances.items() if name != driver]
        return chance / max(max(others, default=1 - chance), 1e-9)


class Named(NamedTuple):
    """What is kept of any text with a time: the drivers that it names."""

    key: FeedbackKey
    at: datetime
    drivers: tuple[str, ...]


class Around(NamedTuple):
    """What was written in the time around an issue; no text."""

    named: list[Named]
    letters: list[Letter]

    def about(self, driver: str) -> list[Named]:
        """Texts that name a driver."""
        return [one for one in self.named if driver in one.drivers]


def around(items: Iterable[ReadItem]) -> Around:
    """Keep of what was written which drivers it is about, and the letters of customers."""
    found = Around([], [])
    for one in items:
        drivers = tuple(mention.driver for mention in one.reading.drivers)
        if one.item.at is not None and drivers:
            found.named.append(Named(one.item.key, one.item.at, drivers))
        letter = _letter(one)
        if letter is not None:
            found.letters.append(letter)
    return found


def _letter(one: ReadItem) -> Letter | None:
    customer, at, reading = one.item.customer_id, one.item.at, one.reading
    if customer is None or at is None or reading.noise in _NO_LETTER:
        return None
    chances: dict[str, float] = {}
    if reading.noise is None and reading.sentiment.label in ("negative", "mixed", None):
        chances = {one.driver: one.chance for one in reading.considered}
    if reading.noise is None and reading.sentiment.label != "positive":
        for mention in reading.drivers:
            # Praised beside what is complained of, it is surely not what is meant.
            is_praised = mention.sentiment == "positive"
            chances[mention.driver] = 0.0 if is_praised else mention.confidence
    return Letter(customer, at, reading.complaints, chances)


class Hits(NamedTuple):
    """Letters of those who were hit, after it, and all others."""

    after: list[Letter]
    elsewhere: list[Letter]


def of_hits(letters: Iterable[Letter], *, hit_since: Mapping[str, str]) -> Hits:
    """Part letters by whether their customer had been hit; `hit_since` is the first hit."""
    found = Hits([], [])
    for letter in letters:
        since = hit_since.get(letter.customer_id)
        is_after = since is not None and time_text(letter.at) >= since
        (found.after if is_after else found.elsewhere).append(letter)
    return found


def driver_of(hits: Hits, *, driver: str) -> str:
    """The driver that those hit write about beyond what is usual; mostly the issue's own.

    The first few reports of an issue can all be misread alike; the letters of all who were
    hit by what was proved since seldom are.
    """
    excess: dict[str, float] = defaultdict(float)
    share = len(hits.after) / max(len(hits.elsewhere), 1)
    for letters, weight in ((hits.after, 1.0), (hits.elsewhere, -share)):
        for letter in letters:
            for name, chance in letter.chances.items():
                excess[name] += weight * chance
    best = max(excess, key=lambda name: (excess[name], name), default=driver)
    named = Counter(name for one in hits.after for name in set(one.complaints))
    if named[best] < max(_LEAST_NAMED, named[driver]) or excess[best] <= excess[driver]:
        return driver
    return best


def who_wrote(
    hits: Hits, *, driver: str, hit: Collection[str], reporters: Collection[str]
) -> set[str]:
    """Customers among those hit who wrote about it.

    Who wrote only before their own hit did not write about it. `reporters` are on the issue,
    whatever was read.
    """
    lift = _lift(hits, driver)
    told = {
        one.customer_id
        for one in hits.after
        if driver in one.complaints or one.odds(driver) * lift >= 1
    }
    return told | (set(reporters) & set(hit))


def _lift(hits: Hits, driver: str) -> float:
    """How many times likelier the driver is after a hit; 1 where no letter names it."""
    after, elsewhere = hits
    if not any(driver in one.complaints for one in after):
        return 1.0
    named = sum(driver in one.complaints for one in elsewhere)
    share = (named + _PRIOR) / (len(elsewhere) + 2 * _PRIOR)
    usual, lift = share / (1 - share), 1.0
    for _ in range(_ROUNDS):
        about = sum(
            1.0 if driver in one.complaints else _share(one.odds(driver) * lift) for one in after
        )
        # One letter more, as usual as any: few letters say little.
        lift = max(1.0, (about + share) / (len(after) - about + 1 - share) / usual)
    return min(lift, _MOST_LIFT)


def _share(odds: float) -> float:
    return odds / (1 + odds)
