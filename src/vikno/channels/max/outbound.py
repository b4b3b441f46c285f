"""What goes to MAX: messages as `POST /messages` calls, the answer to a press, and what MAX's answers mean.

Text is sent as it is, without `format`: nothing in it can be taken for markup, so there is nothing to escape.
"""

from __future__ import annotations

import logging
import re

import msgspec
from msgspec import Struct

from vikno.channels.max.keyboard import Rows, clean, laid_out
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
from vikno.wire.limits import MAX_TEXT_CHARACTERS
from vikno.wire.text import split, utf16

log = logging.getLogger("vikno.max")

# ---- the shapes of MAX's JSON ----


class Buttons(Struct, frozen=True):
    buttons: Rows


class Keyboard(Struct, frozen=True):
    """A keyboard is an attachment of its message; keyboards in place of the phone's own are no more."""

    payload: Buttons
    type: str = "inline_keyboard"


class NewMessage(Struct, frozen=True, omit_defaults=True):
    """`NewMessageBody`."""

    text: str
    attachments: tuple[Keyboard, ...] = ()


class CallbackAnswer(Struct, frozen=True):
    """An answer to a press. MAX refuses one that has neither a notification nor another message."""

    notification: str = "✓"


encode = msgspec.json.Encoder().encode


def messages(outbound: Outbound) -> tuple[NewMessage, ...]:
    """The messages that say it, in order, each within MAX's limits; the last one has the keyboard.

    `kept` needs nothing here: buttons stay with the message that they came with.
    """
    layout = laid_out(outbound.buttons, outbound.link)
    if layout.missed:
        log.warning("choices_without_button", extra={"count": layout.missed})
    text = "\n\n".join(part for part in (clean(outbound.text).strip(), "\n".join(layout.lines)) if part)
    # UTF-16 units are never fewer than characters, however MAX counts.
    parts = split(text if _seen(text) else "…", MAX_TEXT_CHARACTERS, utf16)
    keyboard = (Keyboard(Buttons(layout.rows)),) if layout.rows else ()
    last = len(parts) - 1
    return tuple([NewMessage(part, keyboard if at == last else ()) for at, part in enumerate(parts)])


def _seen(text: str) -> bool:
    return any(letter.isprintable() and not letter.isspace() for letter in text)


# ---- what an answer means ----


class SaidBody(Struct, frozen=True, gc=False):
    mid: str = ""


class SaidMessage(Struct, frozen=True):
    body: SaidBody | None = None


class Said(Struct, frozen=True):
    """An answer of MAX: the message that was sent, whether a request was done, or the code of an error."""

    message: SaidMessage | str | None = None
    success: bool | None = None
    code: str | None = None

    @property
    def words(self) -> str:
        """What it says of an error."""
        return self.message if isinstance(self.message, str) else ""


_decode = msgspec.json.Decoder(Said).decode

BUSY_S = 1.0
"""After which to try again: MAX does not say it (love-apples/maxapi #188); the sender waits longer each time."""
LONGEST_BUSY_S = 3600.0
UNREACHED_S = 2.0
NOT_READY_S = 1.0
"""What is attached is still being worked on (max-bot-api-client-ts #182)."""
LONGEST_REASON = 200


def read(answer: HttpAnswer) -> Said:
    """What MAX says; an empty `Said` for what is none of its answers, such as a proxy's page."""
    try:
        return _decode(answer.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Said()


def classify(answer: HttpAnswer | NotCarried) -> Outcome:
    """What an answer to a message means."""
    if isinstance(answer, NotCarried):
        return _uncarried(answer)
    said = read(answer)
    if answer.status == 200:
        if isinstance(said.message, SaidMessage):
            return Sent(said.message.body.mid if said.message.body else "")
        if said.success is False:
            return BadMessage(reason_of(200, said))
        return Sent() if said.success else Unknown("answer_unreadable")
    return _refused(answer, said)


def _uncarried(answer: NotCarried) -> Outcome:
    if answer.reason == "SSLCertVerificationError":
        return Misconfigured(
            "the certificate of MAX is signed by nobody whom this machine trusts: give the channel the file of the "
            "authority that signed it"
        )
    return Unknown(answer.reason) if answer.left else RetryAfter(UNREACHED_S, "account", answer.reason)


def _refused(answer: HttpAnswer, said: Said) -> Outcome:
    reason, code = reason_of(answer.status, said), (said.code or "").lower()
    match answer.status:
        case 429:
            return RetryAfter(_wait_s(answer), "account", reason)
        case 400 | 409 | 422 if code == "attachment.not.ready":
            return RetryAfter(NOT_READY_S, "chat", reason)
        case 400 | 403 | 404 if _nobody_there(code, said.words.lower()):
            return DeadAddress(reason)
        case 400 | 411 | 413 | 414 | 415 | 422 | 431:
            return BadMessage(reason)
        case 401 | 403:
            return Misconfigured(f"{reason}: compare the token with the one in MAX's cabinet")
        case 408 | 425 | 502 | 503 | 504:
            return RetryAfter(_wait_s(answer), "account", reason)
        case status if status >= 500:
            return RetryAfter(_wait_s(answer), "chat", reason)  # it may be this message: the others need not wait
    return Misconfigured(f"{reason}: no answer of MAX's API, compare its address")


_NOBODY = ("chat.denied", "chat.not.found", "dialog.not.found", "user.not.found", "dialog.notfound", "dialog.suspended")
"""Who stopped the bot is `chat.denied` with `error.dialog.suspended`, who never started it `dialog.not.found`."""


def _nobody_there(code: str, words: str) -> bool:
    return code in _NOBODY or any(f"error.{known}" in words for known in _NOBODY)


def reason_of(status: int, said: Said) -> str:
    """The code and MAX's own words in one short line. Long numbers in them are people, and are not repeated.

    >>> reason_of(403, Said("Key: error.dialog.suspended, args: [228532008,].", None, "chat.denied"))
    '403 chat.denied Key: error.dialog.suspended, args: […,].'
    """
    words = _LONG_NUMBER.sub("…", " ".join(f"{said.code or ''} {said.words}".split()))
    return f"{status} {words}".strip()[:LONGEST_REASON]


_LONG_NUMBER = re.compile(r"[0-9]{5,}")


def _wait_s(answer: HttpAnswer) -> float:
    again_s = answer.again_s(LONGEST_BUSY_S)
    return BUSY_S if again_s is None else max(again_s, BUSY_S)
