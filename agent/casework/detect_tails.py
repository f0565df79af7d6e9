"""How likely so many reports are by luck, when the usual level is itself only estimated.

With a gamma prior on the level, the count to come is negative binomial, and its tail a
regularised incomplete beta function (Gelman et al., Bayesian Data Analysis, 3rd ed.,
section 2.6; NIST DLMF 8.17.5). A short history makes the tail heavier by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

# Days of history under which a spread between days cannot be told from luck.
_LEAST_DAYS = 6
# The spread is never taken to be wider than this shape says: one incident in a short
# history would otherwise hide the next.
_LEAST_SHAPE = 0.5


def chance_of_more(count: int, *, seen: float, ratio: float) -> float:
    """Give the chance of `count` or more in a window, after `seen` in the history.

    `seen` includes the pseudo-reports of the prior; `ratio` is the length of the window
    over that of the history, with what is known to lift the level. 1 for a count of 0.
    """
    from scipy.special import betainc

    if count <= 0:
        return 1.0
    if ratio <= 0 or seen <= 0:
        return 0.0
    return float(betainc(count, seen, ratio / (1 + ratio)))


def shape_of(days: Sequence[int]) -> float | None:
    """Give the shape of a negative binomial through daily counts; None where Poisson fits.

    By moments, with the largest day left out: it may have been an incident.
    """
    if len(days) < _LEAST_DAYS:
        return None
    kept = sorted(days)[:-1]
    mean = sum(kept) / len(kept)
    variance = sum((count - mean) ** 2 for count in kept) / (len(kept) - 1)
    if mean <= 0 or variance <= mean:
        return None
    return max(_LEAST_SHAPE, mean * mean / (variance - mean))
