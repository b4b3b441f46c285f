"""Telegram and Viber as a bench needs them: the API that a bot calls, and the hand that brings updates to its webhook.

Both at once in this process, on one loop. What is here follows the platforms' documents, not our channels: a bot that
others wrote talks with it as ours does. Every answer that comes in is held to what must come, byte by byte.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol, cast
from urllib.parse import parse_qs, urlsplit

import httptools
import msgspec

from bench.person import Connection, WrongAnswer

LINES = 100
"""Updates that the platform has on their way to one webhook: Telegram's most, which Viber does not tell."""
QUIET_S = 0.4
"""After which, while a consultation is learnt, a bot has said all it had to say."""
REGISTER_S = 30.0
PATIENCE_S = 30.0

_encode = msgspec.json.Encoder().encode
_LINK = re.compile(rb"(/s/|%2Fs%2F)[A-Za-z0-9_-]{30,}")
"""A link to the same step on the web: signed for one person, so it is another one for each."""


@dataclass(frozen=True)
class Button:
    """What a person can press. `sends`: what the platform then brings."""

    id: str
    sends: str

    @property
    def style(self) -> str:
        """What it is for, as its id says: go on, walk about, or an option."""
        return {"z": "action", "n": "nav"}.get(self.id.partition(".")[2][:1], "choice")


class Messenger(Protocol):
    """What differs between the two."""

    name: str
    settings: dict[str, str]
    """For our server, `{api}` in it."""
    registers: bytes
    """The call that tells where the webhook is."""
    sends: bytes
    """The call that says something."""

    def hook(self, body: bytes) -> str:
        """The address in a registration; what proves an update from now on is kept."""

    def answered(self, method: bytes, chat: int) -> bytes:
        """The API's answer."""

    def heard(self, body: bytes) -> tuple[int, bytes]:
        """Whom a message is for, and the rest of it."""

    def buttons(self, heard: bytes) -> list[Button]:
        """Of one message."""

    def opens(self, language: str) -> bytes:
        """A person's first step, as a template of an update."""

    def does(self, text: str, pressed: Button | None, language: str) -> bytes:
        """Their next: words, or a button."""

    def update(self, does: bytes, chat: int, number: int) -> tuple[bytes, bytes]:
        """An update and the header that proves it."""


class Telegram:
    """The Bot API (core.telegram.org/bots/api): JSON or a form comes, JSON goes."""

    name = "Telegram"
    registers, sends = b"setWebhook", b"sendMessage"

    def __init__(self) -> None:
        self._proof, self._hook = b"", ""
        self.settings = {
            "VIKNO_TELEGRAM_TOKEN": "123456:bench",
            "VIKNO_TELEGRAM_API": "{api}",
            "VIKNO_TELEGRAM_RATE": "100000",
            "VIKNO_TELEGRAM_CHAT_GAP": "0",
        }

    def hook(self, body: bytes) -> str:
        given = self._fields(body)
        self._proof = b"X-Telegram-Bot-Api-Secret-Token: %s\r\n" % str(given.get("secret_token", "")).encode()
        self._hook = str(given["url"])
        return self._hook

    def answered(self, method: bytes, chat: int) -> bytes:
        match method:
            case b"sendMessage":
                return (
                    b'{"ok":true,"result":{"message_id":777,"from":{"id":123456,"is_bot":true,"first_name":"Bench",'
                    b'"username":"bench_bot"},"chat":{"id":%d,"first_name":"Olena","type":"private"},'
                    b'"date":1764000001,"text":"ok"}}' % chat
                )
            case b"getMe":
                return (
                    b'{"ok":true,"result":{"id":123456,"is_bot":true,"first_name":"Bench","username":"bench_bot",'
                    b'"can_join_groups":true,"can_read_all_group_messages":false,"supports_inline_queries":false}}'
                )
            case b"getWebhookInfo":
                return _encode({"ok": True, "result": {"url": self._hook, "pending_update_count": 0}})
        return b'{"ok":true,"result":true}'

    _json = re.compile(rb'\{"chat_id":\s*(-?\d+),\s*')
    _form = re.compile(rb"(?:^|&)chat_id=(-?\d+)(?:&|\Z)")

    def heard(self, body: bytes) -> tuple[int, bytes]:
        found = self._json.match(body) or self._form.search(body)
        if found is None:
            raise WrongAnswer(f"no chat in {body[:100]!r}")
        return int(found[1]), body[: found.start()] + body[found.end() :]

    def buttons(self, heard: bytes) -> list[Button]:
        rows = self.said(heard)[1].get("inline_keyboard", [])
        return [
            Button(one["callback_data"], one["callback_data"]) for row in rows for one in row if "callback_data" in one
        ]

    def said(self, heard: bytes) -> tuple[str, dict[str, Any]]:
        """The text of a message and its `reply_markup`."""
        given = self._fields(heard if heard[:1] != b'"' else b"{" + heard)
        markup = given.get("reply_markup", {})
        return str(given["text"]), markup if isinstance(markup, dict) else msgspec.json.decode(markup)

    @staticmethod
    def _fields(body: bytes) -> dict[str, Any]:
        if body[:1] == b"{":
            return cast("dict[str, Any]", msgspec.json.decode(body))
        return {name: values[0] for name, values in parse_qs(body.decode()).items()}

    def opens(self, language: str) -> bytes:
        return self.does("/start", None, language)

    def does(self, text: str, pressed: Button | None, language: str) -> bytes:
        olena = f'{{"id":%d,"is_bot":false,"first_name":"Олена","last_name":"Коваль","language_code":"{language}"}}'
        chat = '{"id":%d,"first_name":"Олена","last_name":"Коваль","type":"private"}'
        if pressed is None:
            message = (
                f'"message":{{"message_id":%d,"from":{olena},"chat":{chat},"date":1764000000,"text":{_json(text)}}}'
            )
        else:
            bot = '{"id":123456,"is_bot":true,"first_name":"Bench","username":"bench_bot"}'
            message = (
                f'"callback_query":{{"id":"%d","from":{olena},"message":{{"message_id":777,"from":{bot},"chat":{chat},'
                f'"date":1764000000,"text":"ok"}},"chat_instance":"-3927","data":{_json(pressed.sends)}}}'
            )
        return f'{{"update_id":%d,{message}}}'.encode()

    def update(self, does: bytes, chat: int, number: int) -> tuple[bytes, bytes]:
        return does % (number, number, chat, chat), self._proof


class Viber:
    """Viber's REST API (developers.viber.com/docs/api/rest-bot-api): updates are signed, an answer has a status."""

    name = "Viber"
    registers, sends = b"set_webhook", b"send_message"

    def __init__(self) -> None:
        self.settings = {
            "VIKNO_VIBER_TOKEN": "bench-bench-bench",
            "VIKNO_VIBER_NAME": "Bench",
            "VIKNO_VIBER_API": "{api}",
            "VIKNO_VIBER_RATE": "100000",
        }
        self._tokens = count(5_000_000_000_000_000_000)
        self._hook, self._events = "", [""]

    def hook(self, body: bytes) -> str:
        given = msgspec.json.decode(body)
        self._hook, self._events = given["url"], given["event_types"]
        return self._hook

    def answered(self, method: bytes, chat: int) -> bytes:  # noqa: ARG002 - the answer does not name it
        match method:
            case b"send_message":
                return (
                    b'{"status":0,"status_message":"ok","message_token":%d,"chat_hostname":"SN-CHAT-05_",'
                    b'"billing_status":1}' % next(self._tokens)
                )
            case b"get_account_info":
                known = {"name": "Bench", "uri": "bench", "webhook": self._hook, "event_types": self._events}
                return _encode({"status": 0, "status_message": "ok", "subscribers_count": 5, **known})
        return b'{"status":0,"status_message":"ok"}'

    _receiver = re.compile(rb'"receiver":"0*(\d+)=="')

    def heard(self, body: bytes) -> tuple[int, bytes]:
        found = self._receiver.search(body)
        if found is None:
            raise WrongAnswer(f"no receiver in {body[:100]!r}")
        return int(found[1]), body[: found.start(1)] + body[found.end(1) :]

    def buttons(self, heard: bytes) -> list[Button]:
        bodies = [one["ActionBody"] for one in msgspec.json.decode(heard).get("keyboard", {}).get("Buttons", [])]
        return [Button(body.rpartition("‹")[2][:-1], body) for body in bodies if body.endswith("›")]

    def opens(self, language: str) -> bytes:
        return self._callback("conversation_started", f'"type":"open","user":{_person(language)},"subscribed":true')

    def does(self, text: str, pressed: Button | None, language: str) -> bytes:
        said = pressed.sends if pressed else text
        message = f'{{"type":"text","text":{_json(said)}}}'
        silent = "true" if pressed else "false"
        return self._callback("message", f'"sender":{_person(language)},"message":{message},"silent":{silent}')

    @staticmethod
    def _callback(event: str, rest: str) -> bytes:
        known = f'"event":"{event}","timestamp":1764000000000,"chat_hostname":"SN-CHAT-05_","message_token":%d'
        return f"{{{known},{rest}}}".encode()

    def update(self, does: bytes, chat: int, number: int) -> tuple[bytes, bytes]:
        body = does % (6_000_000_000_000_000_000 + number, chat)
        proof = hmac.digest(self.settings["VIKNO_VIBER_TOKEN"].encode(), body, "sha256").hex()
        return body, b"X-Viber-Content-Signature: %s\r\n" % proof.encode()


def _person(language: str) -> str:
    """Who writes on Viber, in a template."""
    return f'{{"id":"%022d==","name":"Олена","language":"{language}","country":"UA","api_version":10}}'


def _json(text: str) -> str:
    """As JSON, in a template."""
    return _encode(text).decode().replace("%", "%%")


@dataclass
class _Waiting:
    """Who waits for what. `hears`: None while it is learnt."""

    done: asyncio.Future[None]
    hears: Sequence[bytes] | None
    heard: list[bytes] = field(default_factory=list)


class Platform:
    """One messenger with its people and one bot. `surplus`: messages that nobody waited for."""

    def __init__(self, messenger: Messenger, door: socket.socket) -> None:
        self.messenger, self._door = messenger, door
        self.api = f"http://127.0.0.1:{door.getsockname()[1]}"
        self.surplus = 0
        self.calls: set[_Api] = set()
        self._numbers, self._chats = count(1), count(100_000_001)
        self._waiting: dict[int, _Waiting] = {}
        self._hook: asyncio.Future[str] | None = None
        self._lines: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
        self._server: asyncio.Server | None = None
        self._bot = ("127.0.0.1", 0)

    async def open(self, port: int) -> None:
        """Answer the bot's calls until it has said where its webhook is; bring updates to that path, at `port`."""
        loop = asyncio.get_running_loop()
        self._bot = ("127.0.0.1", port)
        self._hook = loop.create_future()
        self._server = await loop.create_server(lambda: _Api(self), sock=self._door)
        async with asyncio.timeout(REGISTER_S):
            self._path = urlsplit(await self._hook).path
            while self._lines.qsize() < LINES:
                try:
                    self._lines.put_nowait(await self._line())
                except ConnectionRefusedError:  # some register before they listen
                    await asyncio.sleep(0.05)

    async def close(self) -> None:
        """Hang up."""
        while not self._lines.empty():
            await self._lines.get_nowait().close()
        if self._server is not None:
            self._server.close()
        for call in list(self.calls):
            call.end()
        await asyncio.sleep(0.05)  # the transports say goodbye

    async def _line(self) -> Connection:
        host, port = self._bot
        _, line = await asyncio.get_running_loop().create_connection(
            lambda: Connection(self._path, f"{host}:{port}"), host, port
        )
        return line

    def newcomer(self) -> int:
        """Somebody who has never written."""
        return next(self._chats)

    async def bring(self, chat: int, does: bytes, hears: Sequence[bytes]) -> None:
        """One turn: what a person does is brought to the webhook, and each answer held to what must come.

        Raises WrongAnswer, ConnectionError.
        """
        waiting = await self._brought(chat, does, hears)
        try:
            await waiting.done
        finally:
            del self._waiting[chat]

    async def learn(self, chat: int, does: bytes) -> list[bytes]:
        """The same where nobody knows yet what must come: all that is said until it is quiet."""
        waiting = await self._brought(chat, does, None)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await waiting.done
            said = 0
            while said < len(waiting.heard):
                said = len(waiting.heard)
                await asyncio.sleep(QUIET_S)
        finally:
            del self._waiting[chat]
        return waiting.heard

    async def _brought(self, chat: int, does: bytes, hears: Sequence[bytes] | None) -> _Waiting:
        line = await self._lines.get()
        if line.lost:
            line = await self._line()
        waiting = self._waiting[chat] = _Waiting(asyncio.get_running_loop().create_future(), hears)
        body, proof = self.messenger.update(does, chat, next(self._numbers))

        def acknowledged(answer: asyncio.Future[bytes]) -> None:
            self._lines.put_nowait(line)
            error = None if answer.cancelled() else answer.exception()
            if error is not None and not waiting.done.done():
                waiting.done.set_exception(error)

        line.send(body, proof).add_done_callback(acknowledged)
        return waiting

    def called(self, method: bytes, body: bytes) -> bytes:
        """What the bot asks of the API, and the answer."""
        if method == self.messenger.registers and self._hook is not None and not self._hook.done():
            self._hook.set_result(self.messenger.hook(body))
        if method != self.messenger.sends:
            return self.messenger.answered(method, 0)
        try:
            chat, heard = self.messenger.heard(body)
        except WrongAnswer:
            self.surplus += 1
            return self.messenger.answered(b"", 0)
        self._said(chat, alike(heard), heard)
        return self.messenger.answered(method, chat)

    def _said(self, chat: int, same: bytes, heard: bytes) -> None:
        waiting = self._waiting.get(chat)
        if waiting is None:
            self.surplus += 1
            return
        if waiting.hears is None:
            waiting.heard.append(heard)
            if not waiting.done.done():
                waiting.done.set_result(None)
            return
        waiting.heard.append(same)
        if waiting.done.done():
            self.surplus += 1
        elif same != waiting.hears[len(waiting.heard) - 1]:
            waiting.done.set_exception(WrongAnswer(f"{same[:300]!r}"))
        elif len(waiting.heard) == len(waiting.hears):
            waiting.done.set_result(None)


def alike(heard: bytes) -> bytes:
    """A message without what is another one for each person."""
    return _LINK.sub(rb"\1", heard) if b"/s/" in heard or b"%2Fs%2F" in heard else heard


class _Api(asyncio.Protocol):
    """One connection of the bot to the API."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._parser = httptools.HttpRequestParser(self)
        self._url, self._body = b"", [b""]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it
        self._platform.calls.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        self._platform.calls.discard(self)

    def end(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._url, self._body = b"", []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        answer = self._platform.called(self._url.rpartition(b"/")[2], b"".join(self._body))
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer)
        )


class Guest:
    """Talks with the bot by heart, then begins anew as somebody who has never written."""

    def __init__(self, platform: Platform, script: list[tuple[bytes, list[bytes]]]) -> None:
        self._platform, self._script = platform, script
        self._step, self._chat = 0, 0

    async def turn(self) -> None:
        """The next turn.

        Raises WrongAnswer and ConnectionError; the next one is then the first of a new consultation.
        """
        step, self._step = self._step, 0
        if not step:
            self._chat = self._platform.newcomer()
        does, hears = self._script[step]
        try:
            await self._platform.bring(self._chat, does, hears)
        except WrongAnswer as error:
            raise WrongAnswer(f"{self._platform.messenger.name}, step {step}: {error}") from None
        self._step = (step + 1) % len(self._script)
