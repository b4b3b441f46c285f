"""The web server: uvicorn with bounds on what a request may weigh and how long it may take to arrive."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from vikno.portal.failures import FAILED, note_failure
from vikno.portal.uploads import Upload, Uploads, nowhere

log = logging.getLogger("vikno.portal")

MOST_HEAD_BYTES = 32 * 1024
"""Request line and headers together; a consultation's address stays far below."""
ARRIVAL_S = 20
"""A request has this long to arrive whole; a file, until some more of it comes."""
TAKING_S = 60
"""An answer waits this long for somebody who takes nothing of it; a slow line takes a little all the time."""
SWEEP_S = 5
HEAD_END = b"\r\n\r\n"
MOST_CONNECTIONS = 4096
TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"connection: close\r\ncontent-length: %d\r\n\r\n%s"
)
TOO_LARGE_TEXT = "Ця адреса задовга. Почніть, будь ласка, спочатку.\nThis address is too long. Please begin again.\n"


class Joined:
    """A transport that sends what is written in one go of the loop as one piece: an answer's head with its body.

    uvicorn writes them apart, which costs a system call for each.
    """

    __slots__ = ("_later", "_transport", "_waiting")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._later = transport, loop.call_soon
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._waiting:
            self._later(self._send)
        self._waiting.append(data)

    def _send(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            if not self._transport.is_closing():
                self._transport.write(b"".join(waiting))

    def close(self) -> None:
        self._send()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


Headers = list[tuple[bytes, bytes]]
"""Names in lower case."""
Quick = Callable[[Headers, bytes], Awaitable[tuple[int, Headers, bytes]]]
"""Answers a short POST: from its headers and body to a status other than 204, headers and a body."""
MOST_QUICK_BYTES = 64 * 1024
"""Of a body. What is longer, or does not say how long it is, takes the usual way."""


class _Turn:
    """Stands where uvicorn's cycle of a request would, for an answer that needs no such thing."""

    __slots__ = ("answer", "body", "disconnected", "headers", "keep_alive", "response_complete")

    def __init__(self, answer: Quick, headers: Headers, keep_alive: bool) -> None:
        self.answer, self.headers, self.keep_alive = answer, headers, keep_alive
        self.body = b""
        self.disconnected = self.response_complete = False

    @property
    def message_event(self) -> _Turn:
        return self

    def set(self) -> None:
        """Nobody waits for a part of the body."""


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's protocol, which by itself would read a head of any size for any time.

    The few addresses in `quick` are answered at once, without a scope, a receive and a send: that is a sixth of what
    a turn of the chat costs. What is brought to an address in `uploads` may take its time (`vikno.portal.uploads`).
    """

    quick: Mapping[bytes, Quick] = {}
    uploads: Uploads = staticmethod(nowhere)
    arrival_s: float = ARRIVAL_S
    arriving: _Turn | None = None
    upload: Upload | None = None
    head_bytes = 0
    in_head = True
    began = 0.0
    tail = b""
    held = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Joined(transport, self.loop))  # type: ignore[arg-type]  # it does what one does
        self.began = self.loop.time()

    def data_received(self, data: bytes) -> None:
        if self.in_head:
            if not self.began:
                self.began = self.loop.time()
            end = (self.tail + data).find(HEAD_END)
            self.head_bytes += end if end >= 0 else len(data)
            self.tail = data[-3:]
            if self.head_bytes > MOST_HEAD_BYTES:
                self.transport.write(_too_large())
                self.transport.close()
                return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        self.in_head = False
        answer = self.quick.get(self.url)
        if answer is not None and self._is_quick():
            self.arriving = _Turn(answer, self.headers, self.parser.should_keep_alive())
            self.cycle = self.arriving  # type: ignore[assignment]  # it does what one does
        else:
            super().on_headers_complete()
            if self.uploads(self.url):
                self.upload = Upload(self.loop.time(), self.arrival_s)

    def on_body(self, body: bytes) -> None:
        if self.upload is not None:
            self.upload.come(len(body), self.loop.time())
        if self.arriving is None:
            super().on_body(body)
        else:
            self.arriving.body += body

    def on_message_complete(self) -> None:
        self.in_head, self.head_bytes, self.began, self.tail, self.upload = True, 0, 0.0, b"", None
        if self.arriving is None:
            super().on_message_complete()
            return
        task = self.loop.create_task(self._answer(self.arriving))
        self.arriving = None
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _is_quick(self) -> bool:
        """A short POST with nothing before it on the line and nothing unusual about it."""
        if self.parser.get_method() != b"POST" or self.parser.get_http_version() != "1.1" or self.expect_100_continue:
            return False
        before: Any = self.cycle  # None on a new line
        if self.pipeline or (before and not before.response_complete):
            return False
        most = self.limit_concurrency
        if most is not None and (len(self.connections) >= most or len(self.tasks) >= most):
            return False
        size = next((value for name, value in self.headers if name == b"content-length"), b"")
        return size.isdigit() and len(size) < 8 and int(size) <= MOST_QUICK_BYTES

    async def _answer(self, turn: _Turn) -> None:
        try:
            status, headers, body = await turn.answer(turn.headers, turn.body)
        except Exception as error:  # noqa: BLE001 - it is in the log, and nobody is shown its words
            note_failure(error)
            status, headers, body = 500, [(b"content-type", b"text/plain; charset=utf-8")], FAILED
        turn.response_complete = True
        if not turn.disconnected:
            lines = [b"%s: %s\r\n" % line for line in (*self.server_state.default_headers, *headers)]
            end = b"content-length: %d\r\n%s\r\n" % (len(body), b"" if turn.keep_alive else b"connection: close\r\n")
            self.transport.write(b"".join((STATUS_LINE[status], *lines, end, body)))
            if not turn.keep_alive:
                self.transport.close()
        self.on_response_complete()

    def on_response_complete(self) -> None:
        if self.upload is not None and self.cycle.response_complete:
            # The rest of a file that was refused is for nobody; whoever brings it may still read why.
            self.upload, self.began = None, self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        self.held = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        self.held = 0.0
        super().resume_writing()

    def late(self, now: float) -> bool:
        """Whether a request has begun to arrive and still has not arrived whole."""
        if self.upload is None:
            return bool(self.began) and now - self.began > self.arrival_s
        if self.flow.read_paused:
            self.upload.wait(now)
        return self.upload.late(now)

    def stuck(self, now: float) -> bool:
        """Whether an answer waits for somebody who takes nothing of it: a close alone would wait for them for ever."""
        if not self.held and self.transport.is_closing():
            self.held = now
        return bool(self.held) and now - self.held > TAKING_S


def _too_large() -> bytes:
    text = TOO_LARGE_TEXT.encode()
    return TOO_LARGE % (len(text), text)


class Server(uvicorn.Server):
    """uvicorn's server, which also shows the door to those who never finish a request or never take an answer."""

    stopping: Callable[[], None] = staticmethod(lambda: None)
    sweep_s: float = SWEEP_S

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.stopping()
        if hasattr(self, "_sweeper"):
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
        await super().shutdown(sockets)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self.sweep_s)
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                if not isinstance(connection, BoundedHttp):
                    continue
                if connection.late(now):
                    connection.transport.close()
                if connection.stuck(now):
                    connection.transport.abort()


def server(
    app: ASGIApp,
    host: str,
    port: int,
    stopping: Callable[[], None] = lambda: None,
    quick: Mapping[bytes, Quick] | None = None,
    uploads: Uploads = nowhere,
    *,
    arrival_s: float = ARRIVAL_S,
) -> Server:
    """A server that is ready to run. Requests are not logged: their addresses hold people's answers.

    `quick`: what answers a short POST to an address without `app`, which must answer there too. `uploads`: where files
    are brought, which may take longer to arrive than `arrival_s`.
    """
    bounds = {"quick": quick or {}, "uploads": staticmethod(uploads), "arrival_s": arrival_s}
    gc.set_threshold(50_000, 20, 100)  # turns leave hardly any cycles behind
    ready = Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            loop="uvloop",
            http=type("Http", (BoundedHttp,), bounds),
            ws="none",
            lifespan="on",
            access_log=False,
            log_level="warning",
            server_header=False,
            proxy_headers=False,  # the pages ask for them; a turn has no use for them
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=5,
        )
    )
    ready.stopping = stopping
    ready.sweep_s = min(SWEEP_S, arrival_s / 4)
    return ready
