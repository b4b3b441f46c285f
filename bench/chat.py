"""People talking to the chat over HTTP, from outside: turns a second, how long each waits, what went wrong.

    python -m bench.chat                                closed loop: 256 people, each sends when they have an answer
    python -m bench.chat --rate 1000                    open loop: a turn is due every millisecond, whoever is ready
    python -m bench.chat --url http://127.0.0.1:8080    a server that runs already; otherwise one is started

Every answer is compared, byte by byte, with the one that the same turn had when nobody else was there. In the open
loop a turn's time counts from the moment it was due, not from when it could be sent, so that a server which stalls
cannot hide it (“coordinated omission”). The people are in this process, the server in another.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import secrets
import time
from collections import deque
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

import uvloop

from bench.choices import SCRIPTS, Choices
from bench.figures import latencies, machine, table
from bench.person import Person, Turn, WrongAnswer, connect, learn
from bench.server import Served, serving

PATIENCE_S = 30.0
"""A turn that takes longer has failed."""


class Talks(Protocol):
    """Who does one turn at a time."""

    async def turn(self) -> None:
        """Raises WrongAnswer, OSError, TimeoutError."""


@dataclass
class Tally:
    """What was seen of the turns."""

    waits_s: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    took_s: float = 0.0
    cpu_s: float = float("nan")

    @property
    def turns_per_s(self) -> float:
        return len(self.waits_s) / self.took_s

    def row(self, load: str) -> tuple[str, ...]:
        """Its line of the table."""
        cpu_us = self.cpu_s / max(len(self.waits_s), 1) * 1e6
        wrong, failed = len(self.wrong), len(self.failed)
        return load, f"{self.turns_per_s:,.0f}", latencies(self.waits_s), f"{cpu_us:.0f}", f"{wrong}", f"{failed}"


HEADS = ["load", "turns/s", "p50 / p99 / p99.9 / max, ms", "server CPU, µs a turn", "wrong answers", "failed"]


async def one_turn(person: Talks, since: float, tally: Tally) -> None:
    """One turn of one person, and how long it took `since` a moment."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            await person.turn()
    except WrongAnswer as error:
        tally.wrong.append(str(error))
    except (OSError, TimeoutError) as error:
        tally.failed.append(type(error).__name__)
        await asyncio.sleep(0.1)  # a lost connection fails at once, and would fill the list
    else:
        tally.waits_s.append(time.perf_counter() - since)


async def closed_loop(people: Sequence[Talks], seconds: float) -> Tally:
    """Everybody sends the next turn when the last one was answered."""
    tally, began = Tally(), time.perf_counter()

    async def talk(person: Talks) -> None:
        while (sent := time.perf_counter()) < began + seconds:
            await one_turn(person, sent, tally)

    async with asyncio.TaskGroup() as group:
        for person in people:
            group.create_task(talk(person))
    tally.took_s = time.perf_counter() - began
    return tally


async def open_loop(people: Sequence[Talks], seconds: float, rate: float) -> Tally:
    """Turns are due at a fixed rate; one that finds nobody ready waits for somebody, and its time counts."""
    tally, began = Tally(), time.perf_counter()
    ready, overdue = deque(people), deque[float]()

    async def talk(person: Talks, due: float) -> None:
        await one_turn(person, due, tally)
        while overdue:
            await one_turn(person, overdue.popleft(), tally)
        ready.append(person)

    async with asyncio.TaskGroup() as group:
        for number in range(int(seconds * rate)):
            due = began + number / rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            if ready:
                group.create_task(talk(ready.popleft(), due))
            else:
                overdue.append(due)
    tally.took_s = time.perf_counter() - began
    return tally


async def learnt_scripts(url: SplitResult) -> list[list[Turn]]:
    """Consultations of several services, in both languages, with various answers."""
    connection = await connect(url)
    scripts = [await learn(connection, Choices(seed)) for seed in range(SCRIPTS)]
    await connection.close()
    return scripts


async def measure(url: str, people: int, seconds: float, rates: list[float], served: Served | None) -> list[Tally]:
    """Warm up, then a closed loop where a rate is 0 and an open one where it is not."""
    where = urlsplit(url)
    scripts, run = await learnt_scripts(where), secrets.token_hex(4)
    crowd = [Person(await connect(where), scripts[number % len(scripts)], run) for number in range(people)]
    await closed_loop(crowd, min(1.0, seconds))
    tallies = []
    for rate in rates:
        cpu_s = served.cpu_s() if served else float("nan")
        tally = await (open_loop(crowd, seconds, rate) if rate else closed_loop(crowd, seconds))
        tally.cpu_s = served.cpu_s() - cpu_s if served else float("nan")
        tallies.append(tally)
    await asyncio.gather(*(person.close() for person in crowd))
    return tallies


def be_quick() -> None:
    """Keep the collector of this process from adding to what others are measured by."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def load_name(people: int, rate: float) -> str:
    """How a load is called in a table."""
    return f"{rate:,.0f} turns/s, steady" if rate else f"{people} people at once"


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--url", help="of a server that runs already")
    arguments.add_argument("--people", type=int, default=256)
    arguments.add_argument("--rate", type=float, nargs="+", default=[0.0], help="turns a second; 0: closed loop")
    arguments.add_argument("--seconds", type=float, default=10.0)
    arguments.add_argument("--within", help="a folder on the disk to be measured; a temporary one otherwise")
    a = arguments.parse_args()
    be_quick()
    with nullcontext() if a.url else serving(a.within) as served:
        url = a.url or (served.url if served else "")
        tallies = uvloop.run(measure(url, a.people, a.seconds, a.rate, served))
        print(machine() + (f"; server: {served.memory_mb():.0f} MB afterwards" if served else "") + "\n")
    print(table(HEADS, [tally.row(load_name(a.people, rate)) for tally, rate in zip(tallies, a.rate, strict=True)]))
    for tally in tallies:
        for error in sorted(set(tally.wrong + tally.failed))[:5]:
            print(f"\n{error}")


if __name__ == "__main__":
    main()
