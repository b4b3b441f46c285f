"""Mails that go out: one text in two parts, with addresses for answers, and what a server's answer means."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

import jinja2

from vikno.channels.email.addresses import Doors, mailbox, with_choices
from vikno.channels.email.signing import Signer
from vikno.channels.email.words import say
from vikno.domain.dialog.messages import Button
from vikno.usecases.channel import (
    BadMessage,
    DeadAddress,
    Misconfigured,
    NotCarried,
    Outbound,
    Outcome,
    RetryAfter,
    Sent,
    Unknown,
)
from vikno.wire.limits import EMAIL_HTML_BYTES, EMAIL_SUBJECT_CHARACTERS

NUMBERED = ("choice", "chosen")

GREYLISTED_S = 15 * 60.0
"""A server that takes nobody at first takes whoever comes again after some minutes (RFC 6647 section 5)."""
FULL_S = 4 * 3600.0
"""Before a full mailbox is tried again; RFC 5321 section 4.5.4.1 asks for half an hour at least."""
BUSY_S = 30 * 60.0
AWAY_S = 60.0
"""Before a server is tried again that refuses everybody or cannot be reached."""

_PAGE = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_HTML = _PAGE.from_string((Path(__file__).parent / "mail.html").read_text(encoding="utf-8"))
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}")
_FOLD = "\r\n "
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to one person. `message` is ready to go, its lines end with CRLF; `id` is what its bounces name."""

    sender: str = field(repr=False)
    """Of the envelope: where a bounce goes."""
    recipient: str = field(repr=False)
    message: bytes = field(repr=False)
    id: str = ""


@dataclass(frozen=True, slots=True)
class Greeting:
    """Connect, greet and log in, and send nothing."""


@dataclass(frozen=True, slots=True)
class SmtpAnswer:
    """What a server said, and to what."""

    code: int
    text: str = field(default="", repr=False)
    """It may name the person, so it is never shown."""
    to: Literal["connect", "login", "sender", "recipient", "data"] = "data"


# ---- render ----


@dataclass(frozen=True)
class Writer:
    """Writes the mails of one account. What differs from mail to mail is given: its id and its second."""

    doors: Doors
    name: str
    """As people see it before the address."""
    signer: Signer | None = None

    def write(self, outbound: Outbound, address: str, message: str, at_s: int) -> Mail:
        """The mail that says it all."""
        numbered = [button for button in outbound.buttons if button.style in NUMBERED]
        # Where several may be chosen a number means them together, so it is left to the conversation.
        single = bool(numbered) and not any(button.style in ("chosen", "action") for button in outbound.buttons)
        left = with_choices(message, [button.id for button in numbered] if single else [])
        page = Page.of(self, outbound, address, single=single)
        body_headers, body = _body(page, message)
        headers = [*self._headers(outbound, address, page.subject, left, at_s), *body_headers]
        if self.signer is not None:
            headers.insert(0, ("DKIM-Signature", self.signer.sign(headers, body, at_s)))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        sender = self.doors.bounce(message, address)
        return Mail(sender, address, head.encode("ascii") + b"\r\n" + body, f"{message}@{self.doors.domain}")

    def _headers(
        self, outbound: Outbound, address: str, subject: str, left: str, at_s: int
    ) -> Iterator[tuple[str, str]]:
        doors = self.doors
        yield "From", _person("From", self.name, doors.main())
        # What is no address never leaves (`SmtpTransport`); until then it must not become a header either.
        yield "To", f"<{address}>" if mailbox(address) == address else "undisclosed-recipients:;"
        yield "Subject", _words("Subject", subject)
        yield "Date", format_datetime(datetime.fromtimestamp(at_s, UTC))
        yield "Message-ID", f"<{left}@{doors.domain}>"
        yield "Reply-To", _person("Reply-To", self.name, doors.reply(address))
        if outbound.purpose == "reply":  # one thread a conversation, although nothing is kept of earlier mails
            yield "References", f"<thread.{doors.mac('thread', address)}@{doors.domain}>"
        # RFC 3834 section 5: what answers a mail, and what nobody asked for just now.
        yield "Auto-Submitted", "auto-replied" if outbound.purpose == "reply" else "auto-generated"
        yield "X-Auto-Response-Suppress", "DR, RN, NRN, OOF, AutoReply"  # as Exchange reads it; all but bounces
        if outbound.purpose == "bulk":
            yield "Precedence", "bulk"
        if stop := _link(outbound.stop):
            mailto = f"mailto:{doors.stop(address)}?subject=stop%20{quote(address, safe='@', errors='replace')}"
            yield "List-Unsubscribe", f"<{stop}>,\r\n <{mailto}>"
            if stop.startswith("https:"):
                yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
        if _LANGUAGE.fullmatch(outbound.lang):
            yield "Content-Language", outbound.lang
        yield "MIME-Version", "1.0"


@dataclass(frozen=True, slots=True)
class Choice:
    """An option with its number, and the link that answers with it."""

    label: str
    href: str
    chosen: bool = False


@dataclass(frozen=True)
class Page:
    """What both parts of a mail show."""

    lang: str
    name: str
    subject: str
    paragraphs: tuple[tuple[str, ...], ...]
    choices: tuple[Choice, ...]
    others: tuple[Choice, ...]
    link: str | None
    stop: str | None
    text: str

    @classmethod
    def of(cls, writer: Writer, outbound: Outbound, address: str, *, single: bool) -> Page:
        text = _lines(outbound.text)
        first = next((line for line in text.split("\n") if line.strip("•-–— ")), writer.name)
        subject = _on_one_line(outbound.subject or first, EMAIL_SUBJECT_CHARACTERS) or writer.name
        reply = writer.doors.reply(address)

        def choice(button: Button) -> Choice:
            label = _on_one_line(button.label, 200)
            coded = single or button.style not in NUMBERED
            said = (
                f"{label} [{button.id}]" if coded and re.fullmatch(r"[\x21-\x5a\x5e-\x7e]{1,64}", button.id) else label
            )
            href = f"mailto:{reply}?subject={quote('Re: ' + subject, safe='')}&body={quote(said, safe='')}"
            return Choice(label, href, button.style == "chosen")

        return cls(
            outbound.lang,
            writer.name,
            subject,
            tuple(tuple(paragraph.split("\n")) for paragraph in re.split(r"\n{2,}", text) if paragraph),
            tuple(choice(button) for button in outbound.buttons if button.style in NUMBERED),
            tuple(choice(button) for button in outbound.buttons if button.style not in NUMBERED),
            _link(outbound.link),
            _link(outbound.stop),
            text,
        )

    def say(self, phrase: str, **about: str) -> str:
        return say(self.lang, phrase, **about)

    def plain(self) -> str:
        """All of it without any markup."""
        parts = [self.text]
        if self.choices:
            marks = ("✓ " if one.chosen else "" for one in self.choices)
            numbered = zip(self.choices, marks, strict=True)
            parts.append("\n".join(f"{at}. {mark}{one.label}" for at, (one, mark) in enumerate(numbered, 1)))
            parts.append(self.say("answer"))
        if self.others:
            parts.append(self.say("write", words=", ".join(self.say("quoted", text=one.label) for one in self.others)))
        if self.link:
            parts.append(f"{self.say('open')}: {self.link}")
        signed = ["-- ", self.name, *([f"{self.say('stop')}: {self.stop}"] if self.stop else [])]
        return "\n\n".join([*(part for part in parts if part), "\n".join(signed)]) + "\n"

    def html(self) -> str:
        return _HTML.render(page=self)


def _body(page: Page, message: str) -> tuple[list[tuple[str, str]], bytes]:
    """Headers and body: two alternatives, or the plain one alone where the other would be cut by its reader."""
    plain, html = _part("plain", page.plain()), page.html()
    if len(html.encode("utf-8", "replace")) > EMAIL_HTML_BYTES:
        return plain
    seam = f"=_{message}"
    parts = (
        f"--{seam}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n" + body.decode("ascii")
        for headers, body in (plain, _part("html", html))
    )
    whole = "".join(parts) + f"--{seam}--\r\n"
    return [("Content-Type", f'multipart/alternative; boundary="{seam}"')], whole.encode("ascii")


def _part(kind: str, text: str) -> tuple[list[tuple[str, str]], bytes]:
    """A text in base64: Cyrillic letters take four bytes for three there, and twelve in quoted-printable."""
    given = b64encode(text.replace("\n", "\r\n").encode("utf-8", "replace")).decode()
    lines = (given[at : at + 76] for at in range(0, len(given), 76))
    headers = [("Content-Type", f"text/{kind}; charset=utf-8"), ("Content-Transfer-Encoding", "base64")]
    return headers, "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _person(header: str, name: str, address: str) -> str:
    """A name and an address, as a header."""
    name = _on_one_line(name, 200)
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    written = quoted if name.isascii() else _words(header, name)
    return f"{written}{' ' if len(written + address) < 60 else _FOLD}<{address}>"


def _words(header: str, said: str) -> str:
    """Any words as the value of a header: in encoded words where they are no ASCII, and folded."""
    said = _on_one_line(said, 1000)
    if said.isascii() and len(said) < 70 and "=?" not in said:
        return said
    return Header(said.encode("utf-8", "replace"), "utf-8", 75, header).encode(linesep="\r\n")


def _on_one_line(said: str, most: int) -> str:
    """Without anything that ends a line or cannot be seen; if it is too long, the sentences that fit, or the words."""
    line = " ".join(_CONTROLS.sub(" ", _whole(said)).split())
    if len(line) <= most:
        return line
    if (whole := max(line.rfind(end, 0, most + 1) for end in (". ", "! ", "? "))) > 0:
        return line[: whole + 1]
    return line[: most - 1].rsplit(" ", 1)[0].rstrip(" ,.;:–—-") + "…"


def _lines(text: str) -> str:
    """A text with line feeds only."""
    text = re.sub(r"\r\n?|[\x0b\x0c\u0085\u2028\u2029]", "\n", _whole(text))
    return re.sub(r"[\x00-\x08\x0e-\x1f\x7f]", "", text).strip("\n")


def _whole(text: str) -> str:
    """Halves of letters, as a message cut elsewhere may have, become question marks."""
    return text.encode("utf-8", "replace").decode()


def _link(url: str | None) -> str | None:
    """An address of the web that can stand in a header and in a page."""
    if not url or re.search(r"[\s<>\x00-\x1f\x7f\"]", url) or not url.isascii():
        return None
    try:
        return url if urlsplit(url).scheme in ("https", "http") else None
    except ValueError:  # brackets that hold no address
        return None


# ---- classify ----

_ENHANCED = re.compile(r"\A\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_POLICY_OF_OURS = frozenset({20, 21, 22, 23, 24, 25, 26, 27})
"""5.7.x of RFC 7372 and 7505: signatures, SPF, reverse names and DMARC of the sender. Every mail would fare alike."""


def classify(mail: Mail, answer: SmtpAnswer | NotCarried) -> Outcome:
    """What became of it. Of a server's words only the numbers are kept: the rest may name the person."""
    if isinstance(answer, NotCarried):
        return Unknown(answer.reason) if answer.left else RetryAfter(AWAY_S, "account", answer.reason)
    found = _ENHANCED.match(answer.text)
    subject, detail = (int(found[2]), int(found[3])) if found else (None, None)
    reason = f"{answer.code} {found[0].strip()}" if found else str(answer.code)
    match answer.code // 100:
        case 2:
            return Sent(mail.id)
        case 4:
            return _later(answer, subject, detail, reason)
        case 5:
            return _refused(answer, subject, detail, reason)
    return Misconfigured(reason)  # a server that speaks no SMTP


def _later(answer: SmtpAnswer, subject: int | None, detail: int | None, reason: str) -> Outcome:
    if answer.code == 421 or answer.to in ("connect", "login"):
        return RetryAfter(AWAY_S, "account", reason)
    if (subject, detail) == (2, 2) or (answer.code == 452 and subject is None):
        return RetryAfter(FULL_S, "chat", reason)
    greylisted = answer.to == "recipient" and answer.code in (450, 451)
    return RetryAfter(GREYLISTED_S if greylisted else BUSY_S, "chat", reason)


def _refused(answer: SmtpAnswer, subject: int | None, detail: int | None, reason: str) -> Outcome:
    ours = answer.to in ("connect", "login", "sender") or answer.code in (500, 502, 503, 504, 530, 534, 535, 538)
    if ours or (subject == 7 and detail in _POLICY_OF_OURS) or (subject == 1 and detail in (7, 8)):
        return Misconfigured(reason)
    if (subject, detail) == (2, 2):  # full: no fault of the mail, and the person is still there
        return RetryAfter(FULL_S, "chat", reason)
    if subject == 1 or (subject, detail) == (2, 1):
        return DeadAddress(reason)
    if answer.to == "recipient" and answer.code in (550, 551, 553) and subject != 7:
        return DeadAddress(reason)
    return BadMessage(reason)
