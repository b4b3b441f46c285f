"""The bot put together: which accounts there are, how each is reached, and what runs beside the pages for them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Receive, Scope, Send

from vikno.domain.errors import ViknoError
from vikno.usecases.channel import Channel, Transport
from vikno.usecases.ports import Outbox
from vikno.usecases.receive_message import Desk
from vikno.usecases.records import Records, Vault
from vikno.usecases.send_messages import Release, Sender
from vikno.wire.body import whole_body
from vikno.wire.hooks import MOST_BYTES, TOO_LARGE, Headers, Hook

log = logging.getLogger("vikno.bot")

Serve = Callable[[Hook, asyncio.Event], Awaitable[None]]
"""What brings messages in where no webhook does: polling, a mail server, an SMPP line. It ends with the event."""
Register = Callable[[Callable[[Any], Awaitable[Any]], str], Awaitable[None]]
"""Tells a platform where its webhook is."""

AGAIN_S = 5.0
LONGEST_AGAIN_S = 300.0


class NotRegistered(ViknoError):
    """The platform does not bring messages here. What is wrong is in the message; it is tried again."""

    code = "webhook_not_registered"
    retryable = True


@dataclass
class Account:
    """One account: its channel, how its requests are carried, and how it is heard."""

    channel: Channel
    transport: Transport[Any, Any]
    serve: Serve | None = None
    register: Register | None = None
    rate: float | None = None
    """Messages a second, instead of what the platform allows everybody; then a chat has no pace of its own either."""
    bind: Callable[[Hook], None] | None = None
    """Given the hook, for a line that brings messages in by itself."""
    by_web: bool = True
    """Whether its platform brings things to /hooks/… and proves itself there. A mail server cannot: whoever could post
    mails here would write in anybody's name, past all that it checks."""

    @property
    def name(self) -> str:
        """`telegram/main`."""
        return f"{self.channel.kind}/{self.channel.account}"


@dataclass
class Bot:
    """All accounts of this server, at work between `start` and `stop`."""

    accounts: Sequence[Account]
    desk: Desk
    outbox: Outbox
    records: Records
    vault: Vault
    public_url: str | None = None
    release: Release | None = None
    """Asked about each notice before it leaves."""
    alarm: Callable[[str], None] = lambda trouble: log.error("alarm", extra={"trouble": trouble})
    senders: dict[str, Sender] = field(default_factory=dict)
    hooks: dict[str, Hook] = field(default_factory=dict)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _tried: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for account in self.accounts:
            sender = Sender(
                account.channel,
                account.transport,
                self.outbox,
                self.records,
                self.vault,
                self.desk.clock,
                alarm=self.alarm,
                rate=account.rate,
                gone=self.desk.gone,
                release=self.release,
            )
            self.senders[account.name] = sender
            hook = self.hooks[account.name] = Hook(account.channel, self.desk, sender, self.outbox)
            if account.bind is not None:
                account.bind(hook)

    @property
    def quick(self) -> Mapping[bytes, Callable[[Headers, bytes], Awaitable[tuple[int, Headers, bytes]]]]:
        """Webhooks that need no query, for the server's short way."""
        return {f"/hooks/{account.name}".encode(): self.hooks[account.name].answer for account in self._by_web}

    def refused(self) -> Mapping[str, int]:
        """Of each account with a webhook, how many requests since the start did not prove whose they are."""
        return {account.name: self.hooks[account.name].refused for account in self._by_web}

    @property
    def _by_web(self) -> list[Account]:
        return [account for account in self.accounts if account.by_web]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Webhooks as an ASGI application, for /hooks/…."""
        named = scope["path"].removeprefix("/hooks/")
        hook = self.hooks[named] if named in {account.name for account in self._by_web} else None
        if hook is None or scope["method"] not in ("POST", "GET"):
            status, headers, body = 404, [(b"content-type", b"text/plain")], b"no such hook\n"
        else:
            headers = list(scope["headers"])
            given = await whole_body(receive, MOST_BYTES)
            if given is None and not _says_so(headers):
                status, headers, body = TOO_LARGE  # or it has broken off: it comes again, whole
            else:
                status, headers, body = await hook.answer(headers, given, scope.get("query_string", b""))
        headers = [*headers, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def start(self) -> None:
        """Send what waited, listen where messages are fetched, tell platforms where their webhooks are."""
        loop = asyncio.get_running_loop()
        for account in self.accounts:
            sender, hook = self.senders[account.name], self.hooks[account.name]
            resumed = await sender.resume()
            if resumed:
                log.info("replies_resumed", extra={"account": account.name, "count": resumed})
            self._tasks.append(loop.create_task(self._kept_up(account.name, sender.run)))
            if account.serve is not None:
                serve = account.serve
                self._tasks.append(loop.create_task(self._kept_up(account.name, self._serving(serve, hook))))
            if account.register is not None and self.public_url is not None:
                self._tasks.append(loop.create_task(self._registered(account)))

    def forget(self, conversation: str) -> None:
        """Its person was erased: nothing that waits is said, and when they write again, they are somebody new."""
        self.desk.gone(conversation)
        for sender in self.senders.values():
            sender.forget(conversation)

    async def stop(self) -> None:
        """Listen no more; let what is on its way arrive."""
        self._stopping.set()
        await asyncio.gather(*(sender.close() for sender in self.senders.values()), return_exceptions=True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def settled(self, patience_s: float = 10.0) -> None:
        """Once every platform has been told where its webhook is, or has refused."""
        waiting = {account.name for account in self.accounts if account.register and self.public_url}
        until = asyncio.get_running_loop().time() + patience_s
        while not waiting <= self._tried and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110 - bounded
            await asyncio.sleep(0.1)

    def _serving(self, serve: Serve, hook: Hook) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            await serve(hook, self._stopping)

        return run

    async def _kept_up(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do it again when it fails, ever more slowly: one account's trouble is not that of the others."""
        wait_s = AGAIN_S
        while not self._stopping.is_set():
            began = asyncio.get_running_loop().time()
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - it is told, and tried again
                code = error.code if isinstance(error, ViknoError) else type(error).__name__
                log.error("account_failed", extra={"account": name, "error": code})
                self.alarm(f"{name}: {error if isinstance(error, NotRegistered) else code}")
            if self._stopping.is_set():
                return
            if asyncio.get_running_loop().time() - began > LONGEST_AGAIN_S:
                wait_s = AGAIN_S
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_AGAIN_S)

    async def _registered(self, account: Account) -> None:
        """Once the server answers: some platforms call back before they accept."""
        register = account.register
        if register is None:
            return
        await asyncio.sleep(1.0)

        async def once() -> None:
            try:
                await register(account.transport.carry, f"{self.public_url}/hooks/{account.name}")
            finally:
                self._tried.add(account.name)
            log.info("webhook_registered", extra={"account": account.name})
            await self._stopping.wait()

        await self._kept_up(account.name, once)


def _says_so(headers: Headers) -> bool:
    """Whether a request says by itself that its body is too large."""
    length = next((value for name, value in headers if name == b"content-length"), b"")
    return length.isdigit() and int(length[:20]) > MOST_BYTES
