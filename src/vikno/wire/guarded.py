"""Requests to addresses that others chose: only to where they may lead, looked up once and gone to as it was checked.

Otherwise whoever subscribes could have this server knock at doors inside its own network, by a name that leads there or
that leads elsewhere by the time it is used. Redirects are answers like any other, and answers are small.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from socket import SOCK_STREAM, getaddrinfo
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from httptools import HttpParserError

from vikno.domain.errors import ViknoError
from vikno.usecases.channel import NotCarried
from vikno.wire.connection import AnswerTooLarge, Connection, Place, place_of, trusted, written
from vikno.wire.http import HttpAnswer

MOST_URL = 2000
MOST_ANSWER_BYTES = 64 * 1024
"""Little of it is read: its status, and how long to wait."""
CONNECT_S = 5.0
ANSWER_S = 10.0
"""All of it: the name, the line, the answer."""
LOOK_UP_THREADS = 64
"""Names that are looked up at once: a few for each receiver of callbacks that may hang, and room beside them."""
NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last four bytes are an IPv4 address."""

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""From the name of a host and a port to addresses."""


class HookAddressWrong(ViknoError):
    """Events cannot be sent there. It takes an https address without a password that leads to the public network."""

    code = "hook_address_wrong"

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.message = why


def check_address(url: str, *, private: bool = False) -> None:
    """Refuse what can be told to be wrong without looking a name up.

    >>> check_address("https://dms.example.gov/hear")
    >>> check_address("http://127.0.0.1:8090/hear")

    Raises:
        HookAddressWrong: it is not https (or http on this machine), holds a password, or is a private address.
    """
    try:
        parts = urlsplit(url)
        place = place_of(url)
    except ValueError:
        raise HookAddressWrong("this is no web address: write it as https://host/path") from None
    if len(url) > MOST_URL or not url.isprintable() or parts.fragment or parts.username is not None:
        raise HookAddressWrong("the address must have no password and no fragment; a signature says who is calling")
    here = leads_here(place.host)
    if not place.tls and not here:
        raise HookAddressWrong("the address must begin with https://, or lead to this machine")
    try:
        allowed = here or may_lead_to(place.host, private=private)
    except ValueError:
        return  # a name; it is looked up each time
    if not allowed:
        raise HookAddressWrong(
            "the address leads into a private network: set VIKNO_WEBHOOKS_PRIVATE=1 if that is meant"
        )


def leads_here(host: str) -> bool:
    """Whether the address itself says that it is this machine. A name that only leads here does not count."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def may_lead_to(address: str, *, private: bool = False) -> bool:
    """Whether requests may go to an IP address; also to a private network, if `private`.

    >>> [may_lead_to(one) for one in ("1.1.1.1", "10.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "127.0.0.1")]
    [True, False, False, False, False]

    Raises:
        ValueError: it is none.
    """
    found = ip_address(address)
    meant = _within(found) if isinstance(found, IPv6Address) else found
    if meant.is_multicast or meant.is_link_local or meant.is_unspecified or meant.is_reserved or meant.is_loopback:
        return False
    return meant.is_global or (private and meant.is_private)


def _within(found: IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if found in NAT64:
        return IPv4Address(found.packed[-4:])
    return found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None) or found


async def look_up(host: str, port: int) -> list[str]:
    """The addresses of a name; raises OSError."""
    with contextlib.suppress(ValueError):
        return [str(ip_address(host))]
    return await _LOOK_UPS.ask(host, port)


class LookUps:
    """Names that are being looked up. A name server that hangs holds up its own names, and nobody else's."""

    def __init__(self, threads: int = LOOK_UP_THREADS, ask: Callable[..., Any] = getaddrinfo) -> None:
        self._threads, self._ask = ThreadPoolExecutor(threads, "look-up"), ask
        self._asked: dict[tuple[str, int], Future[list[str]]] = {}
        self._one = Lock()

    async def ask(self, host: str, port: int) -> list[str]:
        """Raises OSError. Whoever asks for what is being looked up hears the same."""
        with self._one:
            asked = self._asked.get((host, port))
            if asked is None:
                asked = self._asked[host, port] = self._threads.submit(self._found, host, port)
        return await asyncio.shield(asyncio.wrap_future(asked))  # who stops waiting takes it from nobody

    def _found(self, host: str, port: int) -> list[str]:
        try:
            return [str(address[0]) for *_, address in self._ask(host, port, type=SOCK_STREAM)]
        finally:
            with self._one:
                del self._asked[host, port]


_LOOK_UPS = LookUps()


class GuardedPost:
    """POSTs (`usecases.tell_subscribers.Post`), each on a line of its own."""

    def __init__(
        self,
        *,
        private: bool = False,
        resolve: Resolve = look_up,
        answer_s: float = ANSWER_S,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """`private`: also into private networks; `context`: whom to trust, by itself those this machine trusts."""
        self._private, self._resolve, self._answer_s, self._context = private, resolve, answer_s, context

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int | NotCarried:
        """The status of the answer, or why there is none."""
        answer = await self.ask(url, headers, body)
        return answer if isinstance(answer, NotCarried) else answer.status

    async def ask(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer | NotCarried:
        """The same with all of the answer, for protocols that say more than a status."""
        left, line = False, None
        try:
            check_address(url, private=self._private)
            place = place_of(url)
            wire = written("POST", place, headers, body)
            async with asyncio.timeout(self._answer_s):
                line = await self._connected(place)
                left = True
                return HttpAnswer(*await line.ask(wire))
        except HookAddressWrong as error:
            return NotCarried(False, error.code)
        except AnswerTooLarge:
            return NotCarried(True, "answer_too_large")
        except (OSError, TimeoutError, ValueError, HttpParserError) as error:
            return NotCarried(left, type(error).__name__)
        finally:
            if line is not None:
                line.end()

    async def _connected(self, place: Place) -> Connection:
        """A line to the first of its addresses that takes one."""
        failed = OSError("no address")
        for address in await self._checked(place.host, place.port):
            try:
                async with asyncio.timeout(CONNECT_S):
                    _, line = await asyncio.get_running_loop().create_connection(
                        lambda: Connection(MOST_ANSWER_BYTES),
                        address,
                        place.port,
                        ssl=(self._context or trusted()) if place.tls else None,
                        server_hostname=place.host if place.tls else None,
                    )
                return line
            except OSError as error:
                failed = error
        raise failed

    async def _checked(self, host: str, port: int) -> list[str]:
        """The addresses of a host, when all of them are such as may be gone to."""
        found = [one.partition("%")[0] for one in await self._resolve(host, port)]
        here = leads_here(host)
        for one in found:
            if not (ip_address(one).is_loopback if here else may_lead_to(one, private=self._private)):
                raise HookAddressWrong("the name leads into a private network")
        return found
