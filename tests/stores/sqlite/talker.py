"""A process that holds turns and says which are on record: `talker.py URL NAME CONVERSATION... `, until it is ended."""

from __future__ import annotations

import asyncio
import itertools
import sys

from tests.stores.sqlite.steps import count
from vikno.stores.sqlite import SqliteStore, checkpoints


async def main(url: str, name: str, most: int, *conversations: str) -> None:
    checkpoints.PAGES_BETWEEN, checkpoints.LONG_LOG_PAGES = 50, 300  # so that many happen in a short life
    store = SqliteStore(url, lambda: 0, lock_wait_s=30.0)

    async def talk(conversation: str) -> None:
        for number in itertools.islice(itertools.count(), most or None):
            event = f"{name}-{number}"
            kept = await store.turn(conversation, event, count)
            sys.stdout.write(f"{conversation} {event} {kept.effects[0].decode()} {int(kept.repeated)}\n")
            sys.stdout.flush()

    async with asyncio.TaskGroup() as group:
        for conversation in conversations:
            group.create_task(talk(conversation))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:]))
