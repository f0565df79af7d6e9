"""Which addresses are written to: the plain kind, so that no parser can read another one."""

from __future__ import annotations

import re

from domain.errors import InvalidAddress

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?P<top>{_LABEL})", re.ASCII)
# RFC 5321, 4.5.3.1: 64 octets before the @, 256 for a path with its two brackets.
LOCAL_LENGTH, LENGTH = 64, 254


def require_address(text: str) -> str:
    """Give the address if mail can be handed to it.

    Raises:
        InvalidAddress: It is not plain ASCII `local@domain.tld`, or too long.
    """
    match = _ADDRESS.fullmatch(text)
    if (
        match is None
        or len(text) > LENGTH
        or len(text.partition("@")[0]) > LOCAL_LENGTH
        or match["top"].isdigit()
    ):
        raise InvalidAddress(
            "The address cannot be written to: it must be plain ASCII, local@domain.tld."
        )
    return text
