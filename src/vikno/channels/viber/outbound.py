"""What we send to Viber: text in parts, a keyboard in a grid of six columns, and what Viber's answers mean."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from vikno.channels.viber.keyboard import Keyboard, clean, label_of, laid_out, link_key, numbered
from vikno.usecases.channel import (
    BadMessage,
    DeadAddress,
    Misconfigured,
    NotCarried,
    Outbound,
    Outcome,
    RetryAfter,
    Sent,
    Unknown,
)
from vikno.wire.http import HttpAnswer
from vikno.wire.limits import (
    VIBER_API_BUTTONS,
    VIBER_JSON_BYTES,
    VIBER_SENDER_CHARACTERS,
    VIBER_TEXT_CHARACTERS,
)
from vikno.wire.text import split, utf16

log = logging.getLogger("vikno.viber")

# ---- the shapes of Viber's JSON ----


class Sender(Struct, frozen=True):
    """Whose name stands above the message."""

    name: str


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message. The welcome has no `receiver`: it is for whoever has just opened the chat."""

    min_api_version: int
    sender: Sender
    receiver: str | None = None
    type: str | None = None
    text: str | None = None
    keyboard: Keyboard | None = None


encode = msgspec.json.Encoder().encode

# ---- a message of ours as Viber's ----

ENVELOPE_BYTES = 700
"""Kept free for everything but text and keyboard: receiver, sender, field names."""


def messages(outbound: Outbound, sender: str, receiver: str | None) -> tuple[Message, ...]:
    """The messages that say it, in order, each within Viber's limits; the last one has the keyboard."""
    text, keyboard = arranged(outbound)
    size = len(encode(keyboard)) if keyboard else 0
    parts = _parted(text, VIBER_JSON_BYTES - ENVELOPE_BYTES - size) if text else ()
    name = Sender(sender[:VIBER_SENDER_CHARACTERS])
    if not parts:  # a keyboard may come alone
        alone = Message(min_api_version=VIBER_API_BUTTONS, sender=name, receiver=receiver, keyboard=keyboard)
        return (alone,) if keyboard else ()
    last = len(parts) - 1
    return tuple(
        [
            Message(
                min_api_version=VIBER_API_BUTTONS,
                sender=name,
                receiver=receiver,
                type="text",
                text=part,
                keyboard=keyboard if at == last else None,
            )
            for at, part in enumerate(parts)
        ]
    )


def welcome(replies: Sequence[Outbound], sender: str, tap: str = "") -> tuple[bytes, int]:
    """The body of the answer to an opening, and how many replies are in it: only one message has room there.

    So they are joined, and `tap` stands below them; those that do not fit stay outside.
    """
    for count in range(len(replies), 0, -1):
        said = replies[:count]
        keys = next((one.buttons for one in reversed(said) if one.buttons and not one.kept), ())
        link = next((one.link for one in reversed(said) if one.link), None)
        texts = [one.text if one.link in (None, link) else f"{one.text}\n\n{one.link}" for one in said]
        joined = Outbound("\n\n".join([*texts, tap] if tap else texts), said[-1].lang, keys, link=link)
        rendered = messages(joined, sender, None)
        if len(rendered) == 1:
            return encode(rendered[0]), count
    return b"", 0


def _parted(text: str, most_bytes: int) -> tuple[str, ...]:
    """Parts within the limit of characters, and of bytes as they stand in JSON."""
    if len(text) * 6 <= min(VIBER_TEXT_CHARACTERS, most_bytes):
        return (text,)  # the usual one, whatever letters it has

    def measure(part: str) -> int:
        in_json = len(encode(part)) - 2
        # UTF-16 units are never fewer than characters, however Viber counts.
        return max(utf16(part), -(-in_json * VIBER_TEXT_CHARACTERS // most_bytes))

    return split(text, VIBER_TEXT_CHARACTERS, measure)


def arranged(outbound: Outbound) -> tuple[str, Keyboard | None]:
    """The text and its keyboard: labels on buttons; else a numbered list with number buttons; nothing is dropped.

    The link is a button below others, or the end of the text.
    """
    text, link = clean(outbound.text).strip(), outbound.link
    if outbound.kept or not outbound.buttons:  # a keyboard would replace the one in force: what can be typed is said
        return _under(text, [f"• {label_of(button)}" for button in outbound.buttons], link), None
    key = link_key(link)
    if key is not None:
        link = None
    keyboard = laid_out(outbound.buttons, key)
    if keyboard is not None:
        return _under(text, (), link), keyboard
    lines, keyboard, missed = numbered(outbound.buttons, key)
    if missed:
        log.warning("choices_without_button", extra={"count": missed})
    return _under(text, lines, link), keyboard


def _under(text: str, lines: Sequence[str], link: str | None) -> str:
    return "\n\n".join(part for part in (text, "\n".join(lines), clean(link or "").strip()) if part)


# ---- what an answer means ----


class Answer(Struct, frozen=True):
    """What Viber answers. HTTP is 200 even when it refuses: the refusal is `status`."""

    status: int
    status_message: str = ""
    message_token: int | None = None


_decode = msgspec.json.Decoder(Answer).decode

UNANSWERED_S = 300.0
"""After status 12: a hundred messages went to somebody within the hour, and none was answered."""
BUSY_S = 5.0
LONGEST_BUSY_S = 3600.0
UNREACHED_S = 2.0

STATUSES: dict[int, tuple[Callable[[str], Outcome], str]] = {
    1: (Misconfigured, "invalidUrl: Viber does not accept the webhook's address"),
    2: (Misconfigured, "invalidAuthToken: compare the token with the one in the admin panel"),
    3: (BadMessage, "badData"),
    4: (BadMessage, "missingData"),
    5: (DeadAddress, "receiverNotRegistered"),
    6: (DeadAddress, "receiverNotSubscribed"),
    7: (Misconfigured, "publicAccountBlocked: ask Viber's support"),
    8: (Misconfigured, "publicAccountNotFound: the token is of no bot"),
    9: (Misconfigured, "publicAccountSuspended: ask Viber's support"),
    10: (Misconfigured, "webhookNotSet: register the webhook"),
    11: (DeadAddress, "receiverNoSuitableDevice"),
    12: (lambda reason: RetryAfter(UNANSWERED_S, "chat", reason), "tooManyRequests"),
    # We ask for the lowest version there is, so that the message itself must be at fault.
    13: (BadMessage, "apiVersionNotSupported"),
    14: (BadMessage, "incompatibleWithVersion"),
    15: (Misconfigured, "publicAccountNotAuthorized: ask Viber's support"),
    16: (BadMessage, "inchatReplyMessageNotAllowed"),
    17: (Misconfigured, "publicAccountIsNotInline"),
    18: (Misconfigured, "noPublicChat"),
    19: (Misconfigured, "cannotSendBroadcast"),
    20: (Misconfigured, "broadcastNotAllowed"),
    21: (DeadAddress, "unsupportedCountry"),
    22: (BadMessage, "paymentUnsupported"),
    23: (Misconfigured, "freeMessagesExceeded: the month's free messages are used up"),
    24: (Misconfigured, "noBalance: fill up the bot's account"),
}
"""Viber's list of errors. Anything else is its "general error": not taken, perhaps taken later."""


def classify(answer: HttpAnswer | NotCarried) -> Outcome:
    """What an answer to a message means."""
    if isinstance(answer, NotCarried):
        return Unknown(answer.reason) if answer.left else RetryAfter(UNREACHED_S, "account", answer.reason)
    if answer.status != 200:
        return _refused(answer)
    try:
        said = _decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Unknown("answer_unreadable")
    if said.status == 0:
        return Sent("" if said.message_token is None else str(said.message_token))
    known = STATUSES.get(said.status)
    if known is None:
        return RetryAfter(BUSY_S, "chat", f"general error {said.status}")
    make, reason = known
    return make(f"{said.status} {reason}")


def _refused(answer: HttpAnswer) -> Outcome:
    """An answer from before the API: a gateway, a proxy, a limit of the wire."""
    reason = f"HTTP {answer.status}"
    match answer.status:
        case 408 | 425 | 429 | 500 | 501 | 502 | 503 | 504:
            return RetryAfter(_wait_s(answer), "account", reason)
        case 400 | 411 | 413 | 414 | 415 | 422 | 431:
            return BadMessage(reason)
        case status if status >= 500:
            return RetryAfter(_wait_s(answer), "account", reason)
        case _:
            return Misconfigured(f"{reason}: no answer of Viber's API, compare its address")


def _wait_s(answer: HttpAnswer) -> float:
    again_s = answer.again_s(LONGEST_BUSY_S)
    return BUSY_S if again_s is None else again_s
