"""People talking to the bot by messenger, from outside: webhook in, answer out at the API, all of it durable.

    python -m bench.bot                            Telegram, Viber and aiogram one after the other, closed loop
    python -m bench.bot --only telegram viber      without the peer
    python -m bench.bot --rate 0 1000              then a turn due every millisecond, whoever is ready

This process is the people, the messenger and its API; the bot is another one, the real server with a store of its own.
A turn begins when the update is written to the webhook (in the open loop: when it was due) and ends when the last
message of its answer has arrived at the API. Every message is compared, byte by byte, with the one that the same turn
had when few were there. All of it gets two cores, whatever the machine has. The peer answers the same turns with the
same words: `bench/peers/aiogram_bot.py`, over a Redis that keeps nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import uvloop

from bench.chat import HEADS, Tally, be_quick, closed_loop, load_name, open_loop
from bench.choices import SCRIPTS, Choices
from bench.figures import company, machine, table
from bench.messengers import Guest, Messenger, Platform, Telegram, Viber, alike
from bench.server import PATIENCE_S, Served, free_port, serving
from vikno.domain.dialog.sheet import tag

PEOPLE = 256
CORES = 2
PUBLIC_URL = "https://vikno.example.org"
MORE_THAN_AIOGRAM = 5.0


@dataclass(frozen=True)
class Learnt:
    """One turn of a consultation: what a person does, as the messenger has it, and what the bot says, as it came."""

    answer: str
    does: bytes
    says: list[bytes]


Script = list[Learnt]


@dataclass(frozen=True)
class Contestant:
    """A bot that runs. `served`: its processes."""

    name: str
    platform: Platform
    port: int
    served: Sequence[Served]

    def cpu_s(self) -> float:
        """Processor time so far, all processes together."""
        return sum(one.cpu_s() for one in self.served)


# ---- what people do, and what they must hear ----


async def learnt(platform: Platform, choices: Choices) -> Script:
    """One consultation from the opening to its outcome."""
    messenger, chat, script, language = platform.messenger, platform.newcomer(), Script(), choices.language
    answer, does = f"/start {language}", messenger.opens(language)
    while True:
        says = await platform.learn(chat, does)
        script.append(Learnt(answer, does, says))
        buttons = messenger.buttons(says[-1])
        if len(script) == 1:
            pressed = next(one for one in buttons if one.id.endswith(f".{tag('s', choices.service)}"))
            answer, does = pressed.id, messenger.does("", pressed, language)
            continue
        ended = any(one.id.endswith(".nrestart") for one in buttons) and not any(b.style != "nav" for b in buttons)
        shown = [{"id": one.id, "style": one.style} for one in buttons]
        said = {"kind": "outcome" if ended else "question", "buttons": shown}
        choice = choices.next([msgspec.json.encode(said)])
        if choice is None:
            return script
        answer = choice.get("tap") or choice["text"]
        does = messenger.does(answer, next((one for one in buttons if one.id == answer), None), language)


def story(scripts: Sequence[Script], messenger: Telegram) -> bytes:
    """The consultations as a tree, for a bot that knows no services."""
    steps: list[dict[str, object]] = [{"says": [], "next": {}}]
    for script in scripts:
        at = 0
        for turn in script:
            following = steps[at]["next"]
            assert isinstance(following, dict)
            if turn.answer not in following:
                says = [dict(zip(("text", "markup"), messenger.said(one), strict=True)) for one in turn.says]
                steps.append({"says": says, "next": {}})
                following[turn.answer] = len(steps) - 1
            at = following[turn.answer]
    return msgspec.json.encode(steps)


# ---- the loads ----


async def measure(
    one: Contestant, people: int, seconds: float, rates: Sequence[float], same: Sequence[Script] | None = None
) -> tuple[list[Tally], list[Script]]:
    """Learn, warm up, then a closed loop where a rate is 0 and an open one where it is not.

    `same`: scripts of a bot that must have been answered alike.
    """
    platform = one.platform
    await platform.open(one.port)
    scripts = await asyncio.gather(*(learnt(platform, Choices(seed)) for seed in range(SCRIPTS)))
    if same is not None:
        _compared(platform.messenger, scripts, same)
    known = [[(turn.does, [alike(said) for said in turn.says]) for turn in script] for script in scripts]
    crowd = [Guest(platform, known[number % len(known)]) for number in range(people)]
    await closed_loop(crowd, min(2.0, seconds))
    tallies = []
    for rate in rates:
        cpu_s, surplus = one.cpu_s(), platform.surplus
        tally = await (open_loop(crowd, seconds, rate) if rate else closed_loop(crowd, seconds))
        tally.cpu_s = one.cpu_s() - cpu_s
        tally.wrong += ["a message nobody waited for"] * (platform.surplus - surplus)
        tallies.append(tally)
    await platform.close()
    return tallies, list(scripts)


def _compared(messenger: Messenger, scripts: Sequence[Script], same: Sequence[Script]) -> None:
    assert isinstance(messenger, Telegram)
    for script, other in zip(scripts, same, strict=True):
        said, must = ([[messenger.said(one) for one in turn.says] for turn in each] for each in (script, other))
        if said != must:
            raise SystemExit("The peer does not say the same, so there is nothing to compare.")


# ---- who is measured ----


def _door() -> socket.socket:
    """Where an API will be; what comes before it answers waits."""
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    door.listen(1024)
    return door


@contextmanager
def ours(messenger: Messenger, within: str | None = None) -> Iterator[Contestant]:
    """`vikno run` with one account of this messenger."""
    platform = Platform(messenger, _door())
    settings = {name: value.format(api=platform.api) for name, value in messenger.settings.items()}
    with serving(within, {"VIKNO_PUBLIC_URL": PUBLIC_URL, **settings}) as served:
        yield Contestant(f"vikno, {messenger.name}", platform, int(served.url.rpartition(":")[2]), [served])


@contextmanager
def aiogram(scripts: Sequence[Script]) -> Iterator[Contestant]:
    """aiogram with its state in a Redis of its own, which keeps nothing on disk."""
    messenger = Telegram()
    platform = Platform(messenger, _door())
    command = shutil.which("redis-server")
    if command is None:
        raise SystemExit("The peer's state is in Redis: install the package redis-server.")
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        redis_port, port = free_port(), free_port()
        redis = [command, "--port", str(redis_port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
        kept = stack.enter_context(_running([*redis, "--appendonly", "no"], redis_port))
        Path(folder, "story.json").write_bytes(story(scripts, messenger))
        peer = [sys.executable, "-m", "bench.peers.aiogram_bot", "--port", str(port), "--api", platform.api]
        given = ["--redis", f"redis://127.0.0.1:{redis_port}/0", "--story", f"{folder}/story.json"]
        bot = stack.enter_context(_running([*peer, *given]))
        yield Contestant("aiogram, Redis, Telegram", platform, port, [bot, kept])


@contextmanager
def _running(command: Sequence[str], port: int = 0) -> Iterator[Served]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while port and process.poll() is None and not _listens(port):
            time.sleep(0.02)
        yield Served("", process.pid, 0.0)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _listens(port: int) -> bool:
    with socket.socket() as line:
        return not line.connect_ex(("127.0.0.1", port))


def on_two_cores() -> None:
    """This process and all that it starts."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])


@dataclass(frozen=True)
class Measured:
    """One load on one bot."""

    name: str
    rate: float
    tally: Tally


def all_measured(
    only: Sequence[str], people: int, seconds: float, rates: Sequence[float], within: str | None = None
) -> Iterator[Measured]:
    """One bot after the other. The peer has the closed loop only: the steady one would just show that it is full."""
    scripts: list[Script] = []
    makes: dict[str, Callable[[], Messenger]] = {"telegram": Telegram, "viber": Viber}
    for kind, make in makes.items():
        if kind in only:
            with ours(make(), within) as one:
                tallies, found = uvloop.run(measure(one, people, seconds, rates))
            scripts = found if kind == "telegram" else scripts
            yield from (Measured(one.name, rate, tally) for rate, tally in zip(rates, tallies, strict=True))
    if "aiogram" in only:
        if not scripts:
            with ours(Telegram()) as one:
                scripts = uvloop.run(measure(one, 1, 0.0, []))[1]
        with aiogram(scripts) as one:
            tallies, _ = uvloop.run(measure(one, people, seconds, [0.0], scripts))
        yield Measured(one.name, 0.0, tallies[0])


def times_aiogram(measured: Sequence[Measured]) -> dict[str, float]:
    """How many times as many turns each of ours has held as the peer, in the closed loop of the same run."""
    rates = {one.name: one.tally.turns_per_s for one in measured if not one.rate}
    peer = next((rate for name, rate in rates.items() if name.startswith("aiogram")), 0.0)
    return {name: rate / peer for name, rate in rates.items() if peer and not name.startswith("aiogram")}


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--only", choices=["telegram", "viber", "aiogram"], nargs="+")
    arguments.add_argument("--people", type=int, default=PEOPLE)
    arguments.add_argument("--rate", type=float, nargs="+", default=[0.0], help="turns a second; 0: closed loop")
    arguments.add_argument("--seconds", type=float, default=10.0)
    arguments.add_argument("--within", help="a folder on the disk to be measured; a temporary one otherwise")
    a = arguments.parse_args()
    be_quick()
    on_two_cores()
    others = company()
    measured = list(all_measured(a.only or ["telegram", "viber", "aiogram"], a.people, a.seconds, a.rate, a.within))
    print(f"{machine()}. {others}\n")
    print(table(["bot", *HEADS], [(one.name, *one.tally.row(load_name(a.people, one.rate))) for one in measured]))
    for name, times in times_aiogram(measured).items():
        print(f"\n{name}: {times:.1f} times aiogram's turns")
    for one in measured:
        for error in sorted(set(one.tally.wrong + one.tally.failed))[:5]:
            print(f"\n{one.name}: {error}")


if __name__ == "__main__":
    main()
