"""Takes mails in from the mail server before us: by LMTP (RFC 2033), or by SMTP where it speaks nothing else.

A mail is answered with 250 only when it is on record; until then its sender keeps it and tries again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from vikno.usecases.channel import Raw
from vikno.wire.hooks import Hook
from vikno.wire.limits import EMAIL_INBOUND_BYTES

MOST_CONNECTIONS = 100
MOST_CONNECTION_BYTES = 64 * 1024 * 1024
"""Of what one connection may bring. A mail above the limit is heard to its end, so that its sender learns why."""
IDLE_S = 60.0
LONGEST_LINE = 64 * 1024
"""RFC 5321 allows 1,000 octets; some programs write a page in one line, and are no worse for it."""

Receive = Callable[[Raw], Awaitable[int]]
"""Takes a mail and keeps it: 200, or as HTTP says it: 401 and 403 refused for good, 5xx later. May raise: later."""

log = logging.getLogger("vikno.mail")
# It writes addresses and contents into its log.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)


def through(hook: Hook) -> Receive:
    """Mails are taken by the same hook as updates of other channels."""

    async def receive(raw: Raw) -> int:
        headers = [(name.encode("ascii"), value.encode("latin-1", "replace")) for name, value in raw.headers.items()]
        status, _, _ = await hook.answer(headers, raw.body)
        return status

    return receive


def listening(
    accepts: Callable[[str], bool], host: str, port: int, *, lmtp: bool = True
) -> Callable[[Hook, asyncio.Event], Awaitable[None]]:
    """What `vikno run` keeps up beside the pages: mails are taken until the event."""

    async def run(hook: Hook, stopping: asyncio.Event) -> None:
        listener = await serve(through(hook), host, port, accepts=accepts, lmtp=lmtp)
        try:
            await stopping.wait()
        finally:
            await listener.close()

    return run


async def serve(
    receive: Receive,
    host: str,
    port: int,
    *,
    accepts: Callable[[str], bool],
    lmtp: bool = True,
) -> Listener:
    """Take mails in until the listener is closed. `accepts`: whether there is such an address here (`Email.accepts`).

    Port 0 takes a free one. Raises OSError if the port is taken.
    """
    desk, kind = _Desk(receive, accepts), _LmtpLine if lmtp else _SmtpLine
    lines: set[asyncio.BaseTransport] = set()

    def line() -> SMTP:
        made = kind(
            desk,
            data_size_limit=EMAIL_INBOUND_BYTES,
            hostname="localhost",
            ident="Vikno",
            timeout=IDLE_S,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            loop=asyncio.get_running_loop(),
        )
        made.lines = lines
        return made

    server = await asyncio.get_running_loop().create_server(line, host, port)
    return Listener(server, lines)


@dataclass
class Listener:
    """An open port."""

    server: asyncio.Server
    lines: set[asyncio.BaseTransport]

    @property
    def port(self) -> int:
        found: int = self.server.sockets[0].getsockname()[1]
        return found

    async def close(self) -> None:
        """Take no more. A mail whose answer was not given is brought again."""
        self.server.close()
        for line in list(self.lines):
            line.close()
        await asyncio.sleep(0)
        await self.server.wait_closed()


@dataclass
class _Desk:
    """What happens at each command (hooks of aiosmtpd)."""

    receive: Receive
    accepts: Callable[[str], bool]

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not self.accepts(address):
            return "550 5.1.1 There is no such address here"
        # One at a time, so that each has an answer of its own; the sender brings it again for the others.
        if envelope.rcpt_tos:
            return "452 4.5.3 One recipient at a time, please"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_VRFY(self, *_: object) -> str:  # noqa: N802
        return "252 2.5.0 Send it and see"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        sender = (envelope.mail_from or "").strip("<>")
        raw = Raw(content, {"envelope-from": sender, "envelope-to": envelope.rcpt_tos[0]})
        try:
            status = await self.receive(raw)
        except Exception as error:  # noqa: BLE001 - whatever it is, the mail is not on record
            log.warning("mail_not_taken", extra={"reason": type(error).__name__})
            return "451 4.3.0 Not now, please try again later"
        return _answer(status)

    async def handle_exception(self, error: Exception) -> str:
        log.warning("mail_line_failed", extra={"reason": type(error).__name__})
        return "451 4.3.0 Not now, please try again later"


def _answer(status: int) -> str:
    match status:
        case 401 | 403:
            return "550 5.7.1 This address belongs to another sender. Please write from the one our mail came to"
        case 413:
            return "552 5.3.4 The message is too large"
        case _ if status < 400:
            return "250 2.0.0 OK"
    return "451 4.3.0 Not now, please try again later"


class _SmtpLine(SMTP):
    """A line that ends when it brings too much, and that counts as one."""

    line_length_limit = LONGEST_LINE
    lines: set[asyncio.BaseTransport]
    _brought = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if len(self.lines) >= MOST_CONNECTIONS:
            if isinstance(transport, asyncio.WriteTransport):
                transport.write(b"421 4.3.2 Too many lines, please try again later\r\n")
            transport.close()
        else:
            self.lines.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self.transport is not None:
            self.lines.discard(self.transport)
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        self._brought += len(data)
        if self._brought > MOST_CONNECTION_BYTES:
            transport: Any = self.transport
            transport.abort()
        else:
            super().data_received(data)


class _LmtpLine(_SmtpLine, LMTP):
    pass
