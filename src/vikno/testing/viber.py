"""A Viber to try a bot against: speaks the wire protocol of `/pa/*`, signs its callbacks, and people hold its phones.

    async with ViberServer("token", name="Міграційна служба", uri="dmsu") as viber:
        bot = Viber(token="token", name=…, api=viber.api)       # and the bot registers its webhook
        olena = viber.person("Олена")
        await olena.open("viber://pa?chatURI=dmsu&context=poster")
        await olena.press("За кордоном")
        await olena.heard("Де ви живете?")

It refuses what Viber refuses, inside a 200, and by the same numbers. Faults come on demand: `refuse`, `break_next`,
`lose_next`, `slow_s`, `duplicates`, `hold` and `release`, `bring_failed`. What it does not know of Viber it does not
do: it has no certificates, no price, and accepts a webhook on plain http.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import re
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from html import unescape
from itertools import count
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from vikno.testing.chat import Chat
from vikno.usecases.channel import Raw
from vikno.wire import limits

ALWAYS = ("message", "subscribed", "unsubscribed", "webhook")
"""Brought whatever `event_types` says."""
EVENTS = ("conversation_started", "delivered", "seen", "failed", *ALWAYS[:3])
HOUR_S = 3600.0
STATUSES = {
    0: "ok",
    1: "invalidUrl",
    2: "invalidAuthToken",
    3: "badData",
    4: "missingData",
    5: "receiverNotRegistered",
    6: "receiverNotSubscribed",
    10: "webhookNotSet",
    12: "tooManyRequests",
    14: "incompatibleWithVersion",
}
_HOST = "SN-CHAT-05_"


def signature(token: str, body: bytes) -> str:
    """What Viber sends as X-Viber-Content-Signature."""
    return hmac.new(token.encode(), body, "sha256").hexdigest()


def brought(account: dict[str, Any], raw: Raw) -> Raw:
    """For `vikno.testing.channel_examples`: what Viber sends with every callback."""
    signed = {"content-type": "application/json", "x-viber-content-signature": signature(account["token"], raw.body)}
    return replace(raw, headers={**signed, **raw.headers})


@dataclass
class Line:
    """One thing in a chat. `by`: bot, me, or app for what is no message. `silent`: sent, but not shown."""

    by: Literal["bot", "me", "app"]
    text: str
    token: int = 0
    keys: tuple[dict[str, Any], ...] = ()
    silent: bool = False
    welcome: bool = False
    seen: bool = False


@dataclass(eq=False)
class Person(Chat[Line]):
    """Somebody with Viber on the phone. `lines`: their chat with the bot; `keys`: the keyboard below it."""

    server: ViberServer
    id: str
    name: str
    language: str
    country: str = "UA"
    api_version: int = 10
    subscribed: bool = False
    blocked: bool = False
    online: bool = True
    keys: tuple[dict[str, Any], ...] = ()
    unanswered: deque[float] = field(default_factory=deque)

    # ---- what they do ----

    async def open(self, link: str | None = None, *, context: str | None = None) -> None:
        """Open the chat by a link, or from the bot's page. What the bot answers at once is the welcome.

        Raises LookupError for a link to a bot that does not exist.
        """
        if link is not None:
            parts = urlsplit(link)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if (parts.scheme, parts.netloc) != ("viber", "pa") or asked.get("chatURI") != self.server.uri:
                raise LookupError(f"no bot at {link}")
            context = asked.get("context", context)
        event: dict[str, Any] = {"type": "open", "user": self.profile(), "subscribed": self.subscribed}
        if context:
            event["context"] = context
        self._add(Line("app", "opened"))
        answer = await self.server.bring("conversation_started", event)
        if answer and not self.subscribed:
            self.server.take_welcome(self, answer)

    async def write(self, text: str) -> None:
        """Words. The first ones subscribe."""
        await self._send({"type": "text", "text": text}, Line("me", text))

    async def press(self, label: str) -> str | None:
        """The button that shows this label. Gives the address that a link button opens.

        Raises LookupError if there is none.
        """
        key = next((key for key in self.keys if shown(key) == label), None)
        if key is None:
            raise LookupError(f"no button “{label}” among {self.labels}")
        if key.get("ActionType") == "none":
            return None
        body, silent = key["ActionBody"], bool(key.get("Silent"))
        content = {"type": "text", "text": body}
        await self._send(content, Line("me", body, silent=silent), silent=silent)
        return body if key.get("ActionType") == "open-url" else None

    async def send(self, content: dict[str, Any]) -> None:
        """Anything else: `{"type": "sticker", "sticker_id": 40100}`."""
        await self._send(content, Line("me", f"[{content['type']}]"))

    async def see(self) -> None:
        """Look at the chat: the bot hears that its messages were seen."""
        for line in self.lines:
            if line.by == "bot" and not line.seen:
                line.seen = True
                await self.server.bring("seen", {"user_id": self.id}, line.token)

    async def unsubscribe(self) -> None:
        """Stop receiving messages."""
        self.subscribed = False
        self._add(Line("app", "unsubscribed"))
        await self.server.bring("unsubscribed", {"user_id": self.id})

    async def subscribe(self) -> None:
        """Receive messages again, by the switch in the chat's settings."""
        self.subscribed = True
        self._add(Line("app", "subscribed"))
        await self.server.bring("subscribed", {"user": self.profile()})

    async def _send(self, content: dict[str, Any], line: Line, *, silent: bool = False) -> None:
        self.subscribed = True
        self.unanswered.clear()
        line.token = self.server.next_token()
        self._add(line)
        event = {"sender": self.profile(), "message": content, "silent": silent}
        await self.server.bring("message", event, line.token)

    # ---- what they see ----

    @property
    def labels(self) -> list[str]:
        """What stands on the buttons."""
        return [shown(key) for key in self.keys]

    def profile(self) -> dict[str, Any]:
        """How callbacks speak of this person."""
        about: dict[str, Any] = {"id": self.id, "country": self.country, "language": self.language}
        about["api_version"] = self.api_version
        if self.server.send_name:
            about["name"] = self.name
        return about

    def transcript(self) -> dict[str, Any]:
        """The phone as plain data, for a page: what is shown (silent presses are not), and the buttons below."""
        lines = [{"by": line.by, "text": line.text} for line in self.lines if not line.silent]
        keys = [
            {"label": shown(key), "columns": key.get("Columns", 6), "rows": key.get("Rows", 1)}
            | ({"url": key["ActionBody"]} if key.get("ActionType") == "open-url" else {})
            for key in self.keys
        ]
        about = {"id": self.id, "name": self.name, "subscribed": self.subscribed}
        return {**about, "lines": lines, "keys": keys}

    def take(self, message: dict[str, Any], token: int, *, welcome: bool = False) -> None:
        """A message of the bot arrives. The last keyboard stays until another one comes."""
        keys = tuple(message.get("keyboard", {}).get("Buttons", ()))
        self._add(Line("bot", str(message.get("text", "")), token, keys, welcome=welcome))
        if keys:
            self.keys = keys


class ViberServer:
    """The server of Viber with one bot on it, on a free port of this machine.

    `receipts`: `delivered` is brought for each message. `retries`: a callback that is not answered with 200 is brought
    so often again. `duplicates`: each callback is brought so often more. `slow_s`: how long an API call takes.
    """

    def __init__(
        self, token: str, *, name: str, uri: str, receipts: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.token, self.name, self.uri = token, name, uri
        self.receipts, self.retries, self.duplicates, self.slow_s = receipts, 2, 0, 0.0
        self.people: dict[str, Person] = {}
        self.webhook, self.event_types, self.send_name = "", list(EVENTS), True
        self.subscribers_before = 3
        """Subscribers who have no phone here."""
        self.called: list[tuple[str, dict[str, Any], int]] = []
        """API calls: method, body, status."""
        self.brought: list[tuple[str, int, int | None]] = []
        """Callbacks: event, message_token, HTTP status."""
        self._clock, self._tokens = clock, count(4912661846655238145)
        self._refusals: deque[tuple[int, str | None]] = deque()
        self._broken: deque[int | None] = deque()
        self._held: list[bytes] | None = None
        self._broadcasts: deque[float] = deque()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._runner: web.AppRunner | None = None
        self._client: ClientSession | None = None
        self.port = 0

    @property
    def api(self) -> str:
        """The address for the bot's `api` setting."""
        return f"http://127.0.0.1:{self.port}/pa"

    async def start(self, port: int = 0) -> Self:
        """Listen, on this port or a free one."""
        app = web.Application(client_max_size=2**22)
        app.router.add_post("/pa/{method}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.port = self._runner.addresses[0][1]
        self._client = ClientSession(timeout=ClientTimeout(total=10.0))
        return self

    async def close(self) -> None:
        """Stop: nothing is brought any more."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def person(self, name: str, language: str = "uk") -> Person:
        """Somebody who has Viber, and has never met the bot."""
        digest = sha256(f"{name}/{len(self.people)}/{self.uri}".encode()).digest()[:16]
        person = Person(self, b64encode(digest).decode(), name, language)
        self.people[person.id] = person
        return person

    def next_token(self) -> int:
        return next(self._tokens)

    # ---- faults ----

    def refuse(self, status: int, times: int = 1, *, receiver: str | None = None) -> None:
        """The next messages (to this person) are refused with this status, inside a 200."""
        self._refusals.extend([(status, receiver)] * times)

    def break_next(self, http: int = 502, times: int = 1) -> None:
        """The next API calls are answered by a gateway and not by Viber: nothing was taken."""
        self._broken.extend([http] * times)

    def lose_next(self, times: int = 1) -> None:
        """The next messages are taken, and then the connection breaks before the answer."""
        self._broken.extend([None] * times)

    def hold(self) -> None:
        """Keep callbacks back, until `release`."""
        self._held = []

    async def release(self, *, reverse: bool = False) -> None:
        """Bring what was kept back, if wished the last first."""
        held, self._held = self._held or [], None
        for body in reversed(held) if reverse else held:
            await self._carry(body)

    async def bring_failed(self, line: Line, person: Person, desc: str = "failed to deliver") -> None:
        """A message that was taken did not arrive after all."""
        await self.bring("failed", {"user_id": person.id, "desc": desc}, line.token)

    # ---- callbacks ----

    async def bring(self, event: str, about: dict[str, Any], token: int | None = None) -> bytes | None:
        """Sign a callback and bring it. Gives the body of the answer, or None if there was none of use."""
        if not self.webhook or (event not in self.event_types and event not in ALWAYS):
            return None
        head = {"event": event, "timestamp": int(time.time() * 1000), "chat_hostname": _HOST}
        head["message_token"] = self.next_token() if token is None else token
        body = json.dumps({**head, **about}, ensure_ascii=False, separators=(",", ":")).encode()
        if self._held is not None:
            self._held.append(body)
            return None
        return await self._carry(body)

    async def settled(self) -> None:
        """Wait until receipts that are on their way have been brought."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, body: bytes) -> bytes | None:
        answer = None
        for _ in range(1 + self.retries):
            status, answer = await self._post(self.webhook, body)
            if status == 200:
                break
            answer = None
            await asyncio.sleep(0.05)
        for _ in range(self.duplicates):
            await self._post(self.webhook, body)
        return answer

    async def _post(self, url: str, body: bytes) -> tuple[int | None, bytes]:
        assert self._client is not None, "the server has not been started"  # noqa: S101 - a tool for tests
        signed = signature(self.token, body)
        headers = {"content-type": "application/json", "x-viber-content-signature": signed}
        about = json.loads(body)
        try:
            async with self._client.post(url, params={"sig": signed}, data=body, headers=headers) as response:
                answer = await response.read()
                status: int | None = response.status
        except (ClientError, TimeoutError, OSError, ValueError):
            status, answer = None, b""
        self.brought.append((about["event"], about["message_token"], status))
        return status, answer

    def take_welcome(self, person: Person, answer: bytes) -> None:
        """What stood in the answer to an opening, if it is a message that Viber would take."""
        try:
            message = json.loads(answer)
        except ValueError:
            return
        wrong = fault(message, len(answer))
        self.called.append(("welcome", message, wrong[0] if wrong else 0))
        if wrong is None:
            person.take(message, self.next_token(), welcome=True)

    # ---- the API ----

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        broken = self._broken.popleft() if self._broken else 200
        if broken not in (200, None):
            return web.Response(status=broken or 0, text="Bad gateway")
        method = request.match_info["method"]
        try:
            asked = json.loads(body or b"{}")
        except ValueError:
            asked = None
        said = await self._said(method, asked, request.headers.get("X-Viber-Auth-Token"), len(body))
        self.called.append((method, asked, said["status"]))
        if broken is None and request.transport is not None:
            request.transport.abort()
        return web.json_response(said)

    async def _said(self, method: str, asked: Any, token: str | None, size: int) -> dict[str, Any]:
        if not isinstance(asked, dict):
            return _status(3)
        given = token or asked.get("auth_token")
        if not given:
            return _status(2, "missing_auth_token")
        if given != self.token:
            return _status(2)
        match method:
            case "set_webhook":
                return await self._set_webhook(asked)
            case "get_account_info":
                return self._account_info()
            case "get_user_details":
                person = self.people.get(str(asked.get("id")))
                return _status(5) if person is None else _status(0) | {"user": person.profile()}
            case "get_online":
                return self._online(asked)
            case "send_message":
                return self._send_message(asked, size)
            case "broadcast_message":
                return self._broadcast(asked, size)
        return _status(3, f"there is no method {method}")

    async def _set_webhook(self, asked: dict[str, Any]) -> dict[str, Any]:
        url = asked.get("url")
        if not isinstance(url, str):
            return _status(4)
        if not url:
            self.webhook = ""
            return _status(0) | {"event_types": []}
        parts = urlsplit(url)
        if not parts.netloc or parts.scheme not in ("http", "https"):
            return _status(1)
        types = asked.get("event_types")
        known = list(EVENTS) if types is None else sorted({*types, *ALWAYS[:3]})
        if unknown := [event for event in known if event not in (*EVENTS, "client_status")]:
            return _status(3, f"unknown event types {unknown}")
        head = {"event": "webhook", "timestamp": int(time.time() * 1000), "chat_hostname": _HOST}
        body = json.dumps({**head, "message_token": self.next_token()}).encode()
        status, _ = await self._post(url, body)
        if status != 200:
            return _status(1, f"webhook answered {status}")
        self.webhook, self.event_types = url, known
        self.send_name = bool(asked.get("send_name", True))
        return _status(0) | {"chat_hostname": _HOST, "event_types": known}

    def _account_info(self) -> dict[str, Any]:
        subscribers = self.subscribers_before + sum(person.subscribed for person in self.people.values())
        about: dict[str, Any] = {"id": "pa:75346594275468546724", "chat_hostname": _HOST, "name": self.name}
        about |= {"uri": self.uri, "icon": "http://example.com/icon.jpg", "category": "Services", "country": "UA"}
        if self.webhook:
            about |= {"webhook": self.webhook, "event_types": self.event_types}
        return _status(0) | about | {"subscribers_count": subscribers, "members": []}

    def _online(self, asked: dict[str, Any]) -> dict[str, Any]:
        ids = asked.get("ids")
        if not isinstance(ids, list) or not 0 < len(ids) <= limits.VIBER_ONLINE_IDS:
            return _status(3)
        users = []
        for one in ids:
            person = self.people.get(one)
            code = 3 if person is None or not person.subscribed else 0 if person.online else 1
            users.append(
                {"id": one, "online_status": code, "online_status_message": ("online", "offline", "", "")[code]}
            )
        return _status(0) | {"users": users}

    def _send_message(self, asked: dict[str, Any], size: int) -> dict[str, Any]:
        if "receiver" not in asked:
            return _status(4, "receiver is missing")
        wrong = fault(asked, size)
        if wrong is not None:
            return _status(*wrong)
        status, token = self._deliver(str(asked["receiver"]), asked)
        if status:
            return _status(status)
        return _status(0) | {"message_token": token, "chat_hostname": _HOST, "billing_status": 1}

    def _broadcast(self, asked: dict[str, Any], size: int) -> dict[str, Any]:
        receivers = asked.get("broadcast_list")
        if not isinstance(receivers, list) or not 0 < len(receivers) <= limits.VIBER_BROADCAST_RECEIVERS:
            return _status(3)
        if not _counted(self._broadcasts, self._clock(), limits.VIBER_BROADCAST_WINDOW_S, limits.VIBER_BROADCASTS):
            return _status(12)
        wrong = fault(asked, size)
        if wrong is not None:
            return _status(*wrong)
        token, failed = self.next_token(), []
        for receiver in receivers:
            status, _ = self._deliver(str(receiver), asked, token)
            if status:
                failed.append({"receiver": receiver, **_status(status)})
        return _status(0) | {"message_token": token, "failed_list": failed}

    def _deliver(self, receiver: str, message: dict[str, Any], token: int | None = None) -> tuple[int, int]:
        refusal = next((one for one in self._refusals if one[1] in (None, receiver)), None)
        if refusal is not None:
            self._refusals.remove(refusal)
            return refusal[0], 0
        person = self.people.get(receiver)
        if person is None:
            return 5, 0
        if not person.subscribed:
            return 6, 0
        if not _counted(person.unanswered, self._clock(), HOUR_S, limits.VIBER_UNANSWERED_AN_HOUR):
            return 12, 0
        token = self.next_token() if token is None else token
        person.take(message, token)
        if self.receipts:
            task = asyncio.get_running_loop().create_task(self.bring("delivered", {"user_id": person.id}, token))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return 0, token


# ---- what Viber refuses ----

_TAGS = re.compile(r"</?(?:b|i|u|br|font)\b[^<>]*>")


def shown(key: dict[str, Any]) -> str:
    """What a person reads on a button."""
    return unescape(_TAGS.sub("", str(key.get("Text", ""))))


def fault(message: Any, size: int) -> tuple[int, str] | None:
    """Why Viber refuses a message: its status and words. `size`: bytes of the whole request."""
    if not isinstance(message, dict):
        return 3, "the message is no object"
    if size > 30 * 1024:
        return 3, f"request is too large: {size}"
    name = (message.get("sender") or {}).get("name")
    kind, text = message.get("type"), message.get("text")
    if not name:
        return 4, "sender.name is missing"
    if len(name) > limits.VIBER_SENDER_CHARACTERS:
        return 3, "sender.name is too long"
    if kind is None and "keyboard" not in message:
        return 4, "type is missing"
    if kind == "text" and not text:
        return 4, "text is missing"
    if not isinstance(text, str | None):
        return 3, "text is no text"
    if text and len(text) > limits.VIBER_TEXT_CHARACTERS:
        return 3, "text is too long"
    if len(message.get("tracking_data", "")) > limits.VIBER_TRACKING_CHARACTERS:
        return 3, "tracking_data is too long"
    if len(message.get("media", "")) > limits.VIBER_URL_CHARACTERS:
        return 3, "media is too long"
    return _keyboard_fault(message["keyboard"], message.get("min_api_version", 1)) if "keyboard" in message else None


def _keyboard_fault(keyboard: Any, version: int) -> tuple[int, str] | None:
    if not isinstance(keyboard, dict) or keyboard.get("Type") != "keyboard":
        return 3, "keyboard is not valid. [Type is missing]"
    keys = keyboard.get("Buttons")
    if not isinstance(keys, list) or not keys:
        return 3, "keyboard is not valid. [Buttons is missing]"
    if "InputFieldState" in keyboard and version < limits.VIBER_API_INPUT:
        return 14, "InputFieldState needs min_api_version 4"
    for key in keys:
        if "ActionBody" not in key:
            return 4, "ActionBody is missing"
        columns, rows = key.get("Columns", 6), key.get("Rows", 1)
        if not (1 <= columns <= limits.VIBER_COLUMNS and 1 <= rows <= limits.VIBER_BUTTON_ROWS):
            return 3, f"keyboard is not valid. [{columns} columns, {rows} rows]"
        if len(key.get("Text", "")) > limits.VIBER_LABEL_CHARACTERS:
            return 3, "keyboard is not valid. [Text is too long]"
        if "<" in _TAGS.sub("", key.get("Text", "")):
            return 3, "keyboard is not valid. [Text has unknown tags]"
        if key.get("ActionType") in ("share-phone", "location-picker") and version < limits.VIBER_API_ASKS:
            return 14, f"{key['ActionType']} needs min_api_version 3"
    return None


def _status(code: int, words: str | None = None) -> dict[str, Any]:
    return {"status": code, "status_message": words or STATUSES.get(code, "general error")}


def _counted(moments: deque[float], now_s: float, window_s: float, most: int) -> bool:
    """Count one; False if there were so many within the window already."""
    while moments and moments[0] <= now_s - window_s:
        moments.popleft()
    if len(moments) >= most:
        return False
    moments.append(now_s)
    return True
