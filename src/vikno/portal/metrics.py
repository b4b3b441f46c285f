"""/metrics: what an operator's monitoring reads, in Prometheus' text format 0.0.4. Nobody is in it: counts and times.

With a token (VIKNO_METRICS_TOKEN) it answers whoever says it (`Authorization: Bearer …`). Without one it answers this
machine alone, by a name that only this machine has. A request that a proxy has passed on is none from here, though the
proxy runs here. Some proxies cannot be told from this machine; so where people come by a public address, nothing is
answered without a token.
"""

from __future__ import annotations

import hmac
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from vikno.usecases.notifications import InHand, Tally
from vikno.usecases.organisations import Organisation
from vikno.usecases.ports import Clock

MEDIA = "text/plain; version=0.0.4; charset=utf-8"
DAY_MS = 86_400_000
FRESH_MS = 15_000
"""What takes a while to count is counted this often at most."""
LANES = ("notice", "bulk")
PASSED_ON = ("forwarded", "x-forwarded-", "x-real-ip", "via")
"""How headers of proxies begin. By itself nginx adds none, and puts the name of its upstream into Host."""
_LOOPBACK = re.compile(r"(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
"""Host (RFC 9110, 7.2) of who talks to this machine by a name of its own."""


class Book(Protocol):
    """What is counted."""

    async def tallies(self, since_ms: int, organisation: int | None = None) -> tuple[Tally, ...]: ...
    async def organisations(self) -> tuple[Organisation, ...]: ...
    async def depth(self, account: str, lane: str) -> int: ...
    async def due(self, now_ms: int, limit: int = 500) -> tuple[InHand, ...]: ...


class Paced(Protocol):
    """A sender of an account (`usecases.send_messages.Sender`)."""

    @property
    def counted(self) -> Counter[str]: ...
    @property
    def rate(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Sample:
    """One value with its labels."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


class Metrics:
    """Counts, and says it. `senders`: by account; `decisions`: how often each effect was decided; `public`: the address
    by which people come, if there is one."""

    def __init__(
        self,
        book: Book,
        senders: Callable[[], Mapping[str, Paced]],
        decisions: Mapping[str, int],
        clock: Clock,
        token: str | None = None,
        public: str | None = None,
    ) -> None:
        self._book, self._senders, self._decisions, self._clock, self._token = book, senders, decisions, clock, token
        self._near = public is None or _is_near(urlsplit(public).netloc)
        self._tallied: tuple[int, list[Sample]] | None = None

    @property
    def routes(self) -> list[Route]:
        return [Route("/metrics", self.metrics)]

    async def metrics(self, request: Request) -> Response:
        """All of it; to anybody else there is no such page."""
        if not self._may(request):
            return PlainTextResponse("not found\n", 404)
        return Response(await self.said(), media_type=MEDIA, headers={"cache-control": "no-store"})

    def _may(self, request: Request) -> bool:
        if self._token is not None:
            given = request.headers.get("authorization", "")
            return hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode())
        if not self._near or request.client is None or not _is_near(request.headers.get("host", "")):
            return False
        if any(name.startswith(PASSED_ON) for name in request.headers):
            return False
        try:
            return ip_address(request.client.host).is_loopback
        except ValueError:
            return False

    async def said(self) -> str:
        """The text."""
        senders = self._senders()
        depths = [
            Sample(await self._book.depth(account, lane), {"account": account, "lane": lane})
            for account in senders
            for lane in LANES
        ]
        return "".join((
            _family("vikno_notifications_day", "gauge", "notifications of the last day", await self._notifications()),
            _family("vikno_queue_depth", "gauge", "notices that wait", depths),
            _family("vikno_decisions_total", "counter", "what the rules decided since the start",
                    [Sample(count, {"effect": effect}) for effect, count in sorted(self._decisions.items())]),
            _family("vikno_sender_outcomes_total", "counter", "what came of requests to platforms since the start",
                    [Sample(count, {"account": account, "outcome": outcome})
                     for account, sender in senders.items() for outcome, count in sorted(sender.counted.items())]),
            _family("vikno_sender_pace_per_second", "gauge", "the most requests a second to a platform",
                    [Sample(sender.rate, {"account": account}) for account, sender in senders.items()]),
            _family("vikno_router_lag_seconds", "gauge", "how long the router's longest due one has waited",
                    [Sample(await self._lag_s())]),
        ))  # fmt: skip

    async def _notifications(self) -> list[Sample]:
        """By organisation, channel and status."""
        now_ms, known = self._clock(), self._tallied
        if known is not None and 0 <= now_ms - known[0] < FRESH_MS:
            return known[1]
        names = {one.id: one.slug for one in await self._book.organisations()}
        counted: Counter[tuple[str, str, str]] = Counter()
        for one in await self._book.tallies(now_ms - DAY_MS):
            counted[names.get(one.organisation, ""), one.channel, one.status] += one.count
        samples = [
            Sample(count, {"organisation": organisation, "channel": channel, "status": status})
            for (organisation, channel, status), count in sorted(counted.items())
        ]
        self._tallied = now_ms, samples
        return samples

    async def _lag_s(self) -> float:
        now_ms = self._clock()
        due = [one.notification.due_ms for one in await self._book.due(now_ms, 1)]
        return max((now_ms - at_ms) / 1000 for at_ms in [*due, now_ms] if at_ms is not None)


def _is_near(host: str) -> bool:
    return _LOOPBACK.fullmatch(host) is not None


def _family(name: str, kind: str, about: str, samples: Iterable[Sample]) -> str:
    r"""One metric with its samples.

    >>> print(_family("a_total", "counter", "things", [Sample(2, {"of": 'x"\n'})]), end="")
    # HELP a_total things
    # TYPE a_total counter
    a_total{of="x\"\n"} 2
    """
    lines = [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
    for one in samples:
        labels = ",".join(f'{label}="{_escaped(value)}"' for label, value in one.labels.items())
        lines.append(f"{name}{f'{{{labels}}}' if labels else ''} {_number(one.value)}")
    return "\n".join([*lines, ""])


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
