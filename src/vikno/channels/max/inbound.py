"""What comes from MAX: one update, read with only the fields that are of use here.

Fields and updates that nobody here knows are passed over, so that a newer Bot API breaks nothing.
"""

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
    Unreadable,
    Unsupported,
    Wrote,
)
from vikno.wire.limits import MAX_PAYLOAD_CHARACTERS, MAX_START_CHARACTERS

SECRET_HEADER = "x-max-bot-api-secret"  # noqa: S105 - the name of a header
UPDATES = ("message_created", "message_callback", "message_edited", "bot_started", "bot_stopped", "dialog_removed")
"""What we ask MAX for (`update_types`)."""
MOST_BYTES = 256 * 1024
"""Of an update. A message has 4000 characters, and a dozen addresses of what is attached to it."""

# ---- proof ----


def verify(raw: Raw, secret: str | None) -> Refused | None:
    """Whether the secret is ours, in constant time; without one nothing is believed."""
    given = raw.headers.get(SECRET_HEADER)
    if not given or secret is None:
        return Refused(401, "no_secret")
    if not compare_digest(given.encode("utf-8", "replace"), secret.encode()):
        return Refused(403, "wrong_secret")
    return None


# ---- an update, as much of it as is read ----

Id = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Moment = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Name = Annotated[str, Meta(min_length=1, max_length=512)]


class User(Struct, frozen=True, gc=False):
    """Somebody. Names and pictures are not even read."""

    user_id: Id
    is_bot: bool = False


class Recipient(Struct, frozen=True, gc=False):
    """Where a message stands: `dialog` is a person's own chat with the bot."""

    chat_type: str


class Attachment(Struct, frozen=True, gc=False):
    """A picture, a voice message and the like, of which only the kind is read."""

    type: str


class Body(Struct, frozen=True):
    mid: Name
    text: str | None = None
    attachments: tuple[Attachment, ...] | None = None


class Linked(Struct, frozen=True, gc=False):
    """What a message refers to: `forward` or `reply`."""

    type: str


class Message(Struct, frozen=True):
    """`sender` is absent for a channel's posts, `body` perhaps for what was only passed on."""

    recipient: Recipient
    sender: User | None = None
    body: Body | None = None
    link: Linked | None = None


class Callback(Struct, frozen=True, gc=False):
    """A press. The schema calls `callback_id` the id of the keyboard, so the moment belongs to its key."""

    callback_id: Name
    user: User
    timestamp: Moment
    payload: str | None = None


class Named(Struct, frozen=True):
    """Which update it is; the rest is read when that is known."""

    update_type: str


class Update(Named, frozen=True):
    """What all updates share. An update has no id of its own."""

    timestamp: Moment
    user_locale: str | None = None


class MessageUpdate(Update, frozen=True, kw_only=True):
    """message_created, message_edited. Of a voice message MAX says nothing, not even whose it is (client-ts #250)."""

    message: Message | None = None


class CallbackUpdate(Update, frozen=True, kw_only=True):
    """message_callback. `message` is null when it has been deleted meanwhile."""

    callback: Callback
    message: Message | None = None


class UserUpdate(Update, frozen=True, kw_only=True):
    """bot_started, bot_stopped, dialog_removed."""

    user: User
    payload: str | None = None


# ---- what happened ----


def read(body: bytes) -> tuple[Inbound, ...]:
    """What happened; nothing for groups, other bots, and updates of no interest.

    Raises Unreadable.
    """
    if len(body) > MOST_BYTES:
        raise Unreadable("too_large")
    try:
        known = _KNOWN.get(_head(body).update_type)
        if known is None:
            return ()
        decode, tell = known
        update = decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # msgspec names places and types, never what stands there.
        raise Unreadable(str(error) if isinstance(error, msgspec.DecodeError) else type(error).__name__) from None
    told = tell(update)
    if told is None or told[1].is_bot:
        return ()
    key, person, happened, handle = told
    return (Inbound(key, str(person.user_id), happened, update.timestamp, language(update.user_locale), handle),)


Told = tuple[str, User, Happened, str]  # key, who, what happened, what the acknowledgement needs of it


def _wrote(update: MessageUpdate) -> Told | None:
    message = update.message
    if message is None or message.sender is None or message.recipient.chat_type != "dialog":
        return None
    body = message.body
    if body is None:
        return f"message:{update.timestamp}:{message.sender.user_id}", message.sender, Unsupported("forward"), ""
    happened: Happened
    if body.text:
        start = _START.match(body.text)
        happened = Opened(start["token"] or "") if start else Wrote(body.text)
    else:
        passed_on = message.link is not None and message.link.type == "forward"
        happened = Unsupported("forward" if passed_on else _kind(body))
    return f"message:{body.mid}", message.sender, happened, ""


def _edited(update: MessageUpdate) -> Told | None:
    message = update.message
    if message is None or message.sender is None or message.body is None or message.recipient.chat_type != "dialog":
        return None
    return f"edited:{message.body.mid}:{update.timestamp}", message.sender, Unsupported("edited"), ""


def _pressed(update: CallbackUpdate) -> Told | None:
    """A press; nothing in a group, and nothing for a button that carries none of our ids."""
    callback, message = update.callback, update.message
    if message is not None and message.recipient.chat_type != "dialog":
        return None
    if not callback.payload or len(callback.payload) > MAX_PAYLOAD_CHARACTERS:
        return None
    # Of a long id the digest, so that a key is never long; a press that is brought again has the same moment.
    which = blake2b(f"{callback.callback_id}\n{callback.payload}".encode("utf-8", "replace"), digest_size=12)
    key = f"press:{callback.timestamp}:{callback.user.user_id}:{which.hexdigest()}"
    return key, callback.user, Pressed(callback.payload), callback.callback_id


def _opened(update: UserUpdate) -> Told:
    token = update.payload or ""
    return _of_user(update), update.user, Opened(token if _TOKEN.match(token) else ""), ""


def _left(update: UserUpdate) -> Told:
    return _of_user(update), update.user, Left(), ""


def _of_user(update: UserUpdate) -> str:
    return f"{update.update_type}:{update.timestamp}:{update.user.user_id}"


def _kind(body: Body) -> str:
    """The kind of the first thing attached, if it is a plain word."""
    kind = next((one.type for one in body.attachments or ()), "other")
    return kind[:32] if kind.isascii() and kind.isidentifier() else "other"


def language(said: str | None) -> str | None:
    """Two letters of an IETF tag.

    >>> language("ru"), language("uk-UA"), language("?"), language(None)
    ('ru', 'uk', None, None)
    """
    two = (said or "").replace("_", "-").partition("-")[0].lower()
    return two if len(two) == 2 and two.isascii() and two.isalpha() else None


_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_START_CHARACTERS}}}\Z")
_START = re.compile(rf"/start(?:\s+(?P<token>[A-Za-z0-9_-]{{1,{MAX_START_CHARACTERS}}}))?\s*\Z")
"""Typed by people who know it from elsewhere; MAX itself brings `bot_started`."""

_head = msgspec.json.Decoder(Named).decode


def _shape(
    shape: type[Any], tell: Callable[[Any], Told | None]
) -> tuple[Callable[[bytes], Any], Callable[[Any], Told | None]]:
    return msgspec.json.Decoder(shape).decode, tell


_KNOWN = {
    "message_created": _shape(MessageUpdate, _wrote),
    "message_edited": _shape(MessageUpdate, _edited),
    "message_callback": _shape(CallbackUpdate, _pressed),
    "bot_started": _shape(UserUpdate, _opened),
    "bot_stopped": _shape(UserUpdate, _left),
    "dialog_removed": _shape(UserUpdate, _left),
}
