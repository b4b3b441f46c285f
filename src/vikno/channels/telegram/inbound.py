"""What comes from Telegram: one update of the Bot API, read with only the fields that are of use here.

Fields and updates that nobody here knows are passed over, so that a newer Bot API breaks nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hmac import compare_digest
from typing import Annotated

import msgspec
from msgspec import Raw as Json
from msgspec import Struct

from vikno.usecases.channel import (
    Ack,
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
from vikno.wire.limits import TELEGRAM_START_CHARACTERS

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the name of a header
UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
"""What we ask Telegram for (`allowed_updates`)."""
MOST_BYTES = 1_000_000
"""Of an update. A message has 4096 characters at most; the rest of an update is far from filling this."""


def verify(raw: Raw, secret: str | None) -> Refused | None:
    """Whether the secret is ours, in constant time; without one nothing is believed."""
    given = raw.headers.get(SECRET_HEADER)
    if not given or secret is None:
        return Refused(401, "no_secret")
    if not compare_digest(given.encode("utf-8", "replace"), secret.encode()):
        return Refused(403, "wrong_secret")
    return None


def parse(body: bytes) -> Sequence[Inbound]:
    """What happened in one update; nothing for groups, other bots and updates of no interest.

    Raises Unreadable.
    """
    if len(body) > MOST_BYTES:
        raise Unreadable("telegram", "too_large")
    try:
        update = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable("telegram", type(error).__name__) from None  # its text may quote what a person wrote
    if update.message is not None:
        return _message(update.update_id, update.message)
    if update.edited_message is not None:
        return _edited(update.update_id, update.edited_message)
    if update.callback_query is not None:
        return _pressed(update.update_id, update.callback_query)
    if update.my_chat_member is not None:
        return _membership(update.update_id, update.my_chat_member)
    return ()


def ack(inbound: Sequence[Inbound]) -> Ack:
    """Empty; or the call that takes the clock off a pressed button (`core.telegram.org/bots/api#making-requests`)."""
    match inbound:
        case [Inbound(happened=Pressed(), handle=handle)] if handle:
            return Ack(200, _JSON, _encode({"method": "answerCallbackQuery", "callback_query_id": handle}))
    return _EMPTY


# ---- an update, as much of it as is read ----

Id = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
"""Telegram promises at most 52 significant bits."""
Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**40)]


class User(Struct, frozen=True, gc=False):
    id: Id
    is_bot: bool = False
    language_code: str | None = None


class Chat(Struct, frozen=True, gc=False):
    id: Id
    type: str = "private"


_ABSENT = Json()


class Message(Struct, frozen=True, rename={"sender": "from"}):
    """Things sent are kept unread: it is enough to know that they are there."""

    chat: Chat
    sender: User | None = None
    date: Seconds | None = None
    edit_date: Seconds | None = None
    text: str | None = None
    sticker: Json = _ABSENT
    animation: Json = _ABSENT
    live_photo: Json = _ABSENT
    photo: Json = _ABSENT
    video: Json = _ABSENT
    video_note: Json = _ABSENT
    voice: Json = _ABSENT
    audio: Json = _ABSENT
    document: Json = _ABSENT
    contact: Json = _ABSENT
    venue: Json = _ABSENT
    location: Json = _ABSENT
    poll: Json = _ABSENT
    checklist: Json = _ABSENT
    dice: Json = _ABSENT
    game: Json = _ABSENT
    story: Json = _ABSENT
    paid_media: Json = _ABSENT
    web_app_data: Json = _ABSENT
    rich_message: Json = _ABSENT
    passport_data: Json = _ABSENT
    gift: Json = _ABSENT
    unique_gift: Json = _ABSENT


SENT = tuple(field.name for field in msgspec.structs.fields(Message) if field.default is _ABSENT)
"""Kinds of messages that are not read here. An animation is also a document, a venue also a location: the first counts.
Others are Telegram's own notes (a pinned message, a changed picture), which nobody expects an answer to."""


class CallbackQuery(Struct, frozen=True, rename={"sender": "from"}):
    id: str
    sender: User
    message: Message | None = None
    data: str | None = None


class Member(Struct, frozen=True, gc=False):
    status: str


class Membership(Struct, frozen=True, rename={"sender": "from"}):
    chat: Chat
    new_chat_member: Member
    sender: User | None = None
    date: Seconds | None = None


class Update(Struct, frozen=True):
    update_id: Id
    message: Message | None = None
    edited_message: Message | None = None
    callback_query: CallbackQuery | None = None
    my_chat_member: Membership | None = None


_decode = msgspec.json.Decoder(Update).decode
_encode = msgspec.json.Encoder().encode
_JSON = (("content-type", "application/json"),)
_EMPTY = Ack()
_NOTHING = (b"", b"null")
_START = re.compile(rf"/start(?:@\w+)?(?:\s+(?P<token>[A-Za-z0-9_-]{{1,{TELEGRAM_START_CHARACTERS}}}))?(?:\s|\Z)")
_LANGUAGE = re.compile(r"(?P<two>[A-Za-z]{2})(?:[-_]|\Z)")


def _message(update: int, message: Message) -> Sequence[Inbound]:
    happened: Happened
    if message.text is not None:
        start = _START.match(message.text)
        happened = Opened(start["token"] or "") if start else Wrote(message.text)
    else:
        kind = next((kind for kind in SENT if bytes(getattr(message, kind)) not in _NOTHING), None)
        if kind is None:
            return ()
        happened = Unsupported(kind)
    return _inbound(update, message, message.sender, happened, message.date)


def _edited(update: int, message: Message) -> Sequence[Inbound]:
    """Other words; nothing for what was never read, such as a place, which comes anew every time it moves."""
    if message.text is None:
        return ()
    return _inbound(update, message, message.sender, Unsupported("edited"), message.edit_date)


def _pressed(update: int, query: CallbackQuery) -> Sequence[Inbound]:
    """A press; nothing for a game, or for a button that was passed on to another chat."""
    if query.message is None or query.data is None:
        return ()
    return _inbound(update, query.message, query.sender, Pressed(query.data), None, query.id)


def _membership(update: int, change: Membership) -> Sequence[Inbound]:
    match change.new_chat_member.status:
        case "kicked" | "left":
            return _inbound(update, change, change.sender, Left(), change.date)
        case "member":
            return _inbound(update, change, change.sender, Returned(), change.date)
    return ()


def _inbound(
    update: int, what: Message | Membership, sender: User | None, happened: Happened, at_s: int | None, handle: str = ""
) -> Sequence[Inbound]:
    """The event, if it comes from a person in a chat of their own."""
    if what.chat.type != "private" or (sender is not None and sender.is_bot):
        return ()
    return (
        Inbound(
            key=str(update),
            address=str(what.chat.id),
            happened=happened,
            at_ms=None if at_s is None else at_s * 1000,
            lang=_language(sender),
            handle=handle,
        ),
    )


def _language(sender: User | None) -> str | None:
    """The person's language as two letters: an IETF tag may be longer (`pt-br`), some languages have three letters."""
    if sender is None or sender.language_code is None:
        return None
    found = _LANGUAGE.match(sender.language_code)
    return found["two"].lower() if found else None
