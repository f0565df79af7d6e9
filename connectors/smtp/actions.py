"""The destination `mail`: frozen bytes over SMTP, one recipient at a time."""

from __future__ import annotations

import ipaddress
import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from connectors.kit.marker import marker
from connectors.smtp.address import require_address
from connectors.smtp.message import read_envelope, write_mail
from connectors.smtp.settings import FROM_NAME, URL_NAME, Sender, Server
from domain.destinations import MessageAction, OnStep, Sent, TicketAction, WireStep
from domain.errors import (
    BytesChanged,
    DestinationUnavailable,
    InvalidInput,
    NoAnswer,
    RefusedForGood,
    RefusedForNow,
)

NOBODY = Sender("nobody@sender.invalid")
"""Stands in drafts while no sender is set; such a draft cannot be approved."""


class TimeOuts(NamedTuple):
    """Seconds to wait; together shorter than the dispatcher's lease of 180."""

    # At most ten commands come before the body.
    command_s: float = 10.0
    # RFC 5321, 4.5.3.2.6 allows ten minutes; a minute and then "unknown" is more honest here.
    answer_s: float = 60.0


class MailDestination:
    """`Destination` over SMTP. `server` or `sender` None: drafts can be made, not sent."""

    def __init__(
        self,
        *,
        server: Server | None,
        sender: Sender | None,
        secret: bytes,
        time_outs: TimeOuts | None = None,
    ) -> None:
        self._server = server
        self._is_set = sender is not None
        self._sender = sender or NOBODY
        self._secret = secret
        self._time_outs = time_outs or TimeOuts()

    @property
    def name(self) -> str:
        """`mail`."""
        return "mail"

    @property
    def missing(self) -> str | None:
        """The setting that is missing, with what to do; None when ready."""
        if self._server is None:
            return f"Mail needs {URL_NAME}. Set it to smtp[s]://[user:password@]host:port."
        if not self._is_set:
            return f"Mail needs {FROM_NAME}. Set it to the sender's address."
        return None

    def freeze(self, action: TicketAction | MessageAction) -> bytes:
        """Give exactly the bytes that will leave."""
        if not isinstance(action, MessageAction):
            raise InvalidInput("A ticket cannot be mailed.")
        require_address(action.address)
        return write_mail(action, sender=self._sender, message_id=self._message_id(action.key))

    def find(self, key: str) -> Sent | None:
        """Mail cannot be asked what it has."""
        del key
        raise DestinationUnavailable("SMTP cannot say what was sent earlier.")

    def send(self, frozen: bytes, *, key: str, address: str | None, on_step: OnStep) -> Sent:
        """Hand the bytes over; see `Destination.send`."""
        sender = self._require_own(frozen, key, address)
        if self._server is None or address is None:
            raise DestinationUnavailable(self.missing or "Mail needs an address.")
        with self._connected(self._server) as smtp:
            on_step(WireStep.CONNECTED)
            _offer(smtp, sender, address)
            on_step(WireStep.BODY_BEGINS)
            _send_body(smtp, frozen, on_step)
            detail = self._answer(smtp)
            on_step(WireStep.ANSWERED)
        return Sent(external_id=self._message_id(key), detail=detail)

    def _message_id(self, key: str) -> str:
        return f"<{marker(self._secret, key)}@{self._sender.address.partition('@')[2]}>"

    def _require_own(self, frozen: bytes, key: str, address: str | None) -> str:
        """Read the bytes as a mail program would, and compare with the outbox."""
        try:
            envelope = read_envelope(frozen)
        except InvalidInput as error:
            raise BytesChanged(f"Not sent: {error}") from error
        own = f"<{marker(self._secret, key)}@"
        if envelope.recipient != address or not envelope.message_id.startswith(own):
            raise BytesChanged("Not sent: the mail is not the one that was approved.")
        return envelope.sender

    @contextmanager
    def _connected(self, server: Server) -> Iterator[smtplib.SMTP]:
        smtp = _open(server, self._sender, self._time_outs)
        try:
            yield smtp
        finally:
            smtp.close()

    def _answer(self, smtp: smtplib.SMTP) -> str:
        if smtp.sock is not None:
            smtp.sock.settimeout(self._time_outs.answer_s)
        try:
            code, text = smtp.getreply()
        except OSError as error:
            raise NoAnswer(
                "It was sent and no answer came. It may have arrived, or not."
            ) from error
        answer = _said(code, text)
        if 200 <= code < 300:
            return answer
        if 400 <= code < 500:
            raise RefusedForNow(answer)
        if 500 <= code < 600:
            raise RefusedForGood(answer)
        raise NoAnswer(f"It was sent and the answer makes no sense: {answer}")


def greet(server: Server, sender: Sender, *, time_outs: TimeOuts | None = None) -> None:
    """Connect, secure, log in, and leave without sending anything.

    Raises:
        RefusedForNow: The server cannot be reached, or not safely.
    """
    _open(server, sender, time_outs or TimeOuts()).close()


def _open(server: Server, sender: Sender, time_outs: TimeOuts) -> smtplib.SMTP:
    """Connect, secure and log in.

    Raises:
        RefusedForNow: The server cannot be reached, or not safely.
    """
    domain = sender.address.partition("@")[2]
    smtp: smtplib.SMTP | None = None
    try:
        if server.tls:
            smtp = smtplib.SMTP_SSL(
                server.host,
                server.port,
                local_hostname=domain,
                timeout=time_outs.command_s,
                context=ssl.create_default_context(),
            )
        else:
            smtp = smtplib.SMTP(
                server.host, server.port, local_hostname=domain, timeout=time_outs.command_s
            )
        _secure(smtp, server)
        if server.user is not None:
            smtp.login(server.user, server.password or "")
    except (OSError, RefusedForNow) as error:
        if smtp is not None:
            smtp.close()
        if isinstance(error, RefusedForNow):
            raise
        raise RefusedForNow(
            f"{server.host}:{server.port} did not let us in: {_why(error)}"
        ) from error
    return smtp


def _secure(smtp: smtplib.SMTP, server: Server) -> None:
    smtp.ehlo_or_helo_if_needed()
    if server.tls:
        return
    loopback = _is_loopback(smtp)
    if smtp.has_extn("starttls"):
        context = ssl.create_default_context()
        if loopback:
            # Plain is allowed here, so a self-made certificate is no loss.
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        smtp.starttls(context=context)
        smtp.ehlo()
        return
    if not loopback:
        raise RefusedForNow(
            f"{server.host} offers no STARTTLS, and mail in plain goes to loopback only. "
            f"Use smtps in {URL_NAME}, or another server."
        )


def _is_loopback(smtp: smtplib.SMTP) -> bool:
    if smtp.sock is None:
        return False
    peer = str(smtp.sock.getpeername()[0]).partition("%")[0]
    return ipaddress.ip_address(peer).is_loopback


def _offer(smtp: smtplib.SMTP, sender: str, address: str) -> None:
    """Name sender and recipient, and ask to send the body: nothing is accepted yet."""
    _ask(lambda: smtp.mail(sender), (250,))
    _ask(lambda: smtp.rcpt(address), (250, 251))
    _ask(lambda: smtp.docmd("DATA"), (354,))


def _ask(command: Callable[[], tuple[int, bytes]], wanted: tuple[int, ...]) -> None:
    try:
        code, text = command()
    except OSError as error:
        raise RefusedForNow(
            f"The connection broke before anything was sent: {_why(error)}"
        ) from error
    if code in wanted:
        return
    if 500 <= code < 600:
        raise RefusedForGood(_said(code, text))
    raise RefusedForNow(_said(code, text))


def _send_body(smtp: smtplib.SMTP, frozen: bytes, on_step: OnStep) -> None:
    stuffed = re.sub(rb"(?m)^\.", b"..", frozen)
    end = b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n"
    half = len(stuffed) // 2
    try:
        smtp.send(stuffed[:half])
    except OSError as error:
        # Without the closing dot a server accepts nothing.
        raise RefusedForNow(f"The connection broke on the way: {_why(error)}") from error
    on_step(WireStep.MID_BODY)
    try:
        smtp.send(stuffed[half:] + end)
    except OSError as error:
        raise NoAnswer(
            "The connection broke while it was sent. It may have arrived, or not."
        ) from error
    on_step(WireStep.BODY_ENDED)


def _said(code: int, text: bytes) -> str:
    """Give a server's answer as one short printable line."""
    words = " ".join(text.decode("ascii", "replace").split())
    return f"{code} {''.join(one for one in words if one.isprintable())[:160]}".strip()


def _why(error: OSError) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        return _said(error.smtp_code, reply if isinstance(reply, bytes) else reply.encode())
    return error.strerror or type(error).__name__
