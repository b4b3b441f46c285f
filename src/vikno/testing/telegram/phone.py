"""The people of the simulated Telegram: what they do on their phones, and what they see."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs, urlsplit

from vikno.wire import limits

if TYPE_CHECKING:
    from vikno.testing.telegram.server import TelegramServer


@dataclass
class Line:
    """One thing in a chat. `by`: bot, me, or app for what is no message. `rows`: the buttons below it.

    `pressed`: what was tapped carried this.
    """

    by: Literal["bot", "me", "app"]
    text: str
    id: int = 0
    rows: list[list[dict[str, Any]]] = field(default_factory=list)
    edited: bool = False
    pressed: set[str] = field(default_factory=set)

    @property
    def labels(self) -> list[str]:
        """What stands on its buttons."""
        return [button["text"] for row in self.rows for button in row]

    @property
    def shown_rows(self) -> list[list[dict[str, Any]]]:
        """Its buttons as plain data: label, the address that one opens, and whether it was pressed."""
        return [[_button(one, self.pressed) for one in row] for row in self.rows]


@dataclass(eq=False)
class Person:
    """Somebody with Telegram on the phone. `lines`: their chat with the bot; `waiting`: presses not answered yet."""

    server: TelegramServer
    id: int
    name: str
    language: str | None
    started: bool = False
    blocked: bool = False
    deactivated: bool = False
    lines: list[Line] = field(default_factory=list)
    waiting: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """What answers to presses have shown."""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    # ---- what they do ----

    async def open(self, link: str | None = None, *, token: str = "") -> None:
        """Come by a link, or from the bot's page, and press Start.

        Raises LookupError for a link to a bot that does not exist.
        """
        if link is not None:
            parts = urlsplit(link)
            if parts.netloc != "t.me" or parts.path.lower() != f"/{self.server.username.lower()}":
                raise LookupError(f"no bot at {link}")
            token = parse_qs(parts.query).get("start", [""])[0]
        if not re.fullmatch(rf"[A-Za-z0-9_-]{{0,{limits.TELEGRAM_START_CHARACTERS}}}", token):
            token = ""  # Telegram opens the bot, and forgets what it cannot carry
        await self.write(f"/start {token}".strip())

    async def write(self, text: str) -> None:
        """Words; whoever writes to a bot that they have blocked unblocks it."""
        if self.blocked:
            await self.unblock()
        self.started = True
        line = self._add(Line("me", text))
        command = re.match(r"/\w+", text)
        entities = [{"type": "bot_command", "offset": 0, "length": len(command[0])}] if command else []
        self.server.bring("message", self._message(line, text=text, **({"entities": entities} if entities else {})))

    async def press(self, label: str, *, message: int | None = None) -> str | None:
        """The button that shows this label, of the latest message that has one, or of that message.

        Gives the address that a link button opens. Raises LookupError if there is none.
        """
        lines = [line for line in self.lines if line.by == "bot" and message in (None, line.id)]
        for line in reversed(lines):
            for button in (button for row in line.rows for button in row):
                if button["text"] == label:
                    if "url" in button:
                        return str(button["url"])
                    await self.tap(button["callback_data"], line)
                    return None
        raise LookupError(f"no button “{label}” among {self.labels}")

    async def tap(self, data: str, line: Line) -> None:
        """Press a button by what it carries, even one that is there no more."""
        query = f"{self.id}{next(self.server.numbers)}"
        self.waiting[query] = self.server.clock()
        line.pressed.add(data)
        shown = {
            "message_id": line.id,
            "date": now_s(),
            "chat": self.chat(),
            "from": self.server.me(),
            "text": line.text,
        }
        if line.rows:
            shown["reply_markup"] = {"inline_keyboard": line.rows}
        about = {"id": query, "from": self.user(), "message": shown, "chat_instance": str(self.id), "data": data}
        self.server.bring("callback_query", about)

    async def send(self, kind: str) -> None:
        """Something that is no words: sticker, photo, voice, contact, location, document."""
        self.started = True
        self.server.bring("message", self._message(self._add(Line("me", f"[{kind}]")), **{kind: SENT[kind]}))

    async def edit(self, text: str) -> None:
        """Change the last thing that they wrote."""
        line = next(line for line in reversed(self.lines) if line.by == "me")
        line.text, line.edited = text, True
        self.server.bring("edited_message", self._message(line, text=text, edit_date=now_s()))

    async def block(self) -> None:
        """Stop the bot."""
        self.blocked = True
        self._add(Line("app", "blocked"))
        self._bring_membership("member", "kicked")

    async def unblock(self) -> None:
        """Let it write again."""
        self.blocked = False
        self._add(Line("app", "unblocked"))
        self._bring_membership("kicked", "member")

    # ---- what they see ----

    @property
    def labels(self) -> list[str]:
        """What stands on the buttons of the latest message that has some."""
        return next((line.labels for line in reversed(self.lines) if line.rows), [])

    @property
    def said(self) -> list[str]:
        """What the bot has said."""
        return [line.text for line in self.lines if line.by == "bot"]

    async def heard(self, part: str = "", *, timeout_s: float = 5.0) -> Line:
        """The first thing that the bot says with this in it, after the last thing that this person wrote or opened.

        Raises TimeoutError.
        """
        since = max((at for at, line in enumerate(self.lines) if line.by != "bot"), default=-1) + 1

        def found() -> Line | None:
            return next((line for line in self.lines[since:] if line.by == "bot" and part in line.text), None)

        await self.until(lambda: found() is not None, timeout_s=timeout_s)
        line = found()
        assert line is not None  # noqa: S101 - it was there, and lines do not go
        return line

    async def until(self, holds: Callable[[], bool], *, timeout_s: float = 5.0) -> None:
        """Wait until something holds of the chat. Raises TimeoutError."""

        async def wait() -> None:
            while not holds():
                self._changed.clear()
                await self._changed.wait()

        await asyncio.wait_for(wait(), timeout_s)

    def transcript(self) -> dict[str, Any]:
        """The phone as plain data, for a page: what is shown, each message with its rows of buttons."""
        lines = [
            {
                "by": line.by,
                "id": line.id,
                "text": line.text,
                "rows": line.shown_rows,
            }
            for line in self.lines
        ]
        keys = next((line.shown_rows for line in reversed(self.lines) if line.rows), [])
        about = {"id": str(self.id), "name": self.name, "blocked": self.blocked, "clocks": len(self.waiting)}
        return {**about, "lines": lines, "keys": [one for row in keys for one in row]}

    # ---- how updates speak of them ----

    def user(self) -> dict[str, Any]:
        about = {"id": self.id, "is_bot": False, "first_name": self.name}
        return about | ({"language_code": self.language} if self.language else {})

    def chat(self) -> dict[str, Any]:
        return {"id": self.id, "type": "private", "first_name": self.name}

    def take(self, text: str, rows: list[list[dict[str, Any]]]) -> Line:
        """A message of the bot arrives."""
        return self._add(Line("bot", text, rows=rows))

    def changed(self) -> None:
        self._changed.set()

    def _message(self, line: Line, **content: Any) -> dict[str, Any]:
        return {"message_id": line.id, "date": now_s(), "chat": self.chat(), "from": self.user(), **content}

    def _bring_membership(self, before: str, after: str) -> None:
        def member(status: str) -> dict[str, Any]:
            return {"status": status, "user": self.server.me()} | ({"until_date": 0} if status == "kicked" else {})

        about = {"chat": self.chat(), "from": self.user(), "date": now_s()}
        self.server.bring(
            "my_chat_member", {**about, "old_chat_member": member(before), "new_chat_member": member(after)}
        )

    def _add(self, line: Line) -> Line:
        line.id = next(self.server.numbers)
        self.lines.append(line)
        self._changed.set()
        return line


_FILE = {"file_id": "AgADBAAD", "file_unique_id": "AQAD"}
SENT: dict[str, Any] = {
    "sticker": {**_FILE, "type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False},
    "photo": [{**_FILE, "width": 90, "height": 51}],
    "voice": {**_FILE, "duration": 3},
    "document": {**_FILE, "file_name": "паспорт.pdf"},
    "contact": {"phone_number": "+380440000000", "first_name": "Хтось"},
    "location": {"latitude": 50.45, "longitude": 30.52},
}


def _button(button: dict[str, Any], pressed: set[str]) -> dict[str, Any]:
    about = {"label": button["text"]} | ({"url": button["url"]} if "url" in button else {})
    return about | ({"pressed": True} if button.get("callback_data") in pressed else {})


def now_s() -> int:
    """As updates have it."""
    return int(time.time())
