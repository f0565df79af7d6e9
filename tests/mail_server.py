"""A real mail server on loopback that keeps a log of all it accepted."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class MailLog:
    """Handler whose answers are set by the test; `accepted` is the outside's truth."""

    accepted: list[tuple[str, str, bytes]] = field(default_factory=list)
    """(sender, recipient, bytes)"""
    recipient_answers: dict[str, list[str]] = field(default_factory=dict)
    """What the next RCPT of an address is answered."""
    body_answers: list[str] = field(default_factory=list)
    """What the next bodies are answered; `drop` breaks the line, `slow` never answers."""
    refused_bodies: int = 0
    some_came: threading.Event = field(default_factory=threading.Event)
    """Set once three mails were accepted."""

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        answers = self.recipient_answers.get(address, [])
        if answers:
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.body_answers.pop(0) if self.body_answers else "250 taken"
        if answer[0] in "45":
            self.refused_bodies += 1
            return answer
        for one in envelope.rcpt_tos:
            self.accepted.append((envelope.mail_from, one, envelope.original_content))
        if len(self.accepted) >= 3:
            self.some_came.set()
        if answer == "drop":
            server.transport.abort()
        if answer == "slow":
            await asyncio.sleep(0.6)
        return "250 taken"


@contextmanager
def mail_server(log: MailLog | None = None, **options: Any) -> Iterator[tuple[MailLog, int]]:
    """Run a server; gives its log and port."""
    log = log or MailLog()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(log, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield log, port
    finally:
        controller.stop()
