"""A server that is killed again and again while people talk and cases move: nothing is lost, nothing is doubled.

    python -m bench.kill --kills 100 --updates 20000

A Bot API server of this process brings updates to a real `vikno run` by webhook: each again until it is acknowledged, a
part of them twice, as Telegram does. It also refuses, breaks off and keeps silent at random. Meanwhile an authority's
system reports stages of cases that people follow. The server gets SIGKILL at random moments and is started anew.

At the end the record and what arrived are compared with what a person alone would have heard:

- each update has exactly one effect: the messages on record are those of the conversation played by the pure engine;
- each of them has arrived; one that arrived twice had no answer, or was on its way, when a process ended;
- each notice has arrived once, or is on record as unknown, replaced or failed, and has arrived at most once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bench.figures import machine, table
from bench.server import free_port
from vikno.api.keys import add_key
from vikno.bootstrap.worlds import load_worlds, now_ms
from vikno.domain.dialog.events import Said, Started
from vikno.domain.dialog.state import State
from vikno.domain.dialog.turn import take_turn
from vikno.domain.dialog.world import World
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.channel import decode_outbound
from vikno.usecases.follow_case import case_token, code_digest
from vikno.usecases.records import CaseGiven
from vikno.wire.vault import LocalVault, read_secret

TOKEN = "4839574812:AAFD39kkdpWt3ywyRZergyOLMaJhac60qc"
KEY = "5a" * 32
SERVICE, AUTHORITY = "example/fishing-permit", "example/waters"
WORDS = [
    "1", "2", "3", "33", "yes", "no", "back", "start over", "change 1", "why", "help", "services", "river", "group",
    "fishing", "10", "go on", "1, 2", "library", "українська", "english", "😀", "<b>", "almost 14",
]  # fmt: skip
NIGHT, NO_NIGHT = 'quiet: {from: "21:00", to: "08:00"}', 'quiet: {from: "03:00", to: "03:01"}'
"""Notices are not kept for the morning, whatever the hour of the run."""
FOLLOWERS = 200
STAGES_AT_ONCE = 4
WAIT, PATIENCE_S = 0.8, 3.0
"""The share of turns after which a person waits for the answer, and how long."""


@dataclass
class Api:
    """The Bot API of this process: takes messages, and refuses some."""

    dice: random.Random
    arrived: defaultdict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    faults: Counter[str] = field(default_factory=Counter)
    silent: Counter[int] = field(default_factory=Counter)
    """Chat -> messages that were taken, and nobody heard of it."""
    peace: bool = False
    webhook: str = ""

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        method = request.path.rpartition("/")[2]
        if method == "setWebhook":
            self.webhook = (await request.json())["url"]
        if method != "sendMessage":
            result: Any = (
                {"id": 1, "is_bot": True, "first_name": "V", "username": "v_bot"} if method == "getMe" else True
            )
            if method == "getWebhookInfo":
                result = {"url": self.webhook, "has_custom_certificate": False, "pending_update_count": 0}
            return web.json_response({"ok": True, "result": result})
        said = await request.json()
        lot = 1.0 if self.peace else self.dice.random()
        if lot < 0.001:
            return self._refused(429, "Too Many Requests: retry after 1", {"retry_after": 1})
        if lot < 0.006:
            return self._refused(502, "Bad Gateway")
        chat = int(said["chat_id"])
        self.arrived[chat].append(str(said["text"]))
        if lot < 0.012:
            self.silent[chat] += 1
            if request.transport is not None:
                request.transport.close()
        number = sum(map(len, self.arrived.values()))
        return web.json_response({"ok": True, "result": {"message_id": number, "date": 0, "chat": {"id": 1}}})

    def _refused(self, status: int, description: str, parameters: Any = None) -> web.Response:
        self.faults[str(status)] += 1
        body = {"ok": False, "error_code": status, "description": description}
        return web.json_response(body | ({"parameters": parameters} if parameters else {}), status=status)


@dataclass
class Server:
    """`vikno run`, which lives until it is killed."""

    port: int
    folder: Path
    api: str
    rate: float = 100_000
    process: asyncio.subprocess.Process | None = None
    starts: int = 0

    async def start(self) -> None:
        env = {name: value for name, value in os.environ.items() if not name.startswith("VIKNO_")}
        env |= {
            "VIKNO_TELEGRAM_TOKEN": TOKEN, "VIKNO_TELEGRAM_API": self.api, "VIKNO_KEY": KEY,
            "VIKNO_TELEGRAM_RATE": str(self.rate), "VIKNO_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
        }  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                str(Path(sys.executable).parent / "vikno"), "run", "--port", str(self.port),
                "--store", f"sqlite:///{self.folder}/vikno.db",
                "--countries", str(self.folder / "countries" / "example"),
                env=env, stderr=log, stdout=log,
            )  # fmt: skip
        self.starts += 1

    async def answers(self) -> None:
        """Until it answers."""
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return

    async def end(self, how: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        await self.process.wait()


@dataclass
class Play:
    """The whole run, and what it came to."""

    kills: int
    updates: int
    seed: int
    folder: Path
    people: int = 64
    api: Api = field(init=False)
    server: Server = field(init=False)
    share: float = 0.0
    """Of all updates: so many may have been brought by now."""
    wrong: list[str] = field(default_factory=list)
    brought: Counter[str] = field(default_factory=Counter)
    said: dict[int, list[str]] = field(default_factory=dict)
    doubled: int = 0
    unknown: int = 0
    sent: int = 0
    replaced: int = 0

    def __post_init__(self) -> None:
        self.share = 0.0 if self.kills else 1.0
        self.dice = random.Random(self.seed)  # noqa: S311 - a die, not a secret
        self.api = Api(random.Random(self.seed + 1))  # noqa: S311 - the same
        self.vault = LocalVault(read_secret(KEY))

    @property
    def secret(self) -> str:
        return self.vault.digest("webhook secret", "telegram/main")

    async def run(self) -> None:
        runner = web.ServerRunner(web.Server(self.api.answer))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.server = Server(free_port(), self.folder, f"http://127.0.0.1:{runner.addresses[0][1]}")
        key, cases = await self._prepare()
        try:
            await self.server.start()
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as client:
                await self._follow(client, cases)
                done = asyncio.Event()
                killing = asyncio.create_task(self._kill(done))
                staging = asyncio.create_task(self._stages(client, key, cases, done))
                await self._talk(client)
                done.set()
                await asyncio.gather(killing, staging)
                self.api.peace = True
                await self._settle()
            await self.server.end(signal.SIGTERM)
        finally:
            if self.server.process is not None and self.server.process.returncode is None:
                self.server.process.kill()
            await runner.cleanup()
        await self._compare(cases)

    # ---- what happens ----

    async def _prepare(self) -> tuple[str, dict[int, int]]:
        """Cases on record, and a key for the authority's system. Case id -> the chat that will follow it."""
        countries = self.folder / "countries"
        shutil.copytree(Path("countries"), countries)
        file = countries / "example" / "country.yaml"
        written = file.read_text("utf-8")
        assert NIGHT in written
        file.write_text(written.replace(NIGHT, NO_NIGHT), "utf-8")
        store = SqliteStore(f"sqlite:///{self.folder}/vikno.db", now_ms)
        given = [
            CaseGiven(AUTHORITY, f"K-{n}", SERVICE, code_digest(self.vault, AUTHORITY, f"K-{n}", "CODE"), opened_ms=1)
            for n in range(FOLLOWERS)
        ]
        await store.put(given, now_ms())
        cases = {}
        for n in range(FOLLOWERS):
            case = await store.case(AUTHORITY, f"K-{n}")
            assert case is not None
            cases[case.id] = 900_000 + n
        key = await add_key(store, self.vault, AUTHORITY, "kill", "s" * 43, now_ms())
        await store.close()
        return key, cases

    async def _bring(self, client: aiohttp.ClientSession, update: dict[str, Any]) -> None:
        """As Telegram does: again until it is acknowledged."""
        url = f"http://127.0.0.1:{self.server.port}/hooks/telegram/main"
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret}
        while True:
            try:
                async with client.post(url, json=update, headers=headers) as answer:
                    await answer.read()
                    self.brought[str(answer.status)] += 1
                    if answer.status == 200:
                        return
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                self.brought[type(error).__name__] += 1
            await asyncio.sleep(0.05)

    def _update(self, number: int, chat: int, text: str) -> dict[str, Any]:
        user = {"id": chat, "is_bot": False, "first_name": "P", "language_code": "en"}
        chat_ = {"id": chat, "type": "private", "first_name": "P"}
        return {
            "update_id": number,
            "message": {"message_id": number, "date": int(time.time()), "chat": chat_, "from": user, "text": text},
        }

    async def _follow(self, client: aiohttp.ClientSession, cases: dict[int, int]) -> None:
        for number, (case, chat) in enumerate(cases.items()):
            await self._bring(client, self._update(number, chat, f"/start {case_token(self.vault, case)}"))

    async def _talk(self, client: aiohttp.ClientSession) -> None:
        """People of different chats at once, each in order; a tenth of the updates come twice, some much later.

        Most wait for the answer before they write on; the others do not.
        """
        world = load_worlds().now()
        numbers = iter(range(10_000, 10_000_000))
        left = [self.updates]

        async def person(chat: int) -> None:
            dice, told = random.Random(self.seed * 1000 + chat), self.said.setdefault(chat, [])  # noqa: S311
            old: list[dict[str, Any]] = []
            state, heard = None, 0
            while left[0] > 0:
                while self.updates - left[0] >= self.updates * self.share:  # noqa: ASYNC110 - until the next kill
                    await asyncio.sleep(0.02)
                left[0] -= 1
                text = dice.choice(WORDS) if told else f"/start {dice.choice(['', 'nobody'])}".strip()
                told.append(text)
                update = self._update(next(numbers), chat, text)
                await self._bring(client, update)
                old.append(update)
                if dice.random() < 0.1:
                    await self._bring(client, dice.choice(old[-5:]))
                    self.brought["twice"] += 1
                state, answer = said_to(state, text, world)
                heard += len(answer)
                if dice.random() < WAIT:
                    await self._hears(chat, heard)

        await asyncio.gather(*(person(1000 + n) for n in range(self.people)))

    async def _hears(self, chat: int, messages: int) -> None:
        """Until as many have arrived, or patience ends."""
        until_s = time.monotonic() + PATIENCE_S
        while len(self.api.arrived[chat]) < messages and time.monotonic() < until_s:  # noqa: ASYNC110 - bounded
            await asyncio.sleep(0.005)

    async def _kill(self, done: asyncio.Event) -> None:
        """At random moments while people talk; now and then before it has even begun to answer.

        The updates are shared out over the kills, so that there is always somebody talking.
        """
        for number in range(self.kills):
            self.share = (number + 1) / (self.kills + 1)
            if self.dice.random() < 0.9:
                await self.server.answers()
                await asyncio.sleep(self.dice.uniform(0.02, 0.6))
            else:
                await asyncio.sleep(self.dice.uniform(0.02, 1.5))
            self.brought["killed while people talk"] += not done.is_set()
            await self.server.end(signal.SIGKILL)
            await self.server.start()
        self.share = 1.0

    async def _stages(
        self, client: aiohttp.ClientSession, key: str, cases: dict[int, int], done: asyncio.Event
    ) -> None:
        """The authority's system reports the stages of all cases, one after the other, shared out over the run."""
        worlds = load_worlds()
        stages = [name for name, stage in worlds.processes[SERVICE].stages.items() if not stage.final][:3]
        url = f"http://127.0.0.1:{self.server.port}/api/stages"
        reports = [(stage, n) for stage in stages for n in range(len(cases))]
        for start in range(0, len(reports), STAGES_AT_ONCE):
            while start > len(reports) * self.share and not done.is_set():  # noqa: ASYNC110 - until the next kill
                await asyncio.sleep(0.02)
            rows = [
                {"number": f"K-{n}", "event": f"{stage}-{n}", "stage": stage, "at": _iso()}
                for stage, n in reports[start : start + STAGES_AT_ONCE]
            ]
            while True:
                try:
                    async with client.post(
                        url, json={"stages": rows}, headers={"Authorization": f"Bearer {key}"}
                    ) as answer:
                        body = await answer.text()
                        if answer.status == 200:
                            break
                        if answer.status not in (429, 500, 503):
                            self.wrong.append(f"the API answers {answer.status}: {body[:200]}")
                            return
                except (aiohttp.ClientError, TimeoutError, OSError):
                    pass
                await asyncio.sleep(0.05)

    async def _settle(self) -> None:
        """Until nothing more arrives."""
        seen, quiet = -1, 0
        while quiet < 6:
            await asyncio.sleep(0.5)
            now = sum(map(len, self.api.arrived.values()))
            quiet, seen = (quiet + 1, now) if now == seen else (0, now)

    # ---- what came of it ----

    async def _compare(self, cases: dict[int, int]) -> None:
        world = load_worlds().now()
        store = SqliteStore(f"sqlite:///{self.folder}/vikno.db", now_ms)
        for chat, texts in self.said.items():
            name = self.vault.name("telegram/main", str(chat))
            kept = [decode_outbound(effect.payload).text for effect in await store.since(name, 0, 100_000)]
            expected = played(world, texts)
            if kept != expected:
                at = next((n for n, pair in enumerate(zip(kept, expected, strict=False)) if pair[0] != pair[1]), -1)
                self.wrong.append(f"chat {chat}: {len(kept)} on record, {len(expected)} expected, first at {at}")
            self._arrivals(chat, expected)
        for case, chat in cases.items():
            name = self.vault.name("telegram/main", str(chat))
            for notice in await store.inbox(name, None, 100):
                text = decode_outbound(notice.payload).text
                times = sum(_says(arrived, text) for arrived in self.api.arrived[chat])
                self.sent += notice.status == "sent"
                self.unknown += notice.status == "unknown"
                self.replaced += notice.status == "replaced"
                fits = times == 1 if notice.status == "sent" else times <= 1
                if not fits or notice.status in ("created", "sending", "temporary-failure"):
                    self.wrong.append(f"case {case}: a notice is {notice.status} and arrived {times} times")
        await store.close()

    def _arrivals(self, chat: int, expected: list[str]) -> None:
        """Every expected message has arrived, in order, and was repeated once for each kill and silence at most."""
        arrived, at, repeated = self.api.arrived[chat], 0, 0
        for text in arrived:
            if at < len(expected) and _says(text, expected[at]):
                at += 1
                continue
            if at and _says(text, expected[at - 1]):
                repeated += 1
            else:
                known = text in expected
                self.wrong.append(f"chat {chat}: {'out of order' if known else 'never said'}: {text[:60]!r}")
                return
        self.doubled += repeated
        if repeated > self.kills + self.api.silent[chat]:
            self.wrong.append(f"chat {chat}: {repeated} messages repeated, with {self.api.silent[chat]} silences")
        if at != len(expected):
            self.wrong.append(f"chat {chat}: {len(expected) - at} messages never arrived")


def _says(arrived: str, said: str) -> bool:
    return arrived == said or arrived.startswith(f"{said}\n\n")


def played(world: World, texts: list[str]) -> list[str]:
    """What the pure engine says to these texts."""
    state: State | None = None
    out: list[str] = []
    for text in texts:
        state, messages = said_to(state, text, world)
        out += messages
    return out


def said_to(state: State | None, text: str, world: World) -> tuple[State, list[str]]:
    """What the pure engine says to this text."""
    event = Started(None) if text.startswith("/start") else Said(text)
    state, messages = take_turn(state or State("en"), event, world)
    return state, [message.text for message in messages]


def _iso() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def main() -> None:
    """Print the table; exit code 1 if anything was wrong."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--kills", type=int, default=100)
    arguments.add_argument("--updates", type=int, default=20_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--within", help="a folder on the disk to be used; a temporary one otherwise")
    a = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="vikno-kill-", dir=a.within) as folder:
        play = Play(a.kills, a.updates, a.seed, Path(folder))
        began = time.perf_counter()
        asyncio.run(play.run())
        took_s = time.perf_counter() - began
    print(machine() + "\n")
    heads = ["kills", "updates", "brought twice", "refused, broken, silent", "messages repeated",
             "notices sent / unknown / replaced", "wrong", "s"]  # fmt: skip
    faults = ", ".join(map(str, (play.api.faults["429"], play.api.faults["502"], play.api.silent.total())))
    row = [
        str(play.server.starts - 1), f"{a.updates:,}", f"{play.brought['twice']:,}", faults, str(play.doubled),
        f"{play.sent} / {play.unknown} / {play.replaced}", str(len(play.wrong)), f"{took_s:.0f}",
    ]  # fmt: skip
    print(table(heads, [row]))
    for line in play.wrong:
        print(line)
    print(json.dumps(play.brought), file=sys.stderr)
    sys.exit(1 if play.wrong else 0)


if __name__ == "__main__":
    main()
