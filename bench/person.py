"""One simulated person: a keep-alive connection to the chat, and a consultation learnt by heart."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import count
from typing import cast
from urllib.parse import SplitResult

import httptools
import msgspec

from bench.choices import Choices


class Head(msgspec.Struct):
    """The first line of an answer."""

    conversation: str
    event: str
    position: int
    repeated: bool = False


_head = msgspec.json.Decoder(Head).decode
_encode = msgspec.json.Encoder().encode


class WrongAnswer(Exception):
    """The answer is not the one this turn must have."""


@dataclass(frozen=True)
class Turn:
    """What a person does, and what the chat must answer: the messages, byte by byte."""

    does: bytes
    """The rest of the JSON: `"tap":"3.a5kq"}`"""
    hears: bytes


class Connection(asyncio.Protocol):
    """HTTP/1.1, one request at a time; the least that a browser would do."""

    def __init__(self, path: str, host: str) -> None:
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: "
        ).encode()
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._answer: asyncio.Future[bytes] | None = None
        self._gone = asyncio.Event()
        self.lost = False

    async def post(self, body: bytes) -> bytes:
        """The body of the answer.

        Raises WrongAnswer for any status but 200, and ConnectionError.
        """
        return await self.send(body)

    def send(self, body: bytes, lines: bytes = b"") -> asyncio.Future[bytes]:
        """The same, for who does not wait. `lines`: more headers, each ended."""
        if self.lost:
            raise ConnectionResetError
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(b"%s%d\r\n%s\r\n%s" % (self._head, len(body), lines, body))
        return self._answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready to send."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def connection_lost(self, _: Exception | None) -> None:
        """The server has closed it."""
        self.lost = True
        self._gone.set()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError())

    def data_received(self, data: bytes) -> None:
        """A part of an answer."""
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """A part of its body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """The whole of it."""
        body, status = b"".join(self._body), self._parser.get_status_code()
        self._renew()
        if self._answer is None or self._answer.done():
            return
        if status == 200:
            self._answer.set_result(body)
        else:
            self._answer.set_exception(WrongAnswer(f"{status} {body[:200]!r}"))

    def _renew(self) -> None:
        """Be ready for the next answer."""
        self._body.clear()
        self._parser = httptools.HttpResponseParser(self)

    async def close(self) -> None:
        """Hang up."""
        self._transport.close()
        await self._gone.wait()


async def connect(url: SplitResult) -> Connection:
    """A connection to the chat at `url`."""
    loop = asyncio.get_running_loop()
    host, port = url.hostname or "127.0.0.1", url.port or 80
    path = f"{url.path.rstrip('/')}/chat/turns"
    _, connection = await loop.create_connection(lambda: Connection(path, url.netloc), host, port)
    return connection


class Person:
    """Does one turn at a time of a consultation, then begins the next one as somebody new."""

    _numbers = count()

    def __init__(self, connection: Connection, script: list[Turn], run: str) -> None:
        self._connection = connection
        self._script = script
        self._event = f'"event":"{run}-{next(self._numbers)}-'.encode()
        self._turns = 0
        self._step = 0
        self._conversation = b""
        self._position = 0

    async def close(self) -> None:
        """Hang up."""
        await self._connection.close()

    async def turn(self) -> None:
        """The next turn.

        Raises WrongAnswer and ConnectionError; the next turn is then the first of a new consultation.
        """
        step, self._step = self._step, 0
        turn = self._script[step]
        self._turns += 1
        event = b'%s%d",' % (self._event, self._turns)
        conversation = b'"%s"' % self._conversation if step else b"null"
        answer = await self._connection.post(b'{"conversation":%s,%s%s' % (conversation, event, turn.does))
        head, _, hears = answer.partition(b"\n")
        if hears != turn.hears:
            raise WrongAnswer(f"step {step}: {hears[:300]!r}")
        heard = _head(head)
        spoke = heard.conversation.encode()
        if heard.repeated or heard.event.encode() not in event or (step and spoke != self._conversation):
            raise WrongAnswer(f"step {step}: {head!r}")
        if step and heard.position <= self._position:
            raise WrongAnswer(f"step {step}: position {heard.position} after {self._position}")
        self._conversation, self._position = spoke, heard.position
        self._step = (step + 1) % len(self._script)


async def learn(connection: Connection, choices: Choices) -> list[Turn]:
    """Walk one consultation from its start to its outcome, and keep what was answered."""
    script: list[Turn] = []
    conversation: str | None = None
    does: dict[str, str] | None = choices.first()
    while does:
        asked = {"conversation": conversation, "event": f"learn-{choices.seed}-{len(script)}", **does}
        head, _, hears = (await connection.post(_encode(asked))).partition(b"\n")
        conversation = _head(head).conversation
        script.append(Turn(_encode(does)[1:], hears))
        does = choices.next(hears.splitlines())
    return script
