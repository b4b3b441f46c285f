"""Organisations' systems that send text messages by GOV.UK Notify's API, as fast as they are taken.

    python -m bench.posts                   closed loop: 64 connections, each sends when it has an answer
    python -m bench.posts --rate 2000       open loop: a request is due every half millisecond, whoever is ready

Each is signed, decided by the rules of every country, planned, and on disk (fsync on) before it is answered with 201.
The server has a core and this process another. Every organisation sends to numbers that nobody knew before; there are
so many organisations that none meets its limit of 3,000 a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import hmac
import itertools
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
import uvloop

from bench.chat import Tally, be_quick, closed_loop, load_name, open_loop
from bench.figures import latencies, machine, table
from bench.person import Connection, WrongAnswer
from bench.server import Served, serving
from vikno.api.organisation_keys import make_key
from vikno.bootstrap.worlds import now_ms
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.organisations import OrganisationGiven, TemplateGiven, TemplateText, Words, encode_template
from vikno.wire.vault import LocalVault, new_secret, read_secret

PATH = "/v2/notifications/sms"
STEADY, P99_S = 2000.0, 0.08
"""What must be reached."""
BODY = "Your order ((number)) is at the door."
HEADS = ["load", "accepted/s", "p50 / p99 / p99.9 / max, ms", "server CPU, µs a request", "wrong answers", "failed"]


@dataclass(frozen=True)
class System:
    """An organisation's system: its key, and a template of its own."""

    organisation: str
    secret: str
    template: str

    def token(self, now_s: int) -> bytes:
        """A JWT as the clients of Notify sign it."""
        head = _part({"typ": "JWT", "alg": "HS256"})
        claims = _part({"iss": self.organisation, "iat": now_s})
        signed = hmac.new(self.secret.encode(), head + b"." + claims, hashlib.sha256).digest()
        return head + b"." + claims + b"." + _base64(signed)


def _part(said: object) -> bytes:
    return _base64(msgspec.json.encode(said))


def _base64(said: bytes) -> bytes:
    return base64.urlsafe_b64encode(said).rstrip(b"=")


async def settle(url: str, key: str, count: int) -> list[System]:
    """So many organisations that were looked at, each with a key and a template."""
    vault, store = LocalVault(read_secret(key)), SqliteStore(url, now_ms)
    systems = []
    for number in range(count):
        given = OrganisationGiven(f"shop-{number}", f"Shop {number}", "business", "ua", "ua", per_day=10**9)
        made = await store.put_organisation(given, now_ms())
        await store.review_organisation(made.id, "approved", "bench", "")
        text = encode_template(TemplateText({"en": {"": Words(BODY)}}, "en"))
        kept = await store.put_template(TemplateGiven(made.id, "order", "Order", "sms", "service", text, "b"), now_ms())
        await store.review_template(kept.row, "approved", "bench", "", now_ms())
        organisation = await store.organisation(made.id)
        assert organisation is not None
        written = await make_key(store, vault, organisation, "live", "bench", uuid4(), now_ms())
        systems.append(System(written[-73:-37], written[-36:], vault.uuid("t", kept.id)))
    await store.close()
    return systems


class Posts(Connection):
    """A connection on which 201 is the answer that is wanted."""

    def on_message_complete(self) -> None:
        body, status = b"".join(self._body), self._parser.get_status_code()
        answer, self._answer = self._answer, None
        self._renew()
        if answer is None or answer.done():
            return
        if status == 201 and b'"id"' in body:
            answer.set_result(body)
        else:
            answer.set_exception(WrongAnswer(f"{status} {body[:200]!r}"))


class Client:
    """Sends one message at a time, each to another number."""

    _numbers = itertools.count()

    def __init__(self, connection: Posts, system: System) -> None:
        self._connection, self._system = connection, system
        self._lines, self._signed_s = b"", 0

    async def turn(self) -> None:
        """The next one. Raises WrongAnswer and ConnectionError."""
        now_s = int(time.time())
        if now_s != self._signed_s:
            self._lines, self._signed_s = b"Authorization: Bearer %s\r\n" % self._system.token(now_s), now_s
        number = next(self._numbers)
        body = b'{"phone_number":"+38067%07d","template_id":"%s","personalisation":{"number":"%d"}}' % (
            number, self._system.template.encode(), number,
        )  # fmt: skip
        await self._connection.send(body, self._lines)

    async def close(self) -> None:
        await self._connection.close()


async def _connected(url: str) -> Posts:
    where = urlsplit(url)
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(
        lambda: Posts(PATH, where.netloc), where.hostname or "127.0.0.1", where.port or 80
    )
    return connection


async def measure(
    served: Served, systems: Sequence[System], people: int, seconds: float, rates: Sequence[float]
) -> list[Tally]:
    """Warm up, then a closed loop where a rate is 0 and an open one where it is not."""
    crowd = [Client(await _connected(served.url), systems[number % len(systems)]) for number in range(people)]
    await closed_loop(crowd, min(1.0, seconds))
    tallies = []
    for rate in rates:
        cpu_s = served.cpu_s()
        tally = await (open_loop(crowd, seconds, rate) if rate else closed_loop(crowd, seconds))
        tally.cpu_s = served.cpu_s() - cpu_s
        tallies.append(tally)
    await asyncio.gather(*(client.close() for client in crowd))
    return tallies


def measured(people: int, seconds: float, rates: Sequence[float], within: str | None = None) -> tuple[list[Tally], str]:
    """What was seen of each load, and a line about the server."""
    key = new_secret()
    with tempfile.TemporaryDirectory(dir=within, prefix="vikno-posts-") as folder:
        store = f"sqlite:///{Path(folder)}/store.db"
        count = max(40, int(sum(rates or [0]) * seconds / 2500) + int(3 * seconds) + people)
        systems = uvloop.run(settle(store, key, count))
        with serving(settings={"VIKNO_KEY": key, "VIKNO_SMS_URL": "http://u:p@127.0.0.1:9/", "VIKNO_SMS_NUMBER": "1515",
                               "VIKNO_PUBLIC_URL": "http://127.0.0.1"}, store=store) as served:  # fmt: skip
            tallies = uvloop.run(measure(served, systems, people, seconds, rates))
            return tallies, f"server: {served.memory_mb():.0f} MB afterwards"


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--people", type=int, default=64, help="connections")
    arguments.add_argument("--rate", type=float, nargs="+", default=[0.0], help="requests a second; 0: closed loop")
    arguments.add_argument("--seconds", type=float, default=10.0)
    arguments.add_argument("--within", help="a folder on the disk to be measured; a temporary one otherwise")
    a = arguments.parse_args()
    be_quick()
    tallies, server = measured(a.people, a.seconds, a.rate, a.within)
    print(f"{machine()}; load {os.getloadavg()[0]:.1f}; {server}\n")
    print(table(HEADS, [tally.row(load_name(a.people, rate)) for tally, rate in zip(tallies, a.rate, strict=True)]))
    for tally in tallies:
        for error in sorted(set(tally.wrong + tally.failed))[:5]:
            print(f"\n{error}")
        if tally.waits_s:
            print(f"\n{len(tally.waits_s):,} accepted, {latencies(tally.waits_s)}")


if __name__ == "__main__":
    main()
