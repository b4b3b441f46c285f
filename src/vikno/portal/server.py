"""The web server: uvicorn with bounds on what a request may weigh and how long it may take to arrive."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

log = logging.getLogger("vikno.portal")

MOST_HEAD_BYTES = 32 * 1024
"""Request line and headers together; a consultation's address stays far below."""
ARRIVAL_S = 20
"""A request has this long to arrive whole."""
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


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's protocol, which by itself would read a head of any size for any time."""

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
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.in_head, self.head_bytes, self.began, self.tail = True, 0, 0.0, b""
        super().on_message_complete()

    def pause_writing(self) -> None:
        self.held = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        self.held = 0.0
        super().resume_writing()

    def late(self, now: float) -> bool:
        """Whether a request has begun to arrive and still has not arrived whole."""
        return bool(self.began) and now - self.began > ARRIVAL_S

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
            await asyncio.sleep(SWEEP_S)
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                if not isinstance(connection, BoundedHttp):
                    continue
                if connection.late(now):
                    connection.transport.close()
                if connection.stuck(now):
                    connection.transport.abort()


def server(app: ASGIApp, host: str, port: int, stopping: Callable[[], None] = lambda: None) -> Server:
    """A server that is ready to run. Requests are not logged: their addresses hold people's answers."""
    gc.set_threshold(50_000, 20, 100)  # turns leave hardly any cycles behind
    ready = Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            loop="uvloop",
            http=BoundedHttp,
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
    return ready
