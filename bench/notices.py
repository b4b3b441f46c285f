"""Notices that wait leave at the pace the platform allows: how far below that ceiling a real server stays.

    python -m bench.notices --rates 30 500 1000

Cases are followed on Telegram, one stage of each was reported, and their notices wait on record. Then `vikno run` is
started with a pace, and a Bot API server of this process counts what arrives in how many seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import tempfile
import time
from pathlib import Path

from aiohttp import web

from bench.figures import machine, table
from bench.kill import AUTHORITY, KEY, SERVICE, Api, Server
from bench.server import free_port
from vikno.bootstrap.worlds import now_ms
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.channel import Outbound, encode_outbound
from vikno.usecases.records import CaseGiven, CaseKept, Decided, Follower, NoticeMade, StageGiven
from vikno.usecases.send_messages import RESERVED
from vikno.wire.vault import LocalVault, read_secret

ACCOUNT = "telegram/main"
TEXT = "Fishing permit, case …{n}\n\nYour documents were taken in and are being checked. Usually 1 to 3 days."
BATCH = 1000
DAY_MS = 86_400_000


async def fill(url: str, count: int) -> None:
    """So many people follow a case each, and a notice waits for each."""
    vault, store, now = LocalVault(read_secret(KEY)), SqliteStore(url, now_ms), now_ms()

    def decide(case: CaseKept, given: StageGiven, followers: object) -> Decided:
        number = int(case.number)
        said = encode_outbound(Outbound(TEXT.format(n=number), "en", purpose="notice"))
        name = vault.name(ACCOUNT, str(number))
        return Decided("reached", (NoticeMade(name, ACCOUNT, said, f"case/{case.id}", now, now + DAY_MS),))

    for start in range(0, count, BATCH):
        numbers = range(start + 1, min(start + BATCH, count) + 1)
        await store.put([CaseGiven(AUTHORITY, str(n), SERVICE, f"{n:032x}", opened_ms=1) for n in numbers], now)
        for n in numbers:
            name = vault.name(ACCOUNT, str(n))
            await store.meet(name, ACCOUNT, vault.seal(str(n)), "en", now)
            case = await store.case(AUTHORITY, str(n))
            assert case is not None
            await store.follow(case.id, Follower(name, ACCOUNT, "en"), now)
        await store.record([StageGiven(AUTHORITY, str(n), f"e{n}", "applied", now) for n in numbers], decide, now)
    await store.close()


async def measured(folder: Path, rate: float, seconds: float) -> tuple[float, int]:
    """Messages a second that arrived, without those that may go at once at the beginning; and how many in all."""
    count = int(rate * seconds)
    await fill(f"sqlite:///{folder}/vikno.db", count)
    api = Api(random.Random(1), peace=True)  # noqa: S311 - nothing is refused
    times: list[float] = []
    whole = api.answer

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path.endswith("sendMessage"):
            times.append(time.perf_counter())
        return await whole(request)

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server = Server(free_port(), folder, f"http://127.0.0.1:{runner.addresses[0][1]}", rate)
    await server.start()
    until = time.perf_counter() + 3 * seconds + 20
    while len(times) < count and time.perf_counter() < until:  # noqa: ASYNC110 - arrivals set no event
        await asyncio.sleep(0.1)
    await server.end(signal.SIGTERM)
    await runner.cleanup()
    # What may go at once at the beginning is no pace.
    at_once = rate * (1 - RESERVED)
    return (len(times) - at_once) / (times[-1] - times[0]), len(times)


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rates", type=float, nargs="+", default=[30.0, 500.0, 1000.0])
    arguments.add_argument("--seconds", type=float, default=8.0)
    a = arguments.parse_args()
    rows = []
    for rate in a.rates:
        with tempfile.TemporaryDirectory(prefix="vikno-notices-") as folder:
            reached, count = asyncio.run(measured(Path(folder), rate, a.seconds))
        rows.append((f"{rate:,.0f}", f"{reached:,.1f}", f"{(1 - reached / rate) * 100:.1f} %", f"{count:,}"))
    print(machine() + "\n")
    print(table(["ceiling, a second", "left, a second", "below the ceiling", "notices"], rows))


if __name__ == "__main__":
    main()
