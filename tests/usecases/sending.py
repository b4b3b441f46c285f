# ruff: noqa: ARG002, ASYNC110 - a double has the shape of the real one; what is waited for has no event
"""A channel of letters, whose platform answers as it is told, over a real store."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from vikno.stores.sqlite import SqliteStore
from vikno.usecases.channel import (
    Ack,
    Capabilities,
    EntryLink,
    Health,
    Inbound,
    NotCarried,
    Outbound,
    Outcome,
    Raw,
    Refused,
    Sent,
    encode_outbound,
)
from vikno.usecases.ports import Taken
from vikno.usecases.records import Aside, NoticeMade
from vikno.usecases.send_messages import Sender
from vikno.wire.vault import LocalVault

VAULT = LocalVault(bytes(32))
ACCOUNT = "paper/main"
YEAR_MS = 365 * 86_400_000
NOW_MS = 1_760_000_000_000


@dataclass
class Paper:
    """A channel of letters: a request is (address, text), its answer is the outcome itself."""

    capabilities: Capabilities = field(default_factory=lambda: Capabilities(True, 1e9, 0.0, 8))
    kind: str = "paper"
    account: str = "main"

    def verify(self, raw: Raw) -> Refused | None:
        return None

    def parse(self, raw: Raw) -> Sequence[Inbound]:
        return ()

    def ack(self, inbound: Sequence[Inbound], replies: Sequence[Outbound]) -> Ack:
        return Ack()

    def render(self, outbound: Outbound, address: str) -> Sequence[tuple[str, str]]:
        return [(address, part) for part in outbound.text.split("|")]

    def classify(self, request: Any, answer: Outcome) -> Outcome:
        return answer

    def entry_link(self, token: str) -> EntryLink | None:
        return None

    async def self_check(self, carry: Callable[[Any], Awaitable[Any]]) -> Health:
        return Health("paper")


@dataclass
class Post:
    """Carries letters; the script of an address says what becomes of the next ones."""

    script: dict[str, deque[Outcome]] = field(default_factory=lambda: defaultdict(deque))
    brought: list[tuple[str, str]] = field(default_factory=list)
    slow_s: float = 0.0
    flying: set[str] = field(default_factory=set)

    async def carry(self, request: tuple[str, str]) -> Outcome | NotCarried:
        address, _ = request
        assert address not in self.flying, "two messages to one person at once"
        self.flying.add(address)
        await asyncio.sleep(self.slow_s)
        self.flying.discard(address)
        outcome = self.script[address].popleft() if self.script[address] else Sent(f"m{len(self.brought)}")
        self.brought.append(request)
        return outcome

    async def close(self) -> None: ...


@dataclass
class Office:
    """A store, a channel and its sender."""

    store: SqliteStore
    post: Post
    channel: Paper
    alarms: list[str]
    now_ms: int = NOW_MS
    events: Iterator[int] = field(default_factory=itertools.count)
    sender: Sender = field(init=False)

    def __post_init__(self) -> None:
        self.sender = self.new_sender()

    def new_sender(self) -> Sender:
        return Sender(
            self.channel, self.post, self.store, self.store, VAULT, lambda: self.now_ms, alarm=self.alarms.append
        )

    async def meets(self, address: str) -> str:
        name = VAULT.name(ACCOUNT, address)
        await self.store.meet(name, ACCOUNT, VAULT.seal(address), "uk", self.now_ms)
        return name

    async def says(self, address: str, *texts: str) -> None:
        """A turn on record whose replies are offered."""
        name = await self.meets(address)
        said = [Outbound(text) for text in texts]
        kept = await self.store.turn(
            name, f"e{next(self.events)}", lambda _: Taken(b"{}", tuple(map(encode_outbound, said)))
        )
        first = kept.position - len(said) + 1
        for at, outbound in enumerate(said):
            self.sender.offer(name, address, first + at, outbound)

    async def notices(self, address: str, *texts: str, lives_ms: int = YEAR_MS) -> None:
        name = await self.meets(address)
        made = [
            NoticeMade(name, ACCOUNT, encode_outbound(Outbound(text)), f"s{text}", 0, self.now_ms + lives_ms)
            for text in texts
        ]
        await self.store.queue(made, self.now_ms)

    async def until(self, holds: Callable[[], bool], seconds: float = 5.0) -> None:
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.005)

    async def aside(self) -> Aside:
        """What was put aside, once it is on record."""
        async with asyncio.timeout(5):
            while not (found := await self.store.asides(ACCOUNT)):
                await asyncio.sleep(0.01)
        [one] = found
        return one

    async def rests(self) -> None:
        """Until no reply waits."""
        async with asyncio.timeout(5):
            while await self.store.waiting():
                await asyncio.sleep(0.01)

    def texts(self) -> list[str]:
        return [text for _, text in self.post.brought]
