"""Brings mails to a server over kept connections, and says honestly how far each one came."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote, urlsplit

import aiosmtplib

from vikno.channels.email.addresses import mailbox
from vikno.channels.email.outbound import Greeting, Mail, SmtpAnswer
from vikno.domain.errors import ViknoError
from vikno.usecases.channel import NotCarried
from vikno.wire.guarded import leads_here

ANSWER_S = 60.0
"""For each answer of a server. RFC 5321 section 4.5.3.2 allows minutes; who answers later is as good as gone."""
KEPT_S = 20.0
"""A connection that rests longer is given up before the server does it in the middle of a mail."""
MOST_MAILS = 100
"""On one connection; servers end it at some number, and their own is rarely lower."""

Step = Literal["connect", "login", "sender", "recipient", "data"]


class MailServerWrong(ViknoError):
    """The mail server must be an address such as smtp://user:password@mail.example.org:587 or smtps://mail.example.org."""

    code = "mail_server_wrong"


@dataclass(frozen=True, slots=True)
class Server:
    """Where mails are handed over. `tls`: from the first byte, by STARTTLS, or if the server offers it."""

    host: str
    port: int
    tls: Literal["always", "starttls", "offered"]
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, url: str) -> Server:
        """smtp:// (587 if it names a user, otherwise 25) or smtps:// (465).

        A password leaves only under TLS, or on this machine.

        >>> Server.of("smtp://mail.example.org")
        Server(host='mail.example.org', port=25, tls='offered')
        >>> Server.of("smtp://vikno:hush@mail.example.org").tls
        'starttls'

        Raises:
            MailServerWrong: it is none of them.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise MailServerWrong from None
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise MailServerWrong
        user = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if parts.password else None
        if parts.scheme == "smtps":
            return cls(parts.hostname, port or 465, "always", user, password)
        secret = (user is not None and not leads_here(parts.hostname)) or parts.query == "tls=required"
        return cls(parts.hostname, port or (587 if user else 25), "starttls" if secret else "offered", user, password)


@dataclass
class _Line:
    """A connection, and how often it was used."""

    smtp: aiosmtplib.SMTP
    rested_s: float = 0.0
    mails: int = 0
    step: Step = "connect"


class SmtpTransport:
    """Carries mails (`usecases.channel.Transport`), each on a connection of its own while it takes."""

    def __init__(
        self,
        server: Server | str,
        *,
        at_once: int = 8,
        answer_s: float = ANSWER_S,
        hostname: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`hostname`: as we greet; the machine's own name otherwise. `tls`: whom to trust, for tests and own CAs."""
        self._server = Server.of(server) if isinstance(server, str) else server
        self._answer_s, self._hostname, self._tls = answer_s, hostname, tls
        self._free: deque[_Line] = deque()
        self._places = asyncio.Semaphore(at_once)

    async def carry(self, request: Mail | Greeting) -> SmtpAnswer | NotCarried:
        """What the server says to it, or why it says nothing."""
        if isinstance(request, Mail) and mailbox(request.recipient) != request.recipient:
            return SmtpAnswer(553, "5.1.3 no address that a mail can go to", "recipient")
        async with self._places:
            answer = await self._on(self._rested(), request)
            if answer is None:  # the kept connection was gone or closing before anything of this mail had left
                answer = await self._on(None, request)
            return NotCarried(False, "connection_lost") if answer is None else answer

    async def close(self) -> None:
        """Say goodbye on the connections that rest."""
        while self._free:
            await self._end(self._free.popleft())

    async def _on(self, line: _Line | None, request: Mail | Greeting) -> SmtpAnswer | NotCarried | None:
        """One try on a connection; None if it turned out to be gone, or closing, before the mail began."""
        kept = line is not None
        line = line or _Line(self._open())
        answer: SmtpAnswer | NotCarried | None
        whole = False
        try:
            if not kept:
                await line.smtp.connect()
            answer = await self._speak(line, request)
            whole = line.smtp.is_connected
        except aiosmtplib.SMTPResponseException as error:
            closing = error.code == 421
            if kept and closing and line.step == "sender":
                return None  # the server has had enough of the connection, not of us
            answer = SmtpAnswer(error.code, error.message, "login" if _is_login(error) else line.step)
            whole = line.step != "connect" and not closing and await self._reset(line)
        except (aiosmtplib.SMTPException, OSError, ValueError, ssl.SSLError) as error:
            answer = None if kept and line.step == "sender" else _unanswered(line.step, error)
        finally:
            if whole:
                self._rest(line)
            else:
                line.smtp.close()
        return answer

    async def _speak(self, line: _Line, request: Mail | Greeting) -> SmtpAnswer:
        smtp, line.step = line.smtp, "sender"
        if isinstance(request, Greeting):
            said = await smtp.noop()
            return SmtpAnswer(said.code, said.message, "connect")
        line.mails += 1
        await smtp.mail(request.sender)
        line.step = "recipient"
        await smtp.rcpt(request.recipient)
        line.step = "data"
        said = await smtp.data(request.message)
        return SmtpAnswer(said.code, said.message)

    async def _reset(self, line: _Line) -> bool:
        """Let the server forget the mail that it refused; False if the connection is of no more use."""
        try:
            await line.smtp.rset()
        except (aiosmtplib.SMTPException, OSError):
            return False
        return line.smtp.is_connected

    def _open(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            local_hostname=self._hostname,
            timeout=self._answer_s,
            use_tls=server.tls == "always",
            start_tls={"always": False, "starttls": True, "offered": None}[server.tls],
            tls_context=self._tls,
        )

    def _rested(self) -> _Line | None:
        """A connection that can be used again."""
        now_s = asyncio.get_running_loop().time()
        while self._free:
            line = self._free.pop()
            if line.smtp.is_connected and now_s - line.rested_s < KEPT_S:
                return line
            line.smtp.close()
        return None

    def _rest(self, line: _Line) -> None:
        line.rested_s = asyncio.get_running_loop().time()
        if line.mails < MOST_MAILS:
            self._free.append(line)
        else:
            line.smtp.close()

    async def _end(self, line: _Line) -> None:
        with suppress(aiosmtplib.SMTPException, OSError):
            await line.smtp.quit(timeout=2)
        line.smtp.close()


def _is_login(error: aiosmtplib.SMTPResponseException) -> bool:
    return isinstance(error, aiosmtplib.SMTPAuthenticationError)


def _unanswered(step: Step, error: Exception) -> SmtpAnswer | NotCarried:
    """Why there is no answer. Only the name of the innermost error: a server's words may name the person."""
    cause = error.__cause__ or error
    if step == "connect" and (isinstance(cause, ssl.SSLCertVerificationError) or type(error) is _NO_STARTTLS):
        return SmtpAnswer(530, "5.7.4 no TLS that can be trusted", "connect")  # waiting would not help
    return NotCarried(step == "data", type(cause).__name__)


_NO_STARTTLS = aiosmtplib.SMTPException
"""What aiosmtplib raises, this very class, where STARTTLS or a login is needed and the server has none."""
