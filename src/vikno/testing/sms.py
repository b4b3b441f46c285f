"""The other side of SMS, for tests and the demo: a gateway in Kannel's dialect with phones behind it.

    async with SmsGateway() as gateway:
        sms = Sms(number="1515", gateway=gateway.url, secret=…, callback="http://127.0.0.1:8080/hooks/sms/main")
        gateway.hook = "http://127.0.0.1:8080/hooks/sms/main?secret=…"
        await gateway.phone("380501112233").write("VIKNO")
        await gateway.phone("380501112233").read()

It makes trouble when asked to: `gateway.fail("throttled")`. A test asks it and the real Kannel the same, and compares.
`vikno.testing.smpp` has the same phones behind a message centre.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Literal, Self
from urllib.parse import unquote_to_bytes

import aiohttp
from aiohttp import web
from yarl import URL

from vikno.channels.sms.segments import segments
from vikno.channels.sms.smpp import SmppAnswer
from vikno.usecases.channel import Raw
from vikno.wire.http import HttpAnswer

# ---- phones ----


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a conversation as its phone shows it. `parts`: what it cost."""

    by: Literal["person", "service"]
    text: str
    parts: int
    shown: str = ""
    """The sender that the phone shows."""


@dataclass
class Phone:
    """Somebody's phone."""

    number: str
    send: Callable[[str, str], Awaitable[int]] = field(repr=False)
    transcript: list[Line] = field(default_factory=list)
    _joining: dict[tuple[str, int], dict[int, str]] = field(default_factory=dict, repr=False)
    _changed: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def texts(self) -> list[str]:
        """What arrived, each message whole."""
        return [line.text for line in self.transcript if line.by == "service"]

    async def write(self, text: str) -> int:
        """Send an SMS; the status with which it was taken: 200 by HTTP, 0 by SMPP."""
        self.transcript.append(Line("person", text, len(segments(text).parts)))
        return await self.send(self.number, text)

    async def read(self, already: int = 0, timeout_s: float = 5.0) -> str:
        """The message after so many; waits for it.

        Raises TimeoutError.
        """
        async with asyncio.timeout(timeout_s):
            while len(self.texts) <= already:
                self._changed.clear()
                await self._changed.wait()
        return self.texts[already]

    def arrive(self, shown: str, text: str, header: bytes = b"") -> None:
        """A message, or a part of one."""
        parts = 1
        if header:
            reference, parts, at = header[3:6]
            joining = self._joining.setdefault((shown, reference), {})
            joining[at] = text
            if len(joining) < parts:
                return
            text = "".join(joining[at] for at in sorted(self._joining.pop((shown, reference))))
        else:
            parts = len(segments(text).parts)
        self.transcript.append(Line("service", text, parts, shown))
        self._changed.set()


class Network:
    """Phones, and the faults that are to come."""

    def __init__(self) -> None:
        self.phones: dict[str, Phone] = {}
        self.nobody: set[str] = set()
        """Numbers that nobody has: what goes there is taken, and reported as not delivered."""
        self._faults: deque[str] = deque()

    def phone(self, number: str) -> Phone:
        """The phone with this number, in digits with the country's code."""
        number = number.removeprefix("+")
        if number not in self.phones:
            self.phones[number] = Phone(number, self._bring)
        return self.phones[number]

    def fail(self, *faults: str) -> None:
        """The next requests meet these faults, one each; `none` lets one pass."""
        unknown = set(faults) - self.faults - {"none"}
        if unknown:
            raise LookupError(f"no such fault: {sorted(unknown)}; there are {sorted(self.faults)}")
        self._faults.extend(faults)

    faults: frozenset[str] = frozenset()

    def next_fault(self) -> str:
        return self._faults.popleft() if self._faults else ""

    async def _bring(self, number: str, text: str) -> int:
        raise NotImplementedError


# ---- a gateway in Kannel's dialect ----

REFUSALS = {
    "forbidden": (403, "Authorization failed for sendsms"),
    "not_routable": (403, "Not routable. Do not try again."),
    "unavailable": (503, "Temporal failure, try again later."),
    "throttled": (429, "Too many requests"),
    "broken": (500, "Internal error"),
}
"""Answers to a message that was not taken; the words are those of Kannel 1.4.5."""


class SmsGateway(Network):
    """Kannel's `cgi-bin/sendsms` with phones behind it. `hook`: where it brings what people write (its `post-url`)."""

    faults = frozenset({*REFUSALS, "queued", "lost", "undelivered", "refused", "twice", "reordered", "unreported"})
    """lost: taken, but nobody hears of it · undelivered, refused: so reported · twice, reordered: the reports."""

    username, password = "vikno", "hush"

    def __init__(self, *, hook: str = "") -> None:
        super().__init__()
        self.hook = hook
        self._port = 0
        self._runner: web.AppRunner | None = None
        self._client: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ids = count(1)
        self.reported: list[tuple[str, int]] = []
        """Reports that were brought: the address and the status of the answer."""

    @property
    def url(self) -> str:
        """What `Sms` takes as its gateway."""
        return f"http://{self.username}:{self.password}@127.0.0.1:{self._port}/cgi-bin/sendsms"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1_000_000)
        app.router.add_route("*", "/cgi-bin/sendsms", self._sendsms)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:  # first: a request that is still answered would begin another report
            await self._runner.cleanup()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._client is None:
            self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        return self._client

    async def settled(self) -> None:
        """When every report that is due was brought."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def _sendsms(self, request: web.Request) -> web.StreamResponse:
        said = await _said(request)
        if isinstance(said, web.Response):
            return said
        fault = self.next_fault()
        if (said.get("username"), said.get("password")) != (self.username, self.password):
            fault = "forbidden"
        if fault in REFUSALS:
            status, words = REFUSALS[fault]
            return web.Response(status=status, text=words)
        if "to" not in said and request.method == "POST":
            return web.Response(status=400, text="Missing receiver(s) number(s), rejected")
        if not said.get("to", "").strip():
            return web.Response(status=400, text="Empty receiver number not allowed, rejected")
        header = bytes.fromhex(said.get("udh", ""))
        if said["to"].removeprefix("+") in self.nobody:
            fault = fault or "undelivered"
        else:
            self.phone(said["to"]).arrive(said.get("from", ""), said.get("text", ""), header)
        if said.get("dlr-url") and fault != "unreported":
            self._later(self._report(said["dlr-url"], int(said.get("dlr-mask", "0")), fault))
        if fault == "lost":
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return web.Response(
            status=202, text="3: Queued for later delivery" if fault == "queued" else "0: Accepted for delivery"
        )

    async def _report(self, url: str, mask: int, fault: str) -> None:
        """Tell what became of a message: taken by the centre, then delivered or not."""
        kinds = {"undelivered": [8, 2], "refused": [16], "reordered": [1, 8], "twice": [8, 1, 1, 8]}.get(fault, [8, 1])
        for kind in kinds:
            if kind & mask:
                reply = "NACK%2F" if kind == 16 else "stat%3AUNDELIV+err%3A001" if kind == 2 else "ACK%2F"
                await self._get(url.replace("%d", str(kind)).replace("%A", reply))

    async def _get(self, url: str) -> None:
        try:
            async with self._open().get(URL(url, encoded=True)) as answer:
                self.reported.append((url, answer.status))
        except aiohttp.ClientError:
            self.reported.append((url, 0))

    def _later(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _bring(self, number: str, text: str) -> int:
        """As Kannel's `post-url` does: Latin texts in UTF-8, others in UTF-16BE."""
        if not self.hook:
            raise LookupError("where shall it bring what people write? Set `hook`")
        latin = segments(text).encoding == "gsm7"
        body = text.encode("utf-8" if latin else "utf-16-be")
        headers = {
            "Content-Type": f'text/plain; charset="{"UTF-8" if latin else "UTF-16BE"}"',
            "X-Kannel-From": f"+{number}",
            "X-Kannel-To": "1515",
            "X-Kannel-Coding": "0" if latin else "2",
            "X-Kannel-Time": "2026-11-22 06:15:27",
        }
        url = f"{self.hook}{'&' if '?' in self.hook else '?'}id=mo-{next(self._ids)}"
        async with self._open().post(url, data=body, headers=headers) as answer:
            await answer.read()
            return answer.status


_NAMES = {
    "x-kannel-username": "username",
    "x-kannel-password": "password",
    "x-kannel-from": "from",
    "x-kannel-to": "to",
    "x-kannel-udh": "udh",
    "x-kannel-dlr-url": "dlr-url",
    "x-kannel-dlr-mask": "dlr-mask",
}


async def _said(request: web.Request) -> dict[str, str] | web.Response:
    """What a request says, by GET or by POST."""
    if request.method == "GET":
        said = {name: value for name, value in request.query.items() if name != "udh"}
        raw = next((one[4:] for one in request.raw_path.partition("?")[2].split("&") if one.startswith("udh=")), "")
        return {**said, "udh": unquote_to_bytes(raw.replace("+", "%20")).hex()}
    if request.content_type != "text/plain":
        return web.Response(status=400, text="Invalid content-type")
    said = {_NAMES[name.lower()]: value for name, value in request.headers.items() if name.lower() in _NAMES}
    return {**said, "text": (await request.read()).decode(request.charset or "utf-8")}


# ---- for the channel's examples ----


def brought(account: dict[str, Any], raw: Raw) -> Raw:
    """The address that Kannel calls holds the secret."""
    return replace(raw, query={"secret": account["secret"], **raw.query})


def answer(plain: dict[str, Any]) -> HttpAnswer | SmppAnswer:
    """`smpp: 0x58` is a status of a message centre; anything else comes by HTTP."""
    if "smpp" in plain:
        return SmppAnswer(plain["smpp"], plain.get("message", ""))
    return HttpAnswer(plain["status"], plain.get("headers", {}), plain.get("body", "").encode())
