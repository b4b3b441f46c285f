"""Event streams of conversations: what one tab does, the others see; what was missed is read from the record."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from itertools import groupby

import msgspec
from starlette.types import Receive, Send

from vikno.usecases.ports import Effect, Outbox

MOST_STREAMS = 1024
MOST_OF_ONE = 8
TICK_S = 20
"""Between signs of life; then the record is also read again, for turns that another process held."""
LONGEST_S = 1800
PAGE = 200

_encode = msgspec.json.Encoder().encode


class Listening(asyncio.Event):
    """Set when there is something to hear; `over` when the conversation is forgotten."""

    over = False


class Streams:
    """Who listens to which conversation."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._listening: defaultdict[str, set[Listening]] = defaultdict(set)
        self._count = 0
        self._closed = False

    def tell(self, name: str) -> None:
        """Something was said in this conversation."""
        if self._count:
            for heard in self._listening.get(name, ()):
                heard.set()

    def room(self, name: str) -> bool:
        """Whether one more may listen."""
        return not self._closed and self._count < MOST_STREAMS and len(self._listening.get(name, ())) < MOST_OF_ONE

    def end(self, name: str) -> None:
        """This conversation is forgotten: end its streams. Who comes back is told."""
        for heard in self._listening.get(name, ()):
            heard.over = True
            heard.set()

    def close(self) -> None:
        """End every stream; browsers come back to the next server by themselves."""
        self._closed = True
        for events in self._listening.values():
            for heard in events:
                heard.set()

    async def last(self, name: str) -> tuple[Effect, ...]:
        """The effects of the last turn that said something, in a few short reads however long the conversation is."""
        page = await self._outbox.since(name, 0, PAGE)
        if len(page) == PAGE:
            page = await self._outbox.since(name, await self._last_position(name, page[-1].position) - PAGE, PAGE)
        return tuple(effect for effect in page if effect.event == page[-1].event)

    async def _last_position(self, name: str, known: int) -> int:
        """The position of the last effect, from one that is there: ever twice as far, then halves between."""
        before, beyond = known - 1, 2 * known
        while await self._outbox.since(name, beyond, 1):
            before, beyond = beyond, 2 * beyond
        while beyond - before > 1:
            middle = (before + beyond) // 2
            if await self._outbox.since(name, middle, 1):
                before = middle
            else:
                beyond = middle
        return beyond

    async def stream(self, token: str, name: str, position: int, receive: Receive, send: Send) -> None:
        """Send every turn after `position` (-1: from now on) until somebody has had enough."""
        heard = Listening()
        self._listening[name].add(heard)
        self._count += 1
        gone = asyncio.create_task(_gone(receive))
        loop = asyncio.get_running_loop()
        ends = loop.time() + LONGEST_S
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await send(_part(b"retry: 2000\n\n"))
            if position < 0:
                last = await self.last(name)
                position = last[-1].position if last else 0
            while not (gone.done() or heard.over or self._closed) and loop.time() < ends:
                heard.clear()
                position = await self._send_since(token, name, position, send)
                waiting = asyncio.create_task(heard.wait())
                await asyncio.wait({waiting, gone}, timeout=TICK_S, return_when=asyncio.FIRST_COMPLETED)
                if not waiting.done():
                    waiting.cancel()
                    await send(_part(b": here\n\n"))
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            self._count -= 1
            self._listening[name].discard(heard)
            if not self._listening[name]:
                del self._listening[name]

    async def _send_since(self, token: str, name: str, position: int, send: Send) -> int:
        while effects := await self._outbox.since(name, position, PAGE):
            for event, turn in groupby(effects, key=lambda effect: effect.event):
                said = list(turn)
                position = said[-1].position
                head = _encode({"conversation": token, "event": event, "position": position})
                lines = b"\n".join(b"data: " + line for line in (head, *(effect.payload for effect in said)))
                await send(_part(b"id: %d\nevent: turn\n%s\n\n" % (position, lines)))
            if len(effects) < PAGE:
                break
        return position


_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # a proxy such as nginx would hold the stream back otherwise
    (b"x-content-type-options", b"nosniff"),
]


def _part(body: bytes) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": True}


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
