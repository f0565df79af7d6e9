"""Serialise one mail, and prove that a parser reads in it exactly what was meant.

Headers are encoded here and not by a library: the standard one turns an encoded line
break in a subject into a further header (seen in CPython 3.11.7).
"""

from __future__ import annotations

import base64
import quopri
import re
import unicodedata
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import NamedTuple

from connectors.smtp.settings import Sender
from domain.destinations import MessageAction
from domain.errors import InvalidInput

HEADERS = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
)
SUBJECT_LENGTH = 500
NAME_LENGTH = 120
# RFC 2047, 2: an encoded word is at most 75 characters; 42 bytes make 56 in base64.
_WORD_BYTES = 42
# Controls, lone surrogates, line and paragraph separators.
_UNFIT = frozenset({"Cc", "Cs", "Zl", "Zp"})
_PLAIN = re.compile(r"[ !-~]*")
_QUOTABLE = re.compile(r"[A-Za-z0-9 .,'&+-]*")


class Envelope(NamedTuple):
    """What a parser reads in the bytes."""

    sender: str
    recipient: str
    message_id: str


def write_mail(action: MessageAction, *, sender: Sender, message_id: str) -> bytes:
    """Give the bytes of a mail.

    Raises:
        InvalidInput: Subject, name or text cannot be in a mail, or a parser
            would read something else than was meant.
    """
    subject = _require_line("subject", action.subject, SUBJECT_LENGTH)
    lines = [
        f"From: {_mailbox(sender.name, sender.address)}",
        f"To: {_mailbox(action.name, action.address)}",
        f"Subject: {_unstructured(subject)}",
        f"Date: {format_datetime(_date(action.made_at))}",
        f"Message-ID: {message_id}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
    ]
    frozen = "\r\n".join([*lines, "", ""]).encode("ascii") + _body(action.body)
    _require_same(frozen, action, sender, message_id)
    return frozen


def read_envelope(frozen: bytes) -> Envelope:
    """Read sender, recipient and Message-ID back from frozen bytes.

    Raises:
        InvalidInput: The headers are not exactly those that `write_mail` writes.
    """
    parsed = _parse(frozen)
    senders, recipients = _addresses(parsed, "From"), _addresses(parsed, "To")
    if len(senders) != 1 or len(recipients) != 1:
        raise InvalidInput("The mail does not name one sender and one recipient.")
    return Envelope(senders[0], recipients[0], str(parsed["Message-ID"]).strip())


def _parse(frozen: bytes) -> EmailMessage:
    parsed = message_from_bytes(frozen, policy=policy.SMTP)
    if not isinstance(parsed, EmailMessage) or tuple(parsed.keys()) != HEADERS or parsed.defects:
        raise InvalidInput("The mail's headers are not those that were meant.")
    return parsed


def _addresses(parsed: EmailMessage, name: str) -> list[str]:
    return [one.addr_spec for one in parsed[name].addresses]


def _require_same(frozen: bytes, action: MessageAction, sender: Sender, message_id: str) -> None:
    parsed = _parse(frozen)
    envelope = read_envelope(frozen)
    meant = Envelope(sender.address, action.address, message_id)
    same_subject = str(parsed["Subject"]) == action.subject
    same_text = parsed.get_content().replace("\r\n", "\n") == _text(action.body)
    if envelope != meant or not same_subject or not same_text:
        raise InvalidInput("A mail program would read something else than was meant.")


def _date(at: datetime | None) -> datetime:
    if at is None:
        raise InvalidInput("A mail needs the time at which it was made.")
    return at.astimezone(UTC)


def _require_line(what: str, text: str, length: int) -> str:
    if not text.strip() or text != text.strip():
        raise InvalidInput(f"The {what} is empty or has blanks at its ends.")
    if len(text) > length or any(unicodedata.category(one) in _UNFIT for one in text):
        raise InvalidInput(f"The {what} is too long or holds what cannot be printed.")
    return text


def _mailbox(name: str | None, address: str) -> str:
    if not name:
        return address
    name = " ".join(_require_line("name", name, NAME_LENGTH).split())
    shown = f'"{name}"' if _QUOTABLE.fullmatch(name) else _words(name)
    return f"{shown} <{address}>"


def _unstructured(text: str) -> str:
    # What looks like an encoded word is encoded once more, so that nobody decodes it.
    plain = _PLAIN.fullmatch(text) and "=?" not in text and "  " not in text
    return text if plain else _words(text)


def _words(text: str) -> str:
    """Give RFC 2047 encoded words, split between characters."""
    chunks, chunk = [], b""
    for character in text:
        encoded = character.encode()
        if len(chunk) + len(encoded) > _WORD_BYTES:
            chunks.append(chunk)
            chunk = b""
        chunk += encoded
    chunks.append(chunk)
    return "\r\n ".join(f"=?utf-8?B?{base64.b64encode(one).decode()}?=" for one in chunks)


def _text(body: str) -> str:
    return body.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"


def _body(body: str) -> bytes:
    encoded = quopri.encodestring(_text(body).encode("utf-8"))
    return encoded.replace(b"\n", b"\r\n")
