"""An HTTP gateway in Kannel's dialect: `cgi-bin/sendsms` out; delivery reports and messages in, by its callbacks.

Kannel cannot sign, so the callback's address holds a secret. What goes out goes by POST with X-Kannel headers, so that
neither the password nor the text stands in an access log; `?style=get` in the gateway's address gives the older form.

In kannel.conf: `max-messages = 10` and `concatenation = true` for the sendsms-user (otherwise long texts are cut off),
and for messages `post-url` with `id=%I`, `max-messages = 0`, `omit-empty = true`. The README shows the whole of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from vikno.channels.sms.inbound import digest
from vikno.channels.sms.segments import filled, segments
from vikno.usecases.channel import (
    BadMessage,
    DeadAddress,
    Misconfigured,
    Outcome,
    Raw,
    Reported,
    RetryAfter,
    Sent,
    Unknown,
    Unreadable,
)
from vikno.wire.http import HttpAnswer, HttpRequest

REPORTS = 1 | 2 | 8 | 16
"""dlr-mask: delivered, not delivered, taken by the centre, refused by it. Not 4, buffered: nobody needs to know."""
STATES: dict[int, Literal["sent", "delivered", "failed"] | None] = {
    1: "delivered", 2: "failed", 4: "sent", 8: "sent", 16: "failed", 32: None,
}  # fmt: skip
"""Kannel's user guide, delivery reports; 32 is an intermediate one."""
BUSY_S = 10.0
LONGEST_S = 3600.0

_SAID = re.compile(rb"(?:stat|err):[0-9A-Za-z]{1,8}")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEADERS = {
    "username": "X-Kannel-Username", "password": "X-Kannel-Password", "from": "X-Kannel-From", "to": "X-Kannel-To",
    "coding": "X-Kannel-Coding", "dlr-mask": "X-Kannel-DLR-Mask", "dlr-url": "X-Kannel-DLR-URL",
    "udh": "X-Kannel-UDH",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where sendsms is, and who we are there."""

    url: str
    username: str
    password: str = field(repr=False)
    style: Literal["post", "get"] = "post"

    @classmethod
    def of(cls, url: str) -> Gateway:
        """From an address with the login in it: https://user:password@host/cgi-bin/sendsms?style=get."""
        parts = urlsplit(url)
        query = [(name, value) for name, value in parse_qsl(parts.query) if name != "style"]
        plain = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, urlencode(query), ""))
        style: Literal["post", "get"] = "get" if "get" in parse_qs(parts.query).get("style", []) else "post"
        return cls(plain, unquote(parts.username or ""), unquote(parts.password or ""), style)

    def requests(self, sender: str, to: str, text: str, report_url: str | None) -> list[HttpRequest]:
        """Send a text; with `report_url`, hear what became of it, or of its last part.

        Kannel parts a long text by octets. Where that would cut a letter in two, the parts are ours, a request each.
        """
        found = segments(text)
        said = {"username": self.username, "password": self.password, "from": sender, "to": to}
        said["coding"] = "0" if found.encoding == "gsm7" else "2"
        reported = said if report_url is None else {**said, "dlr-mask": str(REPORTS), "dlr-url": report_url}
        if filled(text, found.encoding) == found.units:
            return [self._request(reported, text)]
        reference = digest(to, text)[:2]  # the same when it is tried again
        count = len(found.parts)
        return [
            self._request({**(reported if at == count else said), "udh": f"050003{reference}{count:02x}{at:02x}"}, part)
            for at, part in enumerate(found.parts, 1)
        ]

    def asking(self) -> HttpRequest:
        """Send nothing, to nobody: the answer tells whether the login is right."""
        return self._request({"username": self.username, "password": self.password, "from": "0", "to": ""}, "")

    def _request(self, said: dict[str, str], text: str) -> HttpRequest:
        body = text.encode("utf-8", "replace")
        if self.style == "get":
            octets = {"udh": bytes.fromhex(said["udh"])} if "udh" in said else {}
            query = urlencode({**said, **octets, "charset": "UTF-8", "text": body})
            return HttpRequest("GET", f"{self.url}{'&' if '?' in self.url else '?'}{query}")
        headers = {_HEADERS[name]: value for name, value in said.items() if value}
        return HttpRequest("POST", self.url, {**headers, "Content-Type": "text/plain; charset=UTF-8"}, body)


def outcome(answer: HttpAnswer, message: str) -> Outcome:
    """What an answer of sendsms means. The words are those of Kannel 1.4.5; other gateways are known by the status."""
    said = answer.body[:200].decode("utf-8", "replace").strip()
    if answer.status in (200, 202):
        refused = re.match(r"[124-9]\d*:", said)  # 0: accepted, 3: queued
        return BadMessage(said[:100]) if refused else Sent(message)
    if answer.status in (429, 503):
        again_s = answer.again_s(LONGEST_S)
        return RetryAfter(BUSY_S if again_s is None else again_s, "account", said[:100] or str(answer.status))
    if "denied by" in said:
        return DeadAddress("denied by a list of the gateway")
    if "Not routable" in said:
        return BadMessage("not routable")
    if answer.status >= 500:
        return Unknown(f"{answer.status} {said[:100]}")  # a proxy's, after the gateway may have taken it
    if answer.status in (400, 406, 413, 415, 422) and not said.startswith("Sender missing"):
        return BadMessage(said[:100] or str(answer.status))
    return Misconfigured(f"{answer.status} {said[:100]}")


# ---- what comes in ----


def report_url(callback: str, secret: str, message: str) -> str:
    """Where Kannel tells what became of a message: it puts its own words for %d and %A."""
    query = urlencode({"secret": secret, "message": message})
    return f"{callback}{'&' if '?' in callback else '?'}{query}&dlr=%d&reply=%A"


def message_of(request: HttpRequest) -> str:
    """The id under which the reports on this request will come; "" if none are asked for."""
    url = request.headers.get(_HEADERS["dlr-url"]) or parse_qs(urlsplit(request.url).query).get("dlr-url", [""])[0]
    return parse_qs(urlsplit(url).query).get("message", [""])[0]


def is_report(raw: Raw) -> bool:
    """Whether it is a delivery report."""
    return "dlr" in raw.query


def report(raw: Raw) -> Reported | None:
    """A delivery report; None for one that says nothing yet.

    Raises Unreadable.
    """
    kind, message = raw.query.get("dlr", ""), raw.query.get("message", "")
    if not (kind.isascii() and kind.isdigit() and len(kind) < 4 and int(kind) in STATES):
        raise Unreadable("dlr")
    if not _ID.fullmatch(message):
        raise Unreadable("message")
    state = STATES[int(kind)]
    if state is None:
        return None
    said = _SAID.findall(raw.query.get("reply", "").encode("utf-8", "replace")[:2000])
    return Reported(message, state, b" ".join(said[:2]).decode() if state == "failed" else "")


@dataclass(frozen=True, slots=True)
class Brought:
    """A message as the gateway brings it. `text` None: it is no text, or its letters were lost on the way."""

    id: str
    sender: str
    to: str
    text: str | None
    time: str
    at_ms: int | None


def brought(raw: Raw) -> Brought:
    """A message, by POST (its headers and body) or by GET (its query).

    Raises Unreadable.
    """
    said = raw.headers.get
    sender = said("x-kannel-from") or raw.query.get("from", "")
    if not sender:
        raise Unreadable("from")
    by_post = "x-kannel-from" in raw.headers
    coding = said("x-kannel-coding") if by_post else raw.query.get("coding")
    text = None
    if coding != "1":  # 1: bytes
        text = _posted(raw) if by_post else _asked(raw.query)
    time = said("x-kannel-time") or raw.query.get("time", "")
    message = raw.query.get("id", "")
    return Brought(
        message if _ID.fullmatch(message) else "",
        sender,
        said("x-kannel-to") or raw.query.get("to", ""),
        text,
        time[:40],
        _moment(time),
    )


_CHARSET = re.compile(r'charset="?([A-Za-z0-9_-]{1,20})"?', re.IGNORECASE)
CHARSETS = {"utf-8": "utf-8", "utf-16be": "utf-16-be", "utf-16": "utf-16-be", "ucs-2": "utf-16-be", "us-ascii": "ascii",
            "iso-8859-1": "latin-1", "windows-1252": "cp1252", "windows-1251": "cp1251"}  # fmt: skip


def _posted(raw: Raw) -> str:
    named = _CHARSET.search(raw.headers.get("content-type", ""))
    charset = named.group(1).lower() if named else "utf-8"
    if charset not in CHARSETS:
        raise Unreadable("charset")
    try:
        return raw.body.decode(CHARSETS[charset])
    except UnicodeDecodeError as error:
        raise Unreadable("letters") from error


def _asked(query: Mapping[str, str]) -> str | None:
    """The text of a query. UTF-16 was read as UTF-8 on the way here; what cannot be undone is no text."""
    text = query.get("text", "")
    if CHARSETS.get(query.get("charset", "").lower()) != "utf-16-be":
        return text
    if "\ufffd" in text:
        return None
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-16-be")
    except UnicodeError:
        return None


def _moment(time: str) -> int | None:
    """Kannel's `2026-11-22 06:15:26`, in UTC, as milliseconds."""
    try:
        return int(datetime.strptime(time[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return None
