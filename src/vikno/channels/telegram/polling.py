"""Fetching updates where there is no public address: getUpdates, one answer after the other.

An update counts as taken only when it has been received: what a process that ends had not finished is fetched again.
People of different chats are heard at the same time, one person's words in their order.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from vikno.channels.telegram import Telegram
from vikno.channels.telegram.inbound import UPDATES
from vikno.channels.telegram.outbound import Said, read, wait_s
from vikno.domain.errors import ViknoError
from vikno.usecases.channel import NotCarried, Raw, Transport, Unreadable
from vikno.wire.http import HttpAnswer, HttpRequest
from vikno.wire.limits import TELEGRAM_POLL_S, TELEGRAM_UPDATES

log = logging.getLogger("vikno.telegram")

Receive = Callable[[Raw], Awaitable[tuple[int, Sequence[tuple[str, str]], bytes]]]
"""Takes an update; gives the acknowledgement as a webhook's answer: status, headers, body."""
Lines = Transport[HttpRequest, HttpAnswer]

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
QUICK_S = 0.5
"""An answer with nothing in it that comes sooner is from a server that does not wait: then we do, for as long."""
MOST_CONFLICTS = 5
MOST_TRIES = 5
"""Of an update whose receiving fails for a reason that will not pass by itself."""
REMEMBERED = 1000
"""Updates that are known to be taken: some servers give them once more."""


class TokenRefused(ViknoError):
    """Telegram does not know this token. Copy the present one from @BotFather and start again."""

    code = "telegram_token_refused"


class PolledElsewhere(ViknoError):
    """Somebody else fetches this bot's updates, or has set a webhook for it. Stop the other service or its webhook; if
    you do not know it, make a new token at @BotFather."""

    code = "telegram_polled_elsewhere"
    retryable = True


async def poll(channel: Telegram, transport: Lines, receive: Receive, stop: asyncio.Event) -> None:
    """Fetch and take updates until `stop`. The transport must wait for an answer longer than 50 s.

    Raises TokenRefused, PolledElsewhere; everything else passes, or is tried again.
    """
    await _Poll(channel, transport, receive, stop).run()


class Numbered(Struct, frozen=True, gc=False):
    """As much of an update as fetching needs."""

    update_id: int


_decode_updates = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_number = msgspec.json.Decoder(Numbered).decode


class _Poll:
    def __init__(self, channel: Telegram, transport: Lines, receive: Receive, stop: asyncio.Event) -> None:
        self._channel, self._transport, self._receive, self._stop = channel, transport, receive, stop
        self._offset: int | None = None
        self._limit = TELEGRAM_UPDATES
        self._wait_s = FIRST_WAIT_S
        self._conflicts = 0
        self._taken: OrderedDict[int, None] = OrderedDict()
        self._tries: dict[int, int] = {}
        self._calls: set[asyncio.Task[Any]] = set()

    async def run(self) -> None:
        try:
            # A webhook that is set makes every getUpdates a 409; what waits at Telegram stays.
            while not self._stop.is_set():
                if await self._asked("deleteWebhook", drop_pending_updates=False) is not None:
                    break
            while not self._stop.is_set():
                await self._round()
        finally:
            for call in tuple(self._calls):
                call.cancel()
            await asyncio.gather(*self._calls, return_exceptions=True)

    async def _round(self) -> None:
        """One getUpdates, and all that it brings."""
        began = time.monotonic()
        asked: dict[str, Any] = {"timeout": TELEGRAM_POLL_S, "limit": self._limit, "allowed_updates": UPDATES}
        if self._offset is not None:
            asked["offset"] = self._offset
        result = await self._asked("getUpdates", **asked)
        if result is None:
            return
        try:
            updates = _numbered(_decode_updates(result))
        except msgspec.MsgspecError:
            await self._trouble("answer_unreadable")
            return
        self._limit = min(self._limit * 2, TELEGRAM_UPDATES)
        new = [(number, body) for number, body in updates if number not in self._taken]
        if not new:
            if updates:
                self._offset = updates[-1][0] + 1
            if time.monotonic() - began < QUICK_S:
                await self._pause(QUICK_S)
            return
        await self._take(new)

    async def _take(self, updates: list[tuple[int, bytes]]) -> None:
        """Take them, chats side by side; the next fetching begins at the first that was not taken."""
        chats: dict[str, list[tuple[int, bytes]]] = {}
        for number, body in updates:
            chats.setdefault(self._chat(number, body), []).append((number, body))
        await asyncio.gather(*(self._in_order(chat) for chat in chats.values()))
        missed = next((number for number, _ in updates if number not in self._taken), None)
        self._offset = updates[-1][0] + 1 if missed is None else missed
        while len(self._taken) > REMEMBERED:
            self._taken.popitem(last=False)
        if missed is None:
            self._wait_s = FIRST_WAIT_S
        else:
            await self._trouble("update_not_taken")

    async def _in_order(self, updates: list[tuple[int, bytes]]) -> None:
        """One chat's; what comes after one that was not taken waits for it."""
        for number, body in updates:
            try:
                _, _, answer = await self._receive(Raw(body))
            except Exception as error:  # noqa: BLE001 - one update must not end the fetching of all others
                retryable = isinstance(error, ViknoError) and error.retryable
                self._tries[number] = tried = self._tries.get(number, 0) + 1
                log.error("update_failed", extra={"update": number, "error": type(error).__name__, "tried": tried})
                if retryable or tried < MOST_TRIES:
                    return
                log.error("update_passed_over", extra={"update": number})
                answer = b""
            self._tries.pop(number, None)
            self._taken[number] = None
            if answer:
                self._call(answer)

    def _chat(self, number: int, body: bytes) -> str:
        try:
            inbound = self._channel.parse(Raw(body))
        except Unreadable:
            return f"update {number}"
        return inbound[0].address if inbound else f"update {number}"

    def _call(self, answer: bytes) -> None:
        """What a webhook's answer would have carried: one call, of whose result nobody waits to hear."""
        parameters = msgspec.json.decode(answer, type=dict[str, Any])
        method = parameters.pop("method")
        self._begin(self._transport.carry(self._channel.call(method, **parameters)))

    def _begin(self, call: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(call)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return task

    async def _asked(self, method: str, **parameters: Any) -> bytes | None:
        """The result of a call; None after a pause if there is none, or at the stop.

        Raises TokenRefused, PolledElsewhere.
        """
        answer = await self._until_stop(self._transport.carry(self._channel.call(method, **parameters)))
        if answer is None:
            return None
        if isinstance(answer, NotCarried):
            if answer.reason == "answer_too_large":
                self._limit = max(1, self._limit // 4)
            await self._trouble(answer.reason)
            return None
        said = read(answer)
        if said.ok and answer.status == 200:
            self._conflicts, self._wait_s = 0, self._wait_s if self._tries else FIRST_WAIT_S
            return bytes(said.result)
        await self._refused(said.error_code or answer.status, said)
        return None

    async def _refused(self, status: int, said: Said) -> None:
        match status:
            case 401 | 404:
                raise TokenRefused(self._channel.account)
            case 409:
                self._conflicts += 1
                if self._conflicts >= MOST_CONFLICTS:
                    raise PolledElsewhere(self._channel.account)
            case 429:
                self._wait_s = max(self._wait_s, wait_s(said))
        await self._trouble(f"status_{status}")

    async def _trouble(self, reason: str) -> None:
        """Wait, each time longer."""
        log.warning("fetching_waits", extra={"reason": reason, "seconds": self._wait_s})
        await self._pause(self._wait_s)
        self._wait_s = min(self._wait_s * 2, max(LONGEST_WAIT_S, self._wait_s))

    async def _pause(self, seconds: float) -> None:
        """Wait, but not past the stop."""
        await self._until_stop(asyncio.sleep(seconds))

    async def _until_stop(self, what: Coroutine[Any, Any, Any]) -> Any:
        """What comes of it; None if the stop comes first."""
        task, stopped = self._begin(what), self._begin(self._stop.wait())
        try:
            await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
            return await task if task.done() else None
        finally:
            stopped.cancel()
            task.cancel()


def _numbered(updates: list[msgspec.Raw]) -> list[tuple[int, bytes]]:
    """Updates with their numbers, in the order in which they came. Raises msgspec.MsgspecError."""
    return [(_decode_number(update).update_id, bytes(update)) for update in updates]
