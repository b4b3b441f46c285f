"""A world of mailboxes to try an authority's mail against: a server that takes our mails, and people who answer them.

    async with MailWorld() as world:
        email = Email(sender="Вікно <vikno@example.org>", key=…)
        transport = SmtpTransport(world.url)                         # our mails go there
        world.connect(listener.port)                                 # and what people write comes here, by LMTP
        olena = world.person("Олена Коваль", "olena@example.com", client="gmail")
        await olena.open("mailto:vikno+poster@example.org?subject=Vikno%20%23poster")
        await olena.heard("Оберіть послугу")
        await olena.answer("2")                                      # as Gmail does: Re:, a quotation, a signature
        await olena.press("За кордоном")                             # the link of a choice in the mail
        await olena.unsubscribe()

Faults come on demand: `refuse` (a number, for a recipient, so many times), `lose` (the mail is taken and the answer
never comes, or the line breaks), `bounce_late` (taken, and returned later as RFC 3464 has it). What a person saw and
wrote is their `transcript`. It checks no signatures and knows no spam.
"""

from __future__ import annotations

import asyncio
import html as html_writing
import smtplib
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.utils import formatdate
from html.parser import HTMLParser
from itertools import count
from typing import Any, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit

import aiohttp
from aiosmtpd.smtp import SMTP, Envelope, Session

from vikno.testing.email import read

Client = Literal["gmail", "outlook", "apple", "plain"]
At = Literal["sender", "recipient", "data"]
PATIENCE_S = 5.0


@dataclass(frozen=True)
class Letter:
    """A mail of ours, as it lies in somebody's mailbox."""

    sender: str
    """Of the envelope."""
    recipient: str
    source: bytes = field(repr=False)

    @property
    def message(self) -> EmailMessage:
        return read(self.source)

    @property
    def subject(self) -> str:
        return str(self.message["subject"])

    @property
    def text(self) -> str:
        body = self.message.get_body(("plain",))
        return str(body.get_content()).replace("\r\n", "\n") if body else ""

    @property
    def html(self) -> str:
        body = self.message.get_body(("html",))
        return str(body.get_content()) if body else ""

    @property
    def reply_to(self) -> str:
        return str(self.message["reply-to"].addresses[0].addr_spec)

    @property
    def links(self) -> dict[str, str]:
        """What can be clicked to answer: label -> mailto."""
        return {label: href for label, href in self._clickable().items() if href.startswith("mailto:")}

    @property
    def pages(self) -> dict[str, str]:
        """What opens on the web: label -> address."""
        return {label: href for label, href in self._clickable().items() if href.startswith("http")}

    def _clickable(self) -> dict[str, str]:
        reader = _Links()
        reader.feed(self.html)
        return reader.found

    @property
    def unsubscribe(self) -> list[str]:
        """The addresses of List-Unsubscribe."""
        said = "".join(str(self.message["list-unsubscribe"] or "").split())
        return [one.strip("<>") for one in said.split(",") if one]


@dataclass(frozen=True)
class Line:
    """One thing in a correspondence. `by`: me, bot, or app for what the client did by itself."""

    by: Literal["me", "bot", "app"]
    subject: str
    text: str


@dataclass
class _Fault:
    at: At
    answer: str
    left: float


@dataclass
class MailWorld:
    """A mail server and its people. `url`: where our mails go."""

    letters: dict[str, list[Letter]] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    brought: list[tuple[int, str]] = field(default_factory=list)
    """What our side answered to each mail of the people."""
    connections: int = 0
    _faults: dict[str, _Fault] = field(default_factory=dict)
    _lost: dict[str, tuple[bool, bool]] = field(default_factory=dict)
    _bouncing: set[str] = field(default_factory=set)
    _to: int | None = None
    _server: asyncio.Server | None = None
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(self._line, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in list(self._tasks):
            task.cancel()
        if self._server is not None:
            self._server.close()
            await asyncio.sleep(0)

    @property
    def port(self) -> int:
        assert self._server is not None, "not started"  # noqa: S101
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def connect(self, port: int) -> None:
        """Where mails of the people to the authority are brought, by LMTP on this machine."""
        self._to = port

    def person(self, name: str, address: str, client: Client = "gmail") -> Person:
        """Somebody with a mailbox; the same one again under the same address."""
        return self.people.setdefault(address, Person(self, name, address, client))

    # ---- faults ----

    def refuse(
        self, address: str, code: int = 550, text: str = "5.1.1 No such user", *, times: float = float("inf"),
        at: At = "recipient",
    ) -> None:  # fmt: skip
        """Answer with this code for this recipient; at `sender` for the whole account (`address` is "*" then)."""
        self._faults[address] = _Fault(at, f"{code} {text}", times)

    def lose(self, address: str, *, kept: bool, broken: bool = False) -> None:
        """After DATA say nothing, or break the line. `kept`: the mail is in the mailbox all the same. Once."""
        self._lost[address] = (kept, broken)

    def bounce_late(self, address: str) -> None:
        """Take mails to this address, and return them: nobody reads them."""
        self._bouncing.add(address)

    # ---- the server ----

    def _line(self) -> SMTP:
        self.connections += 1
        return SMTP(self, hostname="mail.test", loop=asyncio.get_running_loop(), timeout=30)

    def _fault(self, address: str, at: At) -> str | None:
        fault = self._faults.get(address)
        if fault is None or fault.at != at or fault.left < 1:
            return None
        fault.left -= 1
        return fault.answer

    async def handle_MAIL(  # noqa: N802 - hooks of aiosmtpd
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if fault := self._fault("*", "sender"):
            return fault
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if fault := self._fault(address, "recipient"):
            return fault
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        address = envelope.rcpt_tos[0]
        if fault := self._fault(address, "data"):
            return fault
        source = envelope.original_content or b""
        kept, broken = self._lost.get(address, (True, False))
        letter = Letter((envelope.mail_from or "").strip("<>"), address, source)
        if address in self._bouncing:
            self._soon(self.bring(*returned(letter)))
        elif kept:
            await self._lay(letter)
        if self._lost.pop(address, None) is None:
            return "250 2.0.0 OK"
        if broken and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        await asyncio.sleep(PATIENCE_S)
        return "250 2.0.0 OK"

    async def _lay(self, letter: Letter) -> None:
        """Into the mailbox."""
        self.letters.setdefault(letter.recipient, []).append(letter)
        if person := self.people.get(letter.recipient):
            person.transcript.append(Line("bot", letter.subject, letter.text))
        async with self._news:
            self._news.notify_all()

    # ---- what people send ----

    async def bring(self, source: bytes, sender: str, recipient: str) -> tuple[int, str]:
        """Bring a mail to the authority: what its server answered, last."""
        assert self._to is not None, "connect the world first"  # noqa: S101
        port = self._to

        def carry() -> tuple[int, str]:
            with smtplib.LMTP("127.0.0.1", port, timeout=PATIENCE_S) as line:
                try:
                    line.sendmail(sender, [recipient], source)
                except smtplib.SMTPRecipientsRefused as refused:
                    code, said = refused.recipients[recipient]
                    return code, _words(said)
                except smtplib.SMTPResponseException as refused:
                    return refused.smtp_code, _words(refused.smtp_error)
                return 250, "OK"

        answered = await asyncio.to_thread(carry)
        self.brought.append(answered)
        return answered

    def _soon(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@dataclass
class Person:
    """Somebody with a mailbox and a mail client."""

    world: MailWorld
    name: str
    address: str
    client: Client
    transcript: list[Line] = field(default_factory=list)
    _heard: int = 0

    @property
    def letters(self) -> list[Letter]:
        return self.world.letters.get(self.address, [])

    async def heard(self, text: str = "") -> Letter:
        """The next mail that says this, once it is there. Raises TimeoutError, with what was said instead."""
        news = self.world._news  # noqa: SLF001 - the world is its people's own

        def found() -> int | None:
            said = enumerate(self.letters[self._heard :], self._heard)
            return next((at for at, one in said if text in one.text or text in one.subject), None)

        try:
            async with asyncio.timeout(PATIENCE_S), news:
                await news.wait_for(lambda: found() is not None)
        except TimeoutError:
            said = [one.text for one in self.letters[self._heard :]]
            raise TimeoutError(f"{self.name} did not hear {text!r}, but {said}") from None
        at = found()
        assert at is not None  # noqa: S101 - it was waited for
        self._heard = at + 1
        return self.letters[at]

    async def write(self, to: str, subject: str, text: str, **headers: str) -> tuple[int, str]:
        """A new mail."""
        return await self._send(to, subject, {"plain": text}, text, headers)

    async def answer(self, text: str, letter: Letter | None = None) -> tuple[int, str]:
        """Reply to a mail, the last one unless another is given, as this client does it."""
        letter = letter or self.letters[-1]
        message = letter.message
        known = [str(message["references"] or ""), str(message["message-id"])]
        headers = {"In-Reply-To": known[1], "References": " ".join(one for one in known if one)}
        subject = letter.subject if letter.subject.startswith("Re: ") else f"Re: {letter.subject}"
        return await self._send(letter.reply_to, subject, REPLIES[self.client](text, letter, self), text, headers)

    async def press(self, label: str, letter: Letter | None = None) -> tuple[int, str]:
        """Click a choice in a mail, and send what the client then shows. Raises KeyError if there is none."""
        letter = letter or self.letters[-1]
        return await self.open(letter.links[label], said=label)

    async def open(self, mailto: str, said: str | None = None, *, shown: bool = True) -> tuple[int, str]:
        """Follow a link that writes a mail, from a poster or a mail, and send it. `shown`: the person sees that."""
        parts = urlsplit(mailto)
        fields = {name: values[0] for name, values in parse_qs(parts.query.replace("+", "%2B")).items()}
        text = fields.get("body", "")
        signed = {"plain": text + SIGNATURES[self.client]}
        return await self._send(
            unquote(parts.path), fields.get("subject", ""), signed, said or text if shown else None, {}
        )

    async def unsubscribe(self, letter: Letter | None = None, *, by_mail: bool = False) -> int:
        """Press what the client shows beside the sender: one POST (RFC 8058), or a mail. The status of the answer."""
        letter = letter or self.letters[-1]
        self.transcript.append(Line("app", "", "unsubscribed"))
        for address in letter.unsubscribe:
            if by_mail and address.startswith("mailto:"):
                return (await self.open(address, shown=False))[0]
            if not by_mail and address.startswith("http") and letter.message["list-unsubscribe-post"]:
                body = {"List-Unsubscribe": "One-Click"}
                async with aiohttp.ClientSession() as client, client.post(address, data=body) as answer:
                    return answer.status
        raise LookupError("this mail has no such way to end it")

    async def _send(
        self, to: str, subject: str, parts: dict[str, str], said: str | None, headers: dict[str, str]
    ) -> tuple[int, str]:
        source = composed(self, to, subject, parts, {"Message-ID": self._new_id(), **headers})
        if said is not None:
            self.transcript.append(Line("me", subject, said))
        return await self.world.bring(source, self.address, to)

    def _new_id(self) -> str:
        return f"<m{next(self.world._numbers)}.{self.client}@{self.address.partition('@')[2]}>"  # noqa: SLF001


# ---- as clients write ----


def composed(person: Person, to: str, subject: str, parts: dict[str, str], headers: dict[str, str]) -> bytes:
    """A mail as a client makes it."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = _named(person.name, person.address)
    message["To"] = f"<{to}>"
    message["Subject"] = subject
    message["Date"] = formatdate()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(parts["plain"])
    if "html" in parts:
        message.add_alternative(parts["html"], subtype="html")
    return message.as_bytes()


def _named(name: str, address: str) -> str:
    coded = name if name.isascii() else f"=?utf-8?b?{b64encode(name.encode()).decode()}?="
    return f"{coded} <{address}>"


SIGNATURES: dict[Client, str] = {
    "gmail": "\n\n-- \nОлена Коваль\n+380 44 000 00 00\n",
    "outlook": "\n\nОтримати Outlook для Android<https://aka.ms/ghei36>\n",
    "apple": "\n\nНадіслано з iPhone\n",
    "plain": "\n",
}


def as_gmail(text: str, letter: Letter, _person: Person) -> dict[str, str]:
    """Gmail: the answer, the signature, a line that says who wrote, `>` before each line; wrapped at 78 letters."""
    quoted = "\n".join(f"> {line}".rstrip() for line in letter.text.rstrip().split("\n"))
    wrote = f"пт, 20 лист. 2026\u202fр. о 10:15 Вікно <\n{letter.reply_to}> пише:"
    said = "<br>".join(html_writing.escape(text).split("\n"))
    return {
        "plain": f"{text}\n\n{wrote}\n\n{quoted}\n>\n{SIGNATURES['gmail']}",
        "html": f'<div dir="ltr">{said}</div><br><div class="gmail_quote"><div class="gmail_attr">пт, 20 лист.'
        f" 2026 р. о 10:15 Вікно &lt;<a>{letter.reply_to}</a>&gt; пише:<br></div><blockquote>{letter.html}</blockquote>"
        "</div>",
    }


def as_outlook(text: str, letter: Letter, person: Person) -> dict[str, str]:
    """Outlook: no `>`; a line, and a block that says who wrote when, to whom and about what."""
    head = (
        f"Від: Вікно <{letter.reply_to}>\nНадіслано: 20 листопада 2026 р. 10:15\nКому: {person.name} <{person.address}>"
    )
    quoted = f"{'_' * 32}\n{head}\nТема: {letter.subject}\n\n{letter.text}"
    said = "".join(f'<p class="MsoNormal">{html_writing.escape(line)}<o:p></o:p></p>' for line in text.split("\n"))
    block = '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt"><p><b>Від:</b> Вікно</p></div>'
    return {
        "plain": f"{text}\n{SIGNATURES['outlook']}{quoted}",
        "html": f'<div class="WordSection1">{said}{block}{letter.html}</div>',
    }


def as_apple(text: str, letter: Letter, _person: Person) -> dict[str, str]:
    """Apple Mail on a phone: the advertisement comes before the quotation, and the line breaks where it likes."""
    quoted = "\n".join(f"> {line}" for line in letter.text.rstrip().split("\n"))
    wrote = f"20 лист. 2026\u202fр. о 10:15 Вікно <{letter.reply_to}> пише:"
    return {"plain": f"{text}\n\nНадіслано з iPhone\n\n> {wrote}\n> \n> \ufeff\n{quoted}\n"}


def as_plain(text: str, letter: Letter, person: Person) -> dict[str, str]:
    """Thunderbird, mutt: the quotation stands first, and the answer below it."""
    quoted = "\n".join(f"> {line}".rstrip() for line in letter.text.rstrip().split("\n"))
    return {"plain": f"On 11/20/26 10:15, Вікно wrote:\n{quoted}\n\n{text}\n\n-- \n{person.name}\n"}


REPLIES: dict[Client, Callable[[str, Letter, Person], dict[str, str]]] = {
    "gmail": as_gmail,
    "outlook": as_outlook,
    "apple": as_apple,
    "plain": as_plain,
}


def returned(letter: Letter, *, action: str = "failed", status: str = "5.1.1") -> tuple[bytes, str, str]:
    """A mail of ours, returned by its recipient's server as RFC 3464 has it: source, sender and recipient."""
    head = letter.source.partition(b"\r\n\r\n")[0].decode("ascii", "replace")
    seam = "=_returned"
    source = (
        f"From: Mail Delivery System <MAILER-DAEMON@mail.test>\r\nTo: <{letter.sender}>\r\n"
        f"Subject: Undelivered Mail Returned to Sender\r\nDate: {formatdate()}\r\nAuto-Submitted: auto-replied\r\n"
        f"Message-ID: <dsn.{action}@mail.test>\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="{seam}"\r\n\r\n'
        f"--{seam}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nI'm sorry to have to inform you ...\r\n\r\n"
        f"--{seam}\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.test\r\n\r\n"
        f"Final-Recipient: rfc822; {letter.recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; 550 {status} No such user\r\n\r\n"
        f"--{seam}\r\nContent-Type: text/rfc822-headers\r\n\r\n{head}\r\n\r\n--{seam}--\r\n"
    )
    return source.encode(), "", letter.sender


class _Links(HTMLParser):
    """Links of a page by their labels."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._href: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._href = dict(attrs).get("href")

    def handle_data(self, data: str) -> None:
        if self._href and data.strip():
            self.found.setdefault(data.strip(), self._href)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._href = None


def _words(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
