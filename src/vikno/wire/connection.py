"""One kept connection of the HTTP client: HTTP/1.1, one request at a time, with httptools as its parser.

A general client costs more than the turn whose answer it carries (docs/reference/performance.md); this one does only
what a platform's API needs. It is plain about one thing that matters here: whether anything had been written.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast
from urllib.parse import quote, unquote, urlsplit

import httptools

HEAD_BYTES = 64 * 1024
"""Of an answer's head, chunk sizes and all that is not its body."""
_KEPT_AS_IT_IS = "/?:@!$&'()*+,;=%-._~[]"


class AnswerTooLarge(Exception):
    """More came than is read."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address leads. `head`: what a request says of the place, and who asks. It may hold a secret."""

    host: str
    port: int
    tls: bool
    target: str = field(repr=False)
    head: str = field(repr=False)


@lru_cache(256)
def place_of(url: str) -> Place:
    """Read an address.

    >>> place = place_of("https://api.example/bot1:x/send?to=Київ")
    >>> place.host, place.port, place.tls, place.target
    ('api.example', 443, True, '/bot1:x/send?to=%D0%9A%D0%B8%D1%97%D0%B2')

    Raises:
        ValueError: it is no http or https address.
    """
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise ValueError("no web address")
    host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
    if not host.isprintable() or " " in host:
        raise ValueError("no name of a host")
    port = parts.port or (443 if tls else 80)
    shown = f"[{host}]" if ":" in host else host
    head = f"Host: {shown}" + ("" if port == (443 if tls else 80) else f":{port}") + "\r\n"
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        head += f"Authorization: Basic {base64.b64encode(login.encode()).decode()}\r\n"
    # Answers are read as they are: what could be unpacked could be far larger than what came.
    head += "Accept: */*\r\nAccept-Encoding: identity\r\n"
    target = quote(parts.path or "/", _KEPT_AS_IT_IS) + (
        f"?{quote(parts.query, _KEPT_AS_IT_IS)}" if parts.query else ""
    )
    return Place(host, port, tls, target, head)


def written(method: str, place: Place, headers: Mapping[str, str], body: bytes) -> bytes:
    """A request as it goes over the line.

    >>> written("GET", place_of("http://a.example/b"), {"X": "1"}, b"").decode().splitlines()[0]
    'GET /b HTTP/1.1'

    Raises:
        ValueError: a header would end before its time.
    """
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if lines.count("\n") != len(headers) or lines.count("\r") != len(headers) or "\0" in lines:
        raise ValueError("a header of several lines")
    size = f"Content-Length: {len(body)}\r\n" if body or method not in ("GET", "HEAD") else ""
    return f"{method} {place.target} HTTP/1.1\r\n{place.head}{lines}{size}\r\n".encode() + body


class Connection(asyncio.Protocol):
    """A connection. `usable`: it may be asked (again); `since_s`: when it was last given back."""

    def __init__(self, most_bytes: int) -> None:
        self.usable = False
        self.since_s = 0.0
        self._most = most_bytes
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[tuple[int, dict[str, str], bytes]] | None = None
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._came = self._size = 0
        self._bodiless = self._begun = self._headed = False

    def ask(self, request: bytes, *, bodiless: bool = False) -> asyncio.Future[tuple[int, dict[str, str], bytes]]:
        """Status, headers (names in lower case) and body. `bodiless`: a HEAD, whose answer has a head only.

        What is awaited raises ConnectionError, AnswerTooLarge, httptools.HttpParserError.
        """
        self.usable = False
        self._came = self._size = 0
        self._bodiless, self._begun, self._headed = bodiless, False, False
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def end(self) -> None:
        """Hang up at once: nothing that still comes is of interest."""
        self.usable = False
        self._transport.abort()

    # ---- what the loop calls ----

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it
        self.usable = True

    def connection_lost(self, error: Exception | None) -> None:
        self.usable = False
        if self._headed and error is None and not ({"content-length", "transfer-encoding"} & self._headers.keys()):
            self._done()  # such an answer ends with its line
        else:
            self._fail(ConnectionResetError("the line broke"))

    def data_received(self, data: bytes) -> None:
        self._came += len(data)
        try:
            if self._answer is None:
                self.end()  # nobody asked
                return
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(error)
            self.end()
            return
        if self._size > self._most or self._came > 2 * self._most + HEAD_BYTES:
            self._fail(AnswerTooLarge())
            self.end()

    # ---- what the parser calls ----

    def on_message_begin(self) -> None:
        if self._begun and self._answer is None:
            self.usable = False  # a second answer to one question
        self._begun, self._headers = True, {}
        self._body.clear()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._headed = self._parser.get_status_code() >= 200
        if self._bodiless and self._headed:
            self._done()

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > self._most:
            self._fail(AnswerTooLarge())
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self._headed:  # others, such as 103, come before the answer
            # An answer that came before all was written is an answer; but then the line is in nobody's order.
            whole = not self._transport.is_closing() and not self._transport.get_write_buffer_size()
            self._done(keeps=whole and not self._bodiless and self._parser.should_keep_alive())

    def _done(self, *, keeps: bool = False) -> None:
        answer, self._answer, self._headed = self._answer, None, False
        if answer is not None and not answer.done():
            self.usable = keeps
            answer.set_result((self._parser.get_status_code(), self._headers, b"".join(self._body)))

    def _fail(self, error: Exception) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(error)


class Pool:
    """The connections to one place: at most `at_once`, each given up when it was idle for `kept_s`.

    `trust`: whom to believe that it is this place, where it is not what this machine trusts.
    """

    def __init__(
        self, place: Place, at_once: int, kept_s: float, most_bytes: int, trust: ssl.SSLContext | None = None
    ) -> None:
        self._place, self._kept_s, self._most, self._trust = place, kept_s, most_bytes, trust
        self.room = asyncio.Semaphore(at_once)
        self._idle: list[Connection] = []
        self._all: set[Connection] = set()

    async def take(self, connect_s: float) -> Connection:
        """One that is open, the last used first.

        Raises OSError, which a wrong certificate is too, and TimeoutError: nothing has been written then.
        """
        oldest_s = asyncio.get_running_loop().time() - self._kept_s
        while self._idle:
            kept = self._idle.pop()
            if kept.usable and kept.since_s > oldest_s:
                return kept
            self._drop(kept)
        place, loop = self._place, asyncio.get_running_loop()
        async with asyncio.timeout(connect_s):
            _, made = await loop.create_connection(
                lambda: Connection(self._most),
                place.host,
                place.port,
                ssl=(self._trust or trusted()) if place.tls else None,
                server_hostname=place.host if place.tls else None,
            )
        self._all.add(made)
        return made

    def give_back(self, connection: Connection) -> None:
        """It has answered, or never will."""
        if not connection.usable:
            self._drop(connection)
            return
        now_s = connection.since_s = asyncio.get_running_loop().time()
        self._idle.append(connection)
        while self._idle[0].since_s < now_s - self._kept_s:
            self._drop(self._idle.pop(0))

    def _drop(self, connection: Connection) -> None:
        connection.end()
        self._all.discard(connection)

    def close(self) -> None:
        """Hang up all of them."""
        for connection in list(self._all):
            self._drop(connection)
        self._idle.clear()


@lru_cache(1)
def trusted() -> ssl.SSLContext:
    """What this machine trusts."""
    return ssl.create_default_context()


def trusting(bundle: str) -> ssl.SSLContext:
    """What this machine trusts, and the authorities of a PEM file besides.

    Raises OSError, which a file of something else is too (`ssl.SSLError`).
    """
    context = ssl.create_default_context()
    context.load_verify_locations(cafile=bundle)
    return context
