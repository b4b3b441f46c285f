"""A process that makes notices, takes them, says which it sends, and settles them, until somebody ends it.

python -m tests.stores.sqlite.sender URL LIFE
"""

from __future__ import annotations

import asyncio
import sys

from vikno.stores.sqlite import SqliteStore
from vikno.usecases.channel import Sent
from vikno.usecases.records import NoticeMade, Settled

ACCOUNT = "telegram/main"


async def send(url: str, life: str) -> None:
    store = SqliteStore(url, lambda: 0)
    await store.recover(ACCOUNT, 0)

    async def make() -> None:
        for number in range(1_000_000):
            people = [f"{ACCOUNT}:{life}-{number}-{n}" for n in range(8)]
            await store.queue([NoticeMade(who, ACCOUNT, b"x", "", 0, 10**12) for who in people], 0)

    async def work() -> None:
        while True:
            for one in await store.lease(ACCOUNT, "notice", 5, 0):
                print(one.id, flush=True)  # it leaves now
                await store.settle([Settled(one.id, Sent(f"m{one.id}"))], 0)

    await asyncio.gather(make(), work(), work())


if __name__ == "__main__":
    asyncio.run(send(*sys.argv[1:]))
