"""One HTTP client for all that goes out: kept connections, bounded answers, and honesty about what is not known."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from httptools import HttpParserError

from vikno.usecases.channel import NotCarried
from vikno.wire.connection import AnswerTooLarge, Place, Pool, place_of, written

MOST_ANSWER_BYTES = 1_000_000
"""Of an answer; no platform's answer to a message comes near it."""
CONNECT_S = 5.0
ANSWER_S = 20.0
KEPT_S = 4.0
"""A kept connection is given up before the other side does: Node closes after five seconds."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What to send. The address may hold a secret and the body speaks of a person, so neither is ever shown."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def again_s(self, most_s: float) -> float | None:
        """How long `Retry-After` wants to be waited, up to `most_s`; None where it says nothing, or a date.

        >>> [HttpAnswer(503, {"retry-after": said}).again_s(60.0) for said in ("7", "900", "Fri, 31 Dec 1999 23:59:59")]
        [7.0, 60.0, None]
        """
        said = self.headers.get("retry-after", "")
        return min(float(said), most_s) if said.isascii() and said.isdigit() else None


class HttpTransport:
    """Carries requests over kept connections (`usecases.channel.Transport`). Redirects are answers like any other."""

    def __init__(self, *, at_once: int = 64, answer_s: float = ANSWER_S, trust: ssl.SSLContext | None = None) -> None:
        """`at_once`: connections to one host; `answer_s`: how long an answer may take, all of it.

        `trust`: whose certificates are believed, where it is not what this machine trusts (`connection.trusting`).
        """
        self._at_once, self._answer_s, self._trust = at_once, answer_s, trust
        self._pools: dict[tuple[str, int, bool], Pool] = {}

    async def carry(self, request: HttpRequest) -> HttpAnswer | NotCarried:
        """The answer, or why there is none."""
        try:
            place = place_of(request.url)
            wire = written(request.method, place, request.headers, request.body)
        except ValueError as error:
            return NotCarried(False, type(error).__name__)
        pool = self._pools.get((place.host, place.port, place.tls)) or self._open(place)
        left = False
        try:
            async with asyncio.timeout(self._answer_s), pool.room:
                line = await pool.take(CONNECT_S)
                try:
                    left = True
                    return HttpAnswer(*await line.ask(wire, bodiless=request.method == "HEAD"))
                finally:
                    pool.give_back(line)
        except AnswerTooLarge:
            return NotCarried(True, "answer_too_large")
        except (OSError, TimeoutError, ValueError, HttpParserError) as error:
            return NotCarried(left, type(error).__name__)

    async def close(self) -> None:
        """Let go of the connections."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()
        await asyncio.sleep(0)  # the transports say goodbye in the next round of the loop

    def _open(self, place: Place) -> Pool:
        pool = Pool(place, self._at_once, KEPT_S, MOST_ANSWER_BYTES, self._trust)
        self._pools[place.host, place.port, place.tls] = pool
        return pool
