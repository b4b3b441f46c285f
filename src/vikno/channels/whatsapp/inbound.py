"""What WhatsApp brings: proof that it is Meta's, several things in one body, and the trial of the address by GET."""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from vikno.channels.whatsapp.refusals import named
from vikno.usecases.channel import (
    MOST_TOKEN_CHARACTERS,
    Happened,
    Inbound,
    Opened,
    Pressed,
    Raw,
    Refused,
    Reported,
    Unreadable,
    Unsupported,
    Wrote,
)
from vikno.wire.limits import WHATSAPP_WEBHOOK_BYTES

log = logging.getLogger("vikno.whatsapp")

MOST_BYTES = WHATSAPP_WEBHOOK_BYTES
SIGNATURE = "x-hub-signature-256"
TRIAL = "trial"
"""The address and the message of what only says that Meta tries the webhook; nobody has them."""
LONGEST_CHALLENGE = 128
LONGEST_GREETING = 200

# ---- proof ----


def verify(secret: str, verify_token: str, raw: Raw) -> Refused | None:
    """HMAC-SHA256 of the raw body with the app's secret; of a trial by GET, the token that was agreed on."""
    if _is_trial(raw):
        given = raw.query.get("hub.verify_token", "")
        return None if _same(verify_token, given) else Refused(403, "verify_token_wrong")
    given = raw.headers.get(SIGNATURE, "")
    if not given:
        return Refused(401, "signature_missing")
    expected = "sha256=" + hmac.new(secret.encode(), raw.body, "sha256").hexdigest()
    return None if _same(expected, given.strip().lower()) else Refused(403, "signature_wrong")


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def _is_trial(raw: Raw) -> bool:
    return not raw.body and raw.query.get("hub.mode") == "subscribe"


def _trial(query: Mapping[str, str]) -> Inbound:
    """A receipt about nothing, so that only `ack` hears of it: its handle is what Meta wants to read."""
    challenge = query.get("hub.challenge", "")
    if len(challenge) > LONGEST_CHALLENGE or not (challenge.isascii() and challenge.isprintable()):
        raise Unreadable("challenge")
    return Inbound(f"{TRIAL}:{challenge}", TRIAL, Reported(TRIAL, "sent"), handle=challenge)


# ---- the entry link ----

# A link into a chat carries nothing but words that the person sends, and may change before. The token stands at their
# end in quotation marks that no phone's keyboard has.
_OPEN, _CLOSE = "‹", "›"
_TOKEN = re.compile(rf"{_OPEN}([A-Za-z0-9_-]{{1,{MOST_TOKEN_CHARACTERS}}}){_CLOSE}\s*\Z")


def greeting(words: str, token: str) -> str:
    """What a link has the person say.

    >>> greeting("Добрий день!", "kyiv-01")
    'Добрий день! ‹kyiv-01›'
    """
    return f"{words} {_OPEN}{token}{_CLOSE}".strip()


def meant(text: str) -> Happened:
    """What somebody's words are: an opening by a link, or words.

    >>> meant("Добрий день! ‹kyiv-01›"), meant("Мій будинок ‹kyiv 01›")
    (Opened(token='kyiv-01'), Wrote(text='Мій будинок ‹kyiv 01›'))
    """
    found = _TOKEN.search(text) if len(text) <= LONGEST_GREETING else None
    return Opened(found[1]) if found else Wrote(text)


# ---- what happened ----

Id = Annotated[str, Meta(min_length=1, max_length=256)]


class Text(Struct, frozen=True):
    """Words."""

    body: str = ""


class Chosen(Struct, frozen=True):
    """A button or a row, by the id that we gave it."""

    id: str


class Interactive(Struct, frozen=True):
    """An answer to an interactive message."""

    type: str
    button_reply: Chosen | None = None
    list_reply: Chosen | None = None


class Template(Struct, frozen=True):
    """A button of a template. Ours have none; where an authority's has one, its words count as typed."""

    text: str = ""


class Content(Struct, frozen=True):
    """What a message says, as far as it is read here."""

    text: Text | None = None
    interactive: Interactive | None = None
    button: Template | None = None


class Message(Struct, frozen=True):
    """Somebody's message. A person has a phone (`from`), an id for this business alone, or both."""

    id: Id
    type: str
    phone: str | None = msgspec.field(default=None, name="from")
    from_user_id: str | None = None
    timestamp: str | None = None
    group_id: str | None = None


class Fault(Struct, frozen=True):
    """Why a message did not arrive."""

    code: int


class Status(Struct, frozen=True):
    """A receipt."""

    id: Id
    status: str
    recipient_id: str | None = None
    recipient_user_id: str | None = None
    timestamp: str | None = None
    errors: tuple[Fault, ...] = ()


class Number(Struct, frozen=True):
    """Which of the business's numbers it is about."""

    phone_number_id: str


class Value(Struct, frozen=True):
    """What a change says; each message and receipt is read by itself."""

    metadata: Number
    messages: tuple[msgspec.Raw, ...] = ()
    statuses: tuple[msgspec.Raw, ...] = ()


class Change(Struct, frozen=True):
    """A change of one field; `messages` is the only one that is read here."""

    field: str
    value: msgspec.Raw


class Entry(Struct, frozen=True):
    """What one account of the business has to say."""

    changes: tuple[Change, ...] = ()


class Body(Struct, frozen=True):
    """One call of the webhook."""

    object: Literal["whatsapp_business_account"]
    entry: tuple[Entry, ...]


def read(raw: Raw, number: str, *, phones: bool = False) -> tuple[Inbound, ...]:
    """All that happened on this number, in order; nothing for what is of no interest, or another number's.

    Something that cannot be read does not take with it what came in the same body: that it was there is in the log.
    `phones`: somebody who has both is known by their phone, and not by their id.

    Raises Unreadable if nothing can be read.
    """
    if _is_trial(raw):
        return (_trial(raw.query),)
    if len(raw.body) > MOST_BYTES:
        raise Unreadable("too_large")
    found: list[Inbound] = []
    unread: list[str] = []
    try:
        changes = [change for entry in _body(raw.body).entry for change in entry.changes if change.field == "messages"]
    except _UNREADABLE as error:
        raise Unreadable(_why(error)) from None
    for change in changes:
        try:
            value = _value(change.value)
        except _UNREADABLE as error:
            unread.append(_why(error))
            continue
        if value.metadata.phone_number_id != number:
            continue
        parts = [(one, _message) for one in value.messages] + [(one, _status) for one in value.statuses]
        for one, tell in parts:
            try:
                found += tell(one, phones)
            except _UNREADABLE as error:
                unread.append(_why(error))
    if unread and not found:
        raise Unreadable(unread[0])
    if unread:
        log.warning("parts_unreadable", extra={"count": len(unread), "reason": unread[0][:100]})
    return tuple(found)


def _message(raw: msgspec.Raw, phones: bool) -> Iterator[Inbound]:
    message = _read_message(raw)
    happened = None if message.group_id else _said(message, raw)
    if happened is not None:
        address = _address(message.from_user_id, message.phone, phones)
        yield Inbound(message.id, address, happened, _at_ms(message.timestamp))


def _said(message: Message, raw: msgspec.Raw) -> Happened | None:
    """What a message says; None for what is no message: a reaction, a notice of the system."""
    if message.type in _PASSED_OVER:
        return None
    if message.type == "request_welcome":  # the chat was opened, and nothing said yet
        return Opened()
    try:
        content = _read_content(raw)
    except _UNREADABLE:
        content = _NOTHING
    if message.type == "text" and content.text is not None:
        return meant(content.text.body)
    if message.type == "button" and content.button is not None:
        return Wrote(content.button.text)
    if message.type == "interactive" and (answered := content.interactive) is not None:
        chosen = answered.button_reply or answered.list_reply
        if chosen is not None:
            return Pressed(chosen.id)
    kind = message.type if message.type.isascii() and message.type.isidentifier() else "other"
    return Unsupported(kind[:32])


_PASSED_OVER = ("reaction", "system", "edit", "revoke", "request_contact_info")
_STATES: dict[str, Literal["sent", "delivered", "read", "failed"]] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "failed",
}


def _status(raw: msgspec.Raw, phones: bool) -> Iterator[Inbound]:
    status = _read_status(raw)
    state = _STATES.get(status.status)
    if state is None:
        return
    code = status.errors[0].code if status.errors else None
    reason = named(code) if state == "failed" and code is not None else ""
    try:
        address = _address(status.recipient_user_id, status.recipient_id, phones)
    except _UNREADABLE:
        address = status.id  # a receipt is about a message; whoever has no WhatsApp has no name here either
    yield Inbound(f"{status.id}:{state}", address, Reported(status.id, state, reason), _at_ms(status.timestamp))


# ---- who and when ----

_PHONE = re.compile(r"\+?([0-9]{5,20})\Z")
_USER = re.compile(r"[A-Z]{2}(?:\.ENT)?\.[A-Za-z0-9]{1,128}\Z")


def is_user(address: str) -> bool:
    """Whether an address is an id that Meta made for this business alone, and no phone.

    >>> is_user("UA.13491208655302741918"), is_user("UA.ENT.118157"), is_user("380501234567")
    (True, True, False)
    """
    return _USER.match(address) is not None


def _address(user: str | None, phone: str | None, phones: bool) -> str:
    """The id where there is one: it stays when somebody hides their phone."""
    known = user if user and is_user(user) else None
    digits = _PHONE.match(phone) if phone else None
    if digits is not None and (phones or known is None):
        return digits[1]
    if known is None:
        raise _NobodyThere("nobody: neither a phone nor an id")
    return known


def _at_ms(timestamp: str | None) -> int | None:
    """Unix seconds as text; anything else says no time.

    >>> _at_ms("1750857384"), _at_ms("2026-01-01T00:00:00"), _at_ms(None)
    (1750857384000, None, None)
    """
    known = timestamp is not None and timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12
    return int(timestamp) * 1000 if known and timestamp else None


class _NobodyThere(ValueError):
    """A message of nobody."""


_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, _NobodyThere)


def _why(error: Exception) -> str:
    # msgspec names places and types, never what stands there.
    return str(error) if isinstance(error, msgspec.DecodeError | _NobodyThere) else type(error).__name__


def _decoder(shape: type[Any]) -> Callable[[bytes | msgspec.Raw], Any]:
    return msgspec.json.Decoder(shape).decode


_body, _value = _decoder(Body), _decoder(Value)
_read_message, _read_content, _read_status = _decoder(Message), _decoder(Content), _decoder(Status)
_NOTHING = Content()
