"""One file for a hundred thousand followed cases: recorded, planned and queued, then taken and settled by a sender.

    python -m bench.cases --cases 100000 --batch 1000

Every case is followed by one person in a messenger; the reports come in an order of their own. What is decided and
said is the real ID card's. `--turns 200` lets people talk meanwhile, at so many turns a second, and prints how long
they wait. One core unless `--cores` says otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from bench.figures import company, latencies, machine, table
from bench.server import collect_like_the_server
from vikno.bootstrap.intake import make_desk
from vikno.bootstrap.worlds import now_ms
from vikno.packs.load import load_country
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.channel import Sent
from vikno.usecases.ports import Taken
from vikno.usecases.record_stage import Desk, record_stages
from vikno.usecases.records import CaseGiven, Follower, Settled, StageGiven
from vikno.usecases.sign_links import Links
from vikno.wire.vault import LocalVault

AUTHORITY, ACCOUNT, SERVICE, STAGE = "ua/dms", "telegram/main", "ua/id-card", "approved"
LEASED = 200
"""Notices that a sender takes at once."""


@dataclass(frozen=True, slots=True)
class Began:
    """When something began, by the wall and by what all threads had used."""

    at: float = field(default_factory=time.perf_counter)
    cpu: float = field(default_factory=time.process_time)


def the_desk() -> Desk:
    """Who decides, with the process, the words and the links of the real service."""
    pack, vault = load_country(Path("countries/ua")), LocalVault(os.urandom(32))
    country = pack.country
    return make_desk({country.code: country}, pack.processes, vault, Links(vault, "https://vikno.example"))


async def together(work: Sequence[Awaitable[object]]) -> None:
    """All of these at once, some hundreds at a time."""
    for start in range(0, len(work), 256):
        await asyncio.gather(*work[start : start + 256])


@asynccontextmanager
async def talking(store: SqliteStore, turns_per_s: float) -> AsyncIterator[list[float]]:
    """People who talk at a steady rate; each turn's time counts from when it was due."""
    waits_s: list[float] = []
    clock, began, taken = time.perf_counter, time.perf_counter(), Taken(os.urandom(400), (os.urandom(300),), True)

    async def turn(number: int, due: float) -> None:
        await store.turn(f"web:{number % 5_000:06d}-abcdefghij", os.urandom(16).hex(), lambda _: taken)
        waits_s.append(clock() - due)

    async def talk() -> None:
        async with asyncio.TaskGroup() as group:
            number = 0
            while True:
                due = began + number / turns_per_s
                await asyncio.sleep(max(0.0, due - clock()))
                group.create_task(turn(number, due))
                number += 1

    task = asyncio.ensure_future(talk()) if turns_per_s else None
    yield waits_s
    if task is not None:
        task.cancel()
        await asyncio.wait([task])


async def measure(cases: int, batch: int, turns_per_s: float, in_order: bool, folder: Path) -> list[tuple[str, ...]]:
    """The rows of the table."""
    store = SqliteStore(f"sqlite:///{folder}/store.db", now_ms)
    desk = the_desk()
    rows: list[tuple[str, ...]] = []
    mixed = random.Random(1)  # noqa: S311 - the same order each time

    def tell(what: str, began: Began, waits_s: Sequence[float] = ()) -> None:
        took, cpu = time.perf_counter() - began.at, time.process_time() - began.cpu
        each = f"{took / cases * 1e6:.0f}", f"{cpu / cases * 1e6:.0f}"
        rows.append((what, f"{took:.1f}", *each, latencies(waits_s) if waits_s else ""))

    began = Began()
    for start in range(0, cases, batch):
        some = range(start, min(start + batch, cases))
        await store.put([CaseGiven(AUTHORITY, f"A-{n:07}", SERVICE, os.urandom(16).hex()) for n in some], now_ms())
    tell("cases put", began)

    people = [f"{ACCOUNT}:{mixed.getrandbits(128):032x}" for _ in range(cases)]
    began = Began()
    await together([store.meet(name, ACCOUNT, os.urandom(40), "uk", now_ms()) for name in people])
    tell("people met", began)

    followed = mixed.sample(range(1, cases + 1), cases)
    began = Began()
    follows = zip(followed, people, strict=True)
    await together([store.follow(case, Follower(name, ACCOUNT, "uk"), now_ms()) for case, name in follows])
    tell("cases followed", began)

    numbers = range(cases) if in_order else mixed.sample(range(cases), cases)
    file = [StageGiven(AUTHORITY, f"A-{n:07}", os.urandom(16).hex(), STAGE, now_ms()) for n in numbers]
    async with talking(store, turns_per_s) as waits_s:
        began = Began()
        for start in range(0, cases, batch):
            verdicts = await record_stages(store, desk, file[start : start + batch], now_ms)
            assert set(verdicts) == {"reached"}
        tell("**reports recorded, planned and queued**", began, waits_s)

    began = Began()
    for start in range(0, cases, batch):
        verdicts = await record_stages(store, desk, file[start : start + batch], now_ms)
        assert set(verdicts) == {"repeated"}
    tell("the same file again", began)

    async with talking(store, turns_per_s) as waits_s:
        began, sent = Began(), 0
        while leased := await store.lease(ACCOUNT, "notice", LEASED, now_ms()):
            await store.settle([Settled(notice.id, Sent(f"m{notice.id}")) for notice in leased], now_ms())
            sent += len(leased)
        tell(f"notices leased and settled, {LEASED} at a time", began, waits_s)
    assert sent == cases

    began = Began()
    await together([store.report(ACCOUNT, f"m{n}", "delivered", now_ms()) for n in range(1, cases + 1)])
    tell("receipts", began)
    await store.close()
    return rows


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cases", type=int, default=100_000)
    arguments.add_argument("--batch", type=int, default=1000, help="reports in one transaction")
    arguments.add_argument("--turns", type=float, default=0.0, help="turns a second of people who talk meanwhile")
    arguments.add_argument("--in-order", action="store_true", help="the file goes by the cases' numbers")
    arguments.add_argument("--cores", type=int, default=1)
    arguments.add_argument("--within", help="a folder on the disk to be measured; a temporary one otherwise")
    a = arguments.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: a.cores])
    print(f"{machine()}. {company()}\n")
    collect_like_the_server()
    with tempfile.TemporaryDirectory(dir=a.within) as folder:
        rows = uvloop.run(measure(a.cases, a.batch, a.turns, a.in_order, Path(folder)))
    meanwhile = "turns meanwhile, p50 / p99 / p99.9 / max, ms"
    print(table([f"{a.cases:,} of each", "seconds", "µs each", "CPU, µs each", meanwhile], rows))


if __name__ == "__main__":
    main()
