"""Mails that come in: whose they are, and what their writers said. Nothing is answered that no person wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32
from email.utils import getaddresses, parsedate_to_datetime
from hashlib import blake2b
from itertools import islice
from typing import Any

from vikno.channels.email.addresses import Door, Doors, choices_of, mailbox
from vikno.channels.email.quoting import MOST_CHARACTERS, bare, from_html
from vikno.usecases.channel import (
    MOST_TOKEN_CHARACTERS,
    Happened,
    Inbound,
    Left,
    Opened,
    Pressed,
    Raw,
    Refused,
    Reported,
    Unreadable,
    Unsupported,
    Wrote,
)
from vikno.wire.limits import EMAIL_INBOUND_BYTES

MOST_PARTS = 100
MOST_DEPTH = 20
"""Parts of a mail, and how deep they may lie in each other; clients make ten and four."""
MOST_HEADER = 4_000
"""Characters of one header that are read; a long thread has so many References."""
FROM_MACHINES = frozenset({"mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply"})
BULK = frozenset({"bulk", "list", "junk", "auto_reply"})

_CODED = re.compile(r"\[([\x21-\x5a\x5e-\x7e]{1,64})\]\s*\Z")
_TOKEN = re.compile(rf"#([A-Za-z0-9_-]{{1,{MOST_TOKEN_CHARACTERS}}})\s*\Z")
_NUMBER = re.compile(r"\W{0,2}(\d{1,2})\W{0,2}\Z")
_LANGUAGE = re.compile(r"[a-z]{2}(?=\Z|[-,;\s])")


def verify(doors: Doors, raw: Raw) -> Refused | None:
    """Whether this mail may speak for whom it names: by the address that it was sent to.

    An answer must come to the reply address of its own sender. To the mailbox itself anybody may write in anybody's
    name; see README.md for what that can do.
    """
    door = doors.door(raw.headers.get("envelope-to", ""))
    if door is None:
        return Refused(403, "not_our_address")
    if len(raw.body) > EMAIL_INBOUND_BYTES:
        return Refused(403, "too_large")
    if door.way in ("new", "entry"):
        return None
    try:
        owner = doors.owner(door, _claimed(door, raw))
    except Unreadable:  # so many parts in each other that nobody can say whose it is
        owner = None
    return None if owner else Refused(403, f"forged_{door.way}")


def parse(doors: Doors, raw: Raw) -> Sequence[Inbound]:
    """What happened.

    Raises Unreadable.
    """
    letter = _read(raw)
    door = doors.door(raw.headers.get("envelope-to", ""))
    if door is None:
        raise Unreadable("not_our_address")
    if door.way == "bounce":
        return tuple(_bounced(doors, door, letter, raw))
    address = _writer(doors, door, letter, raw)
    if address is None:
        raise Unreadable("no_sender")
    if door.way == "stop":
        return (_inbound(letter, raw, address, Left()),)
    if _by_machine(doors, letter, raw):
        return ()
    happened = list(_happened(doors, door, letter))
    return tuple(_inbound(letter, raw, address, one, at) for at, one in enumerate(happened))


# ---- what a person did ----


def _happened(doors: Doors, door: Door, letter: Letter) -> Iterator[Happened]:
    """What they wrote or chose, and what they sent along that nobody can read here."""
    text = letter.answer()
    token = _token(door, letter.subject, text)
    if token is not None:
        yield Opened(token)
        return
    if not text and door.way == "new":
        text = letter.subject  # the whole question is in the subject, as many write
    if text or not letter.attached:
        yield _chosen(doors, letter, text) or Wrote(text)
    if letter.attached:
        yield Unsupported(letter.attached[0])


def _token(door: Door, subject: str, text: str) -> str | None:
    """The payload of an entry link: in the address, where small letters may have been made of it, or as #token."""
    if door.way == "reply":
        return None
    named = _TOKEN.search(subject) or _TOKEN.match(text)
    if door.way == "entry":
        return named[1] if named and named[1].lower() == door.token.lower() else door.token
    return named[1] if named else None


def _chosen(doors: Doors, letter: Letter, text: str) -> Pressed | None:
    """A choice by its link, whose id ends the text, or by its number in answer to a mail that knows its own."""
    if "\n" not in text and (coded := _CODED.search(text)):
        return Pressed(coded[1])
    number = _NUMBER.match(text)
    if number is None:
        return None
    for left in _answered(doors, letter):
        ids = choices_of(left)
        return Pressed(ids[int(number[1]) - 1]) if 0 < int(number[1]) <= len(ids) else None
    return None


def _answered(doors: Doors, letter: Letter) -> Iterator[str]:
    """Left parts of Message-IDs of ours that this mail answers; the nearest first."""
    named = [*letter.all("in-reply-to"), *reversed(" ".join(letter.all("references")).split())]
    for one in named[:50]:
        left, _, domain = one.strip().strip("<>").rpartition("@")
        if domain.lower() == doors.domain and not left.startswith("thread."):
            yield left


def _inbound(letter: Letter, raw: Raw, address: str, happened: Happened, at: int = 0) -> Inbound:
    key = _key(letter, raw) + (f".{at}" if at else "")
    return Inbound(key, address, happened, letter.date_ms(), letter.language())


def _key(letter: Letter, raw: Raw) -> str:
    """Its Message-ID hashed with the envelope; the whole mail, if it has none."""
    name = letter.one("message-id").strip().encode("utf-8", "surrogatepass") or raw.body
    envelope = raw.headers.get("envelope-from", "") + "\0" + raw.headers.get("envelope-to", "").lower()
    return blake2b(name + b"\0" + envelope.encode("utf-8", "replace"), digest_size=16).hexdigest()


# ---- who wrote, and whether anybody did ----


def _writer(doors: Doors, door: Door, letter: Letter, raw: Raw) -> str | None:
    """Whose mail it is: to a signed address its owner's, otherwise the From that it claims."""
    if door.way in ("reply", "stop"):
        return doors.owner(door, _claimed(door, raw, letter))
    # One From, and one address in it: what a mail server has checked (DMARC), and nothing that stands beside it.
    named = _addresses(letter, "from")
    return mailbox(named[0]) if len(named) == 1 else None


def _claimed(door: Door, raw: Raw, letter: Letter | None = None) -> list[str]:
    """The addresses that a mail names as its own, the likeliest first."""
    letter = letter or Letter(_parsed(raw.body, headersonly=door.way != "bounce"))
    if door.way == "bounce":  # the person's own machine may answer there too: it is believed, and not listened to
        return [*_undelivered(letter), *(known for one in _addresses(letter, "from") if (known := mailbox(one)))]
    named = [*_addresses(letter, "from"), *_addresses(letter, "sender")]
    named.append(raw.headers.get("envelope-from", ""))
    if door.way == "stop":  # a provider that unsubscribes for a person may write in its own name
        named += letter.subject.split()[-1:]
    return list(dict.fromkeys(known for one in named[:8] if (known := mailbox(one))))


def _addresses(letter: Letter, header: str) -> list[str]:
    """Addresses of a header as it came: a name in encoded words may hold what looks like an address, and is none."""
    try:
        return [address for _, address in getaddresses(letter.raw(header))]
    except (RecursionError, IndexError, ValueError):  # comments in comments in comments
        raise Unreadable("malformed", header) from None


def _by_machine(doors: Doors, letter: Letter, raw: Raw) -> bool:
    """Whether no person wrote this, so that an answer could go round for ever (RFC 3834 section 2)."""
    sender = next((known for one in _addresses(letter, "from") if (known := mailbox(one))), "")
    return (
        raw.headers.get("envelope-from", "").strip("<> ") == ""
        or letter.one("return-path").strip() == "<>"
        or letter.one("auto-submitted").partition(";")[0].strip().lower() not in ("", "no")
        or letter.one("precedence").strip().lower() in BULK
        or any(letter.one(name) for name in ("list-id", "list-unsubscribe", "x-autoreply", "x-autorespond", "x-loop"))
        or letter.type == "multipart/report"
        or sender.partition("@")[0] in FROM_MACHINES
        or doors.door(sender) is not None
    )


# ---- what became of a mail of ours ----


def _bounced(doors: Doors, door: Door, letter: Letter, raw: Raw) -> Iterator[Inbound]:
    """A delivery status notification (RFC 3464): failed, or delivered after all. A mere delay is no news."""
    address = doors.owner(door, _claimed(door, raw, letter))
    if address is None:
        raise Unreadable("forged_bounce")
    if not letter.delivery and letter.raw("x-failed-recipients"):  # Exim's way
        yield _inbound(letter, raw, address, Reported(f"{door.message}@{doors.domain}", "failed"))
    for field in letter.delivery:
        if mailbox(_recipient(field)) not in (address, None) and len(letter.delivery) > 1:
            continue
        action = str(field.get("action", "")).strip().lower()
        if action in ("failed", "delivered"):
            status = re.sub(r"[^0-9.]", "", str(field.get("status", "")))[:10]
            state = Reported(f"{door.message}@{doors.domain}", "failed" if action == "failed" else "delivered", status)
            yield _inbound(letter, raw, address, state)
            return


def _undelivered(letter: Letter) -> list[str]:
    """Whom a delivery status notification speaks of. A forwarder changes the final recipient, not the original."""
    named = [_recipient(field, name) for name in ("original-recipient", "final-recipient") for field in letter.delivery]
    named += [*letter.all("x-failed-recipients"), *(str(one.get("to", "")) for one in letter.returned)]
    return list(dict.fromkeys(known for one in named[:16] if (known := mailbox(one))))


def _recipient(field: Message, name: str = "final-recipient") -> str:
    """`rfc822;olena@example.org` -> the address."""
    return str(field.get(name, "")).rpartition(";")[2].strip()


# ---- reading ----


def _read(raw: Raw) -> Letter:
    """Raises Unreadable for what is no mail."""
    if not raw.body.strip() or len(raw.body) > EMAIL_INBOUND_BYTES:
        raise Unreadable("empty" if len(raw.body) <= EMAIL_INBOUND_BYTES else "too_large")
    letter = Letter(_parsed(raw.body))
    if not letter.all("from") or letter.broken:
        raise Unreadable("no_from" if not letter.all("from") else "parts_broken")
    return letter


class _Short(Compat32):
    """Headers are cut before anything else reads them: the library takes seconds for a list of many parameters."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:MOST_HEADER]


_SHORT = _Short()


def _parsed(body: bytes, *, headersonly: bool = False) -> Message:
    try:
        return BytesParser(policy=_SHORT).parsebytes(body, headersonly=headersonly)
    except (RecursionError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise Unreadable("malformed", type(error).__name__) from None


@dataclass(frozen=True)
class Letter:
    """A mail, read without trust: headers may lie, charsets may not exist, parts may be missing."""

    message: Message

    def all(self, name: str) -> list[str]:
        """Every header of a name, decoded."""
        return [_decoded(value) for value in self.raw(name)]

    def raw(self, name: str) -> list[str]:
        """The same as they came, unfolded."""
        found = (value for known, value in self.message.raw_items() if known.lower() == name)
        return [str(value).replace("\r", "").replace("\n", "") for value in islice(found, 20)]

    def one(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    @property
    def subject(self) -> str:
        """On one line, without "Re:" in any language."""
        subject = " ".join(self.one("subject").split())[:400]
        return re.sub(r"^(?:(?:re|fwd?|відп|нф|ha|aw|odp|ответ)(?:\[\d+\])?:\s*)+", "", subject, flags=re.IGNORECASE)

    @property
    def type(self) -> str:
        return self.message.get_content_type()

    @property
    def broken(self) -> bool:
        """Whether it says that it has parts and has none, or more than anybody makes."""
        if self.message.get_content_maintype() == "multipart" and not self.message.is_multipart():
            return True
        return sum(1 for _ in _walk(self.message)) > MOST_PARTS

    def answer(self) -> str:
        """What its writer wrote: of the first plain part, or else of the one in HTML."""
        found: dict[str, str] = {}
        for part in self._texts():
            found.setdefault(part.get_content_subtype(), _text(part))
        if (plain := bare(found.get("plain", ""))) or "html" not in found:
            return plain
        return "" if found.get("plain", "").strip() else bare(from_html(found["html"]))

    @property
    def attached(self) -> list[str]:
        """Kinds of what was sent along; pictures that belong to the text (a signature's logo) do not count."""
        texts = {id(part) for part in self._texts()}
        return [
            _kind(part)
            for part in _walk(self.message)
            if not part.is_multipart() and id(part) not in texts and not _belongs_to_text(part)
        ]

    @property
    def delivery(self) -> list[Message]:
        """The fields of a delivery status notification: of the mail, and of each recipient."""
        return [
            field
            for part in _walk(self.message)
            if part.get_content_type() == "message/delivery-status" and part.is_multipart()
            for field in _parts(part)[:20]
        ]

    @property
    def returned(self) -> list[Message]:
        """The headers of our mail, as far as they came back."""
        found: list[Message] = []
        for part in _walk(self.message):
            if part.get_content_type() == "text/rfc822-headers":
                found.append(_parsed(_bytes(part), headersonly=True))
            elif part.get_content_type() == "message/rfc822" and part.is_multipart():
                found += _parts(part)[:1]
        return found

    def date_ms(self) -> int | None:
        try:
            return int(parsedate_to_datetime(self.one("date")).timestamp() * 1000)
        except (ValueError, TypeError, OverflowError, IndexError, OSError):
            return None

    def language(self) -> str | None:
        """What the client says; Outlook names it in either."""
        for name in ("content-language", "accept-language"):
            if found := _LANGUAGE.match(self.one(name).strip().lower()):
                return found[0]
        return None

    def _texts(self) -> list[Message]:
        return [
            part
            for part in _walk(self.message)
            if part.get_content_type() in ("text/plain", "text/html") and part.get_content_disposition() != "attachment"
        ]


def _walk(message: Message, depth: int = 0) -> Iterator[Message]:
    """The mail and its parts; nothing of a mail within it, nor of what lies deeper than anybody puts it."""
    yield message
    if message.get_content_maintype() == "multipart" and message.is_multipart() and depth < MOST_DEPTH:
        for part in _parts(message):
            yield from _walk(part, depth + 1)


def _parts(message: Message) -> list[Message]:
    given: Any = message.get_payload()
    return [part for part in given if isinstance(part, Message)] if isinstance(given, list) else []


def _belongs_to_text(part: Message) -> bool:
    kind = part.get_content_maintype()
    if part.get_content_disposition() == "attachment":
        return part.get_content_type() in ("application/pgp-signature", "application/pkcs7-signature")
    return (kind == "image" and bool(part.get("content-id"))) or kind in ("message", "text") or not _named(part)


def _named(part: Message) -> bool:
    return part.get_content_maintype() in _KINDS or bool(part.get_filename())


_KINDS: Mapping[str, str] = {"image": "photo", "audio": "voice", "video": "video"}


def _kind(part: Message) -> str:
    return _KINDS.get(part.get_content_maintype(), "file")


def _bytes(part: Message) -> bytes:
    try:
        given = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        return b""
    return given if isinstance(given, bytes) else b""


def _text(part: Message) -> str:
    """A text in whatever charset it says, or in the one that fits: people here still write in Windows-1251."""
    given = _bytes(part)[: MOST_CHARACTERS * 16]
    return _read_as(given, str(part.get_param("charset", "") or "")).replace("\r\n", "\n")


def _read_as(given: bytes, charset: str) -> str:
    for name in (charset.strip("'\" "), "utf-8", "windows-1251"):
        try:
            return given.decode(name or "utf-8")
        except (LookupError, ValueError):
            continue
    return given.decode("utf-8", "replace")


def _decoded(value: str) -> str:
    """A header with its encoded words read."""
    try:
        parts = decode_header(value)
    except (ValueError, LookupError, AssertionError):
        return value
    said = (_read_as(one, charset or "") if isinstance(one, bytes) else _unescaped(one) for one, charset in parts)
    return "".join(said).strip()


def _unescaped(said: str) -> str:
    """Bytes above ASCII stand in a header as surrogates."""
    return _read_as(said.encode("ascii", "surrogateescape"), "") if not said.isascii() else said
