"""A push service to try web push against: speaks RFC 8030, believes only RFC 8292, and browsers open what comes.

    async with PushService() as push:
        olena = push.browser(channel.key)                  # a browser that has subscribed
        address = channel.address(**olena.subscription)    # channel = Inbox(…, private=True)
        …                                                  # and something is sent there
        note = await olena.shown("Паспорт надруковано")
        await olena.open(note, site="http://127.0.0.1:8080")

It refuses what push services refuse, in their order: an unknown subscription, no token or another's, a request without
TTL, a body that is too large. Faults come on demand: `refuse`, `lose_next`, `slow_s`; a browser may be `online` or
not, and `leave`. What its browser cannot unseal it shows to nobody and keeps in `sealed_wrong`. It has no certificate.
"""

from __future__ import annotations

import asyncio
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from secrets import token_bytes, token_urlsafe
from typing import Any, Self

from aiohttp import ClientSession, ClientTimeout, web
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MOST_BYTES = 4096
"""Of a sealed message: what RFC 8030, section 7.2, asks every push service to take, and no more."""
MOST_TOKEN_S = 24 * 3600
URGENCIES = ("very-low", "low", "normal", "high")


class Refused(Exception):
    """What a push service answers to a request that it does not take."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(status, why)
        self.status, self.why = status, why


# ---- what only the browser's side can do ----


def raw_of(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def text_of(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(frozen=True)
class Keys:
    """A browser's keys for one subscription."""

    private: ec.EllipticCurvePrivateKey
    auth: bytes

    @classmethod
    def new(cls) -> Keys:
        return cls(ec.generate_private_key(ec.SECP256R1()), token_bytes(16))

    @property
    def point(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def unseal(self, body: bytes) -> bytes:
        """What a sealed message says, its records one after the other (RFC 8188, section 2).

        Raises ValueError for what no browser would show.
        """
        size, length = int.from_bytes(body[16:20], "big"), body[20] if len(body) > 20 else 0
        salt, point, rest = body[:16], body[21 : 21 + length], body[21 + length :]
        if length != 65 or size < 18 or not rest:
            raise ValueError("no head of aes128gcm")
        sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        shared = self.private.exchange(ec.ECDH(), sender)
        keyed = HKDF(SHA256(), 32, self.auth, b"WebPush: info\x00" + self.point + point).derive(shared)
        key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(keyed)
        nonce = int.from_bytes(HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(keyed), "big")
        plain = b""
        records = [rest[at : at + size] for at in range(0, len(rest), size)]
        for number, record in enumerate(records):
            try:
                opened = AESGCM(key).decrypt((nonce ^ number).to_bytes(12, "big"), record, None).rstrip(b"\x00")
            except InvalidTag:
                raise ValueError("sealed for another browser, or on the way broken") from None
            if opened[-1:] != (b"\x02" if number == len(records) - 1 else b"\x01"):
                raise ValueError("a record without its end")
            plain += opened[:-1]
        return plain


def claims(authorization: str) -> tuple[dict[str, Any], str]:
    """What a VAPID token claims, and the key that has signed it. Raises ValueError for one that is not signed so."""
    scheme, _, rest = authorization.partition(" ")
    said = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if scheme.lower() != "vapid" or said.keys() != {"t", "k"}:
        raise ValueError("no vapid token")
    what, _, signature = said["t"].rpartition(".")
    head, _, body = what.partition(".")
    signed = raw_of(signature)
    if json.loads(raw_of(head)).get("alg") != "ES256" or len(signed) != 64:
        raise ValueError("not ES256")
    r, s = int.from_bytes(signed[:32], "big"), int.from_bytes(signed[32:], "big")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw_of(said["k"]))
    try:
        key.verify(encode_dss_signature(r, s), what.encode(), ec.ECDSA(SHA256()))
    except InvalidSignature:
        raise ValueError("signed by another key") from None
    return dict(json.loads(raw_of(body))), said["k"]


# ---- people's browsers ----


@dataclass
class Note:
    """A message on somebody's device. `tag` replaces what has the same."""

    title: str
    body: str
    lang: str
    tag: str
    receipt: str
    link: str | None = None


@dataclass(eq=False)
class Browser:
    """Somebody's browser that has subscribed. `notes`: what it shows; `waiting`: what its push service still keeps."""

    service: PushService
    id: str
    key: str
    """The `applicationServerKey` it has subscribed with."""
    keys: Keys = field(default_factory=Keys.new)
    online: bool = True
    gone: bool = False
    notes: list[Note] = field(default_factory=list)
    sealed_wrong: list[bytes] = field(default_factory=list)
    waiting: list[tuple[str, float, bytes]] = field(default_factory=list)
    """Topic, the moment until which it is kept, and the body."""
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def endpoint(self) -> str:
        return f"{self.service.origin}/push/{self.id}"

    @property
    def subscription(self) -> dict[str, str]:
        """What the page sends to the server."""
        return {"endpoint": self.endpoint, "p256dh": text_of(self.keys.point), "auth": text_of(self.keys.auth)}

    async def shown(self, part: str, within_s: float = 10.0) -> Note:
        """Wait for a note that says this. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while True:
                for note in self.notes:
                    if part in f"{note.title}\n{note.body}":
                        return note
                self._came.clear()
                await self._came.wait()

    async def open(self, note: Note, site: str) -> int:
        """Tap it: the worker of that site says so. The status of the answer."""
        self.notes.remove(note)
        return await self.report(note, site, "opened")

    async def report(self, note: Note, site: str, happened: str) -> int:
        """What a service worker posts: `shown` or `opened`."""
        async with (
            ClientSession(timeout=ClientTimeout(total=10.0)) as client,
            client.post(site + note.receipt, json={"happened": happened}) as answer,
        ):
            return answer.status

    def leave(self) -> None:
        """The person has taken the permission away: the push service answers 410 from now on."""
        self.gone = True

    def come_online(self) -> None:
        """What waited comes, unless it has waited for too long."""
        self.online = True
        waiting, self.waiting = self.waiting, []
        for _, until_s, body in waiting:
            if until_s > self.service.now_s():
                self.take(body)

    def keep(self, topic: str, until_s: float, body: bytes) -> None:
        """A newer message of the same topic takes the place of one that waits (RFC 8030, section 5.4)."""
        self.waiting = [one for one in self.waiting if not topic or one[0] != topic] + [(topic, until_s, body)]

    def take(self, body: bytes) -> None:
        """Show it."""
        try:
            note = Note(**json.loads(self.keys.unseal(body)))
        except (ValueError, TypeError):
            self.sealed_wrong.append(body)
            return
        self.notes = [one for one in self.notes if one.tag != note.tag] + [note]
        self._came.set()


class PushService:
    """One push service, for any number of browsers."""

    def __init__(self, *, now_s: Callable[[], float] = time.time) -> None:
        self.now_s = now_s
        self.browsers: dict[str, Browser] = {}
        self.taken: list[dict[str, str]] = []
        """The headers of what was taken, names in lower case."""
        self.refused: list[tuple[int, str]] = []
        self.slow_s = 0.0
        self.origin = ""
        self._faults: deque[tuple[int | None, dict[str, str]]] = deque()
        self._numbers = count(1)
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> Self:
        app = web.Application(client_max_size=1_000_000)
        app.router.add_post("/push/{id}", self._push)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def browser(self, key: str) -> Browser:
        """A browser in which somebody has agreed, on a page that shows this `applicationServerKey`."""
        browser = Browser(self, token_urlsafe(24), key)
        self.browsers[browser.id] = browser
        return browser

    # ---- faults ----

    def refuse(self, status: int, headers: Mapping[str, str] | None = None, *, times: int = 1) -> None:
        """The next messages are answered so: `refuse(429, {"Retry-After": "7"})`."""
        self._faults.extend([(status, dict(headers or {}))] * times)

    def lose_next(self, times: int = 1) -> None:
        """The next messages are taken, and then the connection breaks before the answer."""
        self._faults.extend([(None, {})] * times)

    # ---- the protocol ----

    async def _push(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        fault = self._faults.popleft() if self._faults else None
        if fault is not None and fault[0] is not None:
            self.refused.append((fault[0], "asked for"))
            return web.Response(status=fault[0], headers=fault[1])
        try:
            self._take(request, body)
        except Refused as refused:
            self.refused.append((refused.status, refused.why))
            return web.json_response({"reason": refused.why}, status=refused.status)
        if fault is not None and request.transport is not None:
            request.transport.abort()
        where = f"{self.origin}/message/{next(self._numbers)}"
        return web.Response(status=201, headers={"location": where, "ttl": request.headers["ttl"]})

    def _take(self, request: web.Request, body: bytes) -> None:
        browser = self.browsers.get(request.match_info["id"])
        if browser is None:
            raise Refused(404, "Unknown")
        if browser.gone:
            raise Refused(410, "Unregistered")
        self._believe(request.headers.get("authorization"), browser)
        ttl, topic = request.headers.get("ttl", ""), request.headers.get("topic", "")
        if not (ttl.isascii() and ttl.isdigit()):
            raise Refused(400, "MissingTtl")
        if len(topic) > 32 or not all(letter.isalnum() or letter in "-_" for letter in topic) or not topic.isascii():
            raise Refused(400, "BadTopic")
        if request.headers.get("urgency", "normal") not in URGENCIES:
            raise Refused(400, "BadUrgency")
        if request.headers.get("content-encoding") != "aes128gcm":
            raise Refused(400, "BadEncoding")
        if len(body) > MOST_BYTES:
            raise Refused(413, "PayloadTooLarge")
        self.taken.append({name.lower(): value for name, value in request.headers.items()})
        if browser.online:
            browser.take(body)
        elif int(ttl):
            browser.keep(topic, self.now_s() + int(ttl), body)

    def _believe(self, authorization: str | None, browser: Browser) -> None:
        """Whether the sender is whom this browser has subscribed to (RFC 8292, section 4.2)."""
        if authorization is None:
            raise Refused(401, "MissingAuthorization")
        try:
            claimed, key = claims(authorization)
        except ValueError:
            raise Refused(401, "BadJwtToken") from None
        if key != browser.key:
            raise Refused(403, "VapidPkHashMismatch")
        if claimed.get("aud") != self.origin:
            raise Refused(403, "BadAudience")
        until_s = claimed.get("exp")
        if not isinstance(until_s, int) or not 0 < until_s - self.now_s() <= MOST_TOKEN_S:
            raise Refused(403, "ExpiredJwtToken")
        contact = claimed.get("sub")
        if contact is not None and not str(contact).startswith(("mailto:", "https:")):
            raise Refused(403, "BadSubject")
