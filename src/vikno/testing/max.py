"""A MAX to try a bot against: speaks the wire protocol of its Bot API, brings webhooks, and people hold its phones.

    async with MaxServer("token", name="Міграційна служба", username="id7700000000_bot") as messenger:
        bot = Max(token="token", secret="hush-hush", api=messenger.api)      # and the bot registers its webhook
        olena = messenger.person("Олена")
        await olena.open("https://max.ru/id7700000000_bot?start=poster")
        await olena.press("За кордоном")
        await olena.heard("Де ви живете?")

It refuses what MAX refuses, with its codes. Faults come on demand: `refuse`, `break_next`, `lose_next`, `slow_s`,
`duplicates`, `hold` and `release`, `limited`. After `patience` tries a webhook that does not answer exactly 200 is
given up, as MAX does after eight hours. What it does not know of MAX it does not do: files, groups, markup; it shows a
certificate only if it is given one, and brings webhooks to plain http.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from vikno.testing.chat import Chat
from vikno.usecases.channel import Raw
from vikno.wire import limits
from vikno.wire.text import utf16

SECRET_HEADER = "x-max-bot-api-secret"  # noqa: S105 - the name of a header
UPDATES = (
    "message_created", "message_callback", "message_edited", "message_removed", "bot_started", "bot_stopped",
    "dialog_cleared", "dialog_removed", "dialog_muted", "dialog_unmuted", "bot_added", "bot_removed", "user_added",
    "user_removed", "chat_title_changed", "message_chat_created",
)  # fmt: skip
BOT_ID = 229_229_229


def brought(account: dict[str, Any], raw: Raw) -> Raw:
    """For `vikno.testing.channel_examples`: what MAX sends with every update."""
    headers = {"content-type": "application/json;charset=utf-8"}
    if account.get("secret"):
        headers[SECRET_HEADER] = account["secret"]
    return replace(raw, headers={**headers, **raw.headers})


class Refused(Exception):
    """What MAX answers to a request that it does not do."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, code, message)
        self.status, self.code, self.message = status, code, message


@dataclass
class Line:
    """One thing in a dialog. `by`: bot, me, or app for what is no message. `keys`: the buttons below it, in rows."""

    by: Literal["bot", "me", "app"]
    text: str
    mid: str = ""
    keys: tuple[tuple[dict[str, Any], ...], ...] = ()


@dataclass(eq=False)
class Person(Chat[Line]):
    """Somebody with MAX on the phone. `lines`: their dialog with the bot; `notified`: what answers to presses said."""

    server: MaxServer
    id: int
    name: str
    language: str
    started: bool = False
    stopped: bool = False
    notified: list[str] = field(default_factory=list)
    sent: deque[float] = field(default_factory=deque)
    answered: deque[float] = field(default_factory=deque)

    # ---- what they do ----

    async def open(self, link: str | None = None, *, payload: str | None = None) -> None:
        """Open the bot by a link, or find it, and press Start.

        Raises LookupError for a link to a bot that does not exist.
        """
        if link is not None:
            parts = urlsplit(link)
            if (parts.scheme, parts.netloc, parts.path) != ("https", "max.ru", f"/{self.server.username}"):
                raise LookupError(f"no bot at {link}")
            payload = parse_qs(parts.query).get("start", [payload])[0]
        if payload is not None and len(payload) > limits.MAX_START_CHARACTERS:
            payload = None  # left out without a word
        self.started, self.stopped = True, False
        self._add(Line("app", "started"))
        about: dict[str, Any] = {"chat_id": self.chat, "user": self.profile(), "user_locale": self.language}
        await self.server.bring("bot_started", about | ({"payload": payload} if payload else {}))

    async def write(self, text: str) -> None:
        """Words."""
        await self.send(text)

    async def send(self, text: str | None = None, *attachments: dict[str, Any]) -> None:
        """Words and things: `send(None, {"type": "sticker", …})`."""
        self.started, self.stopped = True, False
        mid = self.server.next_mid()
        shown = text if text is not None else "".join(f"[{one['type']}]" for one in attachments)
        self._add(Line("me", shown, mid))
        await self.server.bring("message_created", self._message(mid, text, attachments))

    async def speak(self) -> None:
        """A voice message, of which MAX brings nothing but that there was one."""
        self._add(Line("me", "[voice]"))
        await self.server.bring("message_created", {"user_locale": self.language})

    async def edit(self, text: str) -> None:
        """Say their last message in other words."""
        line = next(line for line in reversed(self.lines) if line.by == "me")
        line.text = text
        await self.server.bring("message_edited", self._message(line.mid, text, ()))

    async def press(self, label: str) -> str | None:
        """The button that shows this label, the newest one. Gives the address that a link button opens.

        Raises LookupError if there is none.
        """
        for line in reversed(self.lines):
            for key in (key for row in line.keys for key in row if key["text"] == label):
                if key["type"] == "link":
                    return str(key["url"])
                self._add(Line("app", f"pressed {label}"))
                await self.server.bring_press(self, line, key)
                return None
        raise LookupError(f"no button “{label}” among {self.labels}")

    async def stop(self) -> None:
        """Stop the bot: it may not write any more."""
        self.stopped = True
        self._add(Line("app", "stopped"))
        await self.server.bring("bot_stopped", self._about())

    async def remove(self) -> None:
        """Delete the dialog."""
        self.stopped = True
        self._add(Line("app", "removed"))
        await self.server.bring("dialog_removed", self._about())

    # ---- what they see ----

    @property
    def chat(self) -> int:
        """Their dialog with the bot, which has another id than they have."""
        return self.id ^ BOT_ID

    @property
    def labels(self) -> list[str]:
        """What stands on the buttons of the bot's last message."""
        last = next((line for line in reversed(self.lines) if line.by == "bot"), None)
        return [key["text"] for row in last.keys for key in row] if last else []

    async def noticed(self, *, timeout_s: float = 5.0) -> str:
        """What the last answer to a press says, when there is one.

        Raises TimeoutError.
        """
        return await self._until(lambda: self.notified[-1] if self.notified else None, timeout_s)

    def profile(self) -> dict[str, Any]:
        """How updates speak of this person."""
        about: dict[str, Any] = {"user_id": self.id, "first_name": self.name, "last_name": "", "username": None}
        return about | {"is_bot": False, "last_activity_time": _now_ms(), "name": self.name}

    def transcript(self) -> dict[str, Any]:
        """The phone as plain data, for a page: what is shown, and the buttons below each message."""
        lines = [
            {"by": line.by, "text": line.text}
            | ({"keys": [[{"label": key["text"], "url": key.get("url")} for key in row] for row in line.keys]})
            for line in self.lines
        ]
        return {"id": str(self.id), "name": self.name, "stopped": self.stopped, "lines": lines}

    def take(self, text: str, mid: str, keys: tuple[tuple[dict[str, Any], ...], ...]) -> None:
        """A message of the bot arrives."""
        self._add(Line("bot", text, mid, keys))

    def notice(self, text: str) -> None:
        """The answer to a press arrives."""
        self.notified.append(text)
        self._changed.set()

    def _about(self) -> dict[str, Any]:
        return {"chat_id": self.chat, "user": self.profile(), "user_locale": self.language}

    def _message(self, mid: str, text: str | None, attachments: tuple[dict[str, Any], ...]) -> dict[str, Any]:
        body: dict[str, Any] = {"mid": mid, "seq": self.server.next_seq(), "text": text}
        if attachments:
            body["attachments"] = list(attachments)
        recipient = {"chat_id": self.chat, "chat_type": "dialog", "user_id": BOT_ID}
        message = {"recipient": recipient, "timestamp": _now_ms(), "body": body, "sender": self.profile()}
        return {"message": message, "user_locale": self.language}


class MaxServer:
    """The server of MAX with one bot on it, on a free port of this machine.

    `patience`: an update that is not answered with exactly 200 is brought so often, and then the bot is unsubscribed.
    `duplicates`: each update is brought so often more. `slow_s`: how long an API call takes. `limited`: more requests
    than MAX allows are refused with 429. `shows`: a certificate, to be spoken with by https.
    """

    def __init__(
        self,
        token: str,
        *,
        name: str,
        username: str,
        shows: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.token, self.name, self.username = token, name, username
        self.patience, self.duplicates, self.slow_s, self.limited = 3, 0, 0.0, False
        self.people: dict[int, Person] = {}
        self.subscriptions: dict[str, dict[str, Any]] = {}
        """Address -> what was asked for: url, update_types, secret."""
        self.called: list[tuple[str, Any, int]] = []
        """API calls: method and path, body, status."""
        self.brought: list[tuple[str, int | None]] = []
        """Updates: type, HTTP status."""
        self.callbacks: dict[str, Person] = {}
        self._shows, self._clock = shows, clock
        self._ids, self._numbers = count(123_456_789), count(116_327_994_376_978_687)
        self._refusals: deque[Refused] = deque()
        self._broken: deque[int | None] = deque()
        self._held: list[bytes] | None = None
        self._requests: deque[float] = deque()
        self._runner: web.AppRunner | None = None
        self._client: ClientSession | None = None
        self.port = 0

    @property
    def api(self) -> str:
        """The address for the bot's `api` setting."""
        return f"{'https' if self._shows else 'http'}://localhost:{self.port}"

    async def start(self, port: int = 0) -> Self:
        """Listen, on this port or a free one."""
        app = web.Application(client_max_size=2**22)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=self._shows).start()
        self.port = self._runner.addresses[0][1]
        self._client = ClientSession(timeout=ClientTimeout(total=10.0))
        return self

    async def close(self) -> None:
        """Stop: nothing is brought any more."""
        if self._client is not None:
            await self._client.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def person(self, name: str, language: str = "uk") -> Person:
        """Somebody who has MAX, and has never met the bot."""
        person = Person(self, next(self._ids), name, language)
        self.people[person.id] = person
        return person

    def next_mid(self) -> str:
        return f"mid.{next(self._numbers):032x}"

    def next_seq(self) -> int:
        return next(self._numbers)

    # ---- faults ----

    def refuse(self, status: int, code: str, message: str = "", times: int = 1) -> None:
        """The next messages are refused with this."""
        self._refusals.extend([Refused(status, code, message)] * times)

    def break_next(self, http: int = 502, times: int = 1) -> None:
        """The next API calls are answered by a gateway and not by MAX: nothing was taken."""
        self._broken.extend([http] * times)

    def lose_next(self, times: int = 1) -> None:
        """The next calls are done, and then the connection breaks before the answer."""
        self._broken.extend([None] * times)

    def hold(self) -> None:
        """Keep updates back, until `release`."""
        self._held = []

    async def release(self, *, reverse: bool = False) -> None:
        """Bring what was kept back, if wished the last first."""
        held, self._held = self._held or [], None
        for body in reversed(held) if reverse else held:
            await self._carry(body)

    # ---- updates ----

    async def bring(self, kind: str, about: dict[str, Any]) -> None:
        """Bring an update to whoever has subscribed to its kind."""
        body = json.dumps({"timestamp": _now_ms(), **about, "update_type": kind}, ensure_ascii=False).encode()
        if self._held is not None:
            self._held.append(body)
        else:
            await self._carry(body)

    async def bring_press(self, person: Person, line: Line, key: dict[str, Any]) -> None:
        """Somebody pressed this button below this message."""
        callback = f"f9LHodD0c{next(self._numbers):x}"
        self.callbacks[callback] = person
        pressed = {"timestamp": _now_ms(), "callback_id": callback, "payload": key["payload"], "user": person.profile()}
        message = {
            "recipient": {"chat_id": person.chat, "chat_type": "dialog", "user_id": person.id},
            "timestamp": _now_ms(),
            "body": {"mid": line.mid, "seq": self.next_seq(), "text": line.text},
            "sender": self._me(),
        }
        about = {"callback": pressed, "message": message, "user_locale": person.language}
        await self.bring("message_callback", about)

    async def _carry(self, body: bytes) -> None:
        kind = json.loads(body)["update_type"]
        for url, wanted in list(self.subscriptions.items()):
            if wanted["update_types"] and kind not in wanted["update_types"]:
                continue
            for _ in range(self.patience):
                if await self._post(url, wanted.get("secret"), kind, body) == 200:
                    break
                await asyncio.sleep(0.02)
            else:
                self.subscriptions.pop(url, None)
                continue
            for _ in range(self.duplicates):
                await self._post(url, wanted.get("secret"), kind, body)

    async def _post(self, url: str, secret: str | None, kind: str, body: bytes) -> int | None:
        assert self._client is not None, "the server has not been started"  # noqa: S101 - a tool for tests
        headers = {"content-type": "application/json;charset=utf-8"} | ({SECRET_HEADER: secret} if secret else {})
        try:
            async with self._client.post(url, data=body, headers=headers) as response:
                await response.read()
                status: int | None = response.status
        except (ClientError, TimeoutError, OSError, ValueError):
            status = None
        self.brought.append((kind, status))
        return status

    # ---- the API ----

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        broken = self._broken.popleft() if self._broken else 200
        if broken not in (200, None):
            return web.Response(status=broken or 0, text="Bad gateway")
        called = f"{request.method} /{request.match_info['path']}"
        asked: Any = None
        try:
            self._counted(request.headers.get("Authorization"))
            asked = _parsed(body)
            status, said = 200, self._said(called, dict(request.query), asked)
        except Refused as refused:
            status, said = refused.status, {"code": refused.code, "message": refused.message}
        self.called.append((called, asked, status))
        if broken is None and request.transport is not None:
            request.transport.abort()
        return web.json_response(said, status=status)

    def _counted(self, token: str | None) -> None:
        if token != self.token:
            raise Refused(401, "verify.token", "Invalid access_token")
        if self.limited and not _within(self._requests, self._clock(), limits.MAX_REQUESTS_A_SECOND):
            most = f"Limit is: {limits.MAX_REQUESTS_A_SECOND} calls per second."
            raise Refused(429, "too.many.requests", f"Too many requests. {most}")

    def _said(self, called: str, query: dict[str, str], asked: Any) -> dict[str, Any]:
        match called:
            case "GET /me":
                return self._me()
            case "GET /subscriptions":
                shown = [{"url": url, "time": 1, "update_types": one["update_types"] or None, "version": "0.0.1"}
                         for url, one in self.subscriptions.items()]  # fmt: skip
                return {"subscriptions": shown}
            case "POST /subscriptions":
                return self._subscribe(asked)
            case "DELETE /subscriptions":
                return {"success": self.subscriptions.pop(query.get("url", ""), None) is not None}
            case "POST /messages":
                return self._message(query, asked)
            case "POST /answers":
                return self._callback_answer(query, asked)
        raise Refused(404, "not.found", f"Unknown method {called}")

    def _me(self) -> dict[str, Any]:
        about: dict[str, Any] = {"user_id": BOT_ID, "first_name": self.name, "username": self.username, "is_bot": True}
        return about | {"last_activity_time": _now_ms(), "name": self.name}

    def _subscribe(self, asked: Any) -> dict[str, Any]:
        url = asked.get("url") if isinstance(asked, dict) else None
        if not isinstance(url, str) or not url:
            raise _wrong("Missing required parameter: url")
        secret, types = asked.get("secret"), asked.get("update_types") or []
        if urlsplit(url).scheme not in ("http", "https"):
            return {"success": False, "message": f"Invalid URL: {url}"}
        if secret is not None and not re.fullmatch(r"[A-Za-z0-9_-]{5,256}", secret):
            raise _wrong("Field 'secret' does not match the pattern")
        if unknown := [one for one in types if one not in UPDATES]:
            raise _wrong(f"Unknown update types {unknown}")
        self.subscriptions[url] = {"update_types": types, "secret": secret}
        return {"success": True}

    def _message(self, query: dict[str, str], asked: Any) -> dict[str, Any]:
        if self._refusals:
            raise self._refusals.popleft()
        text, keys = checked(asked)
        if "user_id" not in query and "chat_id" not in query:
            raise _wrong("Unknown recipient")
        person = self._whom(query)
        if person.stopped:
            raise Refused(403, "chat.denied", f"Key: error.dialog.suspended, args: [{person.chat},].")
        if self.limited and not _within(person.sent, self._clock(), limits.MAX_CHAT_MESSAGES_A_SECOND):
            raise Refused(429, "too.many.requests", "Too many requests. Limit is: 2 calls per second.")
        mid = self.next_mid()
        person.take(text, mid, keys)
        recipient = {"chat_id": person.chat, "chat_type": "dialog", "user_id": person.id}
        body = {"mid": mid, "seq": self.next_seq(), "text": text, "attachments": asked.get("attachments")}
        message = {"recipient": recipient, "timestamp": _now_ms(), "body": body, "sender": self._me()}
        return {"message": message}

    def _whom(self, query: dict[str, str]) -> Person:
        if "user_id" in query:
            given = query["user_id"]
            person = self.people.get(int(given)) if re.fullmatch(r"-?[0-9]{1,19}", given) else None
            if person is None or not person.started:
                raise Refused(404, "dialog.not.found", "error.dialog.notfound")
            return person
        found = next((one for one in self.people.values() if str(one.chat) == query["chat_id"] and one.started), None)
        if found is None:
            raise Refused(404, "chat.not.found", f"Chat {query['chat_id']} not found")
        return found

    def _callback_answer(self, query: dict[str, str], asked: Any) -> dict[str, Any]:
        if not isinstance(asked, dict) or not (asked.get("notification") or asked.get("message")):
            raise _wrong("Invalid request. `message` or `notification` required")
        person = self.callbacks.get(query.get("callback_id", ""))
        if person is None:
            raise Refused(404, "callback.not.found", "Callback is not found")
        if self.limited and not _within(person.answered, self._clock(), limits.MAX_CHAT_MESSAGES_A_SECOND):
            raise Refused(429, "too.many.requests", "Too many requests. Limit is: 2 calls per second.")
        person.notice(str(asked.get("notification", "")))
        return {"success": True}


# ---- what MAX refuses ----


def checked(asked: Any) -> tuple[str, tuple[tuple[dict[str, Any], ...], ...]]:
    """The text and the buttons of a message that MAX takes.

    Raises Refused.
    """
    if not isinstance(asked, dict):
        raise _wrong("Invalid request payload")
    text, attachments = asked.get("text"), asked.get("attachments") or []
    if not isinstance(text, str | None) or not isinstance(attachments, list):
        raise _wrong("Invalid request payload")
    if not text and not attachments:
        raise _wrong("Message is empty")
    # Counted as the strictest could: nobody has said what a character is there.
    size = utf16(text or "")
    if size > limits.MAX_TEXT_CHARACTERS:
        raise _wrong(f"Field 'text' size ({size}) must be at most {limits.MAX_TEXT_CHARACTERS}")
    keyboards = [one for one in attachments if one.get("type") == "inline_keyboard"]
    if len(keyboards) != len(attachments) or len(keyboards) > 1:
        raise _wrong("Must be only one keyboard in message")
    rows = keyboards[0].get("payload", {}).get("buttons") if keyboards else []
    if not isinstance(rows, list) or (keyboards and not rows):
        raise _wrong("Field 'buttons' size (0) must be at least 1")
    _check_rows(rows)
    return text or "", tuple(tuple(row) for row in rows)


def _check_rows(rows: list[list[dict[str, Any]]]) -> None:
    if len(rows) > limits.MAX_ROWS or sum(map(len, rows)) > limits.MAX_BUTTONS:
        raise _wrong("Too many buttons")
    for row in rows:
        wide = any(key.get("type") != "callback" for key in row)
        if not 0 < len(row) <= (limits.MAX_LINKS_A_ROW if wide else limits.MAX_BUTTONS_A_ROW):
            raise _wrong(f"Too many buttons in a row ({len(row)})")
        for key in row:
            _check_key(key)


def _check_key(key: dict[str, Any]) -> None:
    label = key.get("text")
    if not isinstance(label, str) or not 0 < utf16(label) <= limits.MAX_LABEL_CHARACTERS:
        raise _wrong(f"Field 'text' of a button must have 1 to {limits.MAX_LABEL_CHARACTERS} characters")
    match key.get("type"):
        case "callback":
            payload = key.get("payload")
            if not isinstance(payload, str) or not 0 < len(payload) <= limits.MAX_PAYLOAD_CHARACTERS:
                raise _wrong("Field 'payload' of a button is missing or too long")
        case "link":
            url = key.get("url")
            if not isinstance(url, str) or len(url) > limits.MAX_URL_CHARACTERS or not _LINK.match(url):
                raise _wrong("Must have only http/https links format in buttons")
        case kind:
            raise _wrong(f"Unknown type of button: {kind}")


_LINK = re.compile(r"https?://[^\s/?#@]+\.[^\s/?#@]+([/?#]\S*)?\Z")


def _wrong(message: str) -> Refused:
    return Refused(400, "proto.payload", message)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        raise _wrong("Invalid request payload") from None


def _now_ms() -> int:
    return int(time.time() * 1000)


def _within(moments: deque[float], now_s: float, most: int) -> bool:
    """Count one; False if there were so many within the last second already."""
    while moments and moments[0] <= now_s - 1.0:
        moments.popleft()
    if len(moments) >= most:
        return False
    moments.append(now_s)
    return True
