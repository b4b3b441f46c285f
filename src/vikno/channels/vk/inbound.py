"""What VK brings: proof that it is VK, and what happened."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2b
from hmac import compare_digest
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from vikno.usecases.channel import (
    Happened,
    Inbound,
    Left,
    Opened,
    Pressed,
    Raw,
    Refused,
    Returned,
    Unreadable,
    Unsupported,
    Wrote,
)
from vikno.wire.limits import VK_REF_CHARACTERS

MOST_BYTES = 1_000_000
"""Of an event. VK crops messages that carry many others (`is_cropped`)."""
EVENTS = ("message_new", "message_event", "message_allow", "message_deny")
"""What we ask VK for."""
CONFIRMATION = "confirmation"
FIRST_GROUP_CHAT = 2_000_000_000
"""Chats of several people have numbers from here on; below are people, and communities are negative."""

# ---- proof ----

Number = Annotated[int, Meta(ge=-(2**53), le=2**53)]


class Sealed(Struct, frozen=True, gc=False):
    """What proves an event: the secret stands in the body, and so does whose event it is."""

    type: str
    group_id: Number
    secret: str | None = None


def verify(secret: str, group: int, raw: Raw) -> Refused | None:
    """The secret that we gave to VK, in constant time, and our community.

    VK asks for the confirmation string before it knows the secret, so that alone may come without one.
    """
    if len(raw.body) > MOST_BYTES:
        return Refused(403, "too_large")
    try:
        sealed = _read_sealed(raw.body)
    except _UNREAD:
        return Refused(401, "no_secret")
    if sealed.secret:
        if not compare_digest(sealed.secret.encode("utf-8", "replace"), secret.encode()):
            return Refused(403, "wrong_secret")
    elif sealed.type != CONFIRMATION:
        return Refused(401, "no_secret")
    return None if sealed.group_id == group else Refused(403, "another_community")


# ---- a press ----


class Mark(Struct, frozen=True, gc=False, omit_defaults=True):
    """What a key carries: the button's id, as VK hands it back; or the command of VK's own Start button."""

    b: str = ""
    command: str = ""


def marked(button: str) -> str:
    """The payload of a key.

    >>> marked("3.a9f2")
    '{"b":"3.a9f2"}'
    """
    return _encode(Mark(button)).decode()


def mark_of(payload: msgspec.Raw | str | None) -> Mark:
    """What a payload says; VK hands it back as JSON, or as JSON within a text. An empty one for what is not ours.

    >>> mark_of('{"b":"3.a9f2"}').b, mark_of('{"command":"start"}').command, mark_of("so"), mark_of(None)
    ('3.a9f2', 'start', Mark(b='', command=''), Mark(b='', command=''))
    """
    if payload is None:
        return _UNMARKED
    try:
        said = payload if isinstance(payload, str) else _decode_any(payload)
        return _read_mark(said) if isinstance(said, str) else _to_mark(said)
    except _UNREAD:
        return _UNMARKED


# ---- what happened ----

Person = Annotated[int, Meta(ge=1, lt=FIRST_GROUP_CHAT)]
Seconds = Annotated[int, Meta(ge=0, le=2**40)]


class Named(Struct, frozen=True):
    """Which event it is. `event_id` is the same however often VK brings it."""

    type: str
    event_id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None


class Attached(Struct, frozen=True, gc=False):
    """Something sent along; it is enough to know what it is."""

    type: str


class Message(Struct, frozen=True):
    """A message, as far as it is read here. `ref`: of the link by which the person came."""

    from_id: Number
    peer_id: Number
    date: Seconds | None = None
    text: str = ""
    payload: msgspec.Raw = msgspec.Raw()
    ref: str | None = None
    attachments: tuple[Attached, ...] = ()
    geo: msgspec.Raw = msgspec.Raw()
    fwd_messages: tuple[msgspec.Raw, ...] = ()


class Client(Struct, frozen=True, gc=False):
    """The app by which it was written. `lang_id`: of its language, by VK's own list."""

    lang_id: int | None = None


class MessageNew(Struct, frozen=True):
    message: Message
    client_info: Client | None = None


class Press(Struct, frozen=True):
    """A key whose press puts no message into the chat. `event_id`: to be answered by, within a minute."""

    user_id: Number
    peer_id: Number
    event_id: Annotated[str, Meta(min_length=1, max_length=256)]
    payload: msgspec.Raw = msgspec.Raw()


class Permission(Struct, frozen=True, gc=False):
    """Messages are allowed, or forbidden."""

    user_id: Number


class Came(Named, frozen=True, kw_only=True):
    object: MessageNew


class Tapped(Named, frozen=True, kw_only=True):
    object: Press


class Allowed(Named, frozen=True, kw_only=True):
    object: Permission


def read(body: bytes) -> tuple[Inbound, ...] | None:
    """What happened; nothing for events of no interest, and None when VK asks for the confirmation string.

    Raises Unreadable.
    """
    if len(body) > MOST_BYTES:
        raise Unreadable("too_large")
    try:
        named = _head(body)
        if named.type == CONFIRMATION:
            return None
        known = _KNOWN.get(named.type)
        if known is None:
            return ()
        decode, tell = known
        event = decode(body)
    except _UNREAD as error:
        # msgspec names places and types, never what stands there.
        raise Unreadable(str(error) if isinstance(error, msgspec.DecodeError) else type(error).__name__) from None
    key = event.event_id or f"{event.type}:#{blake2b(body, digest_size=12).hexdigest()}"  # repeated bytes are the same
    return tuple(tell(event, key))


def _came(event: Came, key: str) -> list[Inbound]:
    message, client = event.object.message, event.object.client_info
    if not 0 < message.from_id < FIRST_GROUP_CHAT or message.peer_id != message.from_id:
        return []  # a chat of several people, another community, or what we said ourselves
    at_ms = None if message.date is None else message.date * 1000
    lang = None if client is None or client.lang_id is None else LANGUAGES.get(client.lang_id)
    address, mark = str(message.from_id), mark_of(message.payload)
    ref = message.ref if message.ref and _REF.match(message.ref) else ""
    if mark.b:
        return [Inbound(key, address, Pressed(mark.b), at_ms, lang)]
    if mark.command == START:
        return [Inbound(key, address, Opened(ref), at_ms, lang)]
    said = Inbound(key, address, _said(message), at_ms, lang)
    if not ref:
        return [said]
    # Nobody says in how many messages VK repeats a link's `ref`, so each link opens once, by its own key.
    return [Inbound(f"ref:{ref}", address, Opened(ref), at_ms, lang), said]


def _said(message: Message) -> Happened:
    """Words; or what is not read here. A link that somebody types is attached by VK, and is words."""
    kinds = [one.type for one in message.attachments if one.type != "link"]
    if bytes(message.geo) not in _NOTHING:
        kinds.append("geo")
    if message.fwd_messages and not message.text:
        kinds.append("forwarded")
    if not kinds:
        return Wrote(message.text)
    kind = kinds[0]
    return Unsupported(kind[:32] if kind.isascii() and kind.isidentifier() else "other")


def _tapped(event: Tapped, key: str) -> list[Inbound]:
    press = event.object
    button = mark_of(press.payload).b
    if not button or not 0 < press.user_id < FIRST_GROUP_CHAT or press.peer_id != press.user_id:
        return []
    return [Inbound(key, str(press.user_id), Pressed(button), handle=press.event_id)]


def _allowed(event: Allowed, key: str) -> list[Inbound]:
    if not 0 < event.object.user_id < FIRST_GROUP_CHAT:
        return []
    happened = Returned() if event.type == "message_allow" else Left()
    return [Inbound(key, str(event.object.user_id), happened)]


START = "start"
"""The command of the button that VK shows to whoever has never written (api/bots/development/keyboard)."""
LANGUAGES = {0: "ru", 1: "uk", 2: "be", 3: "en", 4: "es", 5: "fi", 6: "de", 7: "it"}
"""VK's numbers of languages (api/api-requests, `lang`)."""
_REF = re.compile(rf"[A-Za-z0-9_-]{{1,{VK_REF_CHARACTERS}}}\Z")
_NOTHING = (b"", b"null")
_UNREAD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_UNMARKED = Mark()
_encode = msgspec.json.Encoder().encode
_decode_any = msgspec.json.Decoder(Any).decode
_read_mark = msgspec.json.Decoder(Mark).decode
_read_sealed = msgspec.json.Decoder(Sealed).decode
_head = msgspec.json.Decoder(Named).decode


def _to_mark(said: object) -> Mark:
    return msgspec.convert(said, Mark)


def _shape(
    shape: type[Any], tell: Callable[[Any, str], list[Inbound]]
) -> tuple[Callable[[bytes], Any], Callable[[Any, str], list[Inbound]]]:
    return msgspec.json.Decoder(shape).decode, tell


_KNOWN = {
    "message_new": _shape(Came, _came),
    "message_event": _shape(Tapped, _tapped),
    "message_allow": _shape(Allowed, _allowed),
    "message_deny": _shape(Allowed, _allowed),
}
