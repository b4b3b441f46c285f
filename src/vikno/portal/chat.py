"""The chat over HTTP: turns by POST, what other tabs do by event stream, and the page of the window itself.

    POST /chat/turns   {"conversation": token or null, "event": id made by the client,
                        "tap": button id | "text": words | "start": service key or null | "lang": language}
    -> JSON lines: {"conversation": token, "event": …, "position": n, "repeated"?: true, "lang"?: …, "page"?: …}
       and one message a line. The same event again is answered the same and changes nothing.
    GET /chat/state    (header x-conversation: token) -> the last turn, in the same lines
    GET /chat/events   (header x-conversation: token) -> text/event-stream; Last-Event-ID: the position already seen
    POST /chat/forget  (header x-conversation: token) -> 204 when nothing of it is kept any more, or never was

The POST is the hot path: no framework, no template, one turn of the store.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated, Protocol

import msgspec
from starlette.types import Receive, Scope, Send

from vikno.domain.dialog.events import Event, LanguageChosen, Said, Started, Tapped
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.dialog.state import State, full_answers
from vikno.domain.dialog.world import World
from vikno.domain.errors import ViknoError
from vikno.portal.address import pairs, write_address
from vikno.portal.server import Headers
from vikno.portal.streams import Streams
from vikno.usecases.converse import FindOut, converse, joined
from vikno.usecases.hold_conversation import ConversationUnknown, hold_conversation, read_state
from vikno.usecases.ports import ConversationStore, Outbox, Upkeep
from vikno.wire.body import whole_body

MOST_BYTES = 64 * 1024
"""A turn; what a person types is shorter by far, and is read up to 400 letters."""
TOKEN_BYTES = 24

Token = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{22,64}\Z")]
EventId = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Short = Annotated[str, msgspec.Meta(max_length=128)]


class Asked(msgspec.Struct):
    """A turn as a client asks for it."""

    event: EventId
    conversation: Token | None = None
    tap: Short | None = None
    text: str | None = None
    start: Short | msgspec.UnsetType | None = msgspec.UNSET
    lang: Short | None = None

    def happened(self) -> Event | None:
        """What happened; None if the client says nothing, or two things at once."""
        said = (self.tap is not None) + (self.text is not None) + (self.start is not msgspec.UNSET)
        if said > 1 or (not said and self.lang is None):
            return None
        if self.tap is not None:
            return Tapped(self.tap)
        if self.text is not None:
            return Said(self.text)
        if self.start is not msgspec.UNSET:
            return Started(self.start, self.lang)
        return LanguageChosen(self.lang or "")


class Head(msgspec.Struct, omit_defaults=True):
    """The first line of an answer. `lang`: its language; `page`: the address of the outcome the turn ended in."""

    conversation: str
    event: str
    position: int
    repeated: bool = False
    lang: str | None = None
    page: str | None = None


class Records(ConversationStore, Outbox, Upkeep, Protocol):
    """What the chat needs of a store: to hold turns, to hear again what was said, and to forget it."""


_decode = msgspec.json.Decoder(Asked).decode
_encode = msgspec.json.Encoder().encode
_OUTCOME = b'{"kind":"outcome"'  # how the JSON of such a message begins
_LINES = [
    (b"content-type", b"application/x-ndjson"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]


def name_of(token: str) -> str:
    """The conversation's name on record: whoever reads the record cannot speak in its stead."""
    return "web:" + blake2b(token.encode(), digest_size=16).hexdigest()


class TooLong(ViknoError):
    """This message is too long. Please write a shorter one."""

    code = "too_long"


@dataclass(frozen=True)
class Chat:
    """The chat's HTTP interface, a plain ASGI application for /chat/…."""

    store: Records
    world: Callable[[], World]
    words: Callable[[str | None], Phrases]
    streams: Streams
    find_out: FindOut | None = None
    erase: Callable[[str], Awaitable[None]] | None = None
    """Forgets what else is kept of a conversation: the cases followed in it, and the notices about them."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["method"], scope["path"]:
            case "POST", "/chat/turns":
                await self.turns(scope, receive, send)
            case "GET", "/chat/state":
                await self.state(scope, send)
            case "GET", "/chat/events":
                await self.events(scope, receive, send)
            case "POST", "/chat/forget":
                await self.forget(scope, send)
            case _:
                await self._refuse(send, 404, "not_found", "broken", None)

    async def turns(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold one turn and answer with it."""
        body = await whole_body(receive, MOST_BYTES)
        if body is None:
            await self._refuse(send, 413, TooLong.code, "long", _language(scope["headers"]))
            return
        await _answer(send, *await self.turn(scope["headers"], body))

    async def turn(self, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
        """One turn: from a request's headers and body, bounded by the caller, to status, headers and body."""
        try:
            asked = _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._refusal(400, "broken", "broken", _language(headers))
        happened = asked.happened()
        if happened is None:
            return self._refusal(400, "broken", "broken", asked.lang)
        token = asked.conversation or secrets.token_urlsafe(TOKEN_BYTES)
        name, world = name_of(token), self.world()
        try:
            if asked.conversation is None and asked.lang and not isinstance(happened, Started | LanguageChosen):
                await hold_conversation(
                    self.store, name, f"{asked.event}~lang", LanguageChosen(asked.lang), world, fetched=True
                )
            begun = asked.conversation is not None
            held = joined(
                await converse(
                    self.store, name, asked.event, happened, world, find_out=self.find_out, fetched=True, begun=begun
                )
            )
        except ConversationUnknown as error:
            return self._refusal(404, error.code, "unknown", asked.lang or _language(headers))
        except ViknoError as error:
            status, phrase = (503, "busy") if error.retryable else (400, "broken")
            return self._refusal(status, error.code, phrase, asked.lang)
        if not held.repeated:
            self.streams.tell(name)
        page = await self._page(name, held.effects, world, held.state)
        head = Head(token, asked.event, held.position, held.repeated, held.lang, page)
        return 200, _LINES, b"\n".join([_encode(head), *held.effects, b""])

    async def _page(
        self, name: str, effects: tuple[bytes, ...], world: World, state: State | None = None
    ) -> str | None:
        """Where the outcome that was just said stands as a page."""
        if not any(effect.startswith(_OUTCOME) for effect in effects):
            return None
        if state is None:
            state, _ = read_state(await self.store.read(name))
        talk = next((talk for talk in state.talks if talk.number == state.open), None) if state else None
        if state is None or talk is None or talk.service not in world.services:
            return None
        sheet = world.sheet(talk.service, state.lang)
        answers = full_answers(talk.answers, sheet.unlike)
        asked = sheet.ruleset.consult(answers).asked
        return write_address(f"/{state.lang}/{talk.service}/", pairs(sheet.service, answers, asked))

    async def state(self, scope: Scope, send: Send) -> None:
        """The last turn of a conversation, for a page that was loaded anew."""
        token = _header(scope["headers"], b"x-conversation")
        try:
            kept = await self.store.read(name_of(token)) if _is_token(token) else None
            if kept is None:
                await self._refuse(send, 404, ConversationUnknown.code, "unknown", _language(scope["headers"]))
                return
            state, _ = read_state(kept)
            last = await self.streams.last(name_of(token))
            page = await self._page(name_of(token), tuple(effect.payload for effect in last), self.world())
        except ViknoError as error:
            await self._refuse(send, 503, error.code, "busy", _language(scope["headers"]))
            return
        event, position = (last[-1].event, last[-1].position) if last else ("", 0)
        head = Head(token, event, position, repeated=True, lang=state.lang if state else None, page=page)
        await _answer(send, 200, _LINES, b"\n".join([_encode(head), *(effect.payload for effect in last), b""]))

    async def events(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Turns as they are held, those made elsewhere too."""
        token = _header(scope["headers"], b"x-conversation")
        try:
            known = _is_token(token) and await self.store.read(name_of(token)) is not None
        except ViknoError as error:
            await self._refuse(send, 503, error.code, "busy", _language(scope["headers"]))
            return
        if not known:
            await self._refuse(send, 404, ConversationUnknown.code, "unknown", _language(scope["headers"]))
            return
        if not self.streams.room(name_of(token)):
            await self._refuse(send, 503, "too_many_streams", "busy", _language(scope["headers"]))
            return
        position = _number(_header(scope["headers"], b"last-event-id"))
        await self.streams.stream(token, name_of(token), position, receive, send)

    async def forget(self, scope: Scope, send: Send) -> None:
        """Forget a conversation. The answer never tells whether there was one; asking twice is no mistake."""
        token = _header(scope["headers"], b"x-conversation")
        if _is_token(token):
            try:
                if self.erase is not None:
                    await self.erase(name_of(token))
                await self.store.forget(name_of(token))
            except ViknoError as error:
                await self._refuse(send, 503, error.code, "busy", _language(scope["headers"]))
                return
            self.streams.end(name_of(token))
        await _answer(send, 204, _LINES, b"")

    async def _refuse(self, send: Send, status: int, code: str, phrase: str, lang: str | None) -> None:
        await _answer(send, *self._refusal(status, code, phrase, lang))

    def _refusal(self, status: int, code: str, phrase: str, lang: str | None) -> tuple[int, Headers, bytes]:
        message = self.words(lang).say(f"chat.{phrase}")
        headers = [*_LINES, (b"retry-after", b"1")] if status == 503 else _LINES
        return status, headers, _encode({"error": {"code": code, "message": message}}) + b"\n"


def _is_token(token: str) -> bool:
    try:
        msgspec.convert(token, Token)
    except msgspec.ValidationError:
        return False
    return True


def _header(headers: Headers, wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in headers if name == wanted), "")


def _language(headers: Headers) -> str | None:
    """The first language the browser asks for."""
    return _header(headers, b"accept-language")[:2].lower() or None


def _number(written: str) -> int:
    """A position that a client names; -1 for what is none."""
    return int(written) if written.isascii() and written.isdigit() and len(written) < 16 else -1


async def _answer(send: Send, status: int, headers: Headers, body: bytes) -> None:
    if status != 204:  # which has no body, and so no length
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
