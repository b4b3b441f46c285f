"""A campaign of a million: read from CSV, decided by the rules of every country, planned, queued; beside Celery.

    python -m bench.campaign
    python -m bench.campaign --rows 100000 --peer 20000

People in Ukraine who were never written to, by telephone, each with values of their own; a store in a file, with fsync
on. Everything that a server does for a campaign is done by a process that does nothing else. Then Celery with Redis
does one task per recipient that does nothing (`bench.peers.celery_noop`), from the first call until the last is done.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import apsw
import msgspec
import uvloop

from bench.figures import company, machine, table
from bench.server import free_port
from vikno.api.campaigns.table import Table, Wanted
from vikno.bootstrap.dispatching import Lands, make_dispatch
from vikno.bootstrap.settings import Settings
from vikno.bootstrap.web import make_web
from vikno.bootstrap.worlds import now_ms
from vikno.portal.server import server
from vikno.stores.sqlite import SqliteStore
from vikno.testing.sms import SmsGateway
from vikno.usecases.campaigns import CampaignGiven, CampaignKept, Terms, encode_terms
from vikno.usecases.channel import Capabilities
from vikno.usecases.organisations import OrganisationGiven, TemplateGiven, TemplateText, Words, encode_template
from vikno.usecases.preview_campaign import foreseen, preview_campaign
from vikno.usecases.read_audience import read_audience
from vikno.usecases.run_campaigns import Runner
from vikno.wire.vault import LocalVault

ACCOUNT = "sms/main"
KYIV = ZoneInfo("Europe/Kyiv")
RATE_PER_S = 100.0
SAID = "Шановна пані, шановний пане ((name))! Рейс ((flight)) до міста ((city)) вилітає о ((time))."
PLACES = ("name", "flight", "city", "time")
PIECE = 64 * 1024
MOST_S, MOST_MB = 60.0, 300.0
KEY = "00" * 32
DRAINED_S = 10.0
SETTLED_S = 3.0
"""What may go at once at the beginning is no pace."""
AHEAD_MS = int((datetime.now(KYIV).replace(hour=12, minute=0) - datetime.now(KYIV)).total_seconds() * 1000)


def noon_ms() -> int:
    """It is noon in Kyiv, whenever the bench runs: at night nothing would leave."""
    return now_ms() + AHEAD_MS


class Measured(msgspec.Struct):
    """What one run has come to. `held_ms`: the longest that the loop was held, while reading and planning."""

    rows: int
    read_s: float
    preview_s: float
    planned_s: float
    cpu_s: float
    peak_mb: float
    store_mb: float
    held_ms: float
    queued: int
    rules: int
    drained: dict[str, float] = {}
    """Messages a second that are allowed -> that left."""


async def people(rows: int) -> AsyncIterator[bytes]:
    """The file, as it comes over the network."""
    piece = "phone number,name,flight,city,time\n"
    for nth in range(rows):
        number = nth * 7_919 % 10_000_000 + 10_000_000 * (nth % 7)
        code = ("67", "50", "63", "68", "95", "93", "97")[number // 10_000_000]
        piece += (
            f"+380{code}{number % 10_000_000:07d},Особа {nth},PS {nth % 900 + 100},Львів,{nth % 24}:{nth % 60:02d}\n"
        )
        if len(piece) > PIECE:
            yield piece.encode()
            piece = ""
    yield piece.encode()


async def run(folder: Path, rows: int) -> Measured:
    """Do it, in this process."""
    lands = Lands.read([])
    store, vault = SqliteStore(f"sqlite:///{folder}/campaign.db", noon_ms), LocalVault(bytes(32))
    accounts = {ACCOUNT: Capabilities(receipts=True, rate_per_s=RATE_PER_S, chat_gap_s=1.0)}
    dispatch = make_dispatch(lands, store, vault, noon_ms, accounts, home="ua")
    campaign = await _campaign(store)
    rendering = await dispatch.rendering(campaign.template)
    organisation = await store.organisation(campaign.organisation)
    assert rendering is not None
    assert organisation is not None
    gc.collect()
    gc.freeze()  # as the server does
    holding = _Holding()
    watched = asyncio.create_task(holding.watch())
    began = time.perf_counter()
    audience = Table(people(rows), Wanted(PLACES, "ua"))
    await audience.begin()
    ready = await read_audience(store, vault, campaign.id, PLACES, audience.slices(), noon_ms, per_day=rows)
    read_s = time.perf_counter() - began
    began = time.perf_counter()
    preview = await preview_campaign(dispatch, store, organisation, ready, rendering, sampled=True)
    preview_s = time.perf_counter() - began
    assert foreseen(preview, ready, dispatch.judge).channels[0].count == ready.rows
    runner = Runner(dispatch, store)
    began, cpu_s = time.perf_counter(), time.process_time()
    await store.change_campaign(ready.id, ("ready",), "running", noon_ms())
    while (kept := await _now(store, ready.id)).cursor < kept.chunks:
        await runner.round()
    planned_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu_s
    watched.cancel()
    await store.close()
    size_mb = _size_mb(folder)
    queued = _queued(folder / "campaign.db")
    return Measured(
        ready.rows, read_s, preview_s, planned_s, cpu_s, _peak_mb(), size_mb, holding.longest_s * 1000, queued,
        len(lands.rules),
    )  # fmt: skip


async def drained(folder: Path, rate: float, seconds: float) -> float:
    """Messages a second that arrive at a gateway from the server with this store, told to send so many."""
    port = free_port()
    async with SmsGateway() as gateway:
        given = {
            "VIKNO_KEY": KEY, "VIKNO_SMS_URL": gateway.url, "VIKNO_SMS_NUMBER": "1515", "VIKNO_SMS_RATE": f"{rate:g}",
        }  # fmt: skip
        web = make_web(
            store=f"sqlite:///{folder}/campaign.db",
            settings=Settings(f"http://127.0.0.1:{port}", given),
            clock=noon_ms,
        )
        served = server(web.app, "127.0.0.1", port, web.stopping, web.quick)
        running = asyncio.create_task(served.serve())
        while not gateway.phones and not running.done():  # noqa: ASYNC110 - arrivals set no event
            await asyncio.sleep(0.05)
        await asyncio.sleep(SETTLED_S)
        began, before = time.perf_counter(), len(gateway.phones)
        await asyncio.sleep(seconds)
        reached = (len(gateway.phones) - before) / (time.perf_counter() - began)
        served.should_exit = True
        await running
    return reached


async def _campaign(store: SqliteStore) -> CampaignKept:
    given = OrganisationGiven("sky", "Небо", "airline", "ua", "ua", per_day=100_000_000)
    made = await store.put_organisation(given, noon_ms())
    await store.review_organisation(made.id, "approved", "bench", "")
    text = encode_template(TemplateText({"uk": {"": Words(SAID)}}, "uk"))
    template = await store.put_template(
        TemplateGiven(made.id, "delay", "Delay", "message", "service", text, "bench"), noon_ms()
    )
    await store.review_template(template.row, "approved", "bench", "", noon_ms())
    terms = encode_terms(Terms())
    return await store.make_campaign(
        CampaignGiven(made.id, template.row, "Delay", "", "live", "file", terms), noon_ms()
    )


async def _now(store: SqliteStore, campaign: int) -> CampaignKept:
    kept = await store.campaign(campaign)
    assert kept is not None
    return kept


def _size_mb(folder: Path) -> float:
    return sum(one.stat().st_size for one in folder.iterdir()) / 1e6


def _queued(file: Path) -> int:
    """What waits on record, counted by SQLite alone: each notification has one notice, and each person one."""
    counted = (
        "SELECT count(*), count(DISTINCT notification), count(DISTINCT address) FROM notice WHERE status = 'created'"
    )
    connection = apsw.Connection(str(file), apsw.SQLITE_OPEN_READONLY)
    ((notices, notifications, addresses),) = connection.execute(counted).fetchall()
    connection.close()
    assert notices == notifications == addresses, (notices, notifications, addresses)
    return int(str(notices))


@dataclass
class _Holding:
    """How long the loop was held."""

    longest_s: float = 0.0

    async def watch(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            self.longest_s = max(self.longest_s, now - last - 0.001)
            last = now


def _peak_mb() -> float:
    """The most memory that this process ever had, by the kernel's count."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("utf-8"))
    assert found is not None
    return int(found[1]) / 1024


def measured(rows: int, rates: Sequence[float] = (), within: str | None = None) -> Measured:
    """In a process of its own, so that its memory is its own; so is the server that sends."""
    with tempfile.TemporaryDirectory(prefix="vikno-campaign-", dir=within) as folder:
        found = msgspec.json.decode(_itself(folder, "--rows", str(rows)), type=Measured)
        found.drained = {f"{rate:g}": float(_itself(folder, "--drain", str(rate))) for rate in rates}
        return found


def _itself(folder: str, *more: str) -> bytes:
    command = [sys.executable, "-m", "bench.campaign", "--one", folder, *more]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def peer(tasks: int) -> dict[str, float]:
    """Tasks a second of Celery with Redis, by its pools."""
    command = shutil.which("redis-server")
    if command is None:
        raise SystemExit("Celery keeps its tasks in Redis: install the package redis-server.")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="vikno-celery-") as folder:
        kept = subprocess.Popen(
            [command, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            time.sleep(1)
            url = f"redis://127.0.0.1:{port}/1"
            module = [sys.executable, "-m", "bench.peers.celery_noop", "--redis", url, "--tasks", str(tasks)]
            done = subprocess.run(module, stdout=subprocess.PIPE, check=True, text=True)
        finally:
            kept.terminate()
            kept.wait()
    return {pool: float(rate) for pool, rate in (line.split() for line in done.stdout.splitlines())}


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--peer", type=int, default=50_000, help="tasks for Celery; 0: without it")
    arguments.add_argument("--within", help="a folder on the disk that is meant")
    arguments.add_argument("--rates", type=float, nargs="*", default=[100.0, 500.0], help="ceilings to send at")
    arguments.add_argument("--one", help=argparse.SUPPRESS)
    arguments.add_argument("--drain", type=float, help=argparse.SUPPRESS)
    a = arguments.parse_args()
    if a.one is not None and a.drain is not None:
        print(uvloop.run(drained(Path(a.one), a.drain, DRAINED_S)))
        return
    if a.one is not None:
        print(msgspec.json.encode(uvloop.run(run(Path(a.one), a.rows))).decode())
        return
    others = company()
    found = measured(a.rows, a.rates, a.within)
    print(f"{machine()}\n{others}\n")
    rows = rows_of(found)
    rate = found.rows / found.planned_s
    for pool, tasks in (peer(a.peer) if a.peer else {}).items():
        rows.append((f"Celery with Redis, {pool}", f"{tasks:,.0f} tasks a second: {rate / tasks:.1f} times as fast"))
    print(table(["what", "measured"], rows))


def rows_of(found: Measured) -> list[tuple[str, str]]:
    """What is told of a run."""
    rate, cpu_us = found.rows / found.planned_s, found.cpu_s / found.rows * 1e6
    return [
        ("recipients, each queued once", f"{found.queued:,} of {found.rows:,}"),
        ("read from CSV, checked, sealed", f"{found.read_s:.1f} s ({found.rows / found.read_s:,.0f} a second)"),
        ("an estimate from five chunks", f"{found.preview_s * 1000:.0f} ms"),
        (
            "decided, planned, queued",
            f"{found.planned_s:.1f} s ({rate:,.0f} a second; {found.rules} rules; {cpu_us:.0f} µs of CPU each)",
        ),
        ("the most memory of the process", f"{found.peak_mb:.0f} MB"),
        ("the loop was held for", f"at most {found.held_ms:.0f} ms"),
        ("the store", f"{found.store_mb:,.0f} MB"),
        *(
            (f"leave at a gateway, {rate} a second allowed", f"{left:,.1f} a second")
            for rate, left in found.drained.items()
        ),
    ]


if __name__ == "__main__":
    main()
