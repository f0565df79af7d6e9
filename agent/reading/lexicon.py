"""Count good and bad words, with negation, denial and emphasis."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import yaml

_TOKEN = re.compile(
    r"[^\W_]+(?:['’][^\W_]+)?|[!?]+|[\U0001F300-\U0001FAFF\u2600-\u27BF]|:\)|:-\)|:\(|:-\(|:/"
)
_GOOD_MARKS = frozenset("😀😃😄😁😊😍🥰😎👍👏🙏❤💚💙💛🎉🙌🤗😂✨") | {":)", ":-)"}
_BAD_MARKS = frozenset("😡😠🤬😤😢😭😞😒🙄👎💔😩😫🤦😖😣") | {":(", ":-(", ":/"}
# Words back over which a negation reaches, as in "not a very good idea".
_REACH = 3


class Tone(NamedTuple):
    """What the words of a text weigh; all at least 0 but `balance`."""

    good: float
    bad: float
    denied: float
    """Weight of complaints that are denied: "no problem"."""
    shouting: float
    questions: float

    @property
    def balance(self) -> float:
        """From -1 (only bad) to 1 (only good)."""
        return (self.good - self.bad) / (self.good + self.bad + 1.0)


class _Lexicon(NamedTuple):
    weights: dict[str, float]
    negations: frozenset[str]
    intensifiers: frozenset[str]
    denied: frozenset[str]


@cache
def _lexicon() -> _Lexicon:
    raw = yaml.safe_load((files("agent.reading") / "lexicon.yaml").read_text(encoding="utf-8"))
    weights: dict[str, float] = {}
    for sign, side in ((1, "positive"), (-1, "negative")):
        for weight, words in raw[side].items():
            weights |= {str(word): sign * float(weight) for word in words}
    return _Lexicon(
        weights,
        frozenset(map(str, raw["negations"])),
        frozenset(map(str, raw["intensifiers"])),
        frozenset(map(str, raw["denied"])),
    )


def tone_of(text: str) -> Tone:
    """Weigh the words of a text."""
    lexicon = _lexicon()
    good = bad = denied = 0.0
    tokens = _TOKEN.findall(text)
    lowered = [token.lower().replace("’", "'") for token in tokens]
    for place, token in enumerate(lowered):
        weight = _weight(token, lexicon)
        if not weight:
            continue
        before = lowered[max(0, place - _REACH) : place]
        if any(word in lexicon.intensifiers for word in before[-2:]):
            weight *= 1.5
        if any(word in lexicon.negations or word.endswith("n't") for word in before):
            if token in lexicon.denied:
                denied += abs(weight)
                continue
            weight *= -0.7
        good += max(weight, 0.0)
        bad += max(-weight, 0.0)
    return Tone(
        good,
        bad,
        denied,
        shouting=sum(token.count("!") for token in tokens) / 3
        + sum(len(token) > 3 and token.isupper() for token in tokens) / 4,
        questions=sum(token.count("?") for token in tokens),
    )


def _weight(token: str, lexicon: _Lexicon) -> float:
    if token in _GOOD_MARKS:
        return 2.0
    if token in _BAD_MARKS:
        return -2.0
    return lexicon.weights.get(token, 0.0)
