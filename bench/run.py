"""Everything that is measured, as one Markdown table with what it must reach: `make bench`, or `python -m bench`.

python -m bench --quick      seconds instead of minutes, for a first look
python -m bench --only chat  what has “chat” in its name
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import ParamSpec, TypeVar

import uvloop

from bench import bot, campaign, chat, commands, disk, engine, posts, store
from bench.figures import company, latencies, machine, milliseconds, percentile, table
from bench.server import serving

P = ParamSpec("P")
T = TypeVar("T")

PEOPLE = 256
STEADY = 1000.0


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    what: str
    measured: str
    must: str = ""
    reached: bool | None = None
    how: str = ""

    def row(self) -> tuple[str, ...]:
        """As cells."""
        verdict = {True: "yes", False: "**no**", None: ""}[self.reached]
        return self.what, self.measured, self.must, verdict, f"`{self.how}`"


def on_one_core(work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """Do it in a new process that has one core."""
    core = sorted(os.sched_getaffinity(0))[:1]
    with ProcessPoolExecutor(1, get_context("spawn"), os.sched_setaffinity, (0, core)) as process:
        return process.submit(work, *given, **named).result()


def below(what: str, value: float, most: float, unit: str, note: str, how: str) -> Figure:
    """A figure that must stay below something."""
    digits = 0 if most >= 10 and unit != "s" else 2
    measured = f"{value:.{digits}f} {unit}" + (f" ({note})" if note else "")
    return Figure(what, measured, f"under {most:g} {unit}", value < most, how)


def command_figures(_: float) -> Iterator[Figure]:
    """The commands."""
    took_s, proved = commands.check_s(Path("countries/ua"))
    yield below("check of the whole country", took_s, 5, "s", proved, "vikno check countries/ua")
    took_s, proved = commands.generated_check_s()
    yield below("check of 40 facts and 200 items", took_s, 10, "s", proved, "python -m bench.commands")
    yield below("talk: first question", commands.talk_start_s(), 0.7, "s", "", "vikno talk ua/foreign-passport")
    start_s, memory_mb = commands.server_start()
    yield below("server: first answer", start_s, 1.5, "s", "", "vikno run")
    yield below("server: memory", memory_mb, 120, "MB", "", "vikno run")


def engine_figures(_: float) -> Iterator[Figure]:
    """The dialogue engine and the rules, in a process of their own that has one core."""
    limits = {"pure turn": 50.0, "evaluation": 200.0}
    for name, found in on_one_core(engine.measure).items():
        how, note = "python -m bench.engine", f"p99 {found.p99_us:.0f}, {found.tried} different ones"
        most = next((limit for start, limit in limits.items() if name.startswith(start)), None)
        if most is None:
            yield Figure(name, f"{found.median_us:.0f} µs ({note})", how=how)
        else:
            yield below(name, found.median_us, most, "µs", f"median; {note}", how)


def store_figures(seconds: float) -> Iterator[Figure]:
    """The store alone, with a step of 5 µs, on one core."""
    load = store.Load(PEOPLE, 5.0, seconds, 30, 400, 1, 300, "full")
    for people in (1, PEOPLE):
        found = on_one_core(store.run, replace(load, people=people))
        waits = f"{found.turns_per_s:,.0f} turns/s; {latencies(found.waits_s)} ms"
        how = f"python -m bench.store --people {people} --step-us 5"
        if people == 1:
            yield Figure("store alone, one at a time", waits, how=how)
        else:
            p99_s = percentile(sorted(found.waits_s), 0.99)
            good = found.turns_per_s >= 15_000 and p99_s < 0.04
            yield Figure(f"store alone, {people} at once", waits, "15,000 turns/s, p99 under 40 ms", good, how)


def chat_figures(seconds: float) -> Iterator[Figure]:
    """The chat over HTTP, all of it: another process sends, the server has a real store with fsync."""
    chat.be_quick()
    alone = f"{latencies(disk.waits_s(seconds, STEADY))} ms"
    yield Figure(f"the disk alone, {STEADY:,.0f} blocks/s, just before", alone, how="python -m bench.disk")
    with serving() as served:
        rates = [0.0, STEADY]
        tallies = uvloop.run(chat.measure(served.url, PEOPLE, seconds, rates, served))
        memory_mb = served.memory_mb()
    for rate, tally in zip(rates, tallies, strict=True):
        p99_s = percentile(sorted(tally.waits_s), 0.99)
        clean = not tally.wrong and not tally.failed
        measured = (
            f"{tally.turns_per_s:,.0f} turns/s, p99 {milliseconds(p99_s)} ms; {latencies(tally.waits_s)} ms; "
            f"{len(tally.wrong)} wrong, {len(tally.failed)} failed"
        )
        if rate:
            must, good = "p99 under 15 ms, none wrong", clean and p99_s < 0.015
        else:
            must, good = (
                "4,000 turns/s, p99 under 80 ms, none wrong",
                clean and (tally.turns_per_s >= 4000 and p99_s < 0.08),
            )
        how = f"python -m bench.chat --rate {rate:g}"
        yield Figure(f"chat over HTTP, {chat.load_name(PEOPLE, rate)}", measured, must, good, how)
    yield below("server: memory after all that", memory_mb, 120, "MB", "", "python -m bench.chat")


def bot_figures(seconds: float) -> Iterator[Figure]:
    """The bot over webhooks and the platforms' APIs, beside one made with aiogram that answers the same."""
    chat.be_quick()
    bot.on_two_cores()
    measured = list(bot.all_measured(["telegram", "viber", "aiogram"], PEOPLE, seconds, [0.0, STEADY]))
    times = bot.times_aiogram(measured)
    for one in measured:
        tally, most = one.tally, bot.MORE_THAN_AIOGRAM
        p99_s = percentile(sorted(tally.waits_s), 0.99)
        clean = not tally.wrong and not tally.failed
        seen = (
            f"{tally.turns_per_s:,.0f} turns/s; {latencies(tally.waits_s)} ms; "
            f"{tally.cpu_s / max(len(tally.waits_s), 1) * 1e6:.0f} µs of CPU a turn; "
            f"{len(tally.wrong)} wrong, {len(tally.failed)} failed"
        )
        must, good = "", None
        if one.rate:
            must, good = "p99 under 25 ms, none wrong", clean and p99_s < 0.025
        elif one.name in times:
            seen += f"; {times[one.name]:.1f} times aiogram"
            must = f"2,500 turns/s, {most:g} times aiogram, none wrong"
            good = clean and tally.turns_per_s >= 2500 and times[one.name] >= most
        load = chat.load_name(PEOPLE, one.rate)
        yield Figure(f"{one.name}, {load}", seen, must, good, f"python -m bench.bot --rate {one.rate:g}")


def post_figures(seconds: float) -> Iterator[Figure]:
    """Text messages by GOV.UK Notify's API: as fast as they are taken, and at the rate that must be held."""
    chat.be_quick()
    tallies, _ = posts.measured(64, seconds, [0.0, posts.STEADY])
    for rate, tally in zip((0.0, posts.STEADY), tallies, strict=True):
        p99_s = percentile(sorted(tally.waits_s), 0.99)
        clean = not tally.wrong and not tally.failed
        seen = (
            f"{tally.turns_per_s:,.0f} accepted/s; {latencies(tally.waits_s)} ms; "
            f"{len(tally.wrong)} wrong, {len(tally.failed)} failed"
        )
        least = posts.STEADY if not rate else 0.97 * posts.STEADY
        good = clean and tally.turns_per_s >= least and p99_s < posts.P99_S
        load = f"{rate:,.0f} a second, steady" if rate else "64 connections at once"
        must = f"{posts.STEADY:,.0f} accepted/s, p99 under {posts.P99_S * 1000:.0f} ms, none wrong"
        yield Figure(f"POST /v2/notifications/sms, {load}", seen, must, good, f"python -m bench.posts --rate {rate:g}")


def campaign_figures(seconds: float) -> Iterator[Figure]:
    """A campaign: a million in the long run, a part of it in the quick one; beside it Celery with Redis."""
    how, rows = "python -m bench.campaign", 1_000_000 if seconds >= 10 else 100_000
    found = campaign.measured(rows, [500.0])
    if not found.queued == found.rows == rows:
        raise AssertionError(f"of {rows:,} rows {found.rows:,} were read and {found.queued:,} queued")
    most_s = campaign.MOST_S * rows / 1_000_000
    note = f"{found.rules} rules; {found.queued:,} queued, each once; read before in {found.read_s:.0f} s"
    yield below(f"campaign of {rows:,}: decided, planned, queued", found.planned_s, most_s, "s", note, how)
    yield below("campaign: memory", found.peak_mb, campaign.MOST_MB, "MB", "", how)
    for rate, left in found.drained.items():
        least = 0.95 * float(rate)
        yield Figure(
            f"campaign: leaves, {rate} a second allowed",
            f"{left:,.1f} a second",
            f"{least:,.0f} a second",
            left >= least,
            how,
        )
    pool, best = max(campaign.peer(20_000 if seconds >= 10 else 5_000).items(), key=lambda one: one[1])
    times = found.rows / found.planned_s / best
    yield Figure("campaign: beside Celery with Redis", f"{best:,.0f} tasks/s ({pool}); {times:.1f} times that", how=how)


PARTS: dict[str, Callable[[float], Iterator[Figure]]] = {
    "commands": command_figures,
    "engine": engine_figures,
    "store": store_figures,
    "chat": chat_figures,
    "bot": bot_figures,
    "posts": post_figures,
    "campaign": campaign_figures,
}


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    a = arguments.parse_args()
    figures: list[Figure] = []
    others = company()
    for name in a.only:
        print(f"measuring: {name} …", file=sys.stderr)
        try:
            figures += PARTS[name](2.0 if a.quick else 10.0)
        except (commands.Failed, OSError, SystemExit) as error:
            figures.append(Figure(name, " ".join(f"not measured: {error}".split()), reached=False))
    print(machine())
    print(f"{others} Latencies: p50 / p99 / p99.9 / the longest. `make bench` repeats it.\n")
    print(table(["what", "measured", "must reach", "reached", "command"], [figure.row() for figure in figures]))


if __name__ == "__main__":
    main()
