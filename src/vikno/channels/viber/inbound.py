"""What Viber brings: proof that it is Viber, what happened, and the answer in which the welcome rides."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from hashlib import blake2b
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
    Reported,
    Returned,
    Unreadable,
    Unsupported,
    Wrote,
)

MOST_BYTES = 256 * 1024
"""Of a callback. Viber's own are far smaller: a person's text has 7000 characters."""
LONGEST_CONTEXT = 256
LONGEST_REASON = 200
SIGNATURE = "x-viber-content-signature"
WELCOME = "welcome"
"""The handle of an opening that may be answered only in the HTTP answer."""

# ---- proof ----


def verify(token: str, raw: Raw) -> Refused | None:
    """HMAC-SHA256 of the raw body with the account's token, in a header or, from some proxies, as `?sig=`."""
    given = raw.headers.get(SIGNATURE) or raw.query.get("sig")
    if not given:
        return Refused(401, "signature_missing")
    expected = hmac.new(token.encode(), raw.body, "sha256").hexdigest()
    if not hmac.compare_digest(expected.encode(), given.strip().lower().encode("utf-8", "replace")):
        return Refused(403, "signature_wrong")
    return None


# ---- a press ----

# A press comes as a text message: its text is the button's ActionBody and nothing else (README.md says why so).
_OPEN, _CLOSE = "‹", "›"
LONGEST_ID = 64


def marked(label: str, button: str) -> str:
    """The ActionBody of a button: words for people, and its id for us.

    >>> marked("За кордоном", "3.a9f2")
    'За кордоном ‹3.a9f2›'
    """
    return f"{label} {_OPEN}{button}{_CLOSE}"


def pressed(text: str) -> str | None:
    """The id in an ActionBody of ours; None for anything that a person types.

    >>> pressed("За кордоном ‹3.a9f2›"), pressed("За кордоном"), pressed("‹так›")
    ('3.a9f2', None, None)
    """
    if not text.endswith(_CLOSE):
        return None
    button = text[text.rfind(_OPEN) + 1 : -1] if _OPEN in text else ""
    known = 0 < len(button) <= LONGEST_ID and button.isascii() and button.isprintable() and " " not in button
    return button if known else None


# ---- what happened ----

Id = Annotated[str, Meta(min_length=1, max_length=128)]


class Person(Struct, frozen=True):
    """The sender or the user: an id that is valid for this bot only. Names and pictures are not even read."""

    id: Id
    language: str | None = None


class Content(Struct, frozen=True):
    """A message's content, as far as it is read here."""

    type: str
    text: str | None = None


class Named(Struct, frozen=True):
    """Which callback it is; the rest is read when that is known."""

    event: str


class Callback(Named, frozen=True):
    """What all callbacks share. `message_token` is an int64 above 2^53: never through a float."""

    timestamp: int | None = None
    message_token: int | None = None


class ConversationStarted(Callback, frozen=True, kw_only=True):
    """Somebody opened the chat by a link or the bot's page. Unless `subscribed`, nothing may be sent to them yet."""

    user: Person
    context: str | None = None
    subscribed: bool | None = None


class Subscribed(Callback, frozen=True, kw_only=True):
    """Somebody allows messages again. The first message to a bot subscribes too, but does not bring this."""

    user: Person


class Unsubscribed(Callback, frozen=True, kw_only=True):
    """Somebody forbids messages."""

    user_id: Id


class MessageCame(Callback, frozen=True, kw_only=True):
    """Somebody wrote, pressed a button, or sent a picture."""

    sender: Person
    message: Content
    silent: bool | None = None


class Receipt(Callback, frozen=True, kw_only=True):
    """delivered, seen or failed. `delivered` comes for the person's own messages as well: ids that we never sent."""

    user_id: Id
    message_token: int
    desc: str | None = None


def read(body: bytes) -> tuple[Inbound, ...]:
    """What happened; nothing for callbacks of no interest (`webhook`, `client_status`, and what Viber may invent).

    Raises Unreadable.
    """
    if len(body) > MOST_BYTES:
        raise Unreadable("too_large")
    try:
        known = _KNOWN.get(_head(body).event)
        if known is None:
            return ()
        decode, tell = known
        callback = decode(body)
        if isinstance(callback, MessageCame) and _opened_link(callback):
            return ()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # msgspec names places and types, never what stands there.
        raise Unreadable(str(error) if isinstance(error, msgspec.DecodeError) else type(error).__name__) from None
    address, lang, happened = tell(callback)
    handle = WELCOME if isinstance(callback, ConversationStarted) and not callback.subscribed else ""
    return (Inbound(_key(callback, body), address, happened, callback.timestamp, language(lang), handle),)


Told = tuple[str, str | None, Happened]  # address, language, what happened


def _opened(callback: ConversationStarted) -> Told:
    context = callback.context or ""
    return callback.user.id, callback.user.language, Opened(context if len(context) <= LONGEST_CONTEXT else "")


def _returned(callback: Subscribed) -> Told:
    return callback.user.id, callback.user.language, Returned()


def _left(callback: Unsubscribed) -> Told:
    return callback.user_id, None, Left()


def _came(callback: MessageCame) -> Told:
    content = callback.message
    happened: Happened
    if content.type != "text":
        kind = content.type if content.type.isascii() and content.type.isidentifier() else "other"
        happened = Unsupported(kind[:32])
    else:
        text = content.text or ""
        button = pressed(text)
        happened = Wrote(text) if button is None else Pressed(button)
    return callback.sender.id, callback.sender.language, happened


def _opened_link(callback: MessageCame) -> bool:
    """Whether a link button was pressed: Viber opens the page, and says its address to the bot as well."""
    text = callback.message.text or ""
    return bool(callback.silent) and text.startswith(("https://", "http://")) and " " not in text


_STATES = {"delivered": "delivered", "seen": "read", "failed": "failed"}


def _reported(callback: Receipt) -> Told:
    reason = (callback.desc or "")[:LONGEST_REASON] if callback.event == "failed" else ""
    state: Any = _STATES[callback.event]
    return callback.user_id, None, Reported(str(callback.message_token), state, reason)


def _key(callback: Callback, body: bytes) -> str:
    """Viber's own dedupe key: its token with the event, for one message is delivered and then seen."""
    if callback.message_token is None:
        return f"{callback.event}:#{blake2b(body, digest_size=12).hexdigest()}"  # a repetition has the same bytes
    return f"{callback.event}:{callback.message_token}"


def language(said: str | None) -> str | None:
    """Two letters; some apps say `ua`, which is the country.

    >>> language("uk-UA"), language("ua"), language("en_GB"), language("?"), language(None)
    ('uk', 'uk', 'en', None, None)
    """
    two = (said or "").replace("_", "-").partition("-")[0].lower()
    if len(two) != 2 or not (two.isascii() and two.isalpha()):
        return None
    return "uk" if two == "ua" else two


_head = msgspec.json.Decoder(Named).decode


def _shape(shape: type[Any], tell: Callable[[Any], Told]) -> tuple[Callable[[bytes], Any], Callable[[Any], Told]]:
    return msgspec.json.Decoder(shape).decode, tell


_KNOWN = {
    "conversation_started": _shape(ConversationStarted, _opened),
    "subscribed": _shape(Subscribed, _returned),
    "unsubscribed": _shape(Unsubscribed, _left),
    "message": _shape(MessageCame, _came),
    "delivered": _shape(Receipt, _reported),
    "seen": _shape(Receipt, _reported),
    "failed": _shape(Receipt, _reported),
}
