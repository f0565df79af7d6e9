"""Weigh good and bad words, with negation, denial, emphasis, contrast and sarcasm."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

import yaml

_TOKEN = re.compile(
    r"[^\W_]+(?:['’-][^\W_]+)*|[!?]+|[.,;:]+(?=\s|$)|"
    r"[\U0001F300-\U0001FAFF\u2600-\u27BF]|:-?[)D(/]|;-?\)|<3"
)
_GOOD_MARKS = frozenset("😀😃😄😁😊😍🥰😎👍👏🙏❤💚💙💛💜💕🎉🙌🤗✨😘☺💗💖🔥🏆🥳😇🤩👌💪") | {
    *(":)", ":-)", ":D", ":-D", ";)", ";-)", "<3"),
}
_BAD_MARKS = frozenset("😡😠🤬😤😢😭😞😒🙄👎💔😩😫🤦😖😣😔😕🙁☹😟😑😪🤢🤮😓😰😨😱🤥🖕") | {
    *(":(", ":-(", ":/", ":-/"),
}
# Words over which a negation reaches, as in "not a very good idea".
_REACH = 3
# Words that do not use up the reach of a negation.
_LIGHT = frozenset(
    "a an the any it this that i you we they to be been is are was think so my".split()
)
_CONTRAST = frozenset(
    "but however although though yet except aber jedoch mais pero ma però mas".split()
)


class Tone(NamedTuple):
    """What the words of a text weigh; all at least 0 but `balance`."""

    good: float
    bad: float
    denied: float
    """Weight of complaints that are denied: "no problem"."""
    shouting: float
    questions: float
    last: float
    """Weight of the words behind the last contrast or full stop, good minus bad."""
    is_sarcastic: bool
    """Praise that opens a complaint: "great job, another delay"."""

    @property
    def balance(self) -> float:
        """From -1 (only bad) to 1 (only good)."""
        return (self.good - self.bad) / (self.good + self.bad + 1.0)


class _Lexicon(NamedTuple):
    weights: dict[str, float]
    negations: frozenset[str]
    intensifiers: frozenset[str]
    softeners: frozenset[str]
    denied: frozenset[str]
    sarcasm: frozenset[str]
    phrases: frozenset[str]


@cache
def _lexicon() -> _Lexicon:
    raw = yaml.safe_load((files("agent.reading") / "lexicon.yaml").read_text(encoding="utf-8"))
    weights: dict[str, float] = {}
    for sign, side in ((1, "positive"), (-1, "negative")):
        for weight, words in raw[side].items():
            weights |= {word: sign * float(weight) for word in words.split()}
    sets = {
        name: frozenset(raw[name].split())
        for name in ("negations", "intensifiers", "softeners", "denied", "sarcasm")
    }
    known = frozenset(weights).union(*sets.values())
    return _Lexicon(weights, **sets, phrases=frozenset(word for word in known if "_" in word))


# A batch has about 2,000 clauses and parts, and each is asked about up to four times.
@lru_cache(maxsize=4096)
def tone_of(text: str) -> Tone:
    """Weigh the words of a text."""
    lexicon = _lexicon()
    raw = _TOKEN.findall(text)
    tokens = _joined([token.lower().replace("’", "'") for token in raw], lexicon.phrases)
    good = bad = denied = last = 0.0
    for place, token in enumerate(tokens):
        if token in _CONTRAST or token[0] in ".;!?":
            last = 0.0 if place < len(tokens) - 1 else last
            continue
        weight = _weight(token, lexicon)
        if not weight:
            continue
        weight, is_denied = _in_context(token, weight, tokens[max(0, place - 6) : place], lexicon)
        if is_denied:
            denied += weight
            continue
        last += weight
        good += max(weight, 0.0)
        bad += max(-weight, 0.0)
    return Tone(
        good,
        bad,
        denied,
        shouting=sum(token.count("!") for token in raw) / 3
        + sum(len(token) > 3 and token.isupper() for token in raw) / 4,
        questions=sum(token.count("?") for token in raw),
        last=last,
        is_sarcastic=_is_sarcastic(tokens, lexicon),
    )


def _is_sarcastic(tokens: list[str], lexicon: _Lexicon) -> bool:
    """Whether a sentence opens with praise and a complaint follows at once."""
    for place, token in enumerate(tokens):
        opens = place == 0 or tokens[place - 1][0] in ".;!?"
        if token not in lexicon.sarcasm or not opens:
            continue
        behind = tokens[place + 1 : place + 9]
        if "_" not in token and not (behind and behind[0][0] in ".,;!"):
            continue
        for word in behind:
            if word in _CONTRAST:
                break
            if lexicon.weights.get(word, 0.0) <= -1:
                return True
    return False


def _joined(tokens: list[str], phrases: frozenset[str]) -> list[str]:
    """Tokens with the words of known phrases made one."""
    found: list[str] = []
    place = 0
    while place < len(tokens):
        size = next(
            (size for size in (3, 2) if "_".join(tokens[place : place + size]) in phrases), 1
        )
        found.append("_".join(tokens[place : place + size]))
        place += size
    return found


def _weight(token: str, lexicon: _Lexicon) -> float:
    if token in _GOOD_MARKS or token.upper() in _GOOD_MARKS:
        return 2.0
    if token in _BAD_MARKS:
        return -2.0
    return lexicon.weights.get(token, 0.0)


def _in_context(
    token: str, weight: float, before: list[str], lexicon: _Lexicon
) -> tuple[float, bool]:
    """The weight of a word behind others, and whether it is a complaint that is denied."""
    near = before[-2:]
    if any(word in lexicon.intensifiers for word in near):
        weight *= 1.5
    if any(word in lexicon.softeners for word in near):
        weight *= 0.6
    if not _is_negated(before, lexicon):
        return weight, False
    if weight < 0 and token in lexicon.denied:
        return abs(weight), True
    return weight * (-0.7 if weight > 0 else -0.4), False


def _is_negated(before: list[str], lexicon: _Lexicon) -> bool:
    reached = 0
    for word in reversed(before):
        if word[0] in ".,;:!?" or word in _CONTRAST:
            return False
        if word in lexicon.negations or word.endswith("n't"):
            return True
        if word not in lexicon.intensifiers and word not in _LIGHT:
            reached += 1
        if reached >= _REACH:
            return False
    return False
