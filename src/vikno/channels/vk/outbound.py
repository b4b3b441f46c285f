"""What goes to VK: text in parts, a keyboard with the last, a number that lets VK notice a repetition; its answers."""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from vikno.channels.vk.keyboard import BELOW, INSIDE, Keyboard, clean, encode, laid_out, link_shows
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
from vikno.wire.http import HttpAnswer, HttpRequest
from vikno.wire.limits import VK_TEXT_CHARACTERS
from vikno.wire.text import split, utf16

log = logging.getLogger("vikno.vk")

VERSION = "5.199"
"""Of the API, for what we ask and for what VK brings."""
NOTHING_SAID = "…"
"""The text of a message that is nothing but keys: VK takes none without words."""

# ---- a message of ours as VK's ----


class Part(NamedTuple):
    """One message of VK's. `keyboard`: as JSON, with the last part."""

    text: str
    keyboard: str | None


def parts(outbound: Outbound, press: str) -> tuple[Part, ...]:
    """The messages that say it, in order, each within VK's limits.

    Choices stand below the chat, where the next ones replace them. Those of a notice in between (`kept`) stand inside
    its message, so that what was offered before stays.
    """
    text, keyboard = _arranged(outbound, press)
    if not text and keyboard is None:
        return ()
    texts = split(text or NOTHING_SAID, VK_TEXT_CHARACTERS, utf16)  # units are never fewer than characters
    last = len(texts) - 1
    keys = None if keyboard is None else encode(keyboard).decode()
    return tuple(Part(one, keys if at == last else None) for at, one in enumerate(texts))


def _arranged(outbound: Outbound, press: str) -> tuple[str, Keyboard | None]:
    text, link = clean(outbound.text).strip(), clean(outbound.link or "").strip()
    if not outbound.buttons:
        return _under(text, (), link), None
    lines, keyboard, missed = laid_out(outbound.buttons, link, INSIDE if outbound.kept else BELOW, press)
    if missed:
        log.warning("choices_without_button", extra={"count": missed})
    return _under(text, lines, "" if link_shows(link) else link), keyboard


def _under(text: str, lines: Sequence[str], link: str) -> str:
    return "\n\n".join(filter(None, (text, "\n".join(lines), link)))


# ---- the numbers of messages ----

REMEMBERED = 10_000
"""Messages whose fate is unknown. What is older is said anew."""


class Numbers:
    """The `random_id` of each message: VK drops a message that comes twice with one number.

    A message keeps its number until VK has answered that it was taken, or refused it: what is repeated because no
    answer came is said once. The same words said again later have another number, or they would never arrive.
    """

    def __init__(self, draw: Callable[[], int]) -> None:
        self._draw = draw
        self._under_way: OrderedDict[bytes, int] = OrderedDict()
        self._of: dict[int, bytes] = {}

    def number(self, address: str, at: int, part: Part) -> int:
        """Of a part of what is said to somebody."""
        said = "\0".join((address, str(at), part.text, part.keyboard or ""))
        key = blake2b(said.encode(), digest_size=16).digest()
        number = self._under_way.get(key)
        if number is None:
            number = self._under_way[key] = self._draw()
            self._of[number] = key
            while len(self._under_way) > REMEMBERED:
                _, oldest = self._under_way.popitem(last=False)
                self._of.pop(oldest, None)
        return number

    def settle(self, request: HttpRequest, outcome: Outcome) -> None:
        """What became of a message: only one that may be sent again keeps its number."""
        found = _RANDOM_ID.search(request.body)
        if found and not isinstance(outcome, RetryAfter | Unknown | Misconfigured):
            key = self._of.pop(int(found[1]), None)
            if key is not None:
                self._under_way.pop(key, None)


_RANDOM_ID = re.compile(rb"(?:\A|&)random_id=([0-9]{1,20})(?:&|\Z)")
_PEER_ID = re.compile(rb"(?:\A|&)peer_id=([0-9]{1,20})(?:&|\Z)")


def receiver(request: HttpRequest) -> str | None:
    """Whom a message goes to; None for a call that is none."""
    found = _PEER_ID.search(request.body) if _RANDOM_ID.search(request.body) else None
    return found[1].decode() if found else None


def call(api: str, method: str, token: str, parameters: Mapping[str, object]) -> HttpRequest:
    """A call of the API: a form, with the token in its body, where no log of addresses has it."""
    body = urlencode({**parameters, "access_token": token, "v": VERSION}).encode()
    return HttpRequest("POST", f"{api}/{method}", _FORM, body)


_FORM = {"content-type": "application/x-www-form-urlencoded"}

# ---- what an answer means ----


class Fault(Struct, frozen=True, gc=False):
    """Why VK refuses. Its own words are not read: `request_params` repeats the whole message."""

    error_code: int


class Said(Struct, frozen=True):
    """An answer of the API. HTTP is 200 even when it refuses."""

    response: msgspec.Raw = msgspec.Raw()
    error: Fault | None = None


_decode = msgspec.json.Decoder(Said).decode
_decode_number = msgspec.json.Decoder(int).decode
UNREAD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

AGAIN_S = 1.0
BUSY_S = 5.0
FLOOD_S = 60.0
"""After error 9: too much of the same to one person."""
SPENT_S = 3600.0
"""After errors 29 and 944: a day's or an hour's share is used up."""
LONGEST_BUSY_S = 3600.0
UNREACHED_S = 2.0


def _soon(reason: str) -> Outcome:
    return RetryAfter(AGAIN_S, "account", reason)


def _busy(reason: str) -> Outcome:
    return RetryAfter(BUSY_S, "chat", reason)


def _flood(reason: str) -> Outcome:
    return RetryAfter(FLOOD_S, "chat", reason)


def _spent(reason: str) -> Outcome:
    return RetryAfter(SPENT_S, "account", reason)


ERRORS: dict[int, tuple[Callable[[str], Outcome], str]] = {
    1: (_busy, "unknown error"),
    2: (Misconfigured, "the application is disabled"),
    3: (Misconfigured, "unknown method: compare the address of the API"),
    4: (Misconfigured, "incorrect signature"),
    5: (Misconfigured, "the token is not valid: make a new one in the community's settings"),
    6: (_soon, "too many requests a second"),
    7: (Misconfigured, "the token may not do this: make one with the right “messages”"),
    8: (BadMessage, "invalid request"),
    9: (_flood, "flood control"),
    10: (_busy, "internal server error"),
    11: (Misconfigured, "the application is in test mode"),
    14: (Misconfigured, "VK asks for a captcha: look at the community's settings"),
    15: (Misconfigured, "access denied: switch on the community's messages"),
    16: (Misconfigured, "VK wants https: compare the address of the API"),
    17: (Misconfigured, "VK wants the owner to confirm who they are"),
    18: (DeadAddress, "the person was deleted or banned"),
    20: (Misconfigured, "denied for this application"),
    21: (Misconfigured, "denied for this application"),
    23: (Misconfigured, "the method was disabled"),
    24: (Misconfigured, "VK wants a confirmation by the owner"),
    25: (Misconfigured, "VK wants the token to be confirmed"),
    27: (Misconfigured, "the community's token is not valid: make a new one in its settings"),
    28: (Misconfigured, "the application's token is not valid"),
    29: (_spent, "rate limit reached"),
    30: (DeadAddress, "the profile is private"),
    100: (BadMessage, "a parameter is missing or invalid"),
    113: (DeadAddress, "there is no such person"),
    900: (DeadAddress, "the person is on the community's blacklist"),
    901: (DeadAddress, "the person has not allowed messages"),
    902: (DeadAddress, "the person's privacy settings forbid it"),
    910: (BadMessage, "the message is too big"),
    911: (BadMessage, "the keyboard is invalid"),
    912: (Misconfigured, "switch on “Bot capabilities” in the settings of the community's messages"),
    913: (BadMessage, "too many forwarded messages"),
    914: (BadMessage, "the message is too long"),
    917: (DeadAddress, "no access to this chat"),
    921: (BadMessage, "cannot be forwarded"),
    922: (DeadAddress, "the chat was left"),
    927: (DeadAddress, "the chat does not exist"),
    932: (DeadAddress, "the community cannot reach this person"),
    935: (DeadAddress, "the person is not in this chat"),
    936: (DeadAddress, "there is no such contact"),
    940: (BadMessage, "too many posts in the message"),
    943: (Misconfigured, "this intent is not allowed"),
    944: (_spent, "the limit of this intent is reached"),
    945: (DeadAddress, "the chat was disabled"),
    946: (DeadAddress, "such chats are not supported"),
    950: (BadMessage, "too late to answer"),
    962: (DeadAddress, "no access to this chat without a subscription"),
    969: (BadMessage, "cannot be forwarded"),
    985: (DeadAddress, "a community that only notifies"),
    987: (DeadAddress, "a message request is needed"),
    988: (DeadAddress, "a message request waits"),
}
"""VK's errors of `messages.send` and of every method (schema). Others: not taken, perhaps later."""


def classify(answer: HttpAnswer | NotCarried) -> Outcome:
    """What an answer to a message means."""
    if isinstance(answer, NotCarried):
        return Unknown(answer.reason) if answer.left else RetryAfter(UNREACHED_S, "account", answer.reason)
    if answer.status != 200:
        return _refused(answer)
    try:
        said = _decode(answer.body)
        if said.error is None:
            return Sent(str(_decode_number(said.response)))
    except UNREAD:
        return Unknown("answer_unreadable")
    return meaning(said.error.error_code)


def meaning(code: int) -> Outcome:
    """What an error of the API means."""
    make, reason = ERRORS.get(code, (_busy, "an error that is not known here"))
    return make(f"{code} {reason}")


def _refused(answer: HttpAnswer) -> Outcome:
    """An answer from before the API: a gateway, a proxy, a limit of the wire."""
    reason = f"HTTP {answer.status}"
    match answer.status:
        case 408 | 425 | 429:
            return RetryAfter(_wait_s(answer), "account", reason)
        case 400 | 411 | 413 | 414 | 415 | 422 | 431:
            return BadMessage(reason)
        case status if status >= 500:
            return RetryAfter(_wait_s(answer), "account", reason)
    return Misconfigured(f"{reason}: no answer of VK's API, compare its address")


def _wait_s(answer: HttpAnswer) -> float:
    again_s = answer.again_s(LONGEST_BUSY_S)
    return BUSY_S if again_s is None else again_s
