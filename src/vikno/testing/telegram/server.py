"""The simulated Bot API: its methods, its limits, and its faults on demand."""

from __future__ import annotations

import asyncio
import json
import re
from collections import defaultdict, deque
from itertools import count
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from aiohttp import ClientSession, ClientTimeout, web

from vikno.testing.telegram.phone import Line, Person, now_s
from vikno.testing.telegram.refusals import NOT_MODIFIED, TOO_OLD, Refused, rows_of, text_of, too_many, until_free
from vikno.testing.telegram.updates import Updates, Webhook
from vikno.wire import limits
from vikno.wire.text import utf16

QUERY_S = 30.0
"""For so long a press can be answered."""
CHAT_BURST = 3
"""Messages that may follow each other at once in one chat; then one a second."""


class TelegramServer(Updates):
    """The Bot API with one bot, on a free port of this machine.

    `second_s`: how long a second of waiting between two attempts to bring an update is here. `duplicates`: each update
    is brought so often more. `slow_s`: how long a call takes. `rates`: 30 messages a second and one a second in a chat
    are enforced. `clock`: what its limits and presses go by.
    """

    def __init__(
        self,
        token: str,
        *,
        username: str = "vikno_bot",
        name: str = "Вікно",
        second_s: float = 0.01,
        rates: bool = False,
    ) -> None:
        super().__init__(second_s)
        self.token, self.username, self.name = token, username, name
        self.rates, self.slow_s = rates, 0.0
        self.people: dict[int, Person] = {}
        self.commands: list[dict[str, str]] = []
        self.called: list[tuple[str, dict[str, Any], int]] = []
        """Calls: method, parameters, status."""
        self.numbers = count(1)
        self._refusals: deque[tuple[Refused, int | None]] = deque()
        self._flood_until = 0.0
        self._broken: deque[int | Literal["lose", "hang"]] = deque()
        self._all_sent: deque[float] = deque()
        self._sent: defaultdict[int, deque[float]] = defaultdict(deque)
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def api(self) -> str:
        """The address for the bot's `api` setting."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self, port: int = 0) -> Self:
        """Listen, on this port or a free one."""
        app = web.Application(client_max_size=2**22)
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.port = self._runner.addresses[0][1]
        self._client = ClientSession(timeout=ClientTimeout(total=limits.TELEGRAM_WEBHOOK_ANSWER_S))
        return self

    async def close(self) -> None:
        """Stop: nothing is brought any more."""
        self._closing.set()
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def person(self, name: str, language: str | None = "uk") -> Person:
        """Somebody who has Telegram, and has never met the bot."""
        person = Person(self, 5_000_000_001 + len(self.people), name, language)
        self.people[person.id] = person
        return person

    def me(self) -> dict[str, Any]:
        """The bot itself."""
        return {"id": int(self.token.split(":")[0]), "is_bot": True, "first_name": self.name, "username": self.username}

    # ---- faults ----

    def refuse(self, status: int, description: str, times: int = 1, *, chat: int | None = None) -> None:
        """The next messages (to this chat) are refused so."""
        self._refusals.extend([(Refused(status, description), chat)] * times)

    def flood(self, seconds: float) -> None:
        """All messages are refused with 429 for so long."""
        self._flood_until = self.clock() + seconds

    def break_next(self, http: int = 502, times: int = 1) -> None:
        """The next calls are answered by a gateway and not by the Bot API: nothing was taken."""
        self._broken.extend([http] * times)

    def lose_next(self, times: int = 1, *, hang: bool = False) -> None:
        """The next messages are taken, and then the connection breaks before the answer, or the answer never comes."""
        self._broken.extend(["hang" if hang else "lose"] * times)

    # ---- the API ----

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method, asked = request.match_info["method"], await _parameters(request)
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        sends = method == "sendMessage"
        broken = self._broken.popleft() if self._broken and (sends or isinstance(self._broken[0], int)) else None
        if isinstance(broken, int):
            return web.Response(status=broken, text="<html>Bad Gateway</html>", content_type="text/html")
        try:
            if request.match_info["token"] != self.token:
                raise Refused(401, "Unauthorized")
            result = await self.get_updates(asked) if method == "getUpdates" else self._said(method, asked)
        except Refused as refused:
            self.called.append((method, asked, refused.status))
            about: dict[str, Any] = {"ok": False, "error_code": refused.status, "description": refused.description}
            if refused.retry_after is not None:
                about["parameters"] = {"retry_after": refused.retry_after}
            return web.json_response(about, status=refused.status)
        self.called.append((method, asked, 200))
        if broken == "hang":
            await self._closing.wait()
        if broken is not None and request.transport is not None:
            request.transport.abort()
        return web.json_response({"ok": True, "result": result})

    def carried_out(self, answer: bytes) -> None:
        """The one call that the answer to a webhook may hold; nobody hears what became of it."""
        try:
            asked = json.loads(answer)
            method = asked.pop("method")
        except (ValueError, KeyError, AttributeError, TypeError):
            return
        try:
            self._said(method, asked)
            status = 200
        except Refused as refused:
            status = refused.status
        self.called.append((f"webhook: {method}", asked, status))

    def _said(self, method: str, asked: dict[str, Any]) -> Any:
        name = _METHODS.get(method.lower())
        if name is None:
            raise Refused(404, "Not Found: method not found")
        return getattr(self, name)(asked)

    def _get_me(self, _: dict[str, Any]) -> Any:
        about = {"can_join_groups": False, "can_read_all_group_messages": False, "supports_inline_queries": False}
        return self.me() | about

    def _set_webhook(self, asked: dict[str, Any]) -> Any:
        url, secret = str(asked.get("url", "")), str(asked.get("secret_token", ""))
        if not url:
            return self._delete_webhook(asked)
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise Refused(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if not re.fullmatch(r"[A-Za-z0-9_-]*", secret) or len(secret) > limits.TELEGRAM_SECRET_CHARACTERS:
            raise Refused(400, "Bad Request: secret token contains unallowed characters")
        connections = int(asked.get("max_connections", 40))
        if not 1 <= connections <= limits.TELEGRAM_WEBHOOK_CONNECTIONS:
            raise Refused(400, "Bad Request: max_connections is out of range")
        self.ask_for(asked)
        self.webhook, self._connections = Webhook(url, secret, connections), asyncio.Semaphore(connections)
        for update in self.pending.values():
            self._into_lane(update, ("callback_query" if update.kind == "callback_query" else "chat", update.chat))
        return True

    def _delete_webhook(self, asked: dict[str, Any]) -> Any:
        self.webhook = None
        if str(asked.get("drop_pending_updates", "")).lower() == "true":
            self.pending.clear()
        return True

    def _get_webhook_info(self, _: dict[str, Any]) -> Any:
        hook = self.webhook
        about: dict[str, Any] = {"url": hook.url if hook else "", "has_custom_certificate": False}
        about["pending_update_count"] = len(self.pending)
        if hook:
            about["max_connections"] = hook.connections
            if hook.error:
                about |= {"last_error_date": hook.error_at, "last_error_message": hook.error}
        return about | ({"allowed_updates": list(self.allowed)} if self.allowed else {})

    def _send_message(self, asked: dict[str, Any]) -> Any:
        if "chat_id" not in asked:
            raise Refused(400, "Bad Request: chat_id is empty")
        text, rows = text_of(asked), rows_of(asked)
        person = self._person(asked["chat_id"])
        line = person.take(text, rows)
        return self._as_message(person, line)

    def _as_message(self, person: Person, line: Line) -> dict[str, Any]:
        about = {"message_id": line.id, "from": self.me(), "chat": person.chat(), "date": now_s(), "text": line.text}
        return about | ({"reply_markup": {"inline_keyboard": line.rows}} if line.rows else {})

    def _edit(self, asked: dict[str, Any]) -> Any:
        person = self._person(asked.get("chat_id"))
        line = self._line(person, asked, "edit")
        text = text_of(asked) if "text" in asked else line.text
        rows = rows_of(asked)
        if (text, rows) == (line.text, line.rows):
            raise Refused(400, NOT_MODIFIED)
        line.text, line.rows, line.edited = text, rows, True
        person.changed()
        return self._as_message(person, line) | {"edit_date": now_s()}

    def _edit_text(self, asked: dict[str, Any]) -> Any:
        if not asked.get("text"):
            raise Refused(400, "Bad Request: message text is empty")
        return self._edit(asked)

    def _edit_markup(self, asked: dict[str, Any]) -> Any:
        return self._edit({name: value for name, value in asked.items() if name != "text"})

    def _delete_message(self, asked: dict[str, Any]) -> Any:
        person = self._person(asked.get("chat_id"))
        person.lines.remove(self._line(person, asked, "delete"))
        person.changed()
        return True

    def _answer_callback(self, asked: dict[str, Any]) -> Any:
        query, text = str(asked.get("callback_query_id", "")), str(asked.get("text", ""))
        if utf16(text) > limits.TELEGRAM_CALLBACK_ANSWER_CHARACTERS:
            raise Refused(400, "Bad Request: MESSAGE_TOO_LONG")
        person = next((one for one in self.people.values() if query in one.waiting), None)
        if person is None or self.clock() - person.waiting.pop(query) > QUERY_S:
            raise Refused(400, TOO_OLD)
        if text:
            person.notes.append(text)
        person.changed()
        return True

    def _set_commands(self, asked: dict[str, Any]) -> Any:
        commands = asked.get("commands")
        if not isinstance(commands, list) or len(commands) > limits.TELEGRAM_COMMANDS:
            raise Refused(400, "Bad Request: can't parse commands")
        for one in commands:
            if not re.fullmatch(rf"[a-z0-9_]{{1,{limits.TELEGRAM_COMMAND_CHARACTERS}}}", str(one.get("command", ""))):
                raise Refused(400, "Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= len(str(one.get("description", ""))) <= limits.TELEGRAM_COMMAND_TEXT_CHARACTERS:
                raise Refused(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands = commands
        return True

    def _get_commands(self, _: dict[str, Any]) -> Any:
        return self.commands

    def _chat_action(self, asked: dict[str, Any]) -> Any:
        self._person(asked.get("chat_id"), counted=False)
        return True

    def _person(self, chat: Any, *, counted: bool = True) -> Person:
        """Whom a call is for, if the bot may write to them now."""
        number = int(chat) if re.fullmatch(r"-?\d{1,18}", str(chat)) else None
        refusal = next((one for one in self._refusals if one[1] in (None, number)), None)
        if refusal is not None:
            self._refusals.remove(refusal)
            raise refusal[0]
        now = self.clock()
        if now < self._flood_until:
            raise too_many(self._flood_until - now)
        person = self.people.get(number or 0)
        if person is None:
            raise Refused(400, "Bad Request: chat not found")
        if person.deactivated:
            raise Refused(403, "Forbidden: user is deactivated")
        if person.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        if not person.started:
            raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
        if self.rates and counted:
            wait_s = max(
                until_free(self._all_sent, now, limits.TELEGRAM_MESSAGES_A_SECOND, 1.0),
                until_free(self._sent[person.id], now, CHAT_BURST, CHAT_BURST * limits.TELEGRAM_CHAT_GAP_S),
            )
            if wait_s > 0:
                raise too_many(wait_s)
            self._all_sent.append(now)
            self._sent[person.id].append(now)
        return person

    @staticmethod
    def _line(person: Person, asked: dict[str, Any], what: str) -> Line:
        wanted = str(asked.get("message_id", ""))
        line = next((one for one in person.lines if str(one.id) == wanted and one.by == "bot"), None)
        if line is None:
            raise Refused(400, f"Bad Request: message to {what} not found")
        return line


_METHODS = {
    "getme": "_get_me",
    "setwebhook": "_set_webhook",
    "deletewebhook": "_delete_webhook",
    "getwebhookinfo": "_get_webhook_info",
    "sendmessage": "_send_message",
    "editmessagetext": "_edit_text",
    "editmessagereplymarkup": "_edit_markup",
    "deletemessage": "_delete_message",
    "answercallbackquery": "_answer_callback",
    "setmycommands": "_set_commands",
    "getmycommands": "_get_commands",
    "sendchataction": "_chat_action",
}


async def _parameters(request: web.Request) -> dict[str, Any]:
    """From the address, a form of either kind, or JSON; in a form, lists and objects are JSON as text."""
    asked: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.read() or b"{}")
        except ValueError:
            body = {}
        return asked | (body if isinstance(body, dict) else {})
    if request.method == "POST":
        asked |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    for name in ("reply_markup", "allowed_updates", "commands", "link_preview_options"):
        if isinstance(asked.get(name), str):
            try:
                asked[name] = json.loads(asked[name])
            except ValueError:
                raise web.HTTPBadRequest(text=f"{name} is no JSON") from None
    return asked
