"""A process that runs the campaigns of a store and sends what is queued, saying to whom, until somebody ends it.

python -m tests.usecases.campaigner URL
"""

from __future__ import annotations

import asyncio
import sys

from tests.commands import ROOT
from vikno.bootstrap.dispatching import Lands, make_dispatch
from vikno.bootstrap.worlds import now_ms
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.channel import Capabilities, Sent
from vikno.usecases.records import Settled
from vikno.usecases.run_campaigns import Runner
from vikno.wire.vault import LocalVault

ACCOUNT = "sms/main"
ACCOUNTS = {ACCOUNT: Capabilities(receipts=True, rate_per_s=100.0, chat_gap_s=0.0)}
VAULT = LocalVault(bytes(32))


async def campaign(url: str) -> None:
    store = SqliteStore(url, now_ms)
    dispatch = make_dispatch(Lands.read([ROOT / "countries/example"]), store, VAULT, now_ms, ACCOUNTS, home="ua")
    runner = Runner(dispatch, store)
    await store.recover(ACCOUNT, now_ms())
    print("begins", flush=True)

    async def plan() -> None:
        while True:
            await runner.round()
            await asyncio.sleep(0)

    async def send() -> None:
        while True:
            for one in await store.lease(ACCOUNT, "bulk", 20, now_ms()):
                known = await store.known(one.conversation)
                assert known is not None
                assert known.sealed is not None
                print(VAULT.unseal(known.sealed), flush=True)  # it leaves now
                await store.settle([Settled(one.id, Sent(f"m{one.id}"))], now_ms())
            await asyncio.sleep(0.001)

    await asyncio.gather(plan(), send())


if __name__ == "__main__":
    asyncio.run(campaign(sys.argv[1]))
