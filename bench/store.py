"""The store alone: durable turns a second with many people at once, and how long each waits.

    python -m bench.store --people 1 32 256 --step-us 5 50 --synchronous full

Each person sends the next turn when the last one is on disk; after `--turns` turns a new person comes in their place.
One core unless `--cores` says otherwise; the step burns as long as a real one would.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench.figures import latencies, machine, table
from bench.server import collect_like_the_server
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.ports import Step, Taken


@dataclass(frozen=True, slots=True)
class Load:
    """What the people do."""

    people: int
    step_us: float
    seconds: float
    turns: int
    state_bytes: int
    effects: int
    effect_bytes: int
    synchronous: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of it."""

    turns_per_s: float
    cpu_us: float
    """Processor time a turn, of all threads."""
    waits_s: list[float]


def a_step(load: Load) -> Step:
    """A step that takes so long and gives so much."""
    taken = Taken(os.urandom(load.state_bytes), (os.urandom(load.effect_bytes),) * load.effects, fetched=True)
    clock, burn_s = time.perf_counter, load.step_us / 1e6

    def step(state: bytes | None) -> Taken:
        until = clock() + burn_s
        while clock() < until:
            pass
        return taken

    return step


async def measure(load: Load, folder: Path) -> Measured:
    """Let the people talk for so many seconds."""
    url = f"sqlite:///{folder}/store.db?synchronous={load.synchronous}"
    store = SqliteStore(url, lambda: time.time_ns() // 1_000_000, most_waiting=max(4096, load.people))
    step, waits_s, clock = a_step(load), [], time.perf_counter
    began, began_cpu = clock(), time.process_time()

    async def person(number: int) -> None:
        turns = 0
        while (sent := clock()) < began + load.seconds:
            name = f"web:{number:06d}-{turns // load.turns:06d}-abcdefghij"
            kept = await store.turn(name, os.urandom(16).hex(), step)
            waits_s.append(clock() - sent)
            turns += 1
            assert not kept.repeated

    async with asyncio.TaskGroup() as group:
        for number in range(load.people):
            group.create_task(person(number))
    took, cpu = clock() - began, time.process_time() - began_cpu
    await store.close()
    return Measured(len(waits_s) / took, cpu / len(waits_s) * 1e6, waits_s)


def run(load: Load, within: str | None = None) -> Measured:
    """Measure one load on a new store in a folder of its own under `within`."""
    collect_like_the_server()
    with tempfile.TemporaryDirectory(dir=within) as folder:
        return uvloop.run(measure(load, Path(folder)))


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--people", type=int, nargs="+", default=[1, 32, 256])
    arguments.add_argument("--step-us", type=float, nargs="+", default=[5.0, 50.0])
    arguments.add_argument("--seconds", type=float, default=5.0)
    arguments.add_argument("--turns", type=int, default=30, help="turns of one person")
    arguments.add_argument("--state-bytes", type=int, default=400)
    arguments.add_argument("--effects", type=int, default=1)
    arguments.add_argument("--effect-bytes", type=int, default=300)
    arguments.add_argument("--synchronous", default="full", choices=["full", "extra", "normal", "off"])
    arguments.add_argument("--cores", type=int, default=1)
    arguments.add_argument("--within", help="a folder on the disk to be measured; a temporary one otherwise")
    a = arguments.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: a.cores])
    rows = []
    for step_us in a.step_us:
        for people in a.people:
            load = Load(people, step_us, a.seconds, a.turns, a.state_bytes, a.effects, a.effect_bytes, a.synchronous)
            measured = run(load, a.within)
            rows.append(
                (f"{people}", f"{step_us:g}", f"{measured.turns_per_s:,.0f}", f"{measured.cpu_us:.0f}",
                 latencies(measured.waits_s))
            )  # fmt: skip
    print(f"{machine()}; SQLite, synchronous={a.synchronous}\n")
    print(table(["people at once", "step, µs", "turns/s", "CPU, µs a turn", "p50 / p99 / p99.9 / max, ms"], rows))


if __name__ == "__main__":
    main()
