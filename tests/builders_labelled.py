"""Made-up labelled texts: three topics that share words, and some that are about none."""

from agent.reading.redact import redact
from agent.reading.taught.teach import Example
from domain.text import CustomerText

_OPENINGS = ("Hello,", "Again", "Since Monday", "For a week", "Why is it that", "Today")
_CLOSINGS = ("please help", "this is the second time", "what now", "thanks", "I am waiting")
_TOPICS = {
    "delivery": ("my parcel is late", "the courier lost the parcel", "no parcel has come"),
    "billing": ("the invoice is wrong", "I was charged twice", "the refund is not on my card"),
    "login": ("the password is refused", "I cannot sign in", "the code never arrives"),
}
_ELSEWHERE = ("tell me a joke", "which river runs through Vienna", "play some jazz", "sing", "why")


def labelled_texts(each=20, topics=tuple(_TOPICS)):
    """Give (text, label) pairs, `each` of a topic, all different."""
    return [
        (f"{_OPENINGS[n % 6]} {_TOPICS[topic][n % 3]}, {_CLOSINGS[n % 5]} {n // 30}", topic)
        for topic in topics
        for n in range(each)
    ]


def texts_elsewhere(each=10):
    """Give texts that are about none of the topics."""
    return [f"{_ELSEWHERE[n % 5]} {n}" for n in range(each)]


def redacted(text):
    """Give a text as a head may see it."""
    return redact(CustomerText(value=text))


def examples(pairs):
    """Give labelled texts as a head is taught with them."""
    return [Example(redacted(text), label) for text, label in pairs]
