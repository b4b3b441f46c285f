"""What goes to Telegram: messages as `sendMessage` calls, and what the Bot API's answers mean.

Text is sent as it is, without `parse_mode`: nothing in it can be taken for markup, so there is nothing to escape.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, Struct, UnsetType

from vikno.domain.dialog.messages import Button, Style
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
from vikno.wire.limits import (
    TELEGRAM_BUTTONS,
    TELEGRAM_BUTTONS_A_ROW,
    TELEGRAM_CALLBACK_BYTES,
    TELEGRAM_LABEL_UNITS,
    TELEGRAM_TEXT_UNITS,
)
from vikno.wire.text import split, utf8, utf16

LONGEST_LINK = 2048
"""Characters of a link that becomes a button."""
AGAIN_S = 1.0
"""After which to try again where the Bot API does not say; the sender waits longer each time."""
LONGEST_S = 86_400.0
"""A flood may cost a day; whoever asks for more is asked again after it."""


def render(outbound: Outbound, address: str, url: str) -> Sequence[HttpRequest]:
    """The calls that say it. What no button can show stands in the text, so nothing is ever dropped."""
    text, rows = _laid_out(outbound)
    parts = split(_sendable(text), TELEGRAM_TEXT_UNITS, utf16)
    chat = int(address) if _NUMBER.match(address) else address
    last = len(parts) - 1
    return [
        HttpRequest(
            "POST",
            url,
            _HEADERS,
            _encode(
                SendMessage(
                    chat,
                    part,
                    Keyboard(rows) if rows and at == last else UNSET,
                    NoPreview() if "." in part else UNSET,
                )
            ),
        )
        for at, part in enumerate(parts)
    ]


def call(url: str, parameters: Mapping[str, Any]) -> HttpRequest:
    """A call of the Bot API with its parameters as JSON."""
    return HttpRequest("POST", url, _HEADERS, _encode(parameters))


def classify(request: HttpRequest, answer: HttpAnswer | NotCarried) -> Outcome:
    """What an answer means (`core.telegram.org/bots/api#making-requests`; the texts are those of its server)."""
    if isinstance(answer, NotCarried):
        return Unknown(answer.reason) if answer.left else RetryAfter(AGAIN_S, "account", answer.reason)
    said = read(answer)
    if 200 <= answer.status < 300:
        if said.ok:
            return Sent(_message_id(request, said))
        if said.ok is None:
            return Unknown("the answer is none of the Bot API")
    return _refused(said.error_code or answer.status, said)


def _refused(status: int, said: Said) -> Outcome:
    text = (said.description or "").lower()
    reason = f"{status} {_reason(said.description)}"
    match status:
        case 429:
            return RetryAfter(wait_s(said), "chat" if "chat" in text else "account", reason)
        case 403:
            return DeadAddress(reason)
        case 400 if any(known in text for known in _DONE_ALREADY):
            return Sent()
        case 400 if any(known in text for known in _NOBODY_THERE):
            return DeadAddress(reason)
        case 400 | 413:
            return BadMessage(reason)
        case 408 | 502 | 503 | 504:
            return RetryAfter(wait_s(said), "account", reason)
        case _ if status >= 500:
            return RetryAfter(wait_s(said), "chat", reason)  # it may be this message: the others need not wait
    return Misconfigured(reason)


_DONE_ALREADY = ("message is not modified", "query is too old", "query id is invalid")
_NOBODY_THERE = ("chat not found", "user not found", "peer_id_invalid", "bot can't initiate conversation")


# ---- layout ----


def _laid_out(outbound: Outbound) -> tuple[str, list[list[Inline]]]:
    """The text with all that no button can show, and the rows of buttons.

    Options stand above, then what goes on, then the side doors together in as few rows as their labels allow, then
    the link. Options that do not fit a phone's buttons are a numbered list, and their buttons are its numbers; of more
    than there is room for, the numbers are typed.
    """
    options = [_face(button) for button in outbound.buttons if button.style in _NUMBERED]
    sides = [_face(button) for button in outbound.buttons if button.style not in _NUMBERED]
    lines: list[str] = []
    rows: list[list[Inline]] = []
    room = TELEGRAM_BUTTONS - 1 - min(len(sides), TELEGRAM_BUTTONS - 1)  # one is left for the link
    if len(options) <= room and all(face.shows for face in options):
        rows += _options(options)
    elif options:
        lines += [f"{number}) {face.label}" for number, face in enumerate(options, 1)]
        if len(options) <= room:
            numbers = [face.named(str(at)) for at, face in enumerate(options, 1) if face.tappable]
            rows += _in_rows(numbers, NUMBERS_A_ROW)
    shown, hidden = sides[: TELEGRAM_BUTTONS - 1], sides[TELEGRAM_BUTTONS - 1 :]
    lines += [f"• {face.label}" for face in shown if not face.shows]
    lines += [f"• {face.label}" for face in hidden]
    doors = [face if face.shows else face.named(_short(face.label)) for face in shown if face.tappable]
    rows += [[face.inline] for face in doors if face.style == "action"]
    rows += _in_rows([face for face in doors if face.style != "action"])
    if outbound.link is not None:
        if (host := _host(outbound.link)) is not None:
            rows.append([Inline(_short(f"🌐 {host}"), url=outbound.link)])
        else:
            lines.append(outbound.link)
    return "\n\n".join(filter(None, [outbound.text.strip(), "\n".join(lines)])), rows


NUMBERS_A_ROW = 5
"""Buttons that are nothing but numbers: still wide enough for a thumb."""

_NUMBERED = ("choice", "chosen")
_NUMBER = re.compile(r"-?[0-9]{1,18}\Z")
_HALF_LETTER = re.compile("[\ud800-\udfff]")


class _Face(NamedTuple):
    """A button as it is seen. `units`: of its label, in UTF-16; `tappable`: whether Telegram carries its id."""

    id: str
    style: Style
    label: str
    units: int
    tappable: bool

    @property
    def shows(self) -> bool:
        """Whether a button of its own shows the whole label."""
        return self.tappable and self.units <= TELEGRAM_LABEL_UNITS

    @property
    def inline(self) -> Inline:
        return Inline(self.label, self.id)

    def named(self, label: str) -> _Face:
        return self._replace(label=label, units=utf16(label))


def _face(button: Button) -> _Face:
    """With its label in one line; a tick stands before what is chosen."""
    label = _sendable(" ".join(button.label.split()))
    if button.style == "chosen":
        label = f"✓ {label}"
    tappable = 1 <= utf8(button.id) <= TELEGRAM_CALLBACK_BYTES and not _HALF_LETTER.search(button.id)
    return _Face(button.id, button.style, label, utf16(label), tappable)


def _options(faces: list[_Face]) -> list[list[Inline]]:
    """Two in a row if all of them are short, otherwise one."""
    across = 2 if all(face.units <= _WIDTH[2] for face in faces) else 1
    buttons = [face.inline for face in faces]
    return [buttons[at : at + across] for at in range(0, len(buttons), across)]


def _in_rows(faces: list[_Face], most: int = TELEGRAM_BUTTONS_A_ROW) -> list[list[Inline]]:
    """In their order, as many in a row as a phone shows whole."""
    rows: list[list[Inline]] = []
    widest = 0
    for face in faces:
        across = len(rows[-1]) + 1 if rows else 1
        widest = max(widest, face.units)
        if 1 < across <= most and widest <= _WIDTH[across]:
            rows[-1].append(face.inline)
        else:
            rows.append([face.inline])
            widest = face.units
    return rows


_WIDTH = {across: TELEGRAM_LABEL_UNITS // across for across in range(1, TELEGRAM_BUTTONS_A_ROW + 1)}
"""How much of a label is seen when so many buttons share a row: they are all of one width."""


def _short(label: str) -> str:
    """As many whole words as a button shows.

    >>> _short("Назад"), _short("Показати все, що треба принести з собою")
    ('Назад', 'Показати все, що треба…')
    """
    if utf16(label) <= TELEGRAM_LABEL_UNITS:
        return label
    return split(label, TELEGRAM_LABEL_UNITS - 1, utf16)[0].rstrip(" ,.;:") + "…"


def _host(link: str) -> str | None:
    """The host of a link that Telegram takes for a button; None for others: one bad link has it refuse the message."""
    if len(link) > LONGEST_LINK or not link.isascii() or not link.isprintable() or " " in link:
        return None
    try:
        parts = urlsplit(link)
        _ = parts.port  # raises for a port that is none
    except ValueError:
        return None
    host = parts.hostname or ""
    return host if parts.scheme == "https" and "@" not in parts.netloc and _HOST.match(host) else None


_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]\Z")


def _sendable(text: str) -> str:
    """What can be sent as UTF-8 and is not empty."""
    if text.isprintable() and not text.isspace():
        return text or "…"
    if _HALF_LETTER.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text if any(letter.isprintable() and not letter.isspace() for letter in text) else "…"


# ---- the wire ----


class Inline(Struct, frozen=True, gc=False, omit_defaults=True):
    text: str
    callback_data: str | None = None
    url: str | None = None


class Keyboard(Struct, frozen=True):
    inline_keyboard: list[list[Inline]]


class NoPreview(Struct, frozen=True, gc=False):
    is_disabled: bool = True


class SendMessage(Struct, frozen=True, omit_defaults=True):
    """A law's page beside a checklist would push it out of sight, so links show no preview."""

    chat_id: int | str
    text: str
    reply_markup: Keyboard | UnsetType = UNSET
    link_preview_options: NoPreview | UnsetType = UNSET


class Parameters(Struct, frozen=True, gc=False):
    retry_after: float | None = None


class Said(Struct, frozen=True):
    """An answer of the Bot API. `ok` None: it is none."""

    ok: bool | None = None
    error_code: int | None = None
    description: str | None = None
    parameters: Parameters | None = None
    result: msgspec.Raw = msgspec.Raw()


class SentMessage(Struct, frozen=True, gc=False):
    message_id: int


class SentTo(Struct, frozen=True, gc=False):
    chat_id: int | str


_HEADERS = {"content-type": "application/json"}
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Said).decode
_decode_sent = msgspec.json.Decoder(SentMessage).decode
_decode_to = msgspec.json.Decoder(SentTo).decode


def read(answer: HttpAnswer) -> Said:
    """What the Bot API says; an empty `Said` for what is none of its answers, such as a proxy's page."""
    try:
        return _decode(answer.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Said()


def _message_id(request: HttpRequest, said: Said) -> str:
    """`chat:number`: the number alone is one of that chat only. "" where the call sends nothing."""
    try:
        number = _decode_sent(said.result).message_id
        return f"{_decode_to(request.body).chat_id}:{number}"
    except msgspec.MsgspecError:
        return ""


def wait_s(said: Said) -> float:
    """How long to wait before the next try."""
    wait = said.parameters.retry_after if said.parameters else None
    return AGAIN_S if wait is None else min(max(AGAIN_S, wait), LONGEST_S)


def _reason(description: str | None) -> str:
    """The platform's own words, in one short line."""
    return " ".join((description or "no description").split())[:200]
