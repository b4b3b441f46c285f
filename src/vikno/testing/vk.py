"""A VK to try a community's bot against: the API's methods, the Callback API with its secret, and people with phones.

    async with VkServer("token", group=71110, name="Міграційна служба", screen="dmsu") as vk:
        bot = Vk(token="token", secret=…, group=71110, api=vk.api)      # and the bot registers its webhook
        olena = vk.person("Олена")
        await olena.open("https://vk.me/dmsu?ref=poster")
        await olena.start()
        await olena.press("За кордоном")
        await olena.heard("Де ви живете?")

It refuses what VK refuses, inside a 200, and by the same numbers; it calls an address only when that has said the
confirmation string, and brings an event again until the answer is `ok`. Faults come on demand: `refuse`, `break_next`,
`lose_next`, `slow_s`, `duplicates`, `hold` and `release`. What it does not know of VK it does not do: it has no
certificates, and accepts a webhook on plain http.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Literal, Self
from urllib.parse import parse_qs, parse_qsl, urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from vikno.channels.vk import Vk
from vikno.testing.chat import Chat
from vikno.usecases.channel import Raw
from vikno.wire import limits
from vikno.wire.http import HttpRequest

VERSION = "5.199"
ALL_EVENTS = ("message_new", "message_event", "message_allow", "message_deny", "message_reply", "message_read")
ANSWERED_S = 60.0
"""For so long a pressed key may be answered."""
LONGEST_PEER = 2_000_000_000
ERRORS = {
    1: "Unknown error occurred",
    3: "Unknown method passed",
    5: "User authorization failed: invalid access_token (4).",
    6: "Too many requests per second",
    7: "Permission to perform this action is denied",
    9: "Flood control",
    10: "Internal server error",
    15: "Access denied",
    100: "One of the parameters specified was missing or invalid",
    900: "Can't send messages for users from blacklist",
    901: "Can't send messages for users without permission",
    902: "Can't send messages to this user due to their privacy settings",
    911: "Keyboard format is invalid",
    914: "Message is too long",
    2000: "Servers number limit is reached",
}


# ---- for vikno.testing.channel_examples ----


def made(**account: Any) -> Vk:
    """An account whose messages are numbered 1, 2, 3 …"""
    numbers = count(1)
    return Vk(**account, draw=lambda: next(numbers))


def brought(account: dict[str, Any], raw: Raw) -> Raw:
    """What VK puts into every event: the secret, the community, the version; unless the example says otherwise."""
    try:
        event = json.loads(raw.body)
    except ValueError:
        return raw
    if not isinstance(event, dict):
        return raw
    about = {"group_id": account["group"], "v": VERSION, "secret": account["secret"]}
    whole = {name: value for name, value in {**about, **event}.items() if value is not None}
    return replace(raw, body=json.dumps(whole, ensure_ascii=False).encode())


def plain(request: HttpRequest) -> dict[str, Any]:
    """A request with its form as data; the token and the version, which stand in each, are left out."""
    form: dict[str, Any] = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    if "keyboard" in form:
        form["keyboard"] = json.loads(form["keyboard"])
    shown = {name: value for name, value in form.items() if name not in ("access_token", "v")}
    return {"method": request.method, "url": request.url, "headers": dict(request.headers), "body": shown}


# ---- people ----


@dataclass
class Line:
    """One thing in a chat. `by`: bot, me, or app for what is no message. `keys`: those inside the message."""

    by: Literal["bot", "me", "app"]
    text: str
    number: int = 0
    keys: tuple[dict[str, Any], ...] = ()


@dataclass(eq=False)
class Person(Chat[Line]):
    """Somebody with VK. `lines`: their chat with the community; `keys`: the keyboard below it."""

    server: VkServer
    id: int
    name: str
    lang_id: int
    allowed: bool = False
    blocked: bool = False
    written: bool = False
    ref: str | None = None
    turning: str | None = None
    """The press that waits for its answer."""
    keys: tuple[dict[str, Any], ...] = ()

    # ---- what they do ----

    async def open(self, link: str) -> None:
        """Open the chat by a link; nothing is said before they write or press Start.

        Raises LookupError for a link to a community that does not exist.
        """
        parts = urlsplit(link)
        known = (self.server.screen, f"club{self.server.group}")
        if (parts.scheme, parts.netloc) != ("https", "vk.me") or parts.path.strip("/") not in known:
            raise LookupError(f"no community at {link}")
        self.ref = parse_qs(parts.query).get("ref", [None])[0]
        self._add(Line("app", "opened"))

    async def start(self) -> None:
        """The button that VK shows to whoever has never written.

        Raises LookupError if they have.
        """
        if self.written:
            raise LookupError("no Start button: there is a conversation already")
        await self._send("Почати", payload='{"command":"start"}')

    async def write(self, text: str) -> None:
        """Words. Who writes allows messages."""
        await self._send(text)

    async def send(self, kind: str, text: str = "") -> None:
        """Anything else: `photo`, `audio_message`, `sticker`."""
        await self._send(text, attachments=[{"type": kind, kind: {}}])

    async def press(self, label: str) -> str | None:
        """The key that shows this label, inside a message or below the chat. Gives the address that a link key opens.

        Raises LookupError if there is none.
        """
        inside = [key for line in reversed(self.lines) for key in line.keys]
        key = next((key for key in (*self.keys, *inside) if shown(key) == label), None)
        if key is None:
            raise LookupError(f"no key “{label}” among {self.labels}")
        action = key["action"]
        match action["type"]:
            case "open_link":
                return str(action["link"])
            case "callback":
                self.turning = self.server.next_event()
                about = {"user_id": self.id, "peer_id": self.id, "event_id": self.turning}
                about |= {"payload": json.loads(action["payload"]), "conversation_message_id": len(self.lines)}
                self.server.turned[self.turning] = (self, self.server.clock() + ANSWERED_S)
                await self.server.bring("message_event", about)
            case _:
                await self._send(label, payload=action.get("payload"))
        return None

    async def deny(self) -> None:
        """Forbid messages."""
        self.allowed = False
        self._add(Line("app", "denied"))
        await self.server.bring("message_deny", {"user_id": self.id})

    async def allow(self) -> None:
        """Allow messages, by the community's page."""
        self.allowed = True
        self._add(Line("app", "allowed"))
        await self.server.bring("message_allow", {"user_id": self.id, "key": ""})

    async def _send(self, text: str, *, payload: str | None = None, attachments: list[Any] | None = None) -> None:
        self.allowed = self.written = True
        self._add(Line("me", text))
        number = self.server.next_message()
        message: dict[str, Any] = {
            "id": number,
            "date": int(time.time()),
            "from_id": self.id,
            "peer_id": self.id,
            "out": 0,
        }
        message |= {"text": text, "attachments": attachments or [], "fwd_messages": [], "important": False}
        message |= {"conversation_message_id": len(self.lines), "random_id": 0, "is_hidden": False}
        message["version"] = 10_000_000 + number
        if payload is not None:
            message["payload"] = payload
        if self.ref is not None:
            message |= {"ref": self.ref, "ref_source": ""}
            self.ref = None
        actions = ["text", "vkpay", "open_app", "location", "open_link", "callback", "intent_subscribe"]
        client = {"button_actions": actions, "keyboard": True, "inline_keyboard": True, "carousel": True}
        about = {"message": message, "client_info": {**client, "lang_id": self.lang_id}}
        await self.server.bring("message_new", about)

    # ---- what they see ----

    @property
    def labels(self) -> list[str]:
        """What stands on the keys below the chat."""
        return [shown(key) for key in self.keys]

    def transcript(self) -> dict[str, Any]:
        """The phone as plain data, for a page: what is shown, the keys inside messages, and those below the chat."""
        lines = [
            {"by": line.by, "text": line.text} | ({"keys": [seen(key) for key in line.keys]} if line.keys else {})
            for line in self.lines
        ]
        about = {"id": str(self.id), "name": self.name, "allowed": self.allowed, "turning": self.turning is not None}
        return {**about, "lines": lines, "keys": [seen(key) for key in self.keys]}

    def take(self, text: str, keyboard: dict[str, Any] | None, number: int) -> None:
        """A message of the community arrives. The keyboard below stays until another one comes, or an empty one."""
        keys = tuple(key for row in keyboard["buttons"] for key in row) if keyboard else ()
        inside = bool(keyboard and keyboard.get("inline"))
        self._add(Line("bot", text, number, keys if inside else ()))
        if keyboard is not None and not inside:
            self.keys = keys


def shown(key: dict[str, Any]) -> str:
    """What a person reads on a key."""
    return str(key["action"].get("label", ""))


def seen(key: dict[str, Any]) -> dict[str, Any]:
    """A key as plain data."""
    action = key["action"]
    return {"label": shown(key)} | ({"url": action["link"]} if action["type"] == "open_link" else {})


# ---- the server ----


class Refusal(Exception):
    """VK refuses: its number, and words if they are not the usual ones."""

    def __init__(self, code: int, words: str | None = None) -> None:
        super().__init__(code)
        self.code, self.words = code, words or ERRORS.get(code, "Unknown error occurred")


class VkServer:
    """The server of VK with one community on it, on a free port of this machine.

    `retries`: an event that is not answered with `ok` is brought so often again. `duplicates`: each event is brought so
    often more. `slow_s`: how long an API call takes. `manages`: whether the token may manage the community.
    """

    def __init__(
        self, token: str, *, group: int, name: str, screen: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.token, self.group, self.name, self.screen, self.clock = token, group, name, screen, clock
        self.retries, self.duplicates, self.slow_s, self.manages = 2, 0, 0.0, True
        self.code = "a1b2c3d4"
        """What an address must say to be confirmed."""
        self.people: dict[int, Person] = {}
        self.servers: list[dict[str, Any]] = []
        self.settings: dict[int, dict[str, Any]] = {}
        self.turned: dict[str, tuple[Person, float]] = {}
        self.called: list[tuple[str, dict[str, str], int]] = []
        """API calls: method, form, error or 0."""
        self.brought: list[tuple[str, str, int | None, bytes]] = []
        """Events: type, event_id, HTTP status, body of the answer."""
        self.dropped = 0
        """Messages that came twice with one random_id."""
        self._messages, self._events = count(1001), count(1)
        self._numbers: dict[tuple[int, int], int] = {}
        self._second: deque[float] = deque()
        self._refusals: deque[tuple[int, int | None]] = deque()
        self._broken: deque[int | None] = deque()
        self._held: list[tuple[dict[str, Any], dict[str, Any]]] | None = None
        self._runner: web.AppRunner | None = None
        self._client: ClientSession | None = None
        self.port = 0

    @property
    def api(self) -> str:
        """The address for the bot's `api` setting."""
        return f"http://127.0.0.1:{self.port}/method"

    async def start(self, port: int = 0) -> Self:
        """Listen, on this port or a free one."""
        app = web.Application(client_max_size=2**22)
        app.router.add_post("/method/{method}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
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

    def person(self, name: str, lang_id: int = 1) -> Person:
        """Somebody who has VK, and has never written to the community. `lang_id`: 1 is Ukrainian, 3 English."""
        person = Person(self, 100_001 + len(self.people), name, lang_id)
        self.people[person.id] = person
        return person

    def next_message(self) -> int:
        return next(self._messages)

    def next_event(self) -> str:
        return f"{next(self._events):040x}"

    # ---- faults ----

    def refuse(self, code: int, times: int = 1, *, peer: int | None = None) -> None:
        """The next messages (to this person) are refused with this error, inside a 200."""
        self._refusals.extend([(code, peer)] * times)

    def break_next(self, http: int = 502, times: int = 1) -> None:
        """The next API calls are answered by a gateway and not by VK: nothing was taken."""
        self._broken.extend([http] * times)

    def lose_next(self, times: int = 1) -> None:
        """The next calls are done, and then the connection breaks before the answer."""
        self._broken.extend([None] * times)

    def hold(self) -> None:
        """Keep events back, until `release`."""
        self._held = []

    async def release(self, *, reverse: bool = False) -> None:
        """Bring what was kept back, if wished the last first."""
        held, self._held = self._held or [], None
        for server, event in reversed(held) if reverse else held:
            await self._carry(server, event)

    # ---- events ----

    async def bring(self, kind: str, about: dict[str, Any]) -> None:
        """Bring an event to every confirmed address that wants to hear of it."""
        for server in self.servers:
            settings = self.settings[server["id"]]
            if server["status"] != "ok" or not settings["events"].get(kind):
                continue
            event = {"group_id": self.group, "type": kind, "event_id": self.next_event()}
            event |= {"v": settings["api_version"], "object": about, "secret": server["secret_key"]}
            if self._held is not None:
                self._held.append((server, event))
            else:
                await self._carry(server, event)

    async def _carry(self, server: dict[str, Any], event: dict[str, Any]) -> None:
        for _ in range(1 + self.retries):
            if await self._post(server["url"], event) == (200, b"ok"):
                break
            await asyncio.sleep(0.05)
        for _ in range(self.duplicates):
            await self._post(server["url"], event)

    async def _post(self, url: str, event: dict[str, Any]) -> tuple[int | None, bytes]:
        assert self._client is not None, "the server has not been started"  # noqa: S101 - a tool for tests
        body = json.dumps(event).encode()  # VK writes other alphabets as \u0430
        try:
            async with self._client.post(url, data=body, headers={"content-type": "application/json"}) as response:
                answer = await response.read()
                status: int | None = response.status
        except (ClientError, TimeoutError, OSError, ValueError):
            status, answer = None, b""
        self.brought.append((event["type"], event.get("event_id", ""), status, answer))
        return status, answer

    async def _confirm(self, server: dict[str, Any]) -> None:
        status, answer = await self._post(server["url"], {"type": "confirmation", "group_id": self.group})
        server["status"] = "ok" if (status, answer.strip()) == (200, self.code.encode()) else "failed"

    # ---- the API ----

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        broken = self._broken.popleft() if self._broken else 200
        if broken not in (200, None):
            return web.Response(status=broken or 0, text="Bad gateway")
        method = request.match_info["method"]
        form = {**request.query, **dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))}
        try:
            said: dict[str, Any] = {"response": await self._said(method, form)}
            code = 0
        except Refusal as refusal:
            code = refusal.code
            given = [{"key": name, "value": value} for name, value in form.items() if name != "access_token"]
            said = {"error": {"error_code": code, "error_msg": refusal.words, "request_params": given}}
        self.called.append((method, form, code))
        if broken is None and request.transport is not None:
            request.transport.abort()
        return web.json_response(said)

    async def _said(self, method: str, form: dict[str, str]) -> Any:
        if form.get("access_token") != self.token:
            raise Refusal(5)
        if "v" not in form:
            raise Refusal(8, "Invalid request: v (version) is required")
        now_s = self.clock()
        while self._second and self._second[0] <= now_s - 1.0:
            self._second.popleft()
        if len(self._second) >= limits.VK_REQUESTS_A_SECOND:
            raise Refusal(6)
        self._second.append(now_s)
        match method:
            case "messages.send":
                return self._send(form)
            case "messages.sendMessageEventAnswer":
                return self._event_answer(form)
            case "groups.getById":
                about = {"id": self.group, "name": self.name, "screen_name": self.screen, "type": "group"}
                return {"groups": [about], "profiles": []}
        if not method.startswith("groups."):
            raise Refusal(3)
        return await self._managed(method, form)

    def _send(self, form: dict[str, str]) -> int:
        peer, number = _number(form, "peer_id"), _number(form, "random_id")
        refusal = next((one for one in self._refusals if one[1] in (None, peer)), None)
        if refusal is not None:
            self._refusals.remove(refusal)
            raise Refusal(refusal[0])
        if not 0 < peer < LONGEST_PEER:
            raise Refusal(917, "You don't have access to this chat")
        person = self.people.get(peer)
        if person is None:
            raise Refusal(901)
        if person.blocked:
            raise Refusal(900)
        if not person.allowed:
            raise Refusal(901)
        text = form.get("message", "")
        if not text.strip():
            raise Refusal(100, "One of the parameters specified was missing or invalid: message is empty or invalid")
        if len(text) > limits.VK_TEXT_CHARACTERS:
            raise Refusal(914)
        keyboard = keyboard_of(form["keyboard"]) if "keyboard" in form else None
        if number and (peer, number) in self._numbers:
            self.dropped += 1
            return self._numbers[peer, number]
        message = self.next_message()
        if number:
            self._numbers[peer, number] = message
        person.take(text, keyboard, message)
        return message

    def _event_answer(self, form: dict[str, str]) -> int:
        user, peer = _number(form, "user_id"), _number(form, "peer_id")
        person, until_s = self.turned.get(form.get("event_id", ""), (None, 0.0))
        if person is None or person.id != user or peer != user or self.clock() > until_s:
            raise Refusal(100, "One of the parameters specified was missing or invalid: event_id is invalid")
        if len(form.get("event_data", "")) > limits.VK_EVENT_DATA_CHARACTERS:
            raise Refusal(100)
        del self.turned[form["event_id"]]
        if person.turning == form["event_id"]:
            person.turning = None
        return 1

    async def _add_server(self, form: dict[str, str]) -> int:
        if len(self.servers) >= limits.VK_SERVERS:
            raise Refusal(2000)
        number = len(self.servers) + 1
        server: dict[str, Any] = {"id": number, "creator_id": 1, "status": "unconfigured", **_server(form)}
        self.servers.append(server)
        self.settings[number] = {"api_version": "5.50", "events": dict.fromkeys(ALL_EVENTS, 0)}
        await self._confirm(server)
        return number

    async def _managed(self, method: str, form: dict[str, str]) -> Any:
        if _number(form, "group_id") != self.group:
            raise Refusal(15)
        if not self.manages:
            raise Refusal(15, "Access denied: no access to call this method")
        match method:
            case "groups.getCallbackConfirmationCode":
                return {"code": self.code}
            case "groups.getCallbackServers":
                return {"count": len(self.servers), "items": self.servers}
            case "groups.addCallbackServer":
                return {"server_id": await self._add_server(form)}
        server = next((one for one in self.servers if one["id"] == _number(form, "server_id")), None)
        if server is None:
            raise Refusal(104, "Not found")
        match method:
            case "groups.editCallbackServer":
                server |= _server(form)
                await self._confirm(server)
                return 1
            case "groups.getCallbackSettings":
                return self.settings[server["id"]]
            case "groups.setCallbackSettings":
                settings = self.settings[server["id"]]
                settings["api_version"] = form.get("api_version", settings["api_version"])
                settings["events"] |= {name: int(form[name]) for name in ALL_EVENTS if name in form}
                return 1
        raise Refusal(3)


# ---- what VK refuses ----


def _number(form: dict[str, str], name: str) -> int:
    try:
        return int(form[name])
    except (KeyError, ValueError):
        raise Refusal(
            100, f"One of the parameters specified was missing or invalid: {name} is a required parameter"
        ) from None


def _server(form: dict[str, str]) -> dict[str, str]:
    url, title, secret = form.get("url", ""), form.get("title", ""), form.get("secret_key", "")
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise Refusal(100, "One of the parameters specified was missing or invalid: url is invalid")
    if not 0 < len(title) <= limits.VK_SERVER_TITLE_CHARACTERS or len(secret) > limits.VK_SECRET_CHARACTERS:
        raise Refusal(100)
    return {"url": url, "title": title, "secret_key": secret}


def keyboard_of(given: str) -> dict[str, Any]:
    """A keyboard that VK takes.

    Raises Refusal.
    """
    try:
        keyboard = json.loads(given)
    except ValueError:
        raise Refusal(911, "Keyboard format is invalid: it is no JSON") from None
    if not isinstance(keyboard, dict) or not isinstance(keyboard.get("buttons"), list):
        raise Refusal(911, "Keyboard format is invalid: buttons are missing")
    inline, rows = bool(keyboard.get("inline")), keyboard["buttons"]
    if inline and keyboard.get("one_time"):
        raise Refusal(911, "Keyboard format is invalid: an inline keyboard is not one_time")
    if len(rows) > (limits.VK_INLINE_ROWS if inline else limits.VK_ROWS):
        raise Refusal(911, f"Keyboard format is invalid: {len(rows)} rows")
    if any(not isinstance(row, list) or not 0 < len(row) <= limits.VK_KEYS_A_ROW for row in rows):
        raise Refusal(911, "Keyboard format is invalid: keys of a row")
    if sum(map(len, rows)) > (limits.VK_INLINE_KEYS if inline else limits.VK_KEYS):
        raise Refusal(911, "Keyboard format is invalid: too many keys")
    for row in rows:
        for key in row:
            _key_fault(key, inline=inline)
    return keyboard


def _key_fault(key: Any, *, inline: bool) -> None:
    action = key.get("action") if isinstance(key, dict) else None
    if not isinstance(action, dict) or action.get("type") not in ("text", "callback", "open_link"):
        raise Refusal(911, f"Keyboard format is invalid: action of a key (inline: {inline})")
    label, payload = action.get("label"), action.get("payload", "{}")
    if not isinstance(label, str) or not label.strip() or len(label) > limits.VK_LABEL_CHARACTERS:
        raise Refusal(911, "Keyboard format is invalid: label of a key")
    if not isinstance(payload, str) or len(payload) > limits.VK_PAYLOAD_CHARACTERS:
        raise Refusal(911, "Keyboard format is invalid: payload of a key")
    try:
        json.loads(payload)
    except ValueError:
        raise Refusal(911, "Keyboard format is invalid: payload is no JSON") from None
    if action["type"] == "open_link":
        link = action.get("link")
        if "color" in key or not isinstance(link, str) or not link.startswith(("https://", "http://")):
            raise Refusal(911, "Keyboard format is invalid: a key that opens a link")
    elif key.get("color", "secondary") not in ("primary", "secondary", "negative", "positive"):
        raise Refusal(911, "Keyboard format is invalid: colour of a key")
