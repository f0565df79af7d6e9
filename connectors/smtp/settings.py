"""The mail server and the sender, as the environment names them."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from connectors.smtp.address import require_address
from domain.errors import InvalidAddress, InvalidConfiguration

URL_NAME = "UNDERTONE_SMTP_URL"
FROM_NAME = "UNDERTONE_MAIL_FROM"
_NAMED = re.compile(r"^\s*(?:\"?(?P<name>[^\"<>]*?)\"?\s*)?<(?P<address>[^<>]+)>\s*$")
_PORTS = {"smtp": 587, "smtps": 465}


class Server(NamedTuple):
    """Where mail is handed over."""

    host: str
    port: int
    tls: bool
    """TLS from the first byte."""
    user: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"Server({self.host}:{self.port})"


class Sender(NamedTuple):
    """Who writes."""

    address: str
    name: str | None = None


def read_server(url: str) -> Server:
    """Read `smtp[s]://[user:password@]host:port`.

    Raises:
        InvalidConfiguration: It is not of this form. The message never repeats it.
    """
    form = f"{URL_NAME} must look like smtp[s]://[user:password@]host:port."
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise InvalidConfiguration(form) from error
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
        raise InvalidConfiguration(form)
    return Server(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        tls=parts.scheme == "smtps",
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def read_sender(text: str) -> Sender:
    """Read `address` or `Name <address>`.

    Raises:
        InvalidConfiguration: It is neither.
    """
    match = _NAMED.match(text)
    name = match["name"] if match else None
    try:
        address = require_address(match["address"] if match else text.strip())
    except InvalidAddress as error:
        raise InvalidConfiguration(f"{FROM_NAME}: {error}") from error
    if name and any(ord(one) < 32 or ord(one) == 127 for one in name):
        raise InvalidConfiguration(f"{FROM_NAME}: the name holds a control character.")
    return Sender(address=address, name=(name or "").strip() or None)
