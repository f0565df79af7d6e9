"""Tell text that reports no problem from text that does."""

from __future__ import annotations

import re

from agent.reading.lexicon import Tone
from domain.feedback import Noise, SentimentLabel

_AUTO = re.compile(
    r"\b(?:out of (?:the )?office|automatic reply|auto(?:matic)?[- ]?(?:reply|response)|"
    r"mailbox is not monitored|do not reply to this|abwesenheitsnotiz|nicht im büro|"
    r"on (?:annual )?leave until|limited access to e-?mail|message d'absence|"
    r"fuera de la oficina)\b",
    re.I,
)
_SPAM = re.compile(
    r"\b(?:backlinks?|seo services?|click (?:here|to claim)|claim your (?:prize|reward)|"
    r"you have won|earn money|work from home|limited offer|crypto signals?|casino|viagra|"
    r"cheap followers|free audit|boost your (?:sales|traffic|ranking)|visit now|"
    r"make \$?\d+ (?:a|per) day)\b",
    re.I,
)
_THANKS = re.compile(
    r"\b(?:thanks?|thx|thank you|ty|danke|merci|gracias|grazie|obrigad[oa]|cheers)\b", re.I
)
_WORD = re.compile(r"[^\W\d_]+")


def noise_of(problem: str, tone: Tone, *, label: SentimentLabel | None) -> Noise | None:
    """Say which kind of noise a distilled text is; None for anything that may be a report.

    `label` is the text's sentiment: what is felt as negative is neither thanks nor praise.
    """
    words = len(_WORD.findall(problem))
    if words == 0 and not tone.good and not tone.bad:
        return Noise.EMPTY
    if _AUTO.search(problem):
        return Noise.AUTO_REPLY
    offers = {found.lower() for found in _SPAM.findall(problem)}
    # Advertising shouts and calls itself cheap; a complaint speaks of one such thing at most.
    if len(offers) > 1 or (offers and tone.bad < 2):
        return Noise.SPAM
    if label in ("negative", "mixed") or tone.is_sarcastic:
        return None
    if tone.bad == 0 and _THANKS.search(problem) and words <= 14 and tone.questions == 0:
        return Noise.THANKS
    is_content = label == "positive" or (tone.good >= 2 and label is None)
    if tone.bad == 0 and is_content and tone.good >= 1 and tone.questions == 0 and words <= 40:
        return Noise.PRAISE
    return None
