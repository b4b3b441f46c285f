"""A WhatsApp to try a number with: speaks the Cloud API, signs its webhooks, and people hold its phones.

    async with WhatsAppServer("token", "secret", name="Міграційна служба", phone="380441234567") as meta:
        bot = WhatsApp(token="token", secret="secret", number=meta.number, name=…, api=meta.api)   # and it registers
        olena = meta.person("Олена")
        await olena.open("https://wa.me/380441234567?text=…")
        await olena.press("За кордоном")
        await olena.heard("Де ви живете?")

It refuses what Meta refuses, by the same codes. Faults come on demand: `refuse`, `break_next`, `lose_next`, `slow_s`,
`duplicates`, `hold` and `release`, `late` (what cannot be delivered is taken, and fails by a receipt: Meta does both).
`hidden` people have a username, so that nobody is told their phone. What it does not know of WhatsApp it does not do:
it has no certificates, no prices and no media, and accepts a webhook on plain http.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import count
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from vikno.testing.chat import Chat
from vikno.usecases.channel import Raw
from vikno.wire import limits

NUMBER, BUSINESS = "106540352242922", "102290129340398"
CODES = {
    4: "(#4) Application request limit reached",
    100: "(#100) Invalid parameter",
    190: "Invalid OAuth access token - Cannot parse access token",
    2200: "(#2200) Callback verification failed",
    130429: "(#130429) Rate limit hit",
    131000: "(#131000) Something went wrong",
    131008: "(#131008) Required parameter is missing",
    131009: "(#131009) Parameter value is not valid",
    131026: "Message undeliverable",
    131047: "Re-engagement message",
    131051: "(#131051) Unsupported message type",
    131056: "(#131056) (Business Account, Consumer Account) pair rate limit hit",
    132000: "(#132000) Number of parameters does not match the expected number of params",
    132001: "(#132001) Template name does not exist in the translation",
    132005: "(#132005) Translated text too long",
    132015: "(#132015) Template is paused",
    132018: "(#132018) Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
}


def signature(secret: str, body: bytes) -> str:
    """What Meta sends as X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret.encode(), body, "sha256").hexdigest()


def brought(account: dict[str, Any], raw: Raw) -> Raw:
    """For `vikno.testing.channel_examples`: what Meta sends with every call; a trial by GET has nothing."""
    if not raw.body:
        return raw
    signed = {"content-type": "application/json", "x-hub-signature-256": signature(account["secret"], raw.body)}
    return replace(raw, headers={**signed, **raw.headers})


@dataclass
class Line:
    """One thing in a chat. `by`: bot or me. `choices`: what can be tapped below it, (id, label, more)."""

    by: Literal["bot", "me"]
    text: str
    id: str = ""
    choices: tuple[tuple[str, str, str], ...] = ()
    listed: bool = False
    template: str = ""
    seen: bool = False


@dataclass(eq=False)
class Person(Chat[Line]):
    """Somebody with WhatsApp on the phone. `lines`: their chat with the number; `wrote_s`: when they wrote last."""

    server: WhatsAppServer
    name: str
    phone: str
    user_id: str
    hidden: bool = False
    blocks: bool = False
    wrote_s: float | None = None
    room: float = float(limits.WHATSAPP_PAIR_BURST)
    counted_s: float = 0.0

    # ---- what they do ----

    async def open(self, link: str, edited: Callable[[str], str] = lambda text: text) -> None:
        """Follow a link and send what stands there, or what they make of it.

        Raises LookupError for a link to another number.
        """
        parts = urlsplit(link)
        if (parts.scheme, parts.netloc, parts.path) != ("https", "wa.me", f"/{self.server.phone}"):
            raise LookupError(f"no such number at {link}")
        text = edited(parse_qs(parts.query).get("text", [""])[0])
        if text:
            await self.write(text)

    async def write(self, text: str) -> None:
        """Words."""
        await self._send({"type": "text", "text": {"body": text}}, text)

    async def press(self, label: str) -> None:
        """The button or row that shows this label, in the latest message that has one: all of them stay.

        Raises LookupError if there is none.
        """
        for line in reversed(self.lines):
            for button, title, more in line.choices:
                if label in (title, more):
                    kind = "list_reply" if line.listed else "button_reply"
                    reply = {"id": button, "title": title, **({"description": more} if more else {})}
                    about: dict[str, Any] = {"context": {"from": self.server.phone, "id": line.id}}
                    about |= {"type": "interactive", "interactive": {"type": kind, kind: reply}}
                    await self._send(about, title)
                    return
        raise LookupError(f"no button “{label}” among {self.labels}")

    async def send(self, content: dict[str, Any]) -> None:
        """Anything else: `{"type": "sticker", "sticker": {"id": "1"}}`."""
        await self._send(content, f"[{content['type']}]")

    async def see(self) -> None:
        """Look at the chat: the bot hears that its messages were read."""
        for line in self.lines:
            if line.by == "bot" and not line.seen:
                line.seen = True
                await self.server.bring(statuses=[self.server.status(line.id, "read", self)])

    async def _send(self, content: dict[str, Any], shown: str) -> None:
        self.wrote_s = self.server.now_s()
        identity = self.server.next_id()
        self._add(Line("me", shown, identity))
        message = {"id": identity, "timestamp": str(int(self.wrote_s)), **content, "from_user_id": self.user_id}
        if not self.hidden:
            message["from"] = self.phone
        await self.server.bring(contacts=[self.contact()], messages=[message])

    # ---- what they see ----

    @property
    def labels(self) -> list[str]:
        """What can be tapped below the last message that has something."""
        choices = next((line.choices for line in reversed(self.lines) if line.choices), ())
        return [more or title for _, title, more in choices]

    def contact(self) -> dict[str, Any]:
        """How webhooks speak of this person."""
        about: dict[str, Any] = {"profile": {"name": self.name}, "user_id": self.user_id}
        return about if self.hidden else about | {"wa_id": self.phone}

    def transcript(self) -> dict[str, Any]:
        """The phone as plain data, for a page: the chat, and what can be tapped below each message."""
        lines = [
            {"by": line.by, "text": line.text, "labels": [more or title for _, title, more in line.choices]}
            for line in self.lines
        ]
        return {"phone": self.phone, "name": self.name, "lines": lines}

    def take(self, line: Line) -> None:
        """A message of the bot arrives."""
        self._add(line)


class WhatsAppServer:
    """The Cloud API with one number on it, on a free port of this machine.

    `receipts`: `sent` and `delivered` are brought for each message. `retries`: a call of the webhook that is not
    answered with 200 is brought so often again. `duplicates`: each is brought so often more. `slow_s`: how long a call
    of the API takes. `templates`: (name, language) -> body; `paused`: names that are not to be sent now.
    """

    def __init__(
        self,
        token: str,
        secret: str,
        *,
        name: str,
        phone: str = "380441234567",
        number: str = NUMBER,
        receipts: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.token, self.secret, self.name, self.phone, self.number = token, secret, name, phone, number
        self.business = BUSINESS
        self.receipts, self.retries, self.duplicates, self.slow_s, self.late = receipts, 2, 0, 0.0, False
        self.status_of_number, self.quality = "CONNECTED", "GREEN"
        self.people: dict[str, Person] = {}
        self.templates: dict[tuple[str, str], str] = {}
        self.paused: set[str] = set()
        self.categories: dict[str, str] = {}
        self.webhook, self.subscribed = "", True
        self.called: list[tuple[str, Any, int]] = []
        """API calls: method and path, body, error code or 0."""
        self.brought: list[tuple[dict[str, Any], int | None]] = []
        """Calls of the webhook: body, HTTP status."""
        self.now_s = clock
        self._ids = count(1)
        self._refusals: deque[tuple[int, str | None]] = deque()
        self._broken: deque[int | None] = deque()
        self._held: list[dict[str, Any]] | None = None
        self._second: deque[float] = deque()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._runner: web.AppRunner | None = None
        self._client: ClientSession | None = None
        self.port = 0

    @property
    def api(self) -> str:
        """The address for the `api` setting."""
        return f"http://127.0.0.1:{self.port}/v26.0"

    async def start(self, port: int = 0) -> Self:
        """Listen, on this port or a free one."""
        app = web.Application(client_max_size=2**22)
        app.router.add_route("*", "/{version}/{path:.*}", self._answer)
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

    def person(self, name: str, *, hidden: bool = False) -> Person:
        """Somebody who has WhatsApp, and has never met the number."""
        at = len(self.people) + 1
        digits = int.from_bytes(sha256(f"{name}/{at}".encode()).digest()[:8], "big")
        person = Person(self, name, f"38050{digits % 10**7:07}", f"UA.{digits}", hidden)
        self.people[person.user_id] = person
        return person

    def next_id(self) -> str:
        return f"wamid.HBgL{next(self._ids):020}"

    # ---- faults ----

    def refuse(self, code: int, times: int = 1, *, receiver: str | None = None) -> None:
        """The next messages (to this phone or id) are refused with this code."""
        self._refusals.extend([(code, receiver)] * times)

    def break_next(self, http: int = 502, times: int = 1) -> None:
        """The next calls are answered by a gateway and not by Meta: nothing was taken."""
        self._broken.extend([http] * times)

    def lose_next(self, times: int = 1) -> None:
        """The next messages are taken, and then the connection breaks before the answer."""
        self._broken.extend([None] * times)

    def hold(self) -> None:
        """Keep events back, until `release`."""
        self._held = []

    async def release(self, *, reverse: bool = False, together: bool = False) -> None:
        """Bring what was kept back, if wished the last first, or all of it in one body."""
        held, self._held = self._held or [], None
        if reverse:
            held.reverse()
        for changes in [held] if together else [[one] for one in held]:
            await self._carry(_call(self.business, changes))

    # ---- webhooks ----

    async def bring(self, **about: Any) -> None:
        """Sign an event of this number and bring it."""
        metadata = {"display_phone_number": self.phone, "phone_number_id": self.number}
        change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **about}}
        if self._held is not None:
            self._held.append(change)
        elif self.webhook and self.subscribed:
            await self._carry(_call(self.business, [change]))

    def status(self, message: str, state: str, person: Person | None, code: int | None = None) -> dict[str, Any]:
        """A receipt as a webhook brings it."""
        about: dict[str, Any] = {"id": message, "status": state, "timestamp": str(int(self.now_s()))}
        if person is not None:
            about["recipient_user_id"] = person.user_id
            if not person.hidden:
                about["recipient_id"] = person.phone
        if code is not None:
            about["errors"] = [{"code": code, "title": CODES.get(code, "?"), "message": CODES.get(code, "?")}]
        return about

    async def settled(self) -> None:
        """Wait until receipts that are on their way have been brought."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, call: dict[str, Any]) -> None:
        body = json.dumps(call, ensure_ascii=False, separators=(",", ":")).encode()
        for _ in range(1 + self.retries):
            if await self._post(body) == 200:
                break
            await asyncio.sleep(0.05)
        for _ in range(self.duplicates):
            await self._post(body)

    async def _post(self, body: bytes) -> int | None:
        assert self._client is not None, "the server has not been started"  # noqa: S101 - a tool for tests
        headers = {"content-type": "application/json", "x-hub-signature-256": signature(self.secret, body)}
        try:
            async with self._client.post(self.webhook, data=body, headers=headers) as response:
                await response.read()
                status: int | None = response.status
        except (ClientError, TimeoutError, OSError, ValueError):
            status = None
        self.brought.append((json.loads(body), status))
        return status

    # ---- the API ----

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        broken = self._broken.popleft() if self._broken else 200
        if broken not in (200, None):
            return web.Response(status=broken or 0, text="Bad gateway")
        path = request.match_info["path"].strip("/")
        try:
            asked = json.loads(body or b"{}")
        except ValueError:
            asked = None
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            said = _error(190)
        else:
            said = await self._said(request.method, path, asked, dict(request.query))
        code = said.get("error", {}).get("code", 0)
        self.called.append((f"{request.method} {path}", asked, code))
        if broken is None and request.transport is not None:
            request.transport.abort()
        return web.json_response(said, status=200 if not code else 401 if code == 190 else 400)

    async def _said(self, method: str, path: str, asked: Any, query: dict[str, str]) -> dict[str, Any]:
        match method, path:
            case "GET", self.number:
                return self._about()
            case "POST", self.number:
                return await self._configure(asked)
            case "POST", messages if messages == f"{self.number}/messages":
                return self._send(asked)
            case "GET", templates if templates == f"{self.business}/message_templates":
                return {"data": list(self._templates(query.get("name", "")))}
            case "POST", apps if apps == f"{self.business}/subscribed_apps":
                self.subscribed = True
                return {"success": True}
            case "GET", apps if apps == f"{self.business}/subscribed_apps":
                app = {"whatsapp_business_api_data": {"id": "1", "name": "Vikno", "link": "https://example.com/"}}
                return {"data": [app] if self.subscribed else []}
        return _error(100, f"Unsupported request. Object with ID '{path}' does not exist", 33)

    def _about(self) -> dict[str, Any]:
        about: dict[str, Any] = {"id": self.number, "display_phone_number": f"+{self.phone}"}
        about |= {"verified_name": self.name, "name_status": "APPROVED", "status": self.status_of_number}
        configured = {"phone_number": self.webhook} if self.webhook else {}
        return about | {"quality_rating": self.quality, "webhook_configuration": configured}

    async def _configure(self, asked: Any) -> dict[str, Any]:
        configured = asked.get("webhook_configuration") if isinstance(asked, dict) else None
        if not isinstance(configured, dict) or "override_callback_uri" not in configured:
            return _error(100)
        url, token = configured["override_callback_uri"], configured.get("verify_token", "")
        if url and not await self._tried(url, token):
            return _error(2200)
        self.webhook = url
        return {"success": True}

    async def _tried(self, url: str, token: str) -> bool:
        """Whether the address answers the challenge."""
        assert self._client is not None, "the server has not been started"  # noqa: S101 - a tool for tests
        challenge = str(next(self._ids) + 1_158_201_444)
        query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": token}
        try:
            async with self._client.get(url, params=query) as response:
                return response.status == 200 and (await response.text()) == challenge
        except (ClientError, TimeoutError, OSError, ValueError):
            return False

    def _templates(self, name: str) -> Iterator[dict[str, Any]]:
        for (one, language), body in self.templates.items():
            if one == name:
                status = "PAUSED" if one in self.paused else "APPROVED"
                parts = [{"type": "BODY", "text": body}]
                about = {"name": one, "language": language, "status": status, "components": parts, "id": "1"}
                yield about | {"category": self.categories.get(one, "UTILITY")}

    def _send(self, message: Any) -> dict[str, Any]:
        wrong = fault(message) or self._template_fault(message)
        if wrong is not None:
            return _error(*wrong)
        to = str(message.get("to") or message.get("recipient"))
        refusal = next((one for one in self._refusals if one[1] in (None, to)), None)
        if refusal is not None:
            self._refusals.remove(refusal)
            return _error(refusal[0])
        now_s = self.now_s()
        while self._second and self._second[0] <= now_s - 1.0:
            self._second.popleft()
        if len(self._second) >= limits.WHATSAPP_MESSAGES_A_SECOND:
            return _error(130429)
        self._second.append(now_s)
        person = self._found(message)
        if person is not None and not _counted(person, now_s):
            return _error(131056)
        code = self._undeliverable(person, message, now_s)
        if code and not self.late:
            return _error(code)
        identity = self.next_id()
        if code:
            self._report(identity, "failed", person, code)
        elif person is not None:
            person.take(self._line(message, identity))
            if self.receipts:
                self._report(identity, "sent", person)
                self._report(identity, "delivered", person)
        contact = {"input": to, "user_id": to} if "recipient" in message else {"input": to, "wa_id": to}
        return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": identity}]}

    def _found(self, message: dict[str, Any]) -> Person | None:
        """Whoever it is for. An id as `to` is nobody: it is taken, and vanishes (chatwoot #15150)."""
        if "to" in message:
            return next((one for one in self.people.values() if one.phone == message["to"]), None)
        return self.people.get(str(message["recipient"]))

    @staticmethod
    def _undeliverable(person: Person | None, message: dict[str, Any], now_s: float) -> int:
        if person is None:
            return 0 if "." in str(message.get("to", "")) else 131026
        if person.blocks:
            return 131026
        open_until_s = -1.0 if person.wrote_s is None else person.wrote_s + limits.WHATSAPP_WINDOW_S
        return 131047 if message["type"] != "template" and now_s > open_until_s else 0

    def _template_fault(self, message: dict[str, Any]) -> tuple[int, str] | None:
        if message.get("type") != "template":
            return None
        about = message["template"]
        body = self.templates.get((about["name"], about["language"]["code"]))
        if body is None:
            return 132001, CODES[132001]
        if about["name"] in self.paused:
            return 132015, CODES[132015]
        said = _filled(about)
        if len(said) != len(re.findall(r"\{\{\d+\}\}", body)):
            return 132000, CODES[132000]
        if any(re.search(r"[\n\t]| {5}", one) or not one for one in said):
            return 132018, CODES[132018]
        if len(shown(body, said)) > limits.WHATSAPP_TEMPLATE_CHARACTERS:
            return 132005, CODES[132005]
        return None

    def _line(self, message: dict[str, Any], identity: str) -> Line:
        match message["type"]:
            case "template":
                about = message["template"]
                body = self.templates[about["name"], about["language"]["code"]]
                return Line("bot", shown(body, _filled(about)), identity, template=about["name"])
            case "interactive":
                about = message["interactive"]
                choices = tuple(_choices(about))
                return Line("bot", about["body"]["text"], identity, choices, listed=about["type"] == "list")
        return Line("bot", message["text"]["body"], identity)

    def _report(self, message: str, state: str, person: Person | None, code: int | None = None) -> None:
        bringing = self.bring(statuses=[self.status(message, state, person, code)])
        task = asyncio.get_running_loop().create_task(bringing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


# ---- what Meta refuses ----


def fault(message: Any) -> tuple[int, str] | None:
    """Why Meta refuses a message: its code and words. What a template may say, its account knows."""
    if not isinstance(message, dict) or message.get("messaging_product") != "whatsapp":
        return 100, "(#100) The parameter messaging_product is required."
    if message.get("recipient_type", "individual") != "individual":
        return 100, "(#100) Param recipient_type must be one of {individual, group}"
    if not isinstance(message.get("to") or message.get("recipient"), str):
        return 100, "(#100) The parameter to is required."
    kind = message.get("type", "text")
    if kind not in ("text", "interactive", "template"):
        return 131051, CODES[131051]
    about = message.get(kind)
    if not isinstance(about, dict):
        return 131008, f"(#131008) {kind} is missing"
    try:
        wrong = next({"text": _text_faults, "interactive": _interactive_faults, "template": _shape_faults}[kind](about))
    except StopIteration:
        return None
    except (KeyError, TypeError, AttributeError, IndexError):
        return 131008, CODES[131008]
    return 131009, f"(#131009) {wrong}"


def _text_faults(text: dict[str, Any]) -> Iterator[str]:
    yield from _length("text.body", text["body"], limits.WHATSAPP_PLAIN_CHARACTERS)


def _interactive_faults(about: dict[str, Any]) -> Iterator[str]:
    yield from _length("body", about["body"]["text"], limits.WHATSAPP_TEXT_CHARACTERS)
    for part, most in (
        ("header", limits.WHATSAPP_HEADER_CHARACTERS),
        ("footer", limits.WHATSAPP_FOOTER_CHARACTERS),
    ):
        if part in about:
            yield from _length(part, about[part]["text"], most)
    match about["type"]:
        case "button":
            yield from _button_faults(about["action"]["buttons"])
        case "list":
            yield from _list_faults(about["action"])
        case other:
            yield f"no interactive message is a {other}"


def _button_faults(buttons: list[dict[str, Any]]) -> Iterator[str]:
    if not 1 <= len(buttons) <= limits.WHATSAPP_BUTTONS:
        yield f"{len(buttons)} buttons"
    replies = [button["reply"] for button in buttons if button["type"] == "reply"]
    if len(replies) != len(buttons):
        yield "a button is no reply"
    for reply in replies:
        yield from _length("button title", reply["title"], limits.WHATSAPP_LABEL_CHARACTERS)
        yield from _identity(reply["id"], limits.WHATSAPP_BUTTON_ID_CHARACTERS)
    yield from _alike([reply["title"] for reply in replies], "titles")
    yield from _alike([reply["id"] for reply in replies], "ids")


def _list_faults(action: dict[str, Any]) -> Iterator[str]:
    yield from _length("button", action["button"], limits.WHATSAPP_MENU_CHARACTERS)
    sections = action["sections"]
    if not 1 <= len(sections) <= limits.WHATSAPP_SECTIONS:
        yield f"{len(sections)} sections"
    if len(sections) > 1 and not all(section.get("title") for section in sections):
        yield "a section has no title"
    rows = [row for section in sections for row in section["rows"]]
    if not 1 <= len(rows) <= limits.WHATSAPP_ROWS:
        yield f"{len(rows)} rows"
    for row in rows:
        yield from _length("row title", row["title"], limits.WHATSAPP_ROW_CHARACTERS)
        yield from _identity(row["id"], limits.WHATSAPP_ROW_ID_CHARACTERS)
        if "description" in row:
            yield from _length("row description", row["description"], limits.WHATSAPP_ROW_MORE_CHARACTERS)
    yield from _alike([row["id"] for row in rows], "ids")


def _shape_faults(template: dict[str, Any]) -> Iterator[str]:
    if not template["name"] or not template["language"]["code"]:
        yield "template has no name or language"
    for component in template.get("components", ()):
        if component["type"].lower() not in ("header", "body", "button"):
            yield f"no component is a {component['type']}"
        for one in component["parameters"]:
            if one["type"] != "text" or not isinstance(one["text"], str):
                yield "a parameter is no text"


def _length(what: str, text: Any, most: int) -> Iterator[str]:
    if not isinstance(text, str) or not text.strip():
        yield f"{what} is empty"
    elif len(text) > most:
        yield f"{what} has {len(text)} characters, at most {most}"


def _identity(given: Any, most: int) -> Iterator[str]:
    yield from _length("id", given, most)
    if given != given.strip():
        yield "an id has spaces around it"


def _alike(given: list[str], what: str) -> Iterator[str]:
    if len(set(given)) != len(given):
        yield f"two {what} are the same"


def _choices(about: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    if about["type"] == "button":
        for button in about["action"]["buttons"]:
            yield button["reply"]["id"], button["reply"]["title"], ""
    else:
        for section in about["action"]["sections"]:
            for row in section["rows"]:
                yield row["id"], row["title"], row.get("description", "")


def _filled(template: dict[str, Any]) -> list[str]:
    """What is filled into the body."""
    bodies = [one for one in template.get("components", ()) if one["type"].lower() == "body"]
    return [one["text"] for body in bodies for one in body["parameters"]]


def shown(body: str, said: list[str]) -> str:
    """A template's body with what is filled in."""
    for at, one in enumerate(said, 1):
        body = body.replace("{{%d}}" % at, one)  # noqa: UP031 - braces upon braces
    return body


def _call(business: str, changes: list[dict[str, Any]]) -> dict[str, Any]:
    return {"object": "whatsapp_business_account", "entry": [{"id": business, "changes": changes}]}


def _error(code: int, words: str | None = None, subcode: int | None = None) -> dict[str, Any]:
    message = words or CODES.get(code, "Unknown error")
    about = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1b2C3"}
    return {"error": about if subcode is None else about | {"error_subcode": subcode}}


def _counted(person: Person, now_s: float) -> bool:
    """Count one message to somebody; False where the average and the burst are used up."""
    gained = (now_s - person.counted_s) / limits.WHATSAPP_PAIR_GAP_S if person.counted_s else 0.0
    person.room, person.counted_s = min(float(limits.WHATSAPP_PAIR_BURST), person.room + gained), now_s
    if person.room < 1.0:
        return False
    person.room -= 1.0
    return True
