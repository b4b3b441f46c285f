"""How the simulated Telegram brings what happened: by webhook, again and again, or to whoever fetches it."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from aiohttp import ClientError, ClientSession

from vikno.testing.telegram.phone import now_s
from vikno.testing.telegram.refusals import TERMINATED, WEBHOOK_ACTIVE, Refused
from vikno.wire import limits

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the name of a header
LONGEST_WAIT_S = 60.0
"""Between two attempts to bring an update; the first comes at once, then after 2, 4, 8 … s."""


@dataclass
class Update:
    """Something that waits to be brought."""

    number: int
    kind: str
    chat: int
    body: dict[str, Any]
    since: float
    tried: int = 0


@dataclass
class Webhook:
    """Where updates are brought."""

    url: str
    secret: str = ""
    connections: int = 40
    error: str = ""
    error_at: int = 0


class Updates:
    """What happened and was not acknowledged. A chat is in order; presses have a queue of their own."""

    def __init__(self, second_s: float) -> None:
        self.second_s, self.duplicates = second_s, 0
        self.webhook: Webhook | None = None
        self.allowed: tuple[str, ...] = ()
        self.brought: list[tuple[int, int | None]] = []
        """Attempts to bring an update: its number and the HTTP status, None for no answer."""
        self.pending: dict[int, Update] = {}
        self.dropped: list[int] = []
        """Updates that were given up."""
        self._numbers = count(int(time.time()))  # a bot that remembers meets no number twice after a restart
        self.clock: Callable[[], float] = time.monotonic
        self._held: list[Update] | None = None
        self._lanes: defaultdict[tuple[str, int], deque[Update]] = defaultdict(deque)
        self._tasks: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._poller: asyncio.Event | None = None
        self._news = asyncio.Event()
        self._acknowledged = asyncio.Event()
        self._closing = asyncio.Event()
        self._connections = asyncio.Semaphore(40)
        self._client: ClientSession | None = None

    def carried_out(self, answer: bytes) -> None:
        """The one call that the answer to a webhook may hold. The API knows how."""
        raise NotImplementedError

    def hold(self) -> None:
        """Keep updates back, until `release`."""
        self._held = []

    def release(self, *, reverse: bool = False) -> None:
        """Bring what was kept back, if wished the last first: each in a lane of its own, as if to other machines."""
        held, self._held = self._held or [], None
        for update in reversed(held) if reverse else held:
            self._enqueue(update, lane=("released", update.number))

    def bring(self, kind: str, about: dict[str, Any]) -> int | None:
        """Something happened: it is fetched, or brought to the webhook. Its number; None if nobody asked for it."""
        if self.allowed and kind not in self.allowed:
            return None
        number = next(self._numbers)
        chat = about["message"]["chat"]["id"] if kind == "callback_query" else about["chat"]["id"]
        update = Update(number, kind, chat, {"update_id": number, kind: about}, self.clock())
        if self._held is not None:
            self._held.append(update)
        else:
            self._enqueue(update)
        return number

    async def settled(self, timeout_s: float = 5.0) -> None:
        """Wait until all that happened has been acknowledged or fetched. Raises TimeoutError."""

        async def wait() -> None:
            while self.pending:
                self._acknowledged.clear()
                await self._acknowledged.wait()

        await asyncio.wait_for(wait(), timeout_s)

    def _enqueue(self, update: Update, lane: tuple[str, int] | None = None) -> None:
        self.pending[update.number] = update
        self._news.set()
        if self.webhook is not None:
            # Presses have a queue of their own, so a press may overtake words.
            kind = "callback_query" if update.kind == "callback_query" else "chat"
            self._into_lane(update, lane or (kind, update.chat))

    def _into_lane(self, update: Update, lane: tuple[str, int]) -> None:
        self._lanes[lane].append(update)
        if lane not in self._tasks:
            self._tasks[lane] = asyncio.get_running_loop().create_task(self._carry(lane))

    async def _carry(self, lane: tuple[str, int]) -> None:
        """Bring what is in a lane, the next when the one before was acknowledged."""
        waiting = self._lanes[lane]
        try:
            while waiting and (webhook := self.webhook) is not None:
                update = waiting[0]
                if update.number not in self.pending or await self._brought(webhook, update):
                    waiting.popleft()
        finally:
            self._tasks.pop(lane, None)
            if not waiting:
                self._lanes.pop(lane, None)

    async def _brought(self, webhook: Webhook, update: Update) -> bool:
        """Whether it was acknowledged or given up."""
        longest = (
            limits.TELEGRAM_CALLBACK_TRIED_S if update.kind == "callback_query" else limits.TELEGRAM_WEBHOOK_TRIED_S
        )
        async with self._connections:
            status = await self._post(webhook, update)
        update.tried += 1
        if status is not None and 200 <= status < 300:
            for _ in range(self.duplicates):
                await self._post(webhook, update)
            self._forget(update.number)
            return True
        webhook.error = f"Wrong response from the webhook: {status}" if status else "Connection refused"
        webhook.error_at = now_s()
        if self.clock() - update.since > longest * self.second_s:
            self._forget(update.number)
            self.dropped.append(update.number)
            return True
        if update.tried > 1:
            await asyncio.sleep(min(2.0 ** (update.tried - 1), LONGEST_WAIT_S) * self.second_s)
        return False

    def _forget(self, number: int) -> None:
        self.pending.pop(number, None)
        self._acknowledged.set()

    async def _post(self, webhook: Webhook, update: Update) -> int | None:
        assert self._client is not None, "the server has not been started"  # noqa: S101 - a tool for tests
        headers = {"content-type": "application/json"} | ({SECRET_HEADER: webhook.secret} if webhook.secret else {})
        body = json.dumps(update.body, ensure_ascii=True).encode()  # as Telegram writes it
        try:
            async with self._client.post(webhook.url, data=body, headers=headers) as response:
                answer = await response.read()
                status: int | None = response.status
        except (ClientError, TimeoutError, OSError, ValueError):
            status, answer = None, b""
        self.brought.append((update.number, status))
        if status is not None and 200 <= status < 300 and answer:
            self.carried_out(answer)
        return status

    def ask_for(self, asked: dict[str, Any]) -> None:
        """Note the kinds of updates that are wanted."""
        if isinstance(allowed := asked.get("allowed_updates"), list):
            self.allowed = tuple(map(str, allowed))

    async def get_updates(self, asked: dict[str, Any]) -> Any:
        if self.webhook is not None:
            raise Refused(409, WEBHOOK_ACTIVE)
        if self._poller is not None:
            self._poller.set()
        ended = self._poller = asyncio.Event()
        self.ask_for(asked)
        offset, limit = int(asked.get("offset", 0)), min(max(int(asked.get("limit", 100)), 1), limits.TELEGRAM_UPDATES)
        until = self.clock() + min(max(float(asked.get("timeout", 0)), 0.0), limits.TELEGRAM_POLL_S)
        keep = sorted(self.pending)[offset:] if offset < 0 else [one for one in sorted(self.pending) if one >= offset]
        for number in [number for number in self.pending if number not in keep]:
            self._forget(number)
        while not self.pending and (left := until - self.clock()) > 0:
            self._news.clear()
            await _first(left, self._news, ended, self._closing)
            if ended.is_set():
                raise Refused(409, TERMINATED)
            if self._closing.is_set():
                break
            if self.webhook is not None:
                raise Refused(409, WEBHOOK_ACTIVE)
        if self._poller is ended:
            self._poller = None
        return [update.body for _, update in sorted(self.pending.items())[:limit]]


async def _first(timeout_s: float, *events: asyncio.Event) -> None:
    """Wait for one of them, or for so long."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
