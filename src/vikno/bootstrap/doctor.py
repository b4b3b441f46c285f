"""What `vikno doctor` looks at, put together: settings, key, store, public address, clock, and every channel.

A server has the same watch over its channels on a timer (`usecases.check_channels.Watch`); the doctor looks from
outside, as whoever has been called at night would.
"""

from __future__ import annotations

import asyncio
import shutil
import ssl
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from vikno.bootstrap.accounts import accounts_of, sms_callback
from vikno.bootstrap.settings import Settings, open_vault
from vikno.bootstrap.worlds import now_ms
from vikno.domain.errors import ViknoError
from vikno.stores.sqlite import SqliteStore
from vikno.stores.sqlite.file import Location
from vikno.usecases.channel import NotCarried
from vikno.usecases.check_channels import Line, check_line
from vikno.usecases.ports import Clock
from vikno.wire.http import HttpAnswer, HttpRequest, HttpTransport
from vikno.wire.vault import LocalVault

DAYS_LEFT = 14
"""A certificate that ends sooner than this should have been renewed by now."""
LEAST_FREE = 500 * 2**20
"""Bytes of the disk below which a store is in danger."""
MOST_SKEW_S = 60
"""Quiet hours, expiry and signatures stand a minute; platforms refuse more than a few."""
CONNECT_S = 10.0
HERE = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Examined:
    """One part. `said`: what was found; `wrong`: what is not right, each with what to do; `notes`: worth knowing."""

    part: str
    said: str
    wrong: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.wrong


async def examine(settings: Settings, store: str, context: ssl.SSLContext | None = None) -> tuple[Examined, ...]:
    """Look at everything. `context`: which certificates to trust, in place of the system's."""
    found = [_key(settings, store), await _store(settings, store)]
    dates: list[float] = []
    found += await _public(settings, context, dates)
    found += await _channels(settings, store, dates)
    found.append(_clock(dates))
    return tuple(found)


async def _channels(settings: Settings, store: str, dates: list[float]) -> list[Examined]:
    """Whether each account is what is printed of it."""
    if not _opens(settings, store):
        return [Examined("channels", "not looked at: they need the key")]
    found = []
    try:
        async with lines_of(settings, store, dates) as lines:
            if not lines:
                found.append(Examined("channels", "none is set up; people have the web only"))
            checked = await asyncio.gather(*(check_line(line, now_ms) for line in lines))
        found += [
            Examined(
                f"channel {one.account}", f"{one.shown or 'no name'} {one.link or 'no link'}", one.wrong, one.notes
            )
            for one in checked
        ]
        if _has_key(settings, store) and (callback := sms_callback(settings, _vault(settings, store))) is not None:
            found.append(Examined("gateway of sms/main", f"give it this address, and nobody else: {callback}"))
    except ViknoError as error:
        found.append(Examined("channels", error.code, (str(error),)))
    return found


@asynccontextmanager
async def lines_of(settings: Settings, store: str, dates: list[float] | None = None) -> AsyncIterator[list[Line]]:
    """The accounts that are set up here and the ways to their platforms; `dates` notes how far each one's clock is off.

    Raises:
        SettingWrong, and what a channel raises for a setting of the wrong form.
    """
    heard = dates if dates is not None else []
    accounts = accounts_of(settings, _vault(settings, store))
    try:
        yield [Line(account.channel, _timed(account.transport.carry, heard)) for account in accounts]
    finally:
        await asyncio.gather(*(account.transport.close() for account in accounts), return_exceptions=True)


def _vault(settings: Settings, store: str) -> LocalVault:
    """The key in use; a passing one where there is none yet, since looking must not make anything."""
    return open_vault(settings, store) if _has_key(settings, store) else LocalVault(bytes(32))


def _has_key(settings: Settings, store: str) -> bool:
    return settings.get("VIKNO_KEY") is not None or _key_path(store).exists()


def _opens(settings: Settings, store: str) -> bool:
    """Whether the key can be used; what is wrong with it is told of the key alone."""
    try:
        _vault(settings, store)
    except (ViknoError, OSError):
        return False
    return True


def _key_path(store: str) -> Path:
    return Location.of(store).path.with_suffix(".key")


def _key(settings: Settings, store: str) -> Examined:
    """Whether there is a key, and only its owner can read it."""
    if settings.get("VIKNO_KEY") is not None:
        place = "VIKNO_KEY"
    else:
        path = _key_path(store)
        place = str(path)
        if not path.exists():
            return Examined("key", "none yet: the first start makes it")
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            return Examined("key", place, (f"Others on this machine can read {path}. Run: chmod 600 {path}",))
    try:
        _vault(settings, store)
    except (ViknoError, OSError) as error:
        return Examined("key", place, (str(error),))
    return Examined("key", f"{place}; keep a copy of it away from the store: without it nobody can be reached")


async def _store(settings: Settings, store: str) -> Examined:
    """Whether it can be read and written, has room, and belongs to the key."""
    path = Location.of(store).path
    if not path.exists():
        return Examined("store", f"{path}: none yet; the first start makes it")
    wrong = []
    if stat.S_IMODE(path.stat().st_mode) & 0o077:  # a new one is its owner's; a copy that was put back may not be
        wrong.append(f"Others on this machine can read {path}. Run: chmod 600 {path}*")
    free = shutil.disk_usage(path.parent).free
    if free < LEAST_FREE:
        wrong.append(
            f"Only {free // 2**20} MB are free beside {path}. Make room: a full disk stops every conversation."
        )
    try:
        kept = SqliteStore(store, now_ms)
    except ViknoError as error:
        return Examined("store", str(path), (*wrong, str(error)))
    try:
        await kept.attempt("doctor", 1_000_000, 1000, now_ms())  # a write that goes to the disk
        letters, aside = await kept.letters(None, 0, 100), await kept.asides(None, 0, 100)
        if aside and _opens(settings, store):
            _vault(settings, store).unseal(aside[-1].sealed)
    except ViknoError as error:
        return Examined("store", str(path), (*wrong, str(error)))
    finally:
        await kept.close()
    waiting = "; ".join(
        f"{name}: {'100 or more' if len(some) == 100 else len(some)}"
        for name, some in (("messages that did not go out", letters), ("updates put aside", aside))
        if some
    )
    return Examined("store", f"{path}, {free // 2**30} GB free{'; ' + waiting if waiting else ''}", tuple(wrong))


async def _public(settings: Settings, context: ssl.SSLContext | None, dates: list[float]) -> list[Examined]:
    """Whether people and platforms reach the server by its public address."""
    url = settings.public_url
    if url is None:
        return [Examined("address", "no VIKNO_PUBLIC_URL: no webhooks, and links lead nowhere outside this machine")]
    found = []
    parts = urlsplit(url)
    if parts.scheme == "https":
        found.append(await certificate(parts.hostname or "", parts.port or 443, context))
    elif parts.hostname not in HERE:
        found.append(
            Examined("address", url, ("People's answers travel unsealed. Use https; platforms call no other.",))
        )
    transport = HttpTransport(answer_s=CONNECT_S)
    try:
        answer = await _timed(transport.carry, dates)(HttpRequest("GET", f"{url}/health"))
    finally:
        await transport.close()
    if isinstance(answer, NotCarried):
        wrong = (
            f"{url} does not answer from here ({answer.reason}). Start the server, or look at the proxy and the name."
        )
    elif answer.status != 200 or not answer.body.startswith(b"ok "):
        wrong = f"{url} answers, but not as Vikno ({answer.status}). The proxy leads somewhere else."
    else:
        return [*found, Examined("site", f"{url} answers")]
    return [*found, Examined("site", url, (wrong,))]


async def certificate(host: str, port: int, context: ssl.SSLContext | None = None) -> Examined:
    """Whether the certificate is valid, is of this host, and lasts."""
    part = f"certificate of {host}"
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(
                host, port, ssl=context or ssl.create_default_context(), server_hostname=host
            )
    except ssl.SSLCertVerificationError as error:
        return Examined(
            part, "refused", (f"Nobody trusts it: {error.verify_message}. Renew it, with its whole chain.",)
        )
    except (OSError, TimeoutError) as error:
        return Examined(part, "not seen", (f"No TLS at {host}:{port} ({type(error).__name__}). Look at the proxy.",))
    with closing(writer):
        peer = writer.get_extra_info("peercert") or {}
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(peer["notAfter"]), UTC)
    days = (ends - datetime.now(UTC)).days
    said = f"ends {ends.date()}, in {days} days"
    if days < DAYS_LEFT:
        return Examined(part, said, (f"It ends in {days} days: the renewal does not work. Renew it now.",))
    return Examined(part, said)


def _clock(dates: list[float]) -> Examined:
    """How far this machine's clock is from those it spoke with: the median, since one of them may be wrong."""
    if not dates:
        return Examined("clock", "nobody to compare with")
    off = sorted(dates)[len(dates) // 2]
    said = f"{abs(off):.0f} s {'ahead' if off > 0 else 'behind'}" if abs(off) >= 2 else "right"
    if abs(off) > MOST_SKEW_S:
        return Examined("clock", said, (f"This machine's clock is {said}. Set it by NTP: timedatectl set-ntp true",))
    return Examined("clock", said)


def _timed(carry: Callable[[Any], Awaitable[Any]], heard: list[float], clock: Clock = now_ms) -> Callable[[Any], Any]:
    """The same, noting how far our clock is from the Date of each answer."""

    async def carried(request: Any) -> Any:
        answer = await carry(request)
        if isinstance(answer, HttpAnswer) and (date := answer.headers.get("date")):
            with suppress(ValueError):
                heard.append(clock() / 1000 - parsedate_to_datetime(date).timestamp())
        return answer

    return carried
